// Raw sockets for a user who may nothing: EPERM, in Go's words (148). The user is `nobody` in a process of its own.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { run } from '../fault/child.ts';

const PROGRAM = new URL('./child/raw.js', import.meta.url);

const REFUSED: Readonly<Record<string, string>> = {
  dial: 'EPERM dial ip4:icmp 127.0.0.1: socket: operation not permitted',
  dialIP: 'EPERM dial ip4:1 127.0.0.1: socket: operation not permitted',
  listenPacket: 'EPERM listen ip4:icmp 127.0.0.1: socket: operation not permitted',
  listenIP: 'EPERM listen ip4:1 127.0.0.1: socket: operation not permitted',
  socket: 'EPERM socket: operation not permitted',
  packet: 'EPERM socket: operation not permitted',
};

test('a raw socket takes CAP_NET_RAW, and the error says so', { timeout: 20_000 }, async (t) => {
  const { code, stdout, stderr } = await run(PROGRAM, [], { patience: 15_000 });
  assert.equal(code, 0, stderr);
  const { capabilities, told } = JSON.parse(stdout) as { capabilities: number; told: object };
  if (capabilities !== 0) return t.skip('this user has capabilities');
  assert.deepEqual(told, REFUSED);
});
