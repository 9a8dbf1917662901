// Runs the compiled tests of conformance, faults, leaks, two hosts and policy on every Node that the package supports, with each
// backend forced: a fall-back would be a failure. One line per version and backend. Nothing is left out, as all of it takes
// about half a minute; only tests that start npm, a compiler or strace (test/e2e) are not repeated here.

import { existsSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { hasAddon } from '../src/syscall/native.ts';
import { install } from './nodes.ts';
import { count, root, run } from './run.ts';

const VERSIONS: readonly string[] = ['20.20.2', '22.23.3', '24.21.0', '26.10.0'];
const BACKENDS = ['native', 'ffi'] as const;
const FOLDERS: readonly string[] = ['conformance', 'fault', 'leak', 'netns', 'policy'].map((name) => `test/${name}`);
const TIME_LIMIT = 300_000;

function testFiles(): string[] {
  return FOLDERS.flatMap((folder) => {
    const compiled = join('dist', folder);
    const names = existsSync(join(root, compiled)) ? readdirSync(join(root, compiled)) : [];
    return names.filter((name) => name.endsWith('.test.js')).map((name) => join(compiled, name));
  }).toSorted();
}

/** Runs the tests on one version with one backend and prints its line; whether all is well. */
async function check(version: string, binary: string, backend: string, files: readonly string[]): Promise<boolean> {
  const started = performance.now();
  const args = ['--test', '--test-reporter=tap', ...files];
  const options = { cwd: root, path: dirname(binary), env: { GONET_BACKEND: backend }, timeLimit: TIME_LIMIT };
  const { status, output } = await run(binary, args, options);
  const [passed, failed, skipped] = [count(output, 'pass'), count(output, 'fail'), count(output, 'skipped')];
  const ok = status === 0 && failed === 0 && passed > 0;
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  console.log(
    `node ${version}, ${backend}: ${ok ? 'ok' : 'FAILED'}, ${passed} passed, ${failed} failed, ${skipped} skipped, ${seconds} s`,
  );
  if (!ok) console.log(output);
  return ok;
}

async function main(): Promise<void> {
  const files = testFiles();
  if (files.length === 0) throw new Error(`No compiled tests in ${FOLDERS.join(' or ')}: run \`npm run build\` first`);
  const backends = BACKENDS.filter((name) => name === 'ffi' || hasAddon());
  if (!backends.includes('native')) console.log('native: skipped, no addon was built (npm run build:native)');
  const binaries = await Promise.all(VERSIONS.map(async (version) => [version, await install(version)] as const));
  for (const [version, binary] of binaries) {
    for (const backend of backends) if (!(await check(version, binary, backend, files))) process.exitCode = 1;
  }
}

await main();
