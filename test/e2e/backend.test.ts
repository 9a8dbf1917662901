// Which backend runs: the addon where there is one, koffi where there is none or where it does not load, the one that
// GONET_BACKEND names otherwise; and what the package says of it. Each in a process of its own, in a copy of the package.

import assert from 'node:assert/strict';
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { target } from '../../src/syscall/arch.ts';
import { ADDON, Copy, ROOT, built, noAddon, noCompiler, run } from './copy.ts';

const options = { timeout: 30_000 };
const needsAddon = { ...options, skip: noAddon };

/** Two echoes, and what the package says of its backend before and after them. */
const ECHO = `
  import { createRequire } from 'node:module';
  const gonet = process.env.REQUIRE ? createRequire(import.meta.url)('gonet') : await import('gonet');
  const { backend: first } = gonet;
  const warnings = [];
  process.on('warning', ({ code, message }) => code === 'GONET_NATIVE' && warnings.push(message));
  async function echo() {
    const listener = await gonet.listen('tcp', '127.0.0.1:0');
    const [client, server] = await Promise.all([gonet.dial('tcp', listener.addr.toString()), listener.accept()]);
    await client.write('hello');
    const buffer = new Uint8Array(16);
    const n = await server.read(buffer);
    for (const each of [client, server, listener]) each.close();
    return Buffer.from(buffer.subarray(0, n)).toString();
  }
  const said = [];
  for (let i = 0; i < 2; i++) {
    said.push(await echo().catch((error) => error.name + ' ' + error.cause?.name + ' ' + error.code + ' ' + error.message));
  }
  await new Promise(setImmediate);
  console.log(JSON.stringify({ backend: [first, gonet.backend], said, warnings }));
`;
const ON_WORKER = `
  import { Worker } from 'node:worker_threads';
  new Worker(new URL('./echo.mjs', import.meta.url)).on('exit', (code) => { process.exitCode = code; });
`;
const WORKS = ['hello', 'hello'];
const refused = (why: string): string[] =>
  Array<string>(2).fill(`OpError UnsupportedError ERR_NET_UNSUPPORTED listen tcp 127.0.0.1:0: ${why}`);

interface Said {
  readonly backend: readonly string[];
  readonly said: readonly string[];
  readonly warnings: readonly string[];
}

let copy: Copy;
before(() => {
  copy = new Copy();
  copy.write('echo.mjs', ECHO);
  copy.write('worker.mjs', ON_WORKER);
});
after(() => copy.remove());

/** Runs the echo in the copy; it must come to its end whatever the addon is. */
function echo(env: NodeJS.ProcessEnv = {}, program = 'echo.mjs'): Said & { readonly stderr: string } {
  const { status, signal, stdout, stderr } = run(copy.path, [process.execPath, program], env);
  assert.deepEqual({ status, signal }, { status: 0, signal: null }, stderr);
  return { ...(JSON.parse(stdout) as Said), stderr };
}

/** Asserts on everything that was said, the standard error stream included: it shows each warning once. */
function check(told: ReturnType<typeof echo>, backend: readonly string[], said: readonly string[], why?: RegExp): void {
  const { stderr, warnings, ...rest } = told;
  assert.deepEqual(rest, { backend, said }, stderr);
  assert.equal(warnings.length, why ? 1 : 0, stderr);
  assert.equal(stderr.split('GONET_NATIVE').length - 1, why ? 1 : 0, stderr);
  if (why) {
    assert.match(warnings[0] ?? '', /^gonet uses koffi, because the native backend cannot be loaded: /);
    assert.match(warnings[0] ?? '', why);
  }
}

test('the addon is the default where it is there', needsAddon, () => {
  copy.replaceAddon(built);
  for (const GONET_BACKEND of [undefined, '']) check(echo({ GONET_BACKEND }), ['native', 'native'], WORKS);
});

test('koffi is the default where there is no addon, without a warning', options, () => {
  copy.replaceAddon(null);
  for (const GONET_BACKEND of [undefined, '']) check(echo({ GONET_BACKEND }), ['ffi', 'ffi'], WORKS);
  mkdirSync(join(copy.path, 'prebuilds', target()), { recursive: true });
  check(echo(), ['ffi', 'ffi'], WORKS);
  symlinkSync('nowhere', copy.addon);
  check(echo(), ['ffi', 'ffi'], WORKS);
});

test('GONET_BACKEND names one of the two', needsAddon, () => {
  copy.replaceAddon(built);
  for (const name of ['ffi', 'native']) check(echo({ GONET_BACKEND: name }), [name, name], WORKS);
});

test('GONET_BACKEND=ffi does not so much as look at the addon', options, () => {
  copy.replaceAddon(Buffer.from('no addon'));
  check(echo({ GONET_BACKEND: 'ffi' }), ['ffi', 'ffi'], WORKS);
});

test('another value of GONET_BACKEND is an error of the first socket call, not of the import', options, () => {
  copy.replaceAddon(built);
  for (const name of ['wasm', 'Native', ' ffi', '0']) {
    const told = echo({ GONET_BACKEND: name });
    const likely = built === null ? 'ffi' : 'native';
    check(told, [likely, likely], refused(`GONET_BACKEND must be "ffi" or "native", not "${name}"`));
  }
});

test('GONET_BACKEND=native without an addon: the first socket call says what is missing', options, () => {
  copy.replaceAddon(null);
  const told = echo({ GONET_BACKEND: 'native' });
  const why = `GONET_BACKEND is "native", but the native backend cannot be loaded: ENOENT: no such file or directory`;
  assert.ok(told.said[0]?.includes(ADDON), told.said[0]);
  check(
    { ...told, said: told.said.map((text) => text.replace(/, open '.*'$/, '')) },
    ['native', 'native'],
    refused(why),
  );
});

/** Falls back where nothing is forced, and says why; forced, it is the error that says why. On a worker koffi cannot help. */
function broken(why: RegExp): void {
  check(echo(), ['native', 'ffi'], WORKS, why);
  const { said, backend, warnings } = echo({ GONET_BACKEND: 'native' });
  assert.deepEqual({ backend, warnings }, { backend: ['native', 'native'], warnings: [] });
  for (const text of said) {
    assert.match(
      text,
      /ERR_NET_UNSUPPORTED listen tcp 127\.0\.0\.1:0: GONET_BACKEND is "native", but the native backend/,
    );
    assert.match(text, why);
  }
}

/** Another system's addon: the machine's number in the ELF header says so, elf(5). */
function foreign(elf: Buffer): Buffer {
  const [EM_X86_64, EM_AARCH64] = [62, 183];
  const copy = Buffer.from(elf);
  copy.writeUInt16LE(elf.readUInt16LE(18) === EM_X86_64 ? EM_AARCH64 : EM_X86_64, 18);
  return copy;
}

for (const [name, content] of [
  ['an empty file', ''],
  ['a text file', '#!/bin/sh\necho gonet\n'],
  ['garbage', Buffer.from(Array.from({ length: 40_000 }, (_, i) => (i * i * 31 + i * 7) & 255))],
  ['nothing but the start of an ELF header', '\x7fELF\x02\x01\x01'],
] as const) {
  test(`no addon: ${name}`, options, () => {
    copy.replaceAddon(Buffer.from(content));
    broken(/is no whole ELF file/);
  });
}

test('no addon: an ELF file cut off anywhere', { timeout: 120_000, skip: noAddon }, () => {
  const whole = readFileSync(built!);
  const cuts = [1, 4, 16, 40, 63, 64, 65, 4095, 4096, 4097, whole.length - 4096, whole.length - 64, whole.length - 1];
  for (let i = 1; i < 16; i++) cuts.push(Math.floor((whole.length * i) / 16));
  for (const cut of cuts) {
    copy.replaceAddon(whole.subarray(0, cut));
    check(echo(), ['native', 'ffi'], WORKS, /is no whole ELF file/);
  }
  for (const from of [64, 1024, 8192, whole.length - 64]) {
    // The length is right, and what comes after is zeros, as after a power loss.
    copy.replaceAddon(Buffer.from(whole).fill(0, from));
    check(echo(), ['native', 'ffi'], WORKS, /is no whole ELF file/);
  }
});

test('no addon: one for another machine', needsAddon, (t) => {
  copy.replaceAddon(foreign(readFileSync(built!)));
  broken(/gonet\.node: (?:cannot open shared object file|.*(?:wrong|machine|ELF|Exec format error))/i);
  const other = target().replace(/x64|arm64/, (arch) => (arch === 'x64' ? 'arm64' : 'x64'));
  const prebuilt = join(ROOT, 'prebuilds', other, 'gonet.node');
  if (!existsSync(prebuilt)) return t.diagnostic(`no addon for ${other} was built here: only a forged one was tried`);
  copy.replaceAddon(prebuilt);
  broken(/gonet\.node: (?:cannot open shared object file|.*(?:wrong|machine|ELF|Exec format error))/i);
});

test('no addon: a shared object of another kind', options, (t) => {
  const { sharedObjects } = process.report.getReport() as unknown as { sharedObjects: readonly string[] };
  const libm = sharedObjects.find((path) => path.includes('libm.so') || path.includes('libm-'));
  if (libm === undefined) return t.skip('this Node has no libm of its own to try');
  copy.replaceAddon(libm);
  broken(/Module did not self-register/);
});

test('no addon: a folder', options, () => {
  copy.replaceAddon(null);
  mkdirSync(copy.addon, { recursive: true });
  broken(/EISDIR/);
});

test(
  'no addon: a file that may not be read',
  { ...needsAddon, skip: noAddon || (process.geteuid?.() === 0 && 'root may read everything') },
  () => {
    copy.replaceAddon(built);
    chmodSync(copy.addon, 0);
    broken(/EACCES/);
  },
);

/** Builds the addon of the copy under another contract. */
function buildContract(contract: number): void {
  copy.bring(['native']);
  const source = readFileSync(copy.at('native/gonet.c'), 'utf8');
  assert.match(source, /^#define CONTRACT \d+$/m);
  copy.write('native/gonet.c', source.replace(/^#define CONTRACT \d+$/m, `#define CONTRACT ${contract}`));
  const { status, stderr } = run(copy.path, [process.execPath, 'native/build.mjs', `--out=${copy.addon}`]);
  assert.equal(status, 0, stderr);
  rmSync(copy.at('native'), { recursive: true });
}

test('no addon: one of another contract', { ...options, skip: noCompiler }, () => {
  copy.replaceAddon(null);
  buildContract(77);
  broken(/its contract is 77, not \d+: npm run build:native/);
});

test('the warning has a code, so that it can be turned off', options, (t) => {
  if (!process.allowedNodeEnvironmentFlags.has('--disable-warning'))
    return t.skip('this Node has no --disable-warning');
  copy.replaceAddon(Buffer.from('no addon'));
  const { status, stderr } = run(copy.path, [process.execPath, '--disable-warning=GONET_NATIVE', 'echo.mjs']);
  assert.deepEqual({ status, stderr }, { status: 0, stderr: '' });
});

const NO_WORKERS = 'gonet on a worker thread needs its native backend: koffi can poll only on the main thread';

test('on a worker thread: the addon works', needsAddon, () => {
  copy.replaceAddon(built);
  check(echo({}, 'worker.mjs'), ['native', 'native'], WORKS);
});

test('on a worker thread: an addon that does not load leaves koffi, which says that it cannot', options, () => {
  copy.replaceAddon(Buffer.from('no addon'));
  check(echo({}, 'worker.mjs'), ['native', 'ffi'], refused(NO_WORKERS), /is no whole ELF file/);
  copy.replaceAddon(null);
  check(echo({}, 'worker.mjs'), ['ffi', 'ffi'], refused(NO_WORKERS));
});

test('require() sees the backend in use too', options, (t) => {
  if (!(process.features as { require_module?: boolean }).require_module) {
    return t.skip('this Node cannot require ES modules without a flag');
  }
  copy.replaceAddon(built);
  const expected = built === null ? 'ffi' : 'native';
  check(echo({ REQUIRE: '1' }), [expected, expected], WORKS);
  copy.replaceAddon(Buffer.from('no addon'));
  check(echo({ REQUIRE: '1' }), ['native', 'ffi'], WORKS, /is no whole ELF file/);
});
