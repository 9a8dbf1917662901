// Where the socket floors cannot run, importing works all the same, and the first socket call says what is missing.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { test } from 'node:test';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const [major = 0] = process.versions.node.split('.').map(Number);

const program = `
  import { AddrError, dial, listen, OpError, splitHostPort, UnsupportedError } from 'gonet';
  console.log(splitHostPort('[::1]:80').host);
  for (const call of [() => dial('tcp', '127.0.0.1:1'), () => listen('tcp', '127.0.0.1:0')]) {
    const error = await call().catch((error) => error);
    console.log(error instanceof OpError, error.code, error.cause instanceof UnsupportedError, error.message);
  }
`;

const NO_KOFFI = 'gonet needs koffi, which cannot be loaded: ';
const NO_ADDON = 'GONET_BACKEND is "native", but the native backend cannot be loaded: ';

// What is left to the fallback is koffi, which may not be loaded either.
for (const [GONET_BACKEND, why] of [
  ['', NO_KOFFI],
  ['ffi', NO_KOFFI],
  ['native', NO_ADDON],
] as const) {
  test(`a process that may not load addons, GONET_BACKEND=${GONET_BACKEND}`, { timeout: 30_000 }, () => {
    const permission = major >= 24 ? '--permission' : '--experimental-permission';
    const args = ['--no-warnings', permission, '--allow-fs-read=*', '--input-type=module', '--eval', program];
    const env = { ...process.env, GONET_BACKEND };
    const { stdout, stderr, status } = spawnSync(process.execPath, args, { cwd: root, env, encoding: 'utf8' });
    assert.equal(status, 0, stderr);
    const [host, ...lines] = stdout.trim().split('\n');
    assert.equal(host, '::1');
    assert.equal(lines.length, 2);
    for (const [i, op] of ['dial tcp 127.0.0.1:1', 'listen tcp 127.0.0.1:0'].entries()) {
      const says = `true ERR_NET_UNSUPPORTED true ${op}: ${why}`;
      assert.ok(lines[i]?.startsWith(says), lines[i]);
    }
  });
}

test('another system', { timeout: 30_000 }, () => {
  const elsewhere = `Object.defineProperty(process, 'platform', { value: 'sunos' });\n`;
  const args = ['--input-type=module', '--eval', elsewhere + program];
  const { stdout, stderr, status } = spawnSync(process.execPath, args, { cwd: root, encoding: 'utf8' });
  assert.equal(status, 0, stderr);
  const [, dialed] = stdout.trim().split('\n');
  const says = 'dial tcp 127.0.0.1:1: gonet needs Linux, this is sunos';
  assert.equal(dialed, `true ERR_NET_UNSUPPORTED true ${says}`);
});
