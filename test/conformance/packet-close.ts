// The packet suite on the end: close() and `using`, and the promise that tells of it. The other side never notices.

import assert from 'node:assert/strict';

import { ClosedError } from 'gonet';
import { failsClosed, fromNow, HOUR, keepingAlive, orderOf, PAST, staysPending, thrown, upTo } from './outcome.ts';
import { inStep, type Kind, packetTest, reads, take, writes } from './packet-pair.ts';

export function packetClose(kind: Kind): void {
  packetTest('close() ends what waits and queues, in order', kind, async ({ a }) => {
    const ways = Object.values(reads(kind));
    const waiting = upTo(8).map((i) => ways[i % ways.length]!(a));
    const order = orderOf(waiting);
    await staysPending(Promise.race(waiting));
    const ended = waiting.map((read) => failsClosed(read, 'read'));
    a.close();
    await Promise.all(ended);
    assert.deepEqual(await order, upTo(8));
  });

  packetTest('close() beats the deadline and the signal of a call that waits', kind, async ({ a }) => {
    const { signal } = new AbortController();
    a.setDeadline(fromNow(HOUR));
    const ended = Object.values(reads(kind)).map((read) =>
      failsClosed(read(a, { signal, deadline: fromNow(HOUR) }), 'read'),
    );
    a.close();
    await Promise.all(ended);
  });

  packetTest('closed, every call fails with ClosedError, and the names still answer', kind, async ({ a, atB }) => {
    const names = [String(a.localAddr), String(a.remoteAddr)];
    a.setDeadline(PAST);
    a.close();
    const limits = { signal: AbortSignal.abort(), deadline: PAST };
    for (const read of Object.values(reads(kind))) {
      await failsClosed(read(a), 'read');
      await failsClosed(read(a, limits), 'read');
    }
    await failsClosed(a.read(new Uint8Array(0)), 'read');
    for (const write of Object.values(writes(kind, atB))) {
      assert.equal((await failsClosed(write(a), 'write')).bytesWritten, 0);
      await failsClosed(write(a, limits), 'write');
    }
    await failsClosed(a.write('x'), 'write');
    await failsClosed(a.packets().next(), 'read');
    await failsClosed(a[Symbol.asyncIterator]().next(), 'read');
    for (const set of [a.setDeadline, a.setReadDeadline, a.setWriteDeadline]) {
      assert.ok(thrown(() => set.call(a, null), 'set').cause instanceof ClosedError);
    }
    assert.deepEqual([String(a.localAddr), String(a.remoteAddr)], names);
  });

  packetTest('a second close() does nothing, whatever closed first', kind, async ({ a, b }) => {
    a.close();
    a.close();
    a[Symbol.dispose]();
    await a[Symbol.asyncDispose]();
    await b[Symbol.asyncDispose]();
    b.close();
    await failsClosed(b.readFrom(Buffer.alloc(1)), 'read');
  });

  packetTest('`using` closes, on an exception, too', kind, async ({ a, b, send }) => {
    const body = async (): Promise<void> => {
      await using conn = b;
      await send('x');
      assert.equal(await take(conn), 'x');
      throw new Error('in the body');
    };
    await assert.rejects(body, /^Error: in the body$/);
    await failsClosed(b.readFrom(Buffer.alloc(1)), 'read');
    {
      using conn = a;
      assert.equal(conn.remoteAddr, null);
    }
    await failsClosed(send('x'), 'write');
  });

  packetTest('what was sent before close() arrives', kind, async ({ a, b, send }) => {
    await send('last words');
    a.close();
    assert.equal(await take(b), 'last words');
  });

  packetTest('the other side closes: a read waits on', kind, async ({ a, b }) => {
    const read = take(a);
    b.close();
    await staysPending(read);
    const ended = failsClosed(read, 'read');
    a.close();
    await ended;
  });

  packetTest('`closed` settles on close() and on nothing else', kind, async (scene) => {
    const { a, b, send } = scene;
    const before = [a.closed, a.closed];
    await inStep(scene);
    b.close();
    await send('nobody').catch(() => 0);
    await send('there').catch(() => 0);
    a.setDeadline(PAST);
    await staysPending(Promise.race([...before, a.closed]));
    a.close();
    assert.deepEqual(await keepingAlive(Promise.all([...before, a.closed])), Array(3).fill(undefined));
    assert.equal(await b.closed, undefined);
  });

  packetTest('ref() and unref() return the socket, open or closed', kind, async ({ a, back }) => {
    assert.equal(a.unref(), a);
    assert.equal(a.ref(), a);
    const read = take(a.unref());
    assert.equal(a.ref(), a);
    await back('x');
    assert.equal(await read, 'x');
    a.close();
    assert.equal(a.ref().unref(), a);
  });
}
