// Descriptors that come and go: dup, detach, and fromFd of TCP sockets and of what is no socket.

import assert from 'node:assert/strict';
import { closeSync, openSync } from 'node:fs';
import { test } from 'node:test';

import { ClosedError, dial, fromFd, listen, OpError, SyscallError, TCPConn, TCPListener } from 'gonet';
import { IPPROTO_TCP, O_CLOEXEC, O_NONBLOCK, TCP_KEEPIDLE } from 'gonet/syscall';
import { failsClosed, staysPending, thrown } from './outcome.ts';
import { LIMIT, readFull } from './pair.ts';
import { checkLeaks, flagsOf, linkOf } from './sockets.ts';
import { tcpTest } from './tcp-pair.ts';

checkLeaks();

function connFrom(fd: number): TCPConn {
  const conn = fromFd(fd);
  assert.ok(conn instanceof TCPConn);
  return conn;
}

function listenerFrom(fd: number): TCPListener {
  const listener = fromFd(fd);
  assert.ok(listener instanceof TCPListener);
  return listener;
}

/** Checks that a descriptor is refused, and is as it was before. */
function refused(fd: number, syscall: string, code: string): void {
  const before = [linkOf(fd), flagsOf(fd)];
  const error = thrown(() => fromFd(fd), 'file');
  assert.ok(error.cause instanceof SyscallError);
  assert.equal(error.message, `file file+net: ${error.cause.message}`);
  assert.deepEqual([error.net, error.syscall, error.code], ['file+net', syscall, code]);
  assert.deepEqual([linkOf(fd), flagsOf(fd)], before);
}

// dup ───────────────────────────────────────────────────────────────────────

tcpTest('dup: a descriptor of its own, close-on-exec', async ({ a, b }) => {
  const fd = a.dup();
  assert.match(linkOf(fd), /^socket:/);
  assert.equal(flagsOf(fd) & O_CLOEXEC, O_CLOEXEC);
  closeSync(fd);
  const [, read] = await Promise.all([a.write('still here'), readFull(b, 10)]);
  assert.equal(read.toString(), 'still here');
});

tcpTest('dup: the duplicate outlives the conn, which is closed apart', async ({ a, b }) => {
  await using twin = connFrom(a.dup());
  assert.ok(twin.localAddr.equals(a.localAddr) && twin.remoteAddr.equals(a.remoteAddr));
  const read = twin.read(Buffer.alloc(4));
  a.close();
  await staysPending(read);
  await b.write('ping');
  assert.equal(await read, 4);
  await twin.write('pong');
  assert.equal((await readFull(b, 4)).toString(), 'pong');
  twin.close();
  assert.equal(await b.read(Buffer.alloc(1)), null);
});

tcpTest('dup of a closed conn or listener throws ClosedError', async ({ a }) => {
  const listener = await listen('tcp', '127.0.0.1:0');
  listener.close();
  a.close();
  for (const each of [a, listener]) assert.ok(thrown(() => each.dup(), 'dup').cause instanceof ClosedError);
});

test('dup of a listener goes on listening', { timeout: LIMIT }, async () => {
  const first = await listen('tcp', '127.0.0.1:0');
  await using second = listenerFrom(first.dup());
  assert.ok(second.addr.equals(first.addr));
  first.close();
  await using a = await dial('tcp', second.addr.toString());
  await using b = await second.accept();
  await a.write('x');
  assert.equal(await b.read(Buffer.alloc(1)), 1);
});

tcpTest('dup and close side by side, 100 times', async ({ a, b }) => {
  for (let i = 0; i < 100; i++) {
    const twin = connFrom(a.dup());
    const read = failsClosed(twin.read(Buffer.alloc(1)), 'read');
    twin.close();
    await read;
  }
  const [, read] = await Promise.all([b.write('x'), readFull(a, 1)]);
  assert.equal(read.toString(), 'x');
});

// detach ────────────────────────────────────────────────────────────────────

tcpTest('detach: the conn ends, the descriptor lives', async ({ a, b }) => {
  const { closed } = a;
  const ended = [
    failsClosed(a.read(Buffer.alloc(1)), 'read'),
    failsClosed(a.read(Buffer.alloc(1)), 'read'),
    failsClosed(a.write(Buffer.alloc(64 << 20)), 'write'),
  ];
  const fd = a.detach();
  await Promise.all([...ended, closed]);
  await failsClosed(a.write('x'), 'write');
  assert.ok(thrown(() => a.detach(), 'detach').cause instanceof ClosedError);
  a.close();
  assert.match(linkOf(fd), /^socket:/);
  assert.equal(flagsOf(fd) & (O_CLOEXEC | O_NONBLOCK), O_CLOEXEC | O_NONBLOCK);
  closeSync(fd);
  while ((await b.read(Buffer.alloc(1 << 20))) !== null);
});

tcpTest('detach and fromFd: the stream goes on without a gap', async ({ a, b }) => {
  await Promise.all([b.write('one two'), readFull(a, 4)]);
  await using next = connFrom(a.detach());
  assert.equal((await readFull(next, 3)).toString(), 'two');
  const read = next.read(Buffer.alloc(8));
  await staysPending(read);
  await b.write('three');
  assert.equal(await read, 5);
  const [, heard] = await Promise.all([next.write('four'), readFull(b, 4)]);
  assert.equal(heard.toString(), 'four');
});

tcpTest('detach inside a control callback leaves the descriptor open', async ({ a, b }) => {
  let fd = -1;
  a.syscallConn().control((given) => {
    fd = a.detach();
    assert.equal(fd, given);
  });
  assert.match(linkOf(fd), /^socket:/);
  await using next = connFrom(fd);
  const [, read] = await Promise.all([b.write('x'), readFull(next, 1)]);
  assert.equal(read.toString(), 'x');
});

test('detach of a listener keeps its backlog', { timeout: LIMIT }, async () => {
  const first = await listen('tcp', '127.0.0.1:0');
  const accept = failsClosed(first.accept(), 'accept');
  const fd = first.detach();
  await accept;
  await using a = await dial('tcp', first.addr.toString());
  await using second = listenerFrom(fd);
  await using b = await second.accept();
  assert.ok(b.remoteAddr.equals(a.localAddr));
  assert.ok(thrown(() => first.detach(), 'detach').cause instanceof ClosedError);
});

// fromFd ────────────────────────────────────────────────────────────────────

tcpTest('fromFd makes it a conn like any other', async ({ a }) => {
  a.setKeepAlive({ idle: 99_000 });
  await using twin = connFrom(a.dup());
  assert.equal(twin.syscallConn().getsockopt(IPPROTO_TCP, TCP_KEEPIDLE), 15);
  twin.setReadDeadline(1);
  await assert.rejects(twin.read(Buffer.alloc(1)), {
    message: `read tcp ${a.localAddr}->${a.remoteAddr}: i/o timeout`,
  });
});

test('fromFd refuses what is no descriptor', { timeout: LIMIT }, () => {
  for (const wrong of [-1, 1.5, Number.NaN, Infinity, 2 ** 31, '1', null, undefined, {}]) {
    assert.throws(() => fromFd(wrong as number), TypeError, JSON.stringify(wrong));
  }
});

test('fromFd refuses what is no socket, and what is not open', { timeout: LIMIT }, () => {
  const file = openSync('/dev/null', 'r');
  refused(file, 'getsockopt', 'ENOTSOCK');
  closeSync(file);
  const error = thrown(() => fromFd(1_000_000_000), 'file');
  assert.deepEqual([error.code, error.message], ['EBADF', 'file file+net: getsockopt: bad file descriptor']);
});

test('fromFd refuses a TCP socket that is not connected', { timeout: LIMIT }, async () => {
  await using listener = await listen('tcp', '127.0.0.1:0');
  let seen = 0;
  const control = (_network: string, _address: string, raw: { control(fn: (fd: number) => void): void }): void => {
    raw.control((fd) => {
      refused(fd, 'getpeername', 'ENOTCONN');
      seen++;
    });
  };
  await using conn = await dial('tcp', listener.addr.toString(), { control });
  assert.equal(seen, 1);
  await using far = await listener.accept();
  await conn.write('x');
  assert.equal(await far.read(Buffer.alloc(1)), 1);
});

tcpTest('fromFd refuses a descriptor that is ours already', async ({ a, b }) => {
  a.syscallConn().control((fd) => {
    assert.throws(
      () => fromFd(fd),
      (error) => error instanceof OpError && error.code === 'EEXIST',
    );
  });
  const [, read] = await Promise.all([b.write('x'), readFull(a, 1)]);
  assert.equal(read.toString(), 'x');
});
