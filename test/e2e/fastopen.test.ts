// Fast Open, RFC 7413: with what this machine says of it, and in network namespaces with net.ipv4.tcp_fastopen on for both ends,
// for clients alone, and off.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { dial, listen } from 'gonet';
import { IPPROTO_TCP, TCP_FASTOPEN, TCP_FASTOPEN_CONNECT } from 'gonet/syscall';

import { pass } from './loopback.ts';
import { DIALED, whyNotSet } from './optionrows.ts';

const options = { timeout: 30_000 };
const skipDial = whyNotSet(DIALED.find(({ name }) => name === 'fastOpen')!);
const PROGRAM = fileURLToPath(new URL('./child/fastopen.js', import.meta.url));

for (const [fastOpen, expected] of [
  [true, 256],
  [false, 0],
  [1, 1],
  [0, 0],
  [100, 100],
] as const) {
  test(`listen: ${fastOpen} is ${expected} clients`, options, async () => {
    using listener = await listen('tcp', '127.0.0.1:0', { fastOpen });
    assert.equal(listener.syscallConn().getsockopt(IPPROTO_TCP, TCP_FASTOPEN), expected);
  });
}

test('both ends, each way, whatever the system says of listeners', { ...options, skip: skipDial }, async () => {
  using listener = await listen('tcp', '127.0.0.1:0', { fastOpen: true });
  // The first dial is given a cookie, if the system lets listeners have them; the next ones use it.
  for (let i = 0; i < 4; i++) {
    using client = await dial('tcp', listener.addr.toString(), { fastOpen: true });
    assert.equal(client.syscallConn().getsockopt(IPPROTO_TCP, TCP_FASTOPEN_CONNECT), 1);
    const written = client.write('first');
    using server = await listener.accept();
    const into = Buffer.alloc(9);
    assert.deepEqual([await server.read(into), await written, into.toString('latin1', 0, 5)], [5, 5, 'first']);
    await pass(server, client);
    await pass(client, server);
  }
});

/** Runs the program in a network of its own. */
function runIn(system: number): { status: number | null; stdout: string; stderr: string } {
  const script = `ip link set lo up && echo ${system} > /proc/sys/net/ipv4/tcp_fastopen && exec "$@"`;
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  const args = ['--net', 'sh', '-c', script, 'sh', process.execPath, PROGRAM];
  return spawnSync('unshare', args, { encoding: 'utf8', timeout: 25_000, env });
}

function whyNoNamespace(): string | false {
  const command = 'ip link set lo up && echo 3 > /proc/sys/net/ipv4/tcp_fastopen';
  const { error, status, stderr } = spawnSync('unshare', ['--net', 'sh', '-c', command], { encoding: 'utf8' });
  if (error !== undefined) return `unshare does not run: ${error.message}`;
  return status === 0 ? false : `no network namespace here: ${stderr.trim()}`;
}
const skip = whyNoNamespace();

const lines = (...states: string[]): string[] =>
  ['first', 'small', 'large', 'writev', 'two'].map((name, i) => `${name}: ${states[i] ?? states.at(-1)}`);

test('both on: from the second dial on the first write takes the handshake along', { ...options, skip }, () => {
  const { status, stdout, stderr } = runIn(3);
  assert.equal(status, 0, stderr);
  assert.deepEqual(stdout.trim().split('\n'), [
    ...lines('established', 'waiting for its first write'),
    'refused: ECONNREFUSED',
  ]);
});

test('on for clients alone: dials as ever', { ...options, skip }, () => {
  const { status, stdout, stderr } = runIn(1);
  assert.equal(status, 0, stderr);
  assert.deepEqual(stdout.trim().split('\n'), [...lines('established'), 'refused: ECONNREFUSED']);
});

test('off for clients: the dial fails, and its error names the option', { ...options, skip }, () => {
  const { status, stderr } = runIn(2);
  assert.equal(status, 1);
  assert.match(stderr, /OpError: dial tcp 127\.0\.0\.1:\d+: setsockopt: operation not supported \(fastOpen\)/);
});
