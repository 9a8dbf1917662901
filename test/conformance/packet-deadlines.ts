// The packet suite on deadlines: sticky and per call, past, present and future, moved and cleared; never early, each way on its
// own, and for every way to receive and to send.

import assert from 'node:assert/strict';

import { fromNow, HOUR, orderOf, PAST, staysPending, timesOut, upTo } from './outcome.ts';
import { type Datagrams, inStep, type Kind, packetTest, reads, take, writes } from './packet-pair.ts';

const one = (conn: Datagrams, deadline?: Date | number | null): Promise<unknown> =>
  conn.readFrom(Buffer.alloc(100), { deadline });

/** The wall clock may be a rounding error behind the monotonic one. */
const notBefore = (deadline: number): void => assert.ok(Date.now() >= deadline - 1, 'early');

export function packetDeadlines(kind: Kind): void {
  packetTest('past the deadline a call fails, ready or not, and takes and sends nothing', kind, async (scene) => {
    const { a, b, atB, send } = scene;
    await send('kept');
    for (const past of [PAST, 0, -1, -Infinity, Date.now(), new Date(Date.now() - 1000)]) {
      for (const read of Object.values(reads(kind))) {
        b.setDeadline(past);
        await timesOut(read(b), 'read');
        b.setDeadline(null);
        await timesOut(read(b, { deadline: past }), 'read');
      }
      for (const write of Object.values(writes(kind, atB))) {
        a.setDeadline(past);
        assert.equal((await timesOut(write(a), 'write')).bytesWritten, 0);
        a.setDeadline(null);
        assert.equal((await timesOut(write(a, { deadline: past }), 'write')).bytesWritten, 0);
      }
    }
    assert.equal(await take(b), 'kept');
    await inStep(scene);
  });

  packetTest('each way has its own', kind, async (scene) => {
    const { a, b, send, back } = scene;
    a.setReadDeadline(PAST);
    await timesOut(one(a), 'read');
    await send('out');
    assert.equal(await take(b), 'out');
    await timesOut(one(a), 'read');
    a.setReadDeadline(null);
    a.setWriteDeadline(PAST);
    await timesOut(send('x'), 'write');
    await back('in');
    assert.equal(await take(a), 'in');
    const read = take(a);
    await staysPending(read);
    await back('more');
    assert.equal(await read, 'more');
    a.setWriteDeadline(null);
    await inStep(scene);
  });

  packetTest('a deadline ahead ends every way to receive, not early, and the socket goes on', kind, async (scene) => {
    const { a } = scene;
    for (const read of Object.values(reads(kind))) {
      const deadline = fromNow(30);
      await timesOut(read(a, { deadline }), 'read');
      notBefore(deadline);
      const sticky = fromNow(30);
      a.setReadDeadline(sticky);
      await timesOut(read(a), 'read');
      notBefore(sticky);
      a.setReadDeadline(null);
    }
    await inStep(scene);
  });

  packetTest('deadlines of all lengths, none of them early', kind, async ({ a }) => {
    for (const ms of [0.000_001, 0.001, 0.5, 1, 2.5, 5, 25, 100]) {
      for (const perCall of [false, true]) {
        const deadline = fromNow(ms);
        a.setReadDeadline(perCall ? null : deadline);
        await timesOut(one(a, perCall ? deadline : null), 'read');
        notBefore(Math.floor(deadline));
      }
    }
  });

  packetTest('a deadline set into the past ends what waits', kind, async (scene) => {
    const { a } = scene;
    for (const read of Object.values(reads(kind))) {
      const waiting = read(a);
      await staysPending(waiting, 5);
      a.setReadDeadline(PAST);
      await timesOut(waiting, 'read');
      a.setReadDeadline(null);
    }
    await inStep(scene);
  });

  packetTest('a deadline that is moved counts for a call that waits: nearer', kind, async ({ a }) => {
    a.setDeadline(fromNow(HOUR));
    const read = one(a);
    await staysPending(read);
    const deadline = fromNow(20);
    a.setDeadline(deadline);
    await timesOut(read, 'read');
    notBefore(deadline);
  });

  packetTest('a deadline that is moved counts for a call that waits: put off', kind, async ({ a }) => {
    const read = one(a);
    a.setReadDeadline(fromNow(40));
    const deadline = fromNow(200);
    a.setReadDeadline(deadline);
    await timesOut(read, 'read');
    notBefore(deadline);
  });

  packetTest('a deadline that is taken away lets a call wait on', kind, async ({ a, back }) => {
    const read = take(a);
    a.setReadDeadline(fromNow(20));
    a.setReadDeadline(null);
    await staysPending(read, 80);
    await back('x');
    assert.equal(await read, 'x');
  });

  packetTest('a deadline in the far future is one, and not now', kind, async ({ a, back }) => {
    for (const far of [fromNow(2 ** 31), fromNow(2 ** 33), new Date(8.64e15), Number.MAX_SAFE_INTEGER]) {
      a.setDeadline(far);
      const read = one(a, far);
      await staysPending(read);
      await back('x');
      await read;
    }
  });

  packetTest('a sticky deadline ends all that waits and queues, in order', kind, async ({ a }) => {
    const ways = Object.values(reads(kind));
    const begin = (): Promise<unknown>[] => upTo(8).map((i) => ways[i % ways.length]!(a));
    a.setReadDeadline(fromNow(20));
    const first = begin();
    const order = orderOf(first);
    await Promise.all(first.map((read) => timesOut(read, 'read')));
    assert.deepEqual(await order, upTo(8));

    a.setReadDeadline(null);
    const second = begin();
    const next = orderOf(second);
    a.setReadDeadline(PAST);
    await Promise.all(second.map((read) => timesOut(read, 'read')));
    assert.deepEqual(await next, upTo(8));
  });

  packetTest("a call's own deadline does not reach the next call", kind, async (scene) => {
    const { a, b, atB, back } = scene;
    await timesOut(one(a, fromNow(20)), 'read');
    await timesOut(one(a, new Date(PAST)), 'read');
    const read = take(a);
    await staysPending(read, 60);
    await back('x');
    assert.equal(await read, 'x');
    for (const write of Object.values(writes(kind, atB))) {
      await timesOut(write(a, { deadline: PAST }), 'write');
      await write(a);
      assert.equal(await take(b), 'x');
    }
    await inStep(scene);
  });

  packetTest('of two deadlines the earlier counts', kind, async (scene) => {
    const { a } = scene;
    a.setReadDeadline(fromNow(HOUR));
    await timesOut(one(a, fromNow(20)), 'read');
    a.setReadDeadline(fromNow(20));
    await timesOut(one(a, fromNow(HOUR)), 'read');
    a.setReadDeadline(PAST);
    for (const options of [{}, { deadline: null }, { deadline: undefined, signal: undefined }]) {
      await timesOut(a.readFrom(Buffer.alloc(1), options), 'read');
    }
    a.setReadDeadline(null);
    await inStep(scene);
  });

  packetTest('a queued read obeys its own deadline, and gives its turn to the next one', kind, async ({ a, back }) => {
    const first = one(a, fromNow(40));
    const second = one(a, fromNow(20));
    const third = take(a);
    await timesOut(second, 'read');
    await timesOut(first, 'read');
    await staysPending(third);
    await back('3');
    assert.equal(await third, '3');
  });

  packetTest(
    'a write that waits for room obeys its deadline, and the next one goes on',
    kind,
    async ({ a, b, atB }) => {
      let sent = 0;
      for (let full = false; !full;) {
        full = await a.writeTo('x', atB, { deadline: fromNow(20) }).then(
          () => false,
          () => true,
        );
        if (!full) sent++;
      }
      assert.ok(sent > 0);
      const deadline = fromNow(30);
      await timesOut(a.writeTo('late', atB, { deadline }), 'write');
      notBefore(deadline);
      const waiting = a.writeTo('in time', atB);
      await staysPending(waiting);
      for (const _ of upTo(sent)) assert.equal(await take(b), 'x');
      assert.equal(await waiting, 7);
      assert.equal(await take(b), 'in time');
    },
    kind.traits.waits === true ? false : 'a writer never waits here: datagrams without room are lost',
  );
}
