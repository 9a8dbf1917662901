// The listener suite on the end: who wakes, what becomes of the clients, and that the address is free at once.

import assert from 'node:assert/strict';

import { ClosedError, DeadlineError, type Listener, OpError } from 'gonet';
import { listenerTest, type MakeListener, numberOf } from './listening.ts';
import { failsClosed, fromNow, orderOf, PAST, staysPending, thrown, upTo } from './outcome.ts';

export function listenerClose(make: MakeListener): void {
  listenerTest('close() ends the accepts that wait, in order', make, async ({ listener }) => {
    const accepts = upTo(5).map(() => listener.accept());
    const order = orderOf(accepts);
    await staysPending(Promise.race(accepts));
    const ended = accepts.map((accept) => failsClosed(accept, 'accept'));
    listener.close();
    await Promise.all(ended);
    assert.deepEqual(await order, upTo(5));
  });

  listenerTest('closed, every call fails with ClosedError, and the address still answers', make, async (scene) => {
    const { listener, network = listener.addr.network } = scene;
    const name = String(listener.addr);
    listener.setDeadline(PAST);
    listener.close();
    listener.close();
    listener[Symbol.dispose]();
    const text = `accept ${network} ${name}: use of closed network connection`;
    assert.equal((await failsClosed(listener.accept(), 'accept')).message, text);
    await failsClosed(listener.accept({ signal: AbortSignal.abort(), deadline: PAST }), 'accept');
    assert.ok(thrown(() => listener.setDeadline(null), 'set').cause instanceof ClosedError);
    assert.equal(String(listener.addr), name);
  });

  listenerTest('a client in the backlog is not accepted after close(), and is told', make, async (scene) => {
    const { listener, client, keep } = scene;
    await client(1);
    const waiting = await client(2);
    keep(await listener.accept());
    listener.close();
    await failsClosed(listener.accept(), 'accept');
    const end = await waiting.read(Buffer.alloc(1)).catch((error: unknown) => error);
    assert.ok(end === null || (end instanceof OpError && end.code === 'ECONNRESET'), String(end));
  });

  listenerTest('accepted connections outlive their listener', make, async ({ listener, client, keep }) => {
    const far = await client(8);
    const conn = keep(await listener.accept());
    listener.close();
    assert.equal(await numberOf(conn), 8);
    await conn.write(Buffer.from([9]));
    assert.equal(await numberOf(far), 9);
  });

  listenerTest('right after close() the same address can be listened on', make, async (scene) => {
    const { listener, client, keep, again } = scene;
    const far = await client(1);
    const conn = keep(await listener.accept());
    // Our side goes first, so that it is ours that lingers in TIME_WAIT.
    conn.close();
    far.close();
    const ended = failsClosed(listener.accept(), 'accept');
    listener.close();
    const next = keep(await again());
    await ended;
    assert.equal(String(next.addr), String(listener.addr));
    const [second] = await Promise.all([next.accept(), client(2)]);
    assert.equal(await numberOf(keep(second)), 2);
  });

  listenerTest('`for await` just ends', make, async ({ listener, client, keep }) => {
    let accepted = 0;
    const loop = async (each: Listener): Promise<string> => {
      for await (const conn of each) {
        keep(conn);
        accepted++;
      }
      return 'ended';
    };
    const waiting = loop(listener);
    await client(1);
    await staysPending(waiting);
    listener.close();
    assert.equal(await waiting, 'ended');
    assert.equal(await loop(listener), 'ended', 'entered again');
    assert.equal(accepted, 1);
  });

  listenerTest('close() in the body ends the loop, whoever is in the backlog', make, async (scene) => {
    const { listener, client, keep } = scene;
    await client(1);
    await client(2);
    let accepted = 0;
    for await (const conn of listener) {
      keep(conn);
      accepted++;
      listener.close();
    }
    assert.equal(accepted, 1);
  });

  listenerTest('accepts under short deadlines fail by time only, until close()', make, async ({ listener }) => {
    let timeouts = 0;
    const causes = new Set<string>();
    const loop = async (): Promise<void> => {
      for (;;) {
        listener.setDeadline(fromNow(5));
        try {
          await listener.accept();
        } catch (error) {
          assert.ok(error instanceof OpError);
          causes.add(error.cause.name);
          if (!(error.cause instanceof DeadlineError)) return;
          if (++timeouts === 10) setImmediate(() => listener.close());
        }
      }
    };
    // After close it is the setter that fails first.
    await loop().catch((error: unknown) => {
      assert.ok(error instanceof OpError && error.cause instanceof ClosedError, String(error));
    });
    assert.ok(timeouts >= 10);
    for (const cause of causes) assert.match(cause, /^(?:DeadlineError|ClosedError)$/);
  });

  listenerTest('`using` closes', make, async ({ listener, again, keep }) => {
    {
      using each = listener;
      assert.equal(each.ref().unref(), each);
      assert.equal(each.ref(), each);
    }
    await failsClosed(listener.accept(), 'accept');
    const next = keep(await again());
    {
      await using each = next;
      assert.equal(String(each.addr), String(listener.addr));
    }
    await failsClosed(next.accept(), 'accept');
    assert.equal(next.ref().unref(), next);
  });
}
