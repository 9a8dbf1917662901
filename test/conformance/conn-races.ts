// The conn suite on crowds: many calls at once, with deadlines that keep moving. Only time-outs may come of it, and afterwards
// both ends are in step.

import assert from 'node:assert/strict';

import { type Conn, DeadlineError, OpError } from 'gonet';
import { fromNow, HOUR, PAST, upTo } from './outcome.ts';
import { drain, HUGE, type MakePair, pairTest, readFull } from './pair.ts';

/** Swallows a time-out; everything else is a failure. True if it was one. */
async function orTimeout(promise: Promise<unknown>): Promise<boolean> {
  try {
    await promise;
    return false;
  } catch (error) {
    if (error instanceof OpError && error.cause instanceof DeadlineError) return true;
    throw error;
  }
}

const COUNT = 10_000;

/** 0, 1 … n - 1, four bytes each. */
const numbers = (n: number): Buffer => Buffer.from(Uint32Array.from(upTo(n)).buffer);

/**
 * Begins COUNT calls, many more at once than one turn of the loop completes, and a few whenever the other end has something to
 * say: those come out of an event, while others are put off to the next turn.
 */
async function inBursts<T>(begin: (at: number) => Promise<T>, event: () => Promise<void>): Promise<T[]> {
  const calls: Promise<T>[] = [];
  const burst = (n: number): void => {
    for (let i = 0; i < n && calls.length < COUNT; i++) calls.push(begin(4 * calls.length));
  };
  while (calls.length < COUNT) {
    burst(1000);
    for (let i = 0; i < 10; i++) {
      await event();
      burst(5);
    }
  }
  return Promise.all(calls);
}

/** A byte from one end to the other, which has to wait for it: the read before has left nothing. */
async function tick(from: Conn, to: Conn): Promise<void> {
  const [, n] = await Promise.all([from.write('.'), to.read(Buffer.alloc(8))]);
  assert.equal(n, 1);
}

/** Copies what it reads back to where it came from, until the end of either way. */
async function chunkedCopy(to: Conn, from: Conn): Promise<void> {
  const into = Buffer.alloc(1024);
  for (;;) {
    const n = await from.read(into).catch(() => null);
    if (n === null) return;
    await to.write(into.subarray(0, n)).catch(() => 0);
  }
}

export function connRaces(make: MakePair): void {
  pairTest('10 x 100 reads under deadlines of 1 ms: only time-outs', make, async ({ a, b }) => {
    const source = (async () => {
      for (const block = Buffer.alloc(1024); ;) {
        try {
          await b.write(block);
        } catch {
          return;
        }
      }
    })();
    a.setReadDeadline(fromNow(1));
    let timeouts = 0;
    const reader = async (): Promise<void> => {
      const into = Buffer.alloc(1024);
      for (let i = 0; i < 100; i++) {
        if (!(await orTimeout(a.read(into)))) continue;
        timeouts++;
        a.setReadDeadline(fromNow(1));
      }
    };
    await Promise.all(upTo(10).map(reader));
    a.setReadDeadline(PAST);
    assert.ok(await orTimeout(a.read(Buffer.alloc(1))), `after ${timeouts} time-outs`);
    a.setReadDeadline(null);
    assert.ok((await a.read(Buffer.alloc(1))) === 1);
    b.close();
    await source;
  });

  pairTest('10 x 100 writes under deadlines of 1 ms: only time-outs', make, async ({ a, b }) => {
    const sink = drain(b);
    a.setWriteDeadline(fromNow(1));
    const writer = async (): Promise<void> => {
      const block = Buffer.alloc(1024);
      for (let i = 0; i < 100; i++) {
        if (await orTimeout(a.write(block))) a.setWriteDeadline(fromNow(1));
        // It is ours again: whoever still held it would send this.
        block.fill(i);
      }
    };
    await Promise.all(upTo(10).map(writer));
    a.setWriteDeadline(null);
    assert.equal(await a.write('x'), 1);
    a.close();
    assert.ok((await sink) > 0);
  });

  pairTest('reads begun in bursts get their bytes in order', make, async ({ a, b }) => {
    const sent = b.write(numbers(COUNT));
    const into = Buffer.alloc(4 * COUNT);
    const reads = await inBursts(
      (at) => a.read(into.subarray(at, at + 4)),
      () => tick(a, b),
    );
    for (const n of reads) assert.equal(n, 4);
    assert.equal(into.compare(numbers(COUNT)), 0);
    await sent;
  });

  pairTest('writes begun in bursts arrive in order', make, async ({ a, b }) => {
    const arrived = readFull(b, 4 * COUNT);
    const all = numbers(COUNT);
    const writes = await inBursts(
      (at) => a.write(all.subarray(at, at + 4)),
      () => tick(b, a),
    );
    for (const n of writes) assert.equal(n, 4);
    assert.equal((await arrived).compare(all), 0);
  });

  pairTest('deadlines that pass at once, against reads and writes: no hang', make, async ({ a, b }) => {
    const sink = drain(b);
    for (let round = 0; round < 500; round++) {
      a.setDeadline(fromNow(0.002));
      const calls = [a.read(Buffer.alloc(1)), a.write('x'), a.writev([HUGE.subarray(0, 100)])].map(orTimeout);
      if (round % 100 === 0) await Promise.all(calls);
      else void Promise.all(calls);
    }
    assert.ok(await orTimeout(a.read(Buffer.alloc(1))));
    a.close();
    await sink;
  });

  pairTest('deadlines that are pushed ahead before each call never fire', make, async ({ a, b }) => {
    const echo = chunkedCopy(b, b);
    const writer = (async () => {
      for (let i = 0; i < 200; i++) {
        a.setWriteDeadline(fromNow(HOUR));
        await a.write(Buffer.alloc(1000));
      }
    })();
    for (let left = 200_000; left > 0;) {
      a.setReadDeadline(fromNow(HOUR));
      left -= (await a.read(Buffer.alloc(4096)))!;
    }
    await writer;
    a.close();
    await echo;
  });

  pairTest('1,000 reads and writes under limits that differ: each meets its own', make, async ({ a, b }) => {
    const calls = upTo(500).flatMap((i) => [
      a.read(Buffer.alloc(1), { deadline: fromNow((i * 7) % 40) }),
      a.write(i === 0 ? HUGE : 'x', { deadline: fromNow((i * 11) % 40) }),
    ]);
    const ends = await Promise.all(calls.map(orTimeout));
    assert.deepEqual(
      ends.filter((timedOut, i) => i % 2 === 0 && !timedOut),
      [],
      'a read found something',
    );
    const sink = drain(b);
    a.close();
    await sink;
  });

  pairTest('700 calls at once, and then in step again', make, async ({ a, b }) => {
    const echo = chunkedCopy(b, b);
    const crowd = upTo(100).flatMap(() => [
      orTimeout(a.read(Buffer.alloc(1024))),
      orTimeout(a.write(Buffer.alloc(1024))),
      Promise.resolve(a.setDeadline(fromNow(10))),
      Promise.resolve(a.setReadDeadline(fromNow(10))),
      Promise.resolve(a.setWriteDeadline(fromNow(10))),
      Promise.resolve(a.localAddr),
      Promise.resolve(a.remoteAddr),
    ]);
    await Promise.all(crowd);
    a.setDeadline(null);

    // Zeroes of the crowd may still be under way; what is not zero comes after them.
    const mark = Buffer.from([1, 2, 3, 4]);
    const written = a.write(mark);
    let first = await readFull(a, 1);
    while (first[0] === 0) first = await readFull(a, 1);
    assert.deepEqual([...first, ...(await readFull(a, 3))], [...mark]);
    await written;
    a.close();
    await echo;
  });
}
