// How a TCP connection ends, one way at a time or all at once: shutdown(2), resets and SO_LINGER.

import assert from 'node:assert/strict';

import { ClosedError, type OpError, SyscallError, type TCPConn } from 'gonet';
import { SO_LINGER, SOL_SOCKET } from 'gonet/syscall';
import { failsClosed, failure, keepingAlive, staysPending, thrown } from './outcome.ts';
import { drain, fill, HUGE, readFull } from './pair.ts';
import { checkLeaks } from './sockets.ts';
import { tcpTest } from './tcp-pair.ts';

checkLeaks();

const ends = (conn: TCPConn): string => `${conn.localAddr}->${conn.remoteAddr}`;

function isSyscall(error: OpError, syscall: string, code: string): void {
  assert.ok(error.cause instanceof SyscallError, error.message);
  assert.deepEqual([error.syscall, error.code, error.errno], [syscall, code, error.cause.errno]);
  assert.ok(error.errno! < 0);
}

/** Resets the connection, and waits until `to` has heard of it. */
async function reset(from: TCPConn, to: TCPConn): Promise<void> {
  from.setLinger(0);
  from.close();
  await keepingAlive(to.closed);
}

// closeWrite ────────────────────────────────────────────────────────────────

tcpTest('closeWrite: the peer reads to the end, and we go on reading', async ({ a, b }) => {
  await a.write('last words');
  a.closeWrite();
  assert.equal((await readFull(b, 10)).toString(), 'last words');
  assert.equal(await b.read(Buffer.alloc(1)), null);
  await b.write('heard');
  assert.equal((await readFull(a, 5)).toString(), 'heard');
  b.closeWrite();
  assert.equal(await a.read(Buffer.alloc(1)), null);
});

tcpTest('closeWrite: a later write is a broken pipe', async ({ a }) => {
  a.closeWrite();
  const error = await failure(a.write('x'), 'write');
  assert.equal(error.message, `write tcp ${ends(a)}: write: broken pipe`);
  isSyscall(error, 'write', 'EPIPE');
  assert.equal(error.bytesWritten, 0);
  assert.equal((await failure(a.writev([Buffer.from('x')]), 'writev')).code, 'EPIPE');
});

tcpTest('closeWrite ends a write that waits', async ({ a, b }) => {
  const write = a.write(HUGE);
  await staysPending(write);
  a.closeWrite();
  const error = await failure(write, 'write');
  assert.equal(error.code, 'EPIPE');
  assert.equal(await drain(b), error.bytesWritten);
});

tcpTest('closeWrite: twice is fine, after close() it is not', async ({ a }) => {
  a.closeWrite();
  a.closeWrite();
  a.close();
  for (const half of [a.closeWrite, a.closeRead]) {
    const error = thrown(() => half.call(a), 'close');
    assert.ok(error.cause instanceof ClosedError);
    assert.equal(error.message, `close tcp ${ends(a)}: use of closed network connection`);
  }
  await failsClosed(a.write('x'));
});

tcpTest('closeWrite after a reset: not connected', async ({ a, b }) => {
  await reset(b, a);
  const error = thrown(() => a.closeWrite(), 'close');
  assert.equal(error.message, `close tcp ${ends(a)}: shutdown: transport endpoint is not connected`);
  isSyscall(error, 'shutdown', 'ENOTCONN');
});

// closeRead ─────────────────────────────────────────────────────────────────

tcpTest('closeRead: what has arrived can be read, then comes the end', async ({ a, b }) => {
  await Promise.all([b.write('early'), readFull(a, 1)]);
  a.closeRead();
  assert.equal((await readFull(a, 4)).toString(), 'arly');
  assert.equal(await a.read(Buffer.alloc(1)), null);
  assert.equal(await a.read(Buffer.alloc(1)), null);
});

tcpTest('closeRead wakes a read that waits', async ({ a }) => {
  const reads = [a.read(Buffer.alloc(1)), a.read(Buffer.alloc(1))];
  await staysPending(Promise.race(reads));
  a.closeRead();
  assert.deepEqual(await Promise.all(reads), [null, null]);
});

tcpTest('closeRead: the peer is not told, and we go on writing', async ({ a, b }) => {
  a.closeRead();
  a.closeRead();
  const read = b.read(Buffer.alloc(1));
  await staysPending(read);
  assert.equal(await b.write('ignored'), 7);
  await a.write('x');
  assert.equal(await read, 1);
});

tcpTest('closeRead ends a loop', async ({ a }) => {
  const loop = (async () => {
    for await (const chunk of a) assert.fail(chunk.toString());
  })();
  await staysPending(loop);
  a.closeRead();
  await loop;
});

// resets ────────────────────────────────────────────────────────────────────

tcpTest('setLinger(0) and close(): the peer gets ECONNRESET once, then the end', async ({ a, b }) => {
  const read = failure(b.read(Buffer.alloc(1)), 'read');
  a.setLinger(0);
  a.close();
  const error = await read;
  assert.equal(error.message, `read tcp ${ends(b)}: read: connection reset by peer`);
  isSyscall(error, 'read', 'ECONNRESET');
  assert.deepEqual([error.timeout, error.temporary], [false, false]);
  assert.equal(await b.read(Buffer.alloc(1)), null);
  assert.equal((await failure(b.write('x'), 'write')).code, 'EPIPE');
});

tcpTest('after a reset that nobody waited for, a write tells of it', async ({ a, b }) => {
  await reset(a, b);
  const error = await failure(b.write('x'), 'write');
  assert.ok(['ECONNRESET', 'EPIPE'].includes(error.code), error.message);
  assert.equal(error.bytesWritten, 0);
});

tcpTest('a reset ends a loop and a write that wait', async ({ a, b }) => {
  const write = failure(b.write(HUGE), 'write');
  const loop = (async () => {
    for await (const chunk of b) assert.fail(chunk.toString());
  })();
  await staysPending(loop);
  a.setLinger(0);
  a.close();
  const [error] = await Promise.all([write, loop.catch((each: OpError) => assert.equal(each.code, 'ECONNRESET'))]);
  assert.ok(['ECONNRESET', 'EPIPE'].includes(error.code), error.message);
});

tcpTest('close() with unread data resets the peer', async ({ a, b }) => {
  await Promise.all([a.write('12'), readFull(b, 1)]);
  b.close();
  assert.equal((await failure(a.read(Buffer.alloc(1)), 'read')).code, 'ECONNRESET');
});

// closed ────────────────────────────────────────────────────────────────────

tcpTest('`closed` settles on a reset, without a read', async ({ a, b }) => {
  const { closed } = b;
  await staysPending(closed);
  await reset(a, b);
  assert.equal(await closed, undefined);
});

tcpTest('`closed` waits until both ways are shut', async ({ a, b }) => {
  const { closed } = a;
  b.closeWrite();
  assert.equal(await a.read(Buffer.alloc(1)), null);
  await staysPending(closed);
  a.closeWrite();
  assert.equal(await keepingAlive(closed), undefined);
  assert.equal(await keepingAlive(b.closed), undefined);
});

tcpTest('`closed` settles on close() after a half-close', async ({ a }) => {
  const { closed } = a;
  a.closeWrite();
  await staysPending(closed);
  a.close();
  assert.equal(await closed, undefined);
});

// SO_LINGER ─────────────────────────────────────────────────────────────────

/** What close() takes, in milliseconds, and all that it holds up. */
async function timeOfClose(conn: TCPConn): Promise<number> {
  const start = performance.now();
  conn.close();
  await new Promise((resolve) => setImmediate(resolve));
  return performance.now() - start;
}

const LINGERING: Readonly<Record<string, (conn: TCPConn) => void>> = {
  'setLinger(5)': (conn) => conn.setLinger(5),
  'SO_LINGER by a RawConn': (conn) => {
    conn.syscallConn().setsockopt(SOL_SOCKET, SO_LINGER, new Uint8Array(Int32Array.of(1, 5).buffer));
  },
};

for (const [name, linger] of Object.entries(LINGERING)) {
  tcpTest(`${name}: close() with unsent data holds nothing up, and the data arrives`, async ({ a, b }) => {
    const under = await fill(a);
    linger(a);
    assert.ok((await timeOfClose(a)) < 2500, 'close(2) waited');
    assert.equal(await drain(b), under);
  });
}

tcpTest('setLinger(-1) takes a setting back', async ({ a, b }) => {
  const raw = a.syscallConn();
  const linger = (): number[] => [...new Int32Array(Uint8Array.from(raw.getsockopt(SOL_SOCKET, SO_LINGER, 8)).buffer)];
  assert.deepEqual(linger(), [0, 0]);
  a.setLinger(5);
  assert.deepEqual(linger(), [1, 5]);
  a.setLinger(0);
  assert.deepEqual(linger(), [1, 0]);
  a.setLinger(-1);
  assert.equal(linger()[0], 0);
  a.close();
  assert.equal(await b.read(Buffer.alloc(1)), null, 'no reset');
});
