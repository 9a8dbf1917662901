import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';

import { rawPair } from '../../test/fuzz/rawpair.ts';
import { SyscallError } from '../errors.ts';
import { getsockopt, setsockopt, type OptionValue } from './option.ts';
import { load, sys } from './sys.ts';
import * as c from './zconst_linux.ts';

load();
const options = { timeout: 5000 };
let fds: [number, number];
beforeEach(() => {
  fds = rawPair();
});
afterEach(() => {
  for (const fd of fds) sys.close(fd);
});

test('an int comes back as a number', options, () => {
  const [fd] = fds;
  setsockopt(fd, c.IPPROTO_TCP, c.TCP_SYNCNT, 3);
  assert.equal(getsockopt(fd, c.IPPROTO_TCP, c.TCP_SYNCNT), 3);
  setsockopt(fd, c.SOL_SOCKET, c.SO_KEEPALIVE, true);
  assert.equal(getsockopt(fd, c.SOL_SOCKET, c.SO_KEEPALIVE), 1);
  setsockopt(fd, c.SOL_SOCKET, c.SO_KEEPALIVE, false);
  assert.equal(getsockopt(fd, c.SOL_SOCKET, c.SO_KEEPALIVE), 0);
  setsockopt(fd, c.IPPROTO_TCP, c.TCP_KEEPIDLE, Uint8Array.of(7, 0, 0, 0));
  assert.equal(getsockopt(fd, c.IPPROTO_TCP, c.TCP_KEEPIDLE), 7);
});

test('with a length, the bytes that the kernel gives', options, () => {
  const [fd] = fds;
  assert.deepEqual(getsockopt(fd, c.SOL_SOCKET, c.SO_TYPE, 4), Buffer.of(1, 0, 0, 0));
  assert.deepEqual(getsockopt(fd, c.SOL_SOCKET, c.SO_TYPE, 64).length, 4);
  const info = getsockopt(fd, c.IPPROTO_TCP, c.TCP_INFO, 256);
  assert.ok(info.length >= 104, `${info.length} bytes of tcp_info`);
  assert.equal(info[0], 1); // TCP_ESTABLISHED
  assert.equal(getsockopt(fd, c.SOL_SOCKET, c.SO_TYPE, 0).length, 0);
});

test('text is bytes', options, () => {
  const [fd] = fds;
  const name = getsockopt(fd, c.IPPROTO_TCP, c.TCP_CONGESTION, 16).toString().replace(/\0.*$/s, '');
  assert.match(name, /^[a-z0-9]+$/);
  setsockopt(fd, c.IPPROTO_TCP, c.TCP_CONGESTION, name);
  assert.throws(() => setsockopt(fd, c.IPPROTO_TCP, c.TCP_CONGESTION, 'no-such'), { code: 'ENOENT' });
});

test('a failure is a SyscallError with the call’s name', options, () => {
  const [fd] = fds;
  const rows: [call: () => unknown, message: string][] = [
    [() => getsockopt(fd, c.SOL_SOCKET, 9999), 'getsockopt: protocol not available'],
    [() => setsockopt(fd, c.SOL_SOCKET, 9999, 1), 'setsockopt: protocol not available'],
    [() => setsockopt(fd, c.IPPROTO_TCP, c.TCP_KEEPCNT, 128), 'setsockopt: invalid argument'],
    [() => getsockopt(1_000_000, c.SOL_SOCKET, c.SO_TYPE), 'getsockopt: bad file descriptor'],
    [() => getsockopt(NaN, c.SOL_SOCKET, c.SO_TYPE), 'getsockopt: bad file descriptor'],
    [() => setsockopt(-1, c.SOL_SOCKET, c.SO_TYPE, 1), 'setsockopt: bad file descriptor'],
    [() => setsockopt(fd, 0.5, c.SO_TYPE, 1), 'setsockopt: invalid argument'],
  ];
  for (const [call, message] of rows) {
    assert.throws(call, (error) => error instanceof SyscallError && error.message === message, message);
  }
});

test('a value that no option can have is a TypeError, and nothing is set', options, () => {
  const [fd] = fds;
  const values: unknown[] = [
    1.5,
    NaN,
    Infinity,
    2 ** 31,
    -(2 ** 31) - 1,
    null,
    undefined,
    {},
    [],
    1n,
    new Uint16Array(2),
  ];
  for (const value of values) {
    assert.throws(() => setsockopt(fd, c.IPPROTO_TCP, c.TCP_SYNCNT, value as OptionValue), TypeError, String(value));
  }
  assert.throws(() => getsockopt(fd, c.SOL_SOCKET, c.SO_TYPE, -1), RangeError);
  assert.throws(() => getsockopt(fd, c.SOL_SOCKET, c.SO_TYPE, NaN), RangeError);
});
