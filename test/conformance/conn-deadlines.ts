// The conn suite on deadlines: sticky and per call, past, present and future, moved and cleared; never early, and each way
// on its own.

import assert from 'node:assert/strict';

import type { Conn } from 'gonet';
import { fromNow, HOUR, orderOf, PAST, staysPending, timesOut, upTo } from './outcome.ts';
import { fill, HUGE, type MakePair, pairTest, readFull } from './pair.ts';

const one = (conn: Conn, deadline?: Date | number | null): Promise<number | null> =>
  conn.read(Buffer.alloc(1), { deadline });

/** The wall clock may be a rounding error behind the monotonic one. */
const notBefore = (deadline: number): void => assert.ok(Date.now() >= deadline - 1, 'early');

/** One byte from `from` arrives at `to`. */
async function works(from: Conn, to: Conn): Promise<void> {
  const [written, read] = await Promise.all([from.write('!'), readFull(to, 1)]);
  assert.equal(written, 1);
  assert.equal(read.toString(), '!');
}

export function connDeadlines(make: MakePair): void {
  pairTest('a read that timed out leaves writing alone', make, async ({ a, b }) => {
    a.setReadDeadline(PAST);
    await timesOut(one(a), 'read');
    await works(a, b);
    await timesOut(one(a), 'read');
  });

  pairTest('a write that timed out leaves reading alone', make, async ({ a, b }) => {
    a.setWriteDeadline(PAST);
    assert.equal((await timesOut(a.write('x'), 'write')).bytesWritten, 0);
    await works(b, a);
    assert.equal((await timesOut(a.writev([Buffer.from('x')]), 'writev')).bytesWritten, 0);
  });

  pairTest('past the deadline a call fails, ready or not, and takes nothing', make, async ({ a, b }) => {
    const sent = b.write('ab');
    await readFull(a, 1);
    for (const past of [PAST, 0, -1, -Infinity, Date.now(), new Date(Date.now() - 1000)]) {
      a.setDeadline(past);
      await timesOut(one(a), 'read');
      assert.equal((await timesOut(a.write('x'), 'write')).bytesWritten, 0);
    }
    a.setDeadline(null);
    assert.equal((await readFull(a, 1)).toString(), 'b');
    assert.equal(await sent, 2);
    await works(a, b);
  });

  pairTest('a deadline set into the past ends what waits', make, async ({ a, b }) => {
    const under = await fill(a);
    const calls = [one(a), a.write(HUGE)];
    await staysPending(Promise.race(calls));
    a.setReadDeadline(PAST);
    await timesOut(calls[0]!, 'read');
    await staysPending(calls[1]!);
    a.setWriteDeadline(PAST);
    const { bytesWritten } = await timesOut(calls[1]!, 'write');
    a.setDeadline(null);
    await works(b, a);
    await readFull(b, under + bytesWritten!);
    await works(a, b);
  });

  pairTest('a deadline ahead ends what waits, not early, and the conn goes on', make, async ({ a, b }) => {
    const under = await fill(a);
    const deadline = fromNow(60);
    a.setDeadline(deadline);
    const read = timesOut(one(a), 'read').then(() => notBefore(deadline));
    const write = timesOut(a.write(HUGE), 'write').then((error) => {
      notBefore(deadline);
      return error.bytesWritten!;
    });
    const [, more] = await Promise.all([read, write]);
    await timesOut(one(a), 'read');
    a.setDeadline(null);
    await readFull(b, under + more);
    await works(a, b);
    await works(b, a);
  });

  pairTest('deadlines of all lengths, none of them early', make, async ({ a }) => {
    for (const ms of [0.000_001, 0.001, 0.5, 1, 2.5, 5, 25, 100]) {
      for (const perCall of [false, true]) {
        const deadline = fromNow(ms);
        a.setReadDeadline(perCall ? null : deadline);
        await timesOut(one(a, perCall ? deadline : null), 'read');
        notBefore(Math.floor(deadline));
      }
    }
  });

  pairTest('a deadline brought nearer counts for a call that waits', make, async ({ a }) => {
    a.setDeadline(fromNow(HOUR));
    const read = one(a);
    await staysPending(read);
    const deadline = fromNow(20);
    a.setDeadline(deadline);
    await timesOut(read, 'read');
    notBefore(deadline);
  });

  pairTest('a deadline put off counts for a call that waits', make, async ({ a }) => {
    const read = one(a);
    a.setReadDeadline(fromNow(40));
    const deadline = fromNow(200);
    a.setReadDeadline(deadline);
    await timesOut(read, 'read');
    notBefore(deadline);
  });

  pairTest('a deadline taken away lets a call wait on', make, async ({ a, b }) => {
    const read = one(a);
    a.setReadDeadline(fromNow(20));
    a.setReadDeadline(null);
    await staysPending(read, 80);
    await b.write('x');
    assert.equal(await read, 1);
  });

  pairTest('a deadline in the far future is one, and not now', make, async ({ a, b }) => {
    for (const far of [fromNow(2 ** 31), fromNow(2 ** 33), new Date(8.64e15), Number.MAX_SAFE_INTEGER]) {
      a.setDeadline(far);
      const read = a.read(Buffer.alloc(1), { deadline: far });
      await staysPending(read);
      await b.write('x');
      assert.equal(await read, 1);
    }
  });

  pairTest('one way moves nothing of the other', make, async ({ a, b }) => {
    const read = one(a);
    a.setWriteDeadline(PAST);
    await staysPending(read);
    await b.write('x');
    assert.equal(await read, 1);
    a.setWriteDeadline(null);

    await fill(a);
    const write = a.write('x');
    a.setReadDeadline(PAST);
    await staysPending(write);
    a.setWriteDeadline(PAST);
    await timesOut(write, 'write');
  });

  pairTest('a sticky deadline ends all that waits and queues, in order', make, async ({ a }) => {
    a.setReadDeadline(fromNow(20));
    const first = upTo(5).map(() => one(a));
    const order = orderOf(first);
    await Promise.all(first.map((read) => timesOut(read, 'read')));
    assert.deepEqual(await order, upTo(5));

    a.setReadDeadline(null);
    const second = upTo(5).map(() => one(a));
    const next = orderOf(second);
    a.setReadDeadline(PAST);
    await Promise.all(second.map((read) => timesOut(read, 'read')));
    assert.deepEqual(await next, upTo(5));
  });

  pairTest("a call's own deadline does not reach the next call", make, async ({ a, b }) => {
    const deadline = fromNow(20);
    await timesOut(one(a, deadline), 'read');
    notBefore(deadline);
    await timesOut(one(a, new Date(PAST)), 'read');
    const read = one(a);
    await staysPending(read, 60);
    await b.write('x');
    assert.equal(await read, 1);

    await timesOut(a.write('x', { deadline: PAST }), 'write');
    await works(a, b);
    await timesOut(a.writev([Buffer.from('x')], { deadline: PAST }), 'writev');
    await works(a, b);
  });

  pairTest("a call's own deadline, past, takes nothing of what is there", make, async ({ a, b }) => {
    const sent = b.write('xy');
    await readFull(a, 1);
    await timesOut(one(a, PAST), 'read');
    assert.equal((await readFull(a, 1)).toString(), 'y');
    assert.equal(await sent, 2);
  });

  pairTest('of two deadlines the earlier counts', make, async ({ a, b }) => {
    a.setReadDeadline(fromNow(HOUR));
    await timesOut(one(a, fromNow(20)), 'read');
    a.setReadDeadline(fromNow(20));
    await timesOut(one(a, fromNow(HOUR)), 'read');
    a.setReadDeadline(null);

    const own = fromNow(100);
    const read = one(a, own);
    a.setReadDeadline(fromNow(HOUR));
    a.setReadDeadline(null);
    await timesOut(read, 'read');
    notBefore(own);
    await works(b, a);
  });

  pairTest('no deadline of its own leaves the sticky one in force', make, async ({ a }) => {
    a.setReadDeadline(PAST);
    for (const options of [{}, { deadline: null }, { deadline: undefined, signal: undefined }]) {
      await timesOut(a.read(Buffer.alloc(1), options), 'read');
    }
  });

  pairTest('a queued read obeys its own deadline', make, async ({ a, b }) => {
    const first = one(a);
    const second = one(a, fromNow(20));
    const third = one(a);
    await timesOut(second, 'read');
    await staysPending(Promise.race([first, third]));
    await b.write('13');
    assert.deepEqual(await Promise.all([first, third]), [1, 1]);
  });

  pairTest('a read that timed out gives its turn to the next one', make, async ({ a, b }) => {
    const first = one(a, fromNow(20));
    const second = one(a);
    await timesOut(first, 'read');
    await b.write('2');
    assert.equal(await second, 1);
  });
}
