import assert from 'node:assert/strict';
import { test } from 'node:test';

import { NEVER, now, passed } from '../poll/deadline.ts';
import type { Deadline, IOOptions } from './conn.ts';
import { toDialLimits, toLimits, toMonotonic, toSignal, type DialLimits } from './limits.ts';

const options = { timeout: 5000 };

test('no deadline: null, for ever; to forget the argument is a TypeError', options, () => {
  for (const t of [null, Infinity]) assert.equal(toMonotonic(t), NEVER);
  assert.throws(() => toMonotonic(undefined as unknown as Deadline), TypeError);
});

test('a deadline is a Date or epoch milliseconds, moved to the monotonic clock', options, () => {
  for (const t of [Date.now() + 60_000, new Date(Date.now() + 60_000)]) {
    const left = toMonotonic(t) - now();
    assert.ok(left > 59_000 && left <= 60_001, String(left));
  }
});

test('the past has passed, the epoch and before it too', options, () => {
  for (const t of [0, 1, -1, new Date(0), -Infinity, -Number.MAX_VALUE, Date.now() - 2]) {
    assert.ok(passed(toMonotonic(t)), String(t));
  }
});

test('a deadline beyond all clocks does not overflow (Go’s rule 27)', options, () => {
  for (const t of [Number.MAX_VALUE, Number.MAX_SAFE_INTEGER, new Date(8.64e15)]) {
    assert.ok(!passed(toMonotonic(t)), String(t));
  }
});

test('what is no deadline', options, () => {
  for (const t of ['soon', 5n, {}, true, [5], Symbol('t')]) {
    assert.throws(() => toMonotonic(t as unknown as Deadline), TypeError);
  }
  for (const t of [NaN, new Date(NaN), new Date(Infinity)]) assert.throws(() => toMonotonic(t), RangeError);
});

test('a signal is an AbortSignal or nothing', options, () => {
  const { signal } = new AbortController();
  assert.equal(toSignal(signal), signal);
  assert.equal(toSignal(undefined), null);
  for (const wrong of [null, {}, 'abort', new AbortController(), new EventTarget()]) {
    assert.throws(() => toSignal(wrong as AbortSignal), TypeError);
  }
});

test('a call without limits has none at all', options, () => {
  for (const none of [undefined, {}, { deadline: null }, { deadline: undefined, signal: undefined }]) {
    assert.equal(toLimits(none), null);
  }
});

test('the limits of a call', options, () => {
  const { signal } = new AbortController();
  assert.deepEqual(toLimits({ signal }), { signal, deadline: NEVER });
  assert.deepEqual(toLimits({ signal, deadline: null }), { signal, deadline: NEVER });
  const limits = toLimits({ deadline: Date.now() + 1000 });
  assert.equal(limits?.signal, null);
  assert.ok(limits.deadline > now());
  for (const wrong of [null, 5, 'x', { signal: null }, { deadline: 'x' }]) {
    assert.throws(() => toLimits(wrong as IOOptions), TypeError, JSON.stringify(wrong));
  }
  assert.throws(() => toLimits({ deadline: NaN }), RangeError);
});

test('a dial’s timeout counts from now, 0 is none, a negative one has passed (Go’s rule 27)', options, () => {
  for (const timeout of [undefined, 0, -0, Infinity]) assert.equal(toDialLimits({ timeout }).deadline, NEVER);
  const left = toDialLimits({ timeout: 1000 }).deadline - now();
  assert.ok(left > 0 && left <= 1000);
  for (const timeout of [-1, -0.001, -Number.MAX_VALUE, -Infinity]) {
    assert.ok(passed(toDialLimits({ timeout }).deadline), String(timeout));
  }
  for (const timeout of [Number.MAX_VALUE, Number.MAX_SAFE_INTEGER, 2 ** 63]) {
    assert.ok(!passed(toDialLimits({ timeout }).deadline), String(timeout));
  }
});

test('a dial’s timeout or its deadline, the earlier', options, () => {
  const soon = (limits: DialLimits): boolean => toDialLimits(limits).deadline < now() + 5000;
  assert.ok(soon({ timeout: 1000, deadline: Date.now() + 60_000 }));
  assert.ok(soon({ timeout: 60_000, deadline: Date.now() + 1000 }));
  assert.ok(soon({ timeout: 0, deadline: Date.now() + 1000 }));
  assert.ok(soon({ timeout: 1000, deadline: null }));
  assert.ok(!soon({ timeout: 60_000, deadline: Date.now() + 60_000 }));
});

test('what is no timeout', options, () => {
  for (const timeout of ['1s', null, 5n, {}]) {
    assert.throws(() => toDialLimits({ timeout } as unknown as DialLimits), TypeError);
  }
  assert.throws(() => toDialLimits({ timeout: NaN }), RangeError);
  assert.throws(() => toDialLimits({ deadline: 'x' } as unknown as DialLimits), TypeError);
});
