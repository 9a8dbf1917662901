// native/build.mjs with and without a compiler: --try says in one line which backend will be used and never fails, the plain
// form insists. In a copy, so that the checkout keeps its addon.

import assert from 'node:assert/strict';
import { chmodSync, existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { after, before, beforeEach, test } from 'node:test';

import { ADDON, Folder, noCompiler, run, type Ended } from './copy.ts';

const options = { timeout: 60_000 };

const checkout = new Folder();
before(() => {
  checkout.bring(['package.json', 'native']);
  checkout.link();
  mkdirSync(checkout.at('empty'));
  // Compilers that answer the question for their target, and then do not compile.
  script('failing-cc', 'echo "gonet.c: fatal error: no such header" >&2; exit 1');
  script('killed-cc', 'kill -9 $$');
  script('foreign-cc', 'exit 0', 'sparc64-linux-gnu');
});
after(() => checkout.remove());
beforeEach(() => rmSync(checkout.at('prebuilds'), { recursive: true, force: true }));

function script(name: string, text: string, machine = 'x86_64-linux-gnu'): void {
  checkout.write(name, `#!/bin/sh\nif [ "$1" = -dumpmachine ]; then echo ${machine}; exit 0; fi\n${text}\n`);
  chmodSync(checkout.at(name), 0o755);
}

const build = (args: readonly string[], env: NodeJS.ProcessEnv): Ended =>
  run(checkout.path, [process.execPath, 'native/build.mjs', ...args], env);

for (const [name, env, why] of [
  ['no cc in the PATH', { PATH: 'empty' }, /no C compiler for this system \("cc"\)/],
  ['CC names what is not there', { CC: '/nowhere/cc' }, /no C compiler for this system \("\/nowhere\/cc"\)/],
  ['CC is no compiler', { CC: 'false' }, /no C compiler for this system \("false"\)/],
  ['CC builds for another machine', { CC: './foreign-cc' }, /no C compiler for this system \("\.\/foreign-cc"\)/],
  ['CC fails', { CC: './failing-cc' }, /failing-cc/],
  ['CC dies', { CC: './killed-cc' }, /killed-cc/],
] as const) {
  test(`${name}: --try says so in one line, and nothing fails`, options, () => {
    const { status, stdout, stderr } = build(['--try'], env);
    assert.deepEqual({ status, stderr }, { status: 0, stderr: '' });
    assert.match(stdout, /^gonet: koffi backend, because the native one was not built: .+\n$/);
    assert.match(stdout, why);
    assert.deepEqual(leftovers(), []);
  });

  test(`${name}: without --try it insists`, options, () => {
    for (const args of [[], ['--all']]) {
      const { status, stdout, stderr } = build(args, env);
      assert.deepEqual({ status, stdout }, { status: 1, stdout: '' });
      assert.match(stderr, /^gonet: the native backend was not built: /);
      assert.match(stderr, why);
      if (name === 'CC fails') assert.match(stderr, /fatal error: no such header/);
    }
    assert.deepEqual(leftovers(), []);
  });
}

/** Whatever a failed build has left. */
function leftovers(): string[] {
  const prebuilds = checkout.at('prebuilds');
  if (!existsSync(prebuilds)) return [];
  return readdirSync(prebuilds, { recursive: true, encoding: 'utf8' }).filter((path) => path.includes('gonet.node'));
}

test('without the headers it says which package is missing', { ...options, skip: noCompiler }, () => {
  rmSync(checkout.at('node_modules'));
  try {
    const { status, stdout, stderr } = build(['--try'], {});
    assert.deepEqual({ status, stderr }, { status: 0, stderr: '' });
    assert.match(stdout, /^gonet: koffi backend, because .*: the npm package node-api-headers is not installed\n$/);
    assert.equal(build([], {}).status, 1);
  } finally {
    checkout.link();
  }
});

test('with a compiler both forms build, and say so in one line', { ...options, skip: noCompiler }, () => {
  for (const args of [['--try'], []]) {
    const { status, stdout, stderr } = build(args, {});
    assert.deepEqual({ status, stderr }, { status: 0, stderr: '' });
    assert.equal(stdout, `gonet: native backend, built with cc into ${ADDON}\n`);
    assert.deepEqual(leftovers().length, 1);
  }
});

test('--out names the file, and leaves prebuilds/ alone', { ...options, skip: noCompiler }, () => {
  const { status, stderr } = build(['--out=here.node', '--', '-O0'], {});
  assert.equal(status, 0, stderr);
  assert.ok(existsSync(checkout.at('here.node')));
  assert.deepEqual(leftovers(), []);
});
