// The conn suite on the end: close() from here, from there and by `using`, and the promise that tells of it.

import assert from 'node:assert/strict';

import { ClosedError } from 'gonet';
import {
  failsClosed,
  failure,
  fromNow,
  HOUR,
  keepingAlive,
  orderOf,
  PAST,
  staysPending,
  thrown,
  upTo,
} from './outcome.ts';
import { HUGE, type MakePair, pairTest, readFull } from './pair.ts';

export function connClose(make: MakePair): void {
  pairTest('close() ends what waits and queues, in order', make, async ({ a }) => {
    const reads = upTo(4).map(() => a.read(Buffer.alloc(1)));
    const writes = upTo(4).map((i) => (i === 2 ? a.writev([HUGE]) : a.write(HUGE)));
    const orders = [orderOf(reads), orderOf(writes)];
    await staysPending(Promise.race([...reads, ...writes]));
    const ended = [
      ...reads.map((read) => failsClosed(read, 'read')),
      ...writes.map((write, i) => failsClosed(write, i === 2 ? 'writev' : 'write')),
    ];
    a.close();
    await Promise.all(ended);
    assert.deepEqual(await Promise.all(orders), [upTo(4), upTo(4)]);
  });

  pairTest('close() beats the deadline and the signal of a call that waits', make, async ({ a }) => {
    const { signal } = new AbortController();
    a.setDeadline(fromNow(HOUR));
    const ended = [
      failsClosed(a.read(Buffer.alloc(1), { signal, deadline: fromNow(HOUR) }), 'read'),
      failsClosed(a.write(HUGE, { signal, deadline: fromNow(HOUR) }), 'write'),
    ];
    a.close();
    await Promise.all(ended);
  });

  pairTest('the peer closes: a read that waits sees the end', make, async ({ a, b }) => {
    const read = a.read(Buffer.alloc(1));
    await staysPending(read);
    b.close();
    assert.equal(await read, null);
  });

  pairTest('the peer closes: a write that waits fails, and not by time', make, async ({ a, b }) => {
    const write = a.write(HUGE);
    await staysPending(write);
    b.close();
    const error = await failure(write, 'write');
    assert.equal(error.timeout, false);
    assert.ok(!(error.cause instanceof ClosedError), 'it is not we who closed');
    assert.ok(error.bytesWritten! < HUGE.length);
  });

  pairTest('closed, every call fails with ClosedError, and the names still answer', make, async ({ a }) => {
    const names = [String(a.localAddr), String(a.remoteAddr)];
    a.setDeadline(PAST);
    a.close();
    const aborted = AbortSignal.abort();
    await failsClosed(a.read(Buffer.alloc(1)), 'read');
    await failsClosed(a.read(Buffer.alloc(1), { signal: aborted, deadline: PAST }), 'read');
    await failsClosed(a.read(new Uint8Array(0)), 'read');
    assert.equal((await failsClosed(a.write('x'), 'write')).bytesWritten, 0);
    await failsClosed(a.write('x', { signal: aborted, deadline: PAST }), 'write');
    assert.equal((await failsClosed(a.writev([Buffer.from('x')]), 'writev')).bytesWritten, 0);
    await failsClosed(a[Symbol.asyncIterator]().next(), 'read');
    const setters = [a.setDeadline, a.setReadDeadline, a.setWriteDeadline];
    for (const set of setters) assert.ok(thrown(() => set.call(a, null), 'set').cause instanceof ClosedError);
    assert.deepEqual([String(a.localAddr), String(a.remoteAddr)], names);
  });

  pairTest('a second close() does nothing, whatever closed first', make, async ({ a, b }) => {
    a.close();
    a.close();
    a[Symbol.dispose]();
    await a[Symbol.asyncDispose]();
    assert.equal(await b.read(Buffer.alloc(1)), null);
    await b[Symbol.asyncDispose]();
    b.close();
    await failsClosed(b.read(Buffer.alloc(1)), 'read');
  });

  pairTest('`using` closes', make, async ({ a, b }) => {
    {
      using conn = a;
      const [written, read] = await Promise.all([conn.write('x'), b.read(Buffer.alloc(1))]);
      assert.deepEqual([written, read], [1, 1]);
    }
    await failsClosed(a.write('x'), 'write');
    {
      await using conn = b;
      assert.equal(await conn.read(Buffer.alloc(1)), null);
    }
    await failsClosed(b.read(Buffer.alloc(1)), 'read');
  });

  pairTest('`using` closes on an exception, too', make, async ({ a, b }) => {
    const body = async (): Promise<void> => {
      await using conn = a;
      await Promise.all([conn.write('x'), readFull(b, 1)]);
      throw new Error('in the body');
    };
    await assert.rejects(body, /^Error: in the body$/);
    await failsClosed(a.write('x'), 'write');
  });

  pairTest('`closed` is pending while the conn is well', make, async ({ a, b }) => {
    const closed = a.closed;
    const written = b.write('not read');
    await staysPending(closed);
    assert.equal(await a.read(Buffer.alloc(8)), 8);
    await written;
    a.setDeadline(PAST);
    await staysPending(closed);
  });

  pairTest('`closed` settles on close(), asked for before or after', make, async ({ a, b }) => {
    const before = [a.closed, a.closed];
    a.close();
    assert.deepEqual(await Promise.all([...before, a.closed, a.closed]), Array(4).fill(undefined));
    b[Symbol.dispose]();
    assert.equal(await b.closed, undefined);
  });

  pairTest('`closed` settles when the peer is gone, without a read', make, async ({ a, b }) => {
    const before = a.closed;
    // What the peer has not read makes its close a reset, where there is such a thing.
    const write = a.write('unread').catch(() => 0);
    await staysPending(before);
    b.close();
    assert.deepEqual(await keepingAlive(Promise.all([before, a.closed])), [undefined, undefined]);
    await write;
    a.close();
    assert.equal(await a.closed, undefined);
  });

  pairTest('ref() and unref() return the conn, open or closed', make, async ({ a, b }) => {
    assert.equal(a.unref(), a);
    assert.equal(a.ref(), a);
    const read = a.unref().read(Buffer.alloc(1));
    assert.equal(a.ref(), a);
    await b.write('x');
    assert.equal(await read, 1);
    a.close();
    assert.equal(a.ref().unref(), a);
  });
}
