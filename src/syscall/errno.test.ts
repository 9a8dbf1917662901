import assert from 'node:assert/strict';
import { test } from 'node:test';
import { getSystemErrorMap, getSystemErrorName } from 'node:util';

import { SyscallError } from '../errors.ts';
import { errnoName, errnoText, syscallError } from './errno.ts';
import * as constants from './zconst_linux.ts';
import { ERRNO } from './zerrno_linux.ts';

test('names are Node’s, for every number that Node knows', { timeout: 5000 }, () => {
  // From 3000 on the numbers are libuv's own: of getaddrinfo, end of file, unknown.
  const known = [...getSystemErrorMap().keys()].filter((errno) => errno < 0 && errno > -3000);
  assert.ok(known.length > 60);
  for (const errno of known) assert.equal(errnoName(errno), getSystemErrorName(errno), String(errno));
});

test('every name of the table is the constant of its number', { timeout: 5000 }, () => {
  const numbers: Readonly<Record<string, number>> = constants;
  for (const [errno, name] of ERRNO) assert.equal(numbers[name], errno, name);
  assert.equal(new Set(ERRNO.map(([errno]) => errno)).size, ERRNO.length);
});

test('every errno among the constants has a name and a text', { timeout: 5000 }, () => {
  for (const [name, value] of Object.entries(constants)) {
    if (!/^E(?!POLL)/.test(name)) continue;
    assert.match(errnoName(value), /^E[A-Z0-9]+$/, name);
    assert.doesNotMatch(errnoText(value), /^errno/, name);
  }
});

test('texts are Go’s', { timeout: 5000 }, () => {
  const rows: [errno: number, text: string][] = [
    [constants.ECONNREFUSED, 'connection refused'],
    [constants.EADDRINUSE, 'address already in use'],
    [constants.EMFILE, 'too many open files'],
    [constants.EAGAIN, 'resource temporarily unavailable'],
    [constants.EPIPE, 'broken pipe'],
    [constants.ETIMEDOUT, 'connection timed out'],
    [constants.EAFNOSUPPORT, 'address family not supported by protocol'],
    [constants.EINVAL, 'invalid argument'],
    [constants.EPERM, 'operation not permitted'],
    [constants.ENOTSOCK, 'socket operation on non-socket'],
    [constants.ENETUNREACH, 'network is unreachable'],
    [constants.EADDRNOTAVAIL, 'cannot assign requested address'],
  ];
  for (const [errno, text] of rows) assert.equal(errnoText(errno), text);
});

test('the sign does not matter, and an unknown number says itself', { timeout: 5000 }, () => {
  assert.equal(errnoName(-constants.EPIPE), 'EPIPE');
  assert.equal(errnoText(-constants.EPIPE), 'broken pipe');
  assert.equal(errnoName(4094), 'errno 4094');
  assert.equal(errnoText(-4094), 'errno 4094');
});

test('syscallError has Node’s fields and Go’s text', { timeout: 5000 }, () => {
  for (const errno of [constants.ECONNREFUSED, -constants.ECONNREFUSED]) {
    const error = syscallError('connect', errno);
    assert.ok(error instanceof SyscallError);
    assert.equal(error.message, 'connect: connection refused');
    assert.deepEqual(
      [error.name, error.syscall, error.code, error.errno],
      ['SyscallError', 'connect', 'ECONNREFUSED', -111],
    );
  }
});

test('what is temporary, what is a timeout (Go’s rule 164)', { timeout: 5000 }, () => {
  const { EAGAIN, ETIMEDOUT, EINTR, EMFILE, ENFILE, ECONNRESET, ENOBUFS } = constants;
  for (const errno of [EAGAIN, ETIMEDOUT, EINTR, EMFILE, ENFILE]) assert.ok(syscallError('x', errno).temporary);
  for (const errno of [ECONNRESET, ENOBUFS]) assert.ok(!syscallError('x', errno).temporary);
  assert.ok(syscallError('x', ETIMEDOUT).timeout);
  // EAGAIN is no timeout here, unlike in Go: nobody waited.
  assert.ok(!syscallError('x', EAGAIN).timeout);
});
