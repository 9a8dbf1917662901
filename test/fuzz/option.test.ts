// Socket options by number: what an option takes comes back, and nothing else gets past the check.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import * as fc from 'fast-check';

import { SyscallError } from '../../src/errors.ts';
import { getsockopt, setsockopt, type OptionValue } from '../../src/syscall/option.ts';
import { load, sys } from '../../src/syscall/sys.ts';
import {
  IPPROTO_TCP,
  SOL_SOCKET,
  SO_KEEPALIVE,
  SO_PRIORITY,
  TCP_KEEPIDLE,
  TCP_USER_TIMEOUT,
} from '../../src/syscall/zconst_linux.ts';
import { rawPair } from './rawpair.ts';

const options = { timeout: 20_000 };
const RUNS = { numRuns: 500 };
let fd: number;
let other: number;
before(() => {
  load();
  [fd, other] = rawPair();
});
after(() => {
  sys.close(fd);
  sys.close(other);
});

test('a 32-bit number comes back, or is refused by the kernel', options, () => {
  const rows = fc.constantFrom(
    [IPPROTO_TCP, TCP_USER_TIMEOUT, 0, 2 ** 31 - 1],
    [IPPROTO_TCP, TCP_KEEPIDLE, 1, 32_767],
    [SOL_SOCKET, SO_PRIORITY, 0, 6],
  );
  fc.assert(
    fc.property(rows, fc.oneof(fc.integer(), fc.nat(40_000)), ([level = 0, name = 0, min = 0, max = 0], n) => {
      // More than 6 as a priority is a matter of privilege.
      if (name === SO_PRIORITY && n > max) return;
      if (n >= min && n <= max) {
        setsockopt(fd, level, name, n);
        assert.equal(getsockopt(fd, level, name), n);
        assert.equal(getsockopt(fd, level, name, 4).readInt32LE(), n);
      } else if (name !== SO_PRIORITY) {
        assert.throws(() => setsockopt(fd, level, name, n), { code: 'EINVAL', syscall: 'setsockopt' });
      }
    }),
    RUNS,
  );
});

/** What may become of a call with any arguments. */
function mayFail(call: () => unknown): void {
  try {
    call();
  } catch (error) {
    const known = error instanceof SyscallError || error instanceof TypeError || error instanceof RangeError;
    assert.ok(known, String(error));
  }
}

test('any value: set, a TypeError, or the kernel’s refusal', options, () => {
  const value = fc.oneof(fc.anything({ withBigInt: true, withTypedArray: true }), fc.double(), fc.uint8Array());
  fc.assert(
    fc.property(value, (value) => {
      const good =
        typeof value === 'boolean' ||
        typeof value === 'string' ||
        value instanceof Uint8Array ||
        (typeof value === 'number' && (value | 0) === value);
      if (good) mayFail(() => setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, value));
      else assert.throws(() => setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, value as OptionValue), TypeError);
    }),
    RUNS,
  );
});

test('any descriptor, level, name and length', options, () => {
  // Never a number that may be another descriptor of this process.
  const descriptor = fc.oneof(fc.constantFrom(fd, -1, NaN, 1.5, 2 ** 31), fc.integer({ min: 1_000_000 }), fc.double());
  const number = fc.oneof(fc.integer(), fc.nat(60), fc.double());
  const length = fc.oneof(fc.nat(300), fc.constantFrom(undefined, -1, NaN, 0.5));
  fc.assert(
    fc.property(descriptor, number, number, length, (target, level, name, length) => {
      const safe = target === fd || !(Number.isInteger(target) && target >= 0 && target < 1_000_000);
      if (!safe) return;
      mayFail(() => (length === undefined ? getsockopt(target, level, name) : getsockopt(target, level, name, length)));
    }),
    RUNS,
  );
});
