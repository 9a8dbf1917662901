// The packet suite on signals: they end one call, never the socket, and no listener stays behind.

import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';

import { failsClosed, fromNow, HOUR, isCanceled, orderOf, PAST, staysPending, timesOut, upTo } from './outcome.ts';
import { inStep, type Kind, packetTest, reads, take, writes } from './packet-pair.ts';

const listeners = (signal: AbortSignal): number => getEventListeners(signal, 'abort').length;

export function packetSignals(kind: Kind): void {
  packetTest('a signal that is aborted already fails every call, ready or not', kind, async (scene) => {
    const { a, b, atB, send } = scene;
    await send('kept');
    const reason = new Error('not now');
    const signal = AbortSignal.abort(reason);
    for (const read of Object.values(reads(kind))) await isCanceled(read(b, { signal }), reason, 'read');
    await isCanceled(b.read(new Uint8Array(0), { signal }), reason, 'read');
    await isCanceled(b.readFrom(new Uint8Array(0), { signal }), reason, 'read');
    for (const write of Object.values(writes(kind, atB))) {
      assert.equal((await isCanceled(write(a, { signal }), reason, 'write')).bytesWritten, 0);
    }
    assert.equal(listeners(signal), 0);
    assert.equal(await take(b), 'kept');
    await inStep(scene);
  });

  packetTest('abort ends every way to receive, and the socket goes on', kind, async (scene) => {
    for (const read of Object.values(reads(kind))) {
      const controller = new AbortController();
      const waiting = read(scene.a, { signal: controller.signal });
      await staysPending(waiting, 5);
      assert.equal(listeners(controller.signal), 1);
      controller.abort();
      await isCanceled(waiting, controller.signal.reason, 'read');
      assert.equal(listeners(controller.signal), 0);
    }
    await inStep(scene);
  });

  packetTest('however a call ends, its listener leaves the signal', kind, async ({ a, back }) => {
    const { signal } = new AbortController();
    for (const read of Object.values(reads(kind))) {
      await timesOut(read(a, { signal, deadline: fromNow(5) }), 'read');
      await timesOut(read(a, { signal, deadline: PAST }), 'read');
      assert.equal(listeners(signal), 0, 'after its deadline');
      const waiting = read(a, { signal });
      assert.equal(listeners(signal), 1);
      await back('x');
      await waiting;
      assert.equal(listeners(signal), 0, 'after success');
    }
    const ended = Object.values(reads(kind)).map((read) => failsClosed(read(a, { signal }), 'read'));
    a.close();
    await Promise.all(ended);
    assert.equal(listeners(signal), 0, 'after close');
  });

  packetTest('an abort after the call has ended reaches nobody', kind, async ({ a, back }) => {
    const controller = new AbortController();
    const read = a.readFrom(Buffer.alloc(1), { signal: controller.signal });
    await back('x');
    assert.equal((await read).n, 1);
    const next = take(a);
    controller.abort();
    await staysPending(next);
    await back('y');
    assert.equal(await next, 'y');
  });

  packetTest('a queued read obeys its own signal, and gives its turn to the next one', kind, async ({ a, back }) => {
    const controller = new AbortController();
    const { signal } = controller;
    const first = take(a);
    const second = a.readFrom(Buffer.alloc(1), { signal });
    const third = take(a);
    controller.abort('no');
    await isCanceled(second, 'no', 'read');
    await staysPending(Promise.race([first, third]));
    await back('1');
    await back('3');
    assert.deepEqual(await Promise.all([first, third]), ['1', '3']);
  });

  packetTest('one signal for many calls ends them all, in order, and nobody is warned', kind, async ({ a }) => {
    const warnings: string[] = [];
    const warned = (warning: Error): void => void warnings.push(warning.message);
    process.on('warning', warned);
    const controller = new AbortController();
    const { signal } = controller;
    const ways = Object.values(reads(kind));
    const waiting = upTo(30).map((i) => ways[i % ways.length]!(a, { signal }));
    const order = orderOf(waiting);
    await staysPending(Promise.race(waiting));
    controller.abort('all');
    await Promise.all(waiting.map((read) => isCanceled(read, 'all', 'read')));
    assert.deepEqual(await order, upTo(30));
    assert.equal(listeners(signal), 0);
    process.off('warning', warned);
    assert.deepEqual(warnings, []);
  });

  packetTest('of a signal and a deadline the first counts', kind, async ({ a }) => {
    const controller = new AbortController();
    const { signal } = controller;
    const early = a.readFrom(Buffer.alloc(1), { signal, deadline: fromNow(HOUR) });
    controller.abort('first');
    await isCanceled(early, 'first', 'read');
    await timesOut(
      a.readFrom(Buffer.alloc(1), { signal: new AbortController().signal, deadline: fromNow(10) }),
      'read',
    );
    await isCanceled(a.readFrom(Buffer.alloc(1), { signal, deadline: PAST }), 'first', 'read');
  });
}
