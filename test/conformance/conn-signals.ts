// The conn suite on signals: they end one call, never the conn, and no listener stays behind.

import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';

import type { Conn } from 'gonet';
import { fromNow, HOUR, failsClosed, isCanceled, orderOf, PAST, staysPending, timesOut, upTo } from './outcome.ts';
import { type ConnPair, fill, type MakePair, pairTest, readFull } from './pair.ts';

const one = (conn: Conn, signal: AbortSignal): Promise<number | null> => conn.read(Buffer.alloc(1), { signal });

const listeners = (signal: AbortSignal): number => getEventListeners(signal, 'abort').length;

async function warnsNobody({ a }: ConnPair): Promise<void> {
  const warnings: string[] = [];
  const warned = (warning: Error): void => void warnings.push(warning.message);
  process.on('warning', warned);
  const controller = new AbortController();
  const reads = upTo(30).map(() => one(a, controller.signal));
  await staysPending(Promise.race(reads));
  controller.abort('all');
  await Promise.all(reads.map((read) => isCanceled(read, 'all', 'read')));
  process.off('warning', warned);
  assert.deepEqual(warnings, []);
}

export function connSignals(make: MakePair): void {
  pairTest('a signal that is aborted already fails the call, ready or not', make, async ({ a, b }) => {
    const sent = b.write('ab');
    await readFull(a, 1);
    const reason = new Error('not now');
    const signal = AbortSignal.abort(reason);
    await isCanceled(one(a, signal), reason, 'read');
    await isCanceled(a.read(new Uint8Array(0), { signal }), reason, 'read');
    assert.equal((await isCanceled(a.write('x', { signal }), reason, 'write')).bytesWritten, 0);
    assert.equal((await isCanceled(a.writev([Buffer.from('x')], { signal }), reason, 'writev')).bytesWritten, 0);
    assert.equal(listeners(signal), 0);
    assert.equal((await readFull(a, 1)).toString(), 'b', 'nothing was taken');
    assert.equal(await sent, 2);
    a.close();
    assert.equal(await b.read(Buffer.alloc(1)), null, 'nothing was sent');
  });

  pairTest('abort ends a read that waits, and the conn goes on', make, async ({ a, b }) => {
    const controller = new AbortController();
    const read = one(a, controller.signal);
    await staysPending(read);
    assert.equal(listeners(controller.signal), 1);
    controller.abort();
    await isCanceled(read, controller.signal.reason, 'read');
    assert.equal(listeners(controller.signal), 0);
    const [, byte] = await Promise.all([b.write('x'), readFull(a, 1)]);
    assert.equal(byte.toString(), 'x');
  });

  pairTest('abort ends a write that waits, and the conn goes on', make, async ({ a, b }) => {
    const under = await fill(a);
    const controller = new AbortController();
    const write = a.write('lost', { signal: controller.signal });
    await staysPending(write);
    assert.equal(listeners(controller.signal), 1);
    controller.abort('stop');
    assert.equal((await isCanceled(write, 'stop', 'write')).bytesWritten, 0);
    assert.equal(listeners(controller.signal), 0);
    const [, bytes] = await Promise.all([a.write('kept'), readFull(b, under + 4)]);
    assert.equal(bytes.subarray(under).toString(), 'kept');
  });

  pairTest('however a call ends, its listener leaves the signal', make, async ({ a, b }) => {
    const { signal } = new AbortController();
    await timesOut(a.read(Buffer.alloc(1), { signal, deadline: fromNow(5) }), 'read');
    await timesOut(a.read(Buffer.alloc(1), { signal, deadline: PAST }), 'read');
    assert.equal(listeners(signal), 0, 'after its deadline');

    const read = one(a, signal);
    assert.equal(listeners(signal), 1);
    await b.write('x');
    assert.equal(await read, 1);
    assert.equal(listeners(signal), 0, 'after success');

    const waiting = [one(a, signal), one(a, signal)];
    assert.ok(listeners(signal) > 0);
    a.setReadDeadline(PAST);
    await Promise.all(waiting.map((each) => timesOut(each, 'read')));
    assert.equal(listeners(signal), 0, 'after the sticky deadline');
    a.setReadDeadline(null);

    const ended = [one(a, signal), one(a, signal)].map((each) => failsClosed(each, 'read'));
    a.close();
    await Promise.all(ended);
    await failsClosed(one(a, signal), 'read');
    assert.equal(listeners(signal), 0, 'after close');
  });

  pairTest('an abort after the call has ended reaches nobody', make, async ({ a, b }) => {
    const controller = new AbortController();
    const read = one(a, controller.signal);
    await b.write('x');
    assert.equal(await read, 1);
    const next = a.read(Buffer.alloc(1));
    controller.abort();
    await staysPending(next);
    await b.write('y');
    assert.equal(await next, 1);
  });

  pairTest('a queued read obeys its own signal', make, async ({ a, b }) => {
    const controller = new AbortController();
    const first = a.read(Buffer.alloc(1));
    const second = one(a, controller.signal);
    const third = a.read(Buffer.alloc(1));
    assert.equal(listeners(controller.signal), 1);
    controller.abort('no');
    await isCanceled(second, 'no', 'read');
    await staysPending(Promise.race([first, third]));
    await b.write('13');
    assert.deepEqual(await Promise.all([first, third]), [1, 1]);
  });

  pairTest('an aborted read gives its turn to the next one', make, async ({ a, b }) => {
    const controller = new AbortController();
    const first = one(a, controller.signal);
    const second = a.read(Buffer.alloc(1));
    controller.abort('no');
    await isCanceled(first, 'no', 'read');
    await b.write('2');
    assert.equal(await second, 1);
  });

  pairTest('one signal for many calls ends them all, in order', make, async ({ a }) => {
    const controller = new AbortController();
    const reads = upTo(8).map(() => one(a, controller.signal));
    const order = orderOf(reads);
    await staysPending(Promise.race(reads));
    assert.ok(listeners(controller.signal) > 0);
    controller.abort('all');
    await Promise.all(reads.map((read) => isCanceled(read, 'all', 'read')));
    assert.deepEqual(await order, upTo(8));
    assert.equal(listeners(controller.signal), 0);
  });

  pairTest('one signal for many calls is no leak, and nobody is warned of one', make, warnsNobody);

  pairTest('of a signal and a deadline the first counts', make, async ({ a }) => {
    const controller = new AbortController();
    const early = a.read(Buffer.alloc(1), { signal: controller.signal, deadline: fromNow(HOUR) });
    controller.abort('first');
    await isCanceled(early, 'first', 'read');
    const { signal } = new AbortController();
    await timesOut(a.read(Buffer.alloc(1), { signal, deadline: fromNow(10) }), 'read');
    const both = a.read(Buffer.alloc(1), { signal: controller.signal, deadline: PAST });
    await isCanceled(both, 'first', 'read');
  });
}
