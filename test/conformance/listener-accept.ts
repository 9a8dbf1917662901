// The listener suite on accept: its order, its deadlines and its signals.

import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';

import type { Conn, IOOptions, Listener } from 'gonet';
import { listenerTest, type MakeListener, numberOf, type Scene } from './listening.ts';
import { failure, fromNow, HOUR, isCanceled, orderOf, PAST, staysPending, timesOut, upTo } from './outcome.ts';

const notBefore = (deadline: number): void => assert.ok(Date.now() >= deadline - 1, 'early');

/** A client arrives and is accepted. */
async function works({ listener, client, keep }: Scene): Promise<void> {
  const [conn] = await Promise.all([listener.accept(), client(1)]);
  assert.equal(await numberOf(keep(conn)), 1);
}

export function listenerAccept(make: MakeListener): void {
  listenerTest('clients are accepted in the order in which they came', make, async ({ listener, client, keep }) => {
    for (const i of upTo(5)) await client(i);
    for (const i of upTo(5)) assert.equal(await numberOf(keep(await listener.accept())), i);
  });

  listenerTest('accepts that wait are served in order', make, async ({ listener, client, keep }) => {
    const accepts = upTo(5).map(() => listener.accept());
    const order = orderOf(accepts);
    for (const i of upTo(5)) await client(i);
    const numbers = await Promise.all(accepts.map(async (accept) => numberOf(keep(await accept))));
    assert.deepEqual(numbers, upTo(5));
    assert.deepEqual(await order, upTo(5));
  });

  listenerTest('10 accepters take 100 clients', make, async ({ listener, client, keep }) => {
    const seen: number[] = [];
    const accepter = async (): Promise<void> => {
      for (let i = 0; i < 10; i++) seen.push(await numberOf(keep(await listener.accept())));
    };
    await Promise.all([...upTo(10).map(accepter), ...upTo(100).map(client)]);
    assert.deepEqual(
      seen.toSorted((x, y) => x - y),
      upTo(100),
    );
  });

  listenerTest('both ends know the same names', make, async ({ listener, dial, keep }) => {
    const [accepted, dialed] = await Promise.all([listener.accept(), dial()]);
    keep(accepted);
    keep(dialed);
    assert.equal(String(accepted.localAddr), String(dialed.remoteAddr));
    assert.equal(String(accepted.remoteAddr), String(dialed.localAddr));
    assert.equal(accepted.localAddr.network, listener.addr.network);
    assert.equal(String(dialed.remoteAddr), String(listener.addr));
  });

  listenerTest('past its deadline accept fails even with a client waiting', make, async (scene) => {
    const { listener, client, keep } = scene;
    await client(7);
    for (const past of [PAST, 0, Date.now(), new Date(Date.now() - 5000)]) {
      listener.setDeadline(past);
      await timesOut(listener.accept(), 'accept');
    }
    listener.setDeadline(null);
    await timesOut(listener.accept({ deadline: PAST }), 'accept');
    assert.equal(await numberOf(keep(await listener.accept())), 7, 'it is still there');
    await works(scene);
  });

  listenerTest('a deadline ahead ends an accept that waits, not early', make, async (scene) => {
    const { listener } = scene;
    const deadline = fromNow(30);
    listener.setDeadline(deadline);
    const accepts = upTo(3).map(() => listener.accept());
    const order = orderOf(accepts);
    await Promise.all(accepts.map((accept) => timesOut(accept, 'accept')));
    notBefore(deadline);
    assert.deepEqual(await order, upTo(3));
    listener.setDeadline(null);
    await works(scene);
  });

  listenerTest('a deadline that is moved counts for an accept that waits', make, async (scene) => {
    const { listener } = scene;
    listener.setDeadline(fromNow(HOUR));
    const nearer = listener.accept();
    await staysPending(nearer);
    listener.setDeadline(PAST);
    await timesOut(nearer, 'accept');

    listener.setDeadline(null);
    const later = listener.accept();
    listener.setDeadline(fromNow(20));
    const deadline = fromNow(100);
    listener.setDeadline(deadline);
    await timesOut(later, 'accept');
    notBefore(deadline);

    listener.setDeadline(null);
    const accept = listener.accept();
    listener.setDeadline(fromNow(20));
    listener.setDeadline(null);
    await staysPending(accept, 60);
    await scene.client(3);
    assert.equal(await numberOf(scene.keep(await accept)), 3);
  });

  listenerTest("an accept's own deadline does not reach the next one", make, async ({ listener, client, keep }) => {
    const deadline = fromNow(20);
    await timesOut(listener.accept({ deadline }), 'accept');
    notBefore(deadline);
    const next = listener.accept();
    const queued = listener.accept({ deadline: fromNow(10) });
    await timesOut(queued, 'accept');
    await staysPending(next);
    await client(4);
    assert.equal(await numberOf(keep(await next)), 4);
  });

  listenerTest('a deadline of the listener is not one of its connections', make, async ({ listener, client, keep }) => {
    listener.setDeadline(fromNow(HOUR));
    await client(5);
    const conn = keep(await listener.accept());
    listener.setDeadline(PAST);
    assert.equal(await numberOf(conn), 5);
  });

  listenerTest('a signal ends an accept, and the listener goes on', make, async (scene) => {
    const { listener, client, keep } = scene;
    const controller = new AbortController();
    const { signal } = controller;
    const listeners = (): number => getEventListeners(signal, 'abort').length;
    const first = listener.accept();
    const second = listener.accept({ signal });
    assert.equal(listeners(), 1);
    await client(1);
    assert.equal(await numberOf(keep(await first)), 1);
    await staysPending(second);
    controller.abort('enough');
    await isCanceled(second, 'enough', 'accept');
    assert.equal(listeners(), 0);

    await client(2);
    await isCanceled(listener.accept({ signal }), 'enough', 'accept');
    assert.equal(await numberOf(keep(await listener.accept())), 2, 'it is still there');
    const third = listener.accept({ signal: new AbortController().signal });
    await client(3);
    assert.equal(await numberOf(keep(await third)), 3);
    await works(scene);
  });

  listenerTest("a failing accept has Go's text and fields", make, async ({ listener, network }) => {
    listener.setDeadline(PAST);
    const error = await failure(listener.accept(), 'accept');
    const net = network ?? listener.addr.network;
    assert.equal(error.message, `accept ${net} ${listener.addr}: i/o timeout`);
    assert.deepEqual([error.name, error.net, error.source, error.addr], ['OpError', net, null, listener.addr]);
    assert.equal(error.bytesWritten, undefined);
  });

  listenerTest('wrong arguments throw at once', make, async (scene) => {
    const { listener } = scene;
    const accept = (options: unknown) => (): void => void listener.accept(options as IOOptions).catch(() => {});
    for (const wrong of [null, 1, 'x', { signal: {} }, { deadline: 'soon' }]) assert.throws(accept(wrong), TypeError);
    assert.throws(accept({ deadline: Number.NaN }), RangeError);
    assert.throws(() => listener.setDeadline('soon' as unknown as number), TypeError);
    assert.throws(() => listener.setDeadline(Number.NaN), RangeError);
    await works(scene);
  });

  listenerTest('`break` leaves the listener open, and the loop can be entered again', make, async (scene) => {
    const { listener, client, keep } = scene;
    for (const i of upTo(4)) await client(i);
    const numbers: number[] = [];
    const take = async (count: number): Promise<void> => {
      let left = count;
      for await (const conn of listener) {
        numbers.push(await numberOf(keep(conn)));
        if (--left === 0) break;
      }
    };
    await take(1);
    await take(2);
    numbers.push(await numberOf(keep(await listener.accept())));
    assert.deepEqual(numbers, upTo(4));
    await works(scene);
  });

  listenerTest('the deadline is thrown into the loop, which can be entered again', make, async (scene) => {
    const { listener, client, keep } = scene;
    const first = async (each: Listener): Promise<Conn | undefined> => {
      for await (const conn of each) return keep(conn);
      return undefined;
    };
    listener.setDeadline(fromNow(20));
    await timesOut(first(listener), 'accept');
    listener.setDeadline(null);
    const [conn] = await Promise.all([first(listener), client(9)]);
    assert.equal(await numberOf(conn!), 9);
  });
}
