import assert from 'node:assert/strict';
import { test } from 'node:test';

import { NEVER, arm, disarm, earlier, fromNow, fromWall, now, passed, type Due } from './deadline.ts';

const options = { timeout: 10_000 };

/** A member whose `due` can be moved, and that tells when it expired. */
class Alarm implements Due {
  due: number;
  at = 0;
  slot = -1;
  rang = 0;
  readonly expired: Promise<number>;
  #tell!: (at: number) => void;
  readonly #also: (() => void) | undefined;

  constructor(due: number, also?: () => void) {
    this.due = due;
    this.#also = also;
    this.expired = new Promise((resolve) => {
      this.#tell = resolve;
    });
  }

  expire(): void {
    this.rang++;
    this.#also?.();
    this.#tell(now());
  }
}

/** Resolves once `span` milliseconds have passed by the clock under test itself. */
function past(span: number): Promise<number> {
  const alarm = new Alarm(fromNow(span));
  arm(alarm);
  return keepAlive(alarm.expired);
}

/** Deadlines keep no process alive, and so no test either. */
async function keepAlive<T>(promise: Promise<T>): Promise<T> {
  const timer = setInterval(() => undefined, 1000);
  try {
    return await promise;
  } finally {
    clearInterval(timer);
  }
}

test('none is never earlier, never passed', options, () => {
  assert.deepEqual(
    [earlier(NEVER, NEVER), earlier(5, NEVER), earlier(NEVER, 5), earlier(5, 6), earlier(6, 5)],
    [NEVER, 5, 5, 5, 5],
  );
  assert.equal(passed(NEVER), false);
  assert.equal(passed(now() - 1), true);
  assert.equal(passed(now() + 1000), false);
});

test('a span or a wall-clock time in the past has passed, however far', options, () => {
  for (const span of [0, -1, -1e15, -Infinity]) {
    assert.notEqual(fromNow(span), NEVER, String(span));
    assert.ok(passed(fromNow(span)), String(span));
  }
  for (const epoch of [Date.now(), Date.now() - 1, 0, 1000, -8.64e15, -Infinity]) {
    assert.notEqual(fromWall(epoch), NEVER, String(epoch));
    // The fraction of a millisecond that Date.now() leaves out may still be to come.
    assert.ok(fromWall(epoch) <= now() + 1, String(epoch));
  }
  assert.ok(!passed(fromWall(Date.now() + 1000)));
});

test('expires once, and never early', options, async () => {
  const alarms = [0, 0.1, 1, 2.5, 7, 20].map((span) => new Alarm(fromNow(span)));
  for (const each of alarms) arm(each);
  for (const each of alarms) assert.ok((await keepAlive(each.expired)) >= each.due);
  assert.deepEqual(
    alarms.map(({ rang, slot }) => [rang, slot]),
    alarms.map(() => [1, -1]),
  );
});

test('expires in the order of the deadlines, whatever the order of arming', options, async () => {
  const order: number[] = [];
  const base = now() + 5;
  const alarms = [3, 1, 4, 0, 2].map((i) => new Alarm(base + i / 10, () => order.push(i)));
  for (const each of alarms) arm(each);
  await keepAlive(Promise.all(alarms.map(({ expired }) => expired)));
  assert.deepEqual(order, [0, 1, 2, 3, 4]);
});

test('one that has passed already expires out of the timer, not out of arm', options, async () => {
  const alarm = new Alarm(fromNow(-1));
  arm(alarm);
  assert.equal(alarm.rang, 0);
  await keepAlive(alarm.expired);
});

test('disarmed, it does not expire', options, async () => {
  const alarm = new Alarm(fromNow(2));
  arm(alarm);
  disarm(alarm);
  disarm(alarm);
  assert.equal(alarm.slot, -1);
  await past(10);
  assert.equal(alarm.rang, 0);
});

test('arming without a deadline does nothing', options, () => {
  const alarm = new Alarm(NEVER);
  arm(alarm);
  assert.equal(alarm.slot, -1);
});

test('moved ahead, it expires at the new time, without touching the heap', options, async () => {
  const alarm = new Alarm(fromNow(2));
  arm(alarm);
  const first = alarm.at;
  alarm.due = fromNow(20);
  arm(alarm);
  assert.equal(alarm.at, first);
  assert.ok((await keepAlive(alarm.expired)) >= alarm.due);
});

test('moved nearer, it expires at the new time', options, async () => {
  const alarm = new Alarm(fromNow(3_600_000));
  arm(alarm);
  alarm.due = fromNow(2);
  arm(alarm);
  const at = await keepAlive(alarm.expired);
  assert.ok(at >= alarm.due && at < alarm.due + 5000);
});

test('taken away, it does not expire, and leaves the heap at its old time', options, async () => {
  const alarm = new Alarm(fromNow(2));
  arm(alarm);
  alarm.due = NEVER;
  await past(10);
  assert.deepEqual([alarm.rang, alarm.slot], [0, -1]);
});

test('an expiry may arm and disarm others, itself too', options, async () => {
  const victim = new Alarm(fromNow(5));
  const second = new Alarm(NEVER);
  const again: Alarm = new Alarm(fromNow(2), () => {
    disarm(victim);
    second.due = fromNow(1);
    arm(second);
    if (again.rang === 1) {
      again.due = fromNow(3);
      arm(again);
    }
  });
  arm(victim);
  arm(again);
  await keepAlive(second.expired);
  await past(10);
  assert.deepEqual([victim.rang, again.rang], [0, 2]);
});

test('beyond what setTimeout can count: no warning, no early expiry', options, async () => {
  const warnings: Error[] = [];
  const hear = (warning: Error): void => void warnings.push(warning);
  process.on('warning', hear);
  const alarms = [2 ** 31, 2 ** 40, Number.MAX_SAFE_INTEGER].map((span) => new Alarm(fromNow(span)));
  for (const each of alarms) arm(each);
  await past(5);
  process.off('warning', hear);
  for (const each of alarms) disarm(each);
  assert.deepEqual(
    alarms.map(({ rang }) => rang),
    [0, 0, 0],
  );
  assert.deepEqual(warnings, []);
});
