// What the repository promises outside its code: the commands of the README, exact dependencies, what is published, the
// notes behind decisions, and that no test file is left out of the commands that run tests.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import { ROOT, isTest, readTree } from './source.ts';

interface Manifest {
  readonly license: string;
  readonly files: readonly string[];
  readonly exports: Readonly<Record<string, string | { readonly types: string; readonly default: string }>>;
  readonly scripts: Readonly<Record<string, string>>;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
}

const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');
const manifest = JSON.parse(read('package.json')) as Manifest;

/** Lines of a Markdown text that are commands: in a code block, and starting with `npm`. */
function commandsIn(markdown: string): string[] {
  const blocks = [...markdown.matchAll(/^```(?:sh|bash|console)?\n([\s\S]*?)^```$/gm)].map(([, block = '']) => block);
  return blocks.flatMap((block) => block.split('\n')).filter((line) => /^(?:\$ )?npm ci\b/.test(line));
}

test('the README gives two commands', { skip: !existsSync(join(ROOT, 'README.md')) && 'no README yet' }, () => {
  assert.deepEqual(
    commandsIn(read('README.md')).map((line) => line.replace(/^\$ /, '').replace(/\s*#.*$/, '')),
    ['npm ci && npm run demo', 'npm ci && npm test'],
  );
});

test('a third command in the README would be seen', () => {
  const readme =
    'Text.\n\n```sh\nnpm ci && npm run demo\n```\n\nnpm ci in prose\n\n```sh\nnpm ci && npm test\nnpm ci --x\n```\n';
  assert.deepEqual(commandsIn(readme), ['npm ci && npm run demo', 'npm ci && npm test', 'npm ci --x']);
});

test('koffi is the only dependency, and every version is exact', () => {
  assert.deepEqual(Object.keys(manifest.dependencies), ['koffi']);
  const all = { ...manifest.dependencies, ...manifest.devDependencies };
  const loose = Object.entries(all).filter(([, version]) => !/^\d+\.\d+\.\d+$/.test(version));
  assert.deepEqual(loose, []);
});

test('the package is MIT, and publishes no tests', () => {
  assert.equal(manifest.license, 'MIT');
  assert.match(read('LICENSE'), /^MIT License/);
  assert.ok(manifest.files.includes('!dist/src/**/*.test.*'));
  for (const path of manifest.files) assert.doesNotMatch(path, /^(?:dist\/?|dist\/test.*|test.*|scripts.*)$/);
});

/** Test files that none of the globs runs, and globs that run no file. */
function strayTests(tests: readonly string[], globs: readonly string[]): string[] {
  const matches = (glob: string, path: string): boolean =>
    new RegExp(`^${glob.replaceAll('.', '\\.').replaceAll('*', '[^/]*')}$`).test(path);
  const idle = globs.filter((glob) => !tests.some((path) => matches(glob, path)));
  const left = tests.filter((path) => !globs.some((glob) => matches(glob, path)));
  return [...idle.map((glob) => `runs nothing: ${glob}`), ...left.map((path) => `never run: ${path}`)];
}

test('every test file is run by `npm test`, and every glob finds one', () => {
  const sources = [...readTree('src').keys(), ...readTree('test').keys()].filter((path) => isTest(path));
  const compiled = sources.map((path) => `dist/${path.replace(/\.ts$/, '.js')}`);
  const globs =
    [manifest.scripts['fast'], manifest.scripts['slow'], manifest.scripts['hosts']].join(' ').match(/\bdist\/\S+/g) ??
    [];
  assert.deepEqual(strayTests(compiled, globs), []);
});

test('the check on test files can fail', () => {
  const globs = ['dist/src/*/*.test.js', 'dist/test/leak/*.test.js'];
  assert.deepEqual(strayTests(['dist/src/fd/a.test.js', 'dist/src/a.test.js'], globs), [
    'runs nothing: dist/test/leak/*.test.js',
    'never run: dist/src/a.test.js',
  ]);
});

/** Paths of one machine: somebody's home, or a drive. */
const MACHINE = new RegExp(String.raw`(?<![\w./:-])(?:/(?:home|Users|root|work)/[\w.-]|[A-Z]:\\Users\\)`);

test('no tracked file names a place on one machine', (t) => {
  const git = spawnSync('git', ['ls-files', '-z'], { cwd: ROOT, encoding: 'utf8' });
  if (git.status !== 0) return t.skip('not a git checkout');
  const tracked = git.stdout.split('\0').filter((path) => path !== '' && existsSync(join(ROOT, path)));
  assert.deepEqual(
    tracked.filter((path) => MACHINE.test(read(path))),
    [],
  );
});

test('the check on places can fail', () => {
  for (const path of ['home', 'Users', 'root', 'work']) assert.match(`open("/${path}/me")`, MACHINE);
  for (const text of ['https://a.example/work/b', './work/a', '/run/a.sock']) assert.doesNotMatch(text, MACHINE);
});

test('the lock file names no private registry', () => {
  const hosts = [...read('package-lock.json').matchAll(/"resolved": "https?:\/\/([^/"]+)/g)].map(([, host]) => host);
  assert.deepEqual(
    hosts.filter((host) => host !== 'registry.npmjs.org'),
    [],
  );
});

test('every note in docs/decisions is linked from another page', () => {
  const folder = join(ROOT, 'docs', 'decisions');
  const notes = existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith('.md')) : [];
  const pages = pagesOf().map((path) => [path, read(path)] as const);
  const alone = notes.filter((note) => !pages.some(([path, text]) => !path.endsWith(note) && text.includes(note)));
  assert.deepEqual(alone, []);
});

function pagesOf(): string[] {
  const docs = existsSync(join(ROOT, 'docs'))
    ? readdirSync(join(ROOT, 'docs'), { recursive: true, encoding: 'utf8' })
    : [];
  const inDocs = docs.map((path) => `docs/${path}`);
  return [...readdirSync(ROOT), ...inDocs].filter((path) => path.endsWith('.md'));
}
