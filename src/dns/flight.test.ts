// The sharing of a look-up, without any network: who hears what, when the work is stopped, and what is forgotten.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { CanceledError } from '../errors.ts';
import { NEVER } from '../poll/deadline.ts';
import { Flights, type Work } from './flight.ts';

const options = { timeout: 10_000 };
const limits = { deadline: NEVER, signal: null };

/** Work that does as the test says. */
class Hand {
  tell!: (answer: number) => void;
  end!: () => void;
  fail!: (error: Error) => void;
  signal: AbortSignal | null = null;
  begun = 0;

  readonly work: Work<number> = (tell, signal) => {
    this.begun++;
    this.tell = tell;
    this.signal = signal;
    return new Promise((resolve, reject) => {
      this.end = resolve;
      this.fail = reject;
    });
  };
}

test('everybody hears everything, however late', options, async () => {
  const flights = new Flights<number>();
  const hand = new Hand();
  const heard: number[][] = [[], [], []];
  const join = (i: number): Promise<void> => flights.join('a', limits, hand.work, (n) => heard[i]!.push(n));
  const first = join(0);
  hand.tell(1);
  const second = join(1);
  hand.tell(2);
  hand.tell(3);
  const third = join(2);
  assert.deepEqual(heard[2], [1, 2, 3], 'what is there is heard at once');
  hand.end();
  await Promise.all([first, second, third]);
  assert.deepEqual(heard, [
    [1, 2, 3],
    [1, 2, 3],
    [1, 2, 3],
  ]);
  assert.deepEqual([hand.begun, flights.size, hand.signal!.aborted], [1, 0, false]);
});

test('a failure is everybody’s, after what was heard before it', options, async () => {
  const flights = new Flights<number>();
  const hand = new Hand();
  const heard: number[] = [];
  const callers = [1, 2].map(() => flights.join('a', limits, hand.work, (n) => heard.push(n)));
  hand.tell(7);
  const failure = new Error('no more');
  hand.fail(failure);
  for (const caller of callers) await assert.rejects(caller, (error) => error === failure);
  assert.deepEqual(heard, [7, 7]);
  assert.equal(flights.size, 0);
});

test('the last to leave stops the work, whose end is then nobody’s', options, async () => {
  const flights = new Flights<number>();
  const hand = new Hand();
  const [one, two] = [new AbortController(), new AbortController()];
  const heard: number[] = [];
  const join = (signal: AbortSignal): Promise<void> =>
    flights.join('a', { deadline: NEVER, signal }, hand.work, (n) => heard.push(n));
  const callers = [join(one.signal), join(two.signal)];
  one.abort();
  await assert.rejects(callers[0]!, CanceledError);
  assert.deepEqual([hand.signal!.aborted, flights.size], [false, 1]);
  two.abort();
  await assert.rejects(callers[1]!, CanceledError);
  assert.deepEqual([hand.signal!.aborted, flights.size], [true, 0]);
  hand.tell(1);
  hand.fail(new Error('too late'));
  assert.deepEqual(heard, []);
});

test('another key is another look-up, and so is the same one later', options, async () => {
  const flights = new Flights<number>();
  const [a, b] = [new Hand(), new Hand()];
  const pending = [flights.join('a', limits, a.work, () => {}), flights.join('b', limits, b.work, () => {})];
  assert.equal(flights.size, 2);
  a.end();
  b.end();
  await Promise.all(pending);
  const again = flights.join('a', limits, a.work, () => {});
  assert.equal(a.begun, 2);
  a.end();
  await again;
});

test('work that throws before it waits is a look-up that fails', options, async () => {
  const flights = new Flights<number>();
  const failure = new TypeError('bug');
  const work: Work<number> = async () => {
    throw failure;
  };
  await assert.rejects(
    flights.join('a', limits, work, () => {}),
    (error) => error === failure,
  );
  assert.equal(flights.size, 0);
});
