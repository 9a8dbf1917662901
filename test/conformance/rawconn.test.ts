// RawConn: the descriptor lent to callbacks, with the turns, deadlines and close of the conn.

import assert from 'node:assert/strict';
import { readSync, writeSync } from 'node:fs';
import { test } from 'node:test';

import { ClosedError, listen, type RawConn, SyscallError } from 'gonet';
import { getsockopt, IPPROTO_TCP, SO_TYPE, SOCK_STREAM, SOL_SOCKET, TCP_NODELAY } from 'gonet/syscall';
import { failsClosed, failure, fromNow, PAST, staysPending, thrown, timesOut } from './outcome.ts';
import { HUGE, LIMIT, readFull, skip } from './pair.ts';
import { checkLeaks, linkOf } from './sockets.ts';
import { tcpTest } from './tcp-pair.ts';

checkLeaks();

/** A callback that reads once, and keeps what it got; false where there is nothing. */
function reader(got: string[]): (fd: number) => boolean {
  const into = Buffer.alloc(100);
  return (fd) => {
    try {
      got.push(into.toString('utf8', 0, readSync(fd, into)));
      return true;
    } catch (error) {
      if ((error as { code?: string }).code === 'EAGAIN') return false;
      throw error;
    }
  };
}

const never = (): boolean => false;
const unexpected = (): boolean => assert.fail('called back');

// control ───────────────────────────────────────────────────────────────────

tcpTest('control lends the descriptor', ({ a }) => {
  let link = '';
  assert.equal(
    a.syscallConn().control((fd) => {
      link = linkOf(fd);
      assert.equal(getsockopt(fd, SOL_SOCKET, SO_TYPE), SOCK_STREAM);
    }),
    undefined,
  );
  assert.match(link, /^socket:/);
});

tcpTest('control throws what its callback throws, and the conn goes on', async ({ a, b }) => {
  const control = (): void =>
    a.syscallConn().control(() => {
      throw new RangeError('mine');
    });
  assert.throws(control, { name: 'RangeError', message: 'mine' });
  const [, read] = await Promise.all([b.write('x'), readFull(a, 1)]);
  assert.equal(read.toString(), 'x');
});

tcpTest('control works while calls wait', async ({ a, b }) => {
  const read = a.read(Buffer.alloc(1));
  let called = 0;
  a.syscallConn().control(() => void called++);
  assert.equal(called, 1);
  await b.write('x');
  assert.equal(await read, 1);
});

tcpTest('close() inside control: the number is good to the end of the callback, and not after', async ({ a, b }) => {
  const read = failsClosed(a.read(Buffer.alloc(1)), 'read');
  let fd = -1;
  let inner = 0;
  const raw = a.syscallConn();
  raw.control((given) => {
    fd = given;
    a.close();
    assert.ok(thrown(() => raw.control(unexpected), 'raw-control').cause instanceof ClosedError);
    inner = getsockopt(fd, SOL_SOCKET, SO_TYPE);
  });
  assert.equal(inner, SOCK_STREAM);
  assert.equal(linkOf(fd), '');
  await read;
  assert.equal(await b.read(Buffer.alloc(1)), null);
});

tcpTest('close() inside a nested control waits for the outer one', async ({ a, b }) => {
  const raw = a.syscallConn();
  let type = 0;
  raw.control((fd) => {
    raw.control(() => a.close());
    type = getsockopt(fd, SOL_SOCKET, SO_TYPE);
  });
  assert.equal(type, SOCK_STREAM);
  assert.equal(await b.read(Buffer.alloc(1)), null);
});

tcpTest('after close() nothing calls back', async ({ a }) => {
  const raw = a.syscallConn();
  a.close();
  assert.ok(thrown(() => raw.control(unexpected), 'raw-control').cause instanceof ClosedError);
  assert.ok(thrown(() => raw.getsockopt(SOL_SOCKET, SO_TYPE), 'get').cause instanceof ClosedError);
  assert.ok(thrown(() => raw.setsockopt(IPPROTO_TCP, TCP_NODELAY, 1), 'set').cause instanceof ClosedError);
  await failsClosed(raw.read(unexpected), 'raw-read');
  await failsClosed(raw.write(unexpected), 'raw-write');
});

tcpTest('options by number', ({ a }) => {
  const raw = a.syscallConn();
  for (const value of [0, 1, false, true, Uint8Array.of(0, 0, 0, 0)]) {
    raw.setsockopt(IPPROTO_TCP, TCP_NODELAY, value);
    const on = typeof value === 'object' ? 0 : Number(value);
    assert.equal(raw.getsockopt(IPPROTO_TCP, TCP_NODELAY), on);
    assert.deepEqual([...raw.getsockopt(IPPROTO_TCP, TCP_NODELAY, 4)], [on, 0, 0, 0]);
  }
  const error = thrown(() => raw.getsockopt(IPPROTO_TCP, 9999), 'get');
  assert.ok(error.cause instanceof SyscallError);
  assert.equal(error.message, `get tcp ${a.localAddr}->${a.remoteAddr}: getsockopt: protocol not available`);
  assert.throws(() => raw.setsockopt(IPPROTO_TCP, TCP_NODELAY, 1.5), TypeError);
});

tcpTest('callbacks that are none throw a TypeError at once', ({ a }) => {
  const raw = a.syscallConn();
  for (const wrong of [undefined, null, 1, {}]) {
    for (const name of ['control', 'read', 'write'] as const) {
      assert.throws(() => void raw[name](wrong as unknown as () => boolean), TypeError, name);
    }
  }
});

// read and write ────────────────────────────────────────────────────────────

tcpTest('an echo through RawConn', async ({ a, b }) => {
  const got: string[] = [];
  const echo = (async () => {
    const raw = b.syscallConn();
    await raw.read(reader(got));
    await raw.write((fd) => writeSync(fd, got[0]!) > 0);
  })();
  await staysPending(echo);
  await a.write('hello');
  assert.equal((await readFull(a, 5)).toString(), 'hello');
  await echo;
});

tcpTest('read calls back after each arrival until it is told to stop', async ({ a, b }) => {
  const got: string[] = [];
  const once = reader(got);
  let calls = 0;
  const read = b.syscallConn().read((fd) => {
    calls++;
    while (once(fd));
    return got.join('').length >= 3;
  });
  for (const piece of ['1', '2', '3']) {
    const seen = got.length;
    await a.write(piece);
    while (got.length === seen) await new Promise((resolve) => setImmediate(resolve));
  }
  await read;
  assert.equal(got.join(''), '123');
  assert.ok(calls >= 3);
});

tcpTest('read has the turn of reads: what began later comes later', async ({ a, b }) => {
  const got: string[] = [];
  const into = Buffer.alloc(1);
  const first = b.read(into);
  const second = b.syscallConn().read((fd) => {
    const one = Buffer.alloc(1);
    try {
      readSync(fd, one);
    } catch {
      return false;
    }
    got.push(one.toString());
    return true;
  });
  const third = readFull(b, 1);
  await a.write('123');
  await Promise.all([first, second]);
  assert.deepEqual([into.toString(), got, (await third).toString()], ['1', ['2'], '3']);
});

tcpTest('write waits for room', async ({ a, b }) => {
  let written = 0;
  let full = 0;
  const write = a.syscallConn().write((fd) => {
    if (full > 0) return true;
    try {
      for (;;) written += writeSync(fd, HUGE, 0, 65_536);
    } catch (error) {
      assert.equal((error as { code?: string }).code, 'EAGAIN');
      full = written;
      return false;
    }
  });
  await staysPending(write);
  assert.ok(full > 0);
  await skip(b, written);
  await write;
  const [, read] = await Promise.all([a.write('x'), readFull(b, 1)]);
  assert.equal(read.toString(), 'x');
});

tcpTest('deadlines end what waits, and past ones call nothing back', async ({ a }) => {
  const raw = a.syscallConn();
  const ends = `tcp ${a.localAddr}->${a.remoteAddr}`;
  a.setDeadline(fromNow(20));
  const errors = await Promise.all([timesOut(raw.read(never), 'raw-read'), timesOut(raw.write(never), 'raw-write')]);
  assert.deepEqual(
    errors.map(({ message }) => message),
    [`raw-read ${ends}: i/o timeout`, `raw-write ${ends}: i/o timeout`],
  );
  a.setDeadline(null);
  const waiting = raw.read(never);
  await staysPending(waiting);
  a.setReadDeadline(PAST);
  await timesOut(waiting, 'raw-read');
  a.setDeadline(PAST);
  await timesOut(raw.read(unexpected), 'raw-read');
  await timesOut(raw.write(unexpected), 'raw-write');
});

tcpTest('close() ends what waits', async ({ a }) => {
  const raw = a.syscallConn();
  const ended = [
    failsClosed(raw.read(never), 'raw-read'),
    failsClosed(raw.write(never), 'raw-write'),
    failsClosed(raw.read(unexpected), 'raw-read'),
  ];
  a.close();
  await Promise.all(ended);
});

tcpTest('what a callback throws is the cause, and the turn passes on', async ({ a, b }) => {
  const raw = a.syscallConn();
  const mine = new TypeError('mine');
  const fail = (): boolean => {
    throw mine;
  };
  const errors = [failure(raw.read(fail), 'raw-read'), failure(raw.write(fail), 'raw-write')];
  for (const error of await Promise.all(errors)) assert.equal(error.cause, mine);
  const [, read] = await Promise.all([b.write('x'), readFull(a, 1)]);
  assert.equal(read.toString(), 'x');
});

tcpTest('close() inside a read callback ends that read, too', async ({ a, b }) => {
  const raw = a.syscallConn();
  const closing = (answer: boolean) => (fd: number) => {
    a.close();
    assert.equal(getsockopt(fd, SOL_SOCKET, SO_TYPE), SOCK_STREAM);
    return answer;
  };
  const next = (): Promise<unknown> => failsClosed(raw.read(unexpected), 'raw-read');
  await Promise.all([failsClosed(raw.read(closing(true)), 'raw-read'), next()]);
  assert.equal(await b.read(Buffer.alloc(1)), null);

  // What is thrown after the close comes too late to be the reason.
  const throwing = (): boolean => {
    b.close();
    throw new Error('too late');
  };
  await failsClosed(b.syscallConn().write(throwing), 'raw-write');
});

test('a listener lends its descriptor, but does not read or write', { timeout: LIMIT }, async () => {
  await using listener = await listen('tcp', '127.0.0.1:0');
  const raw: RawConn = listener.syscallConn();
  let type = 0;
  raw.control((fd) => {
    type = getsockopt(fd, SOL_SOCKET, SO_TYPE);
  });
  assert.equal(type, SOCK_STREAM);
  for (const call of [raw.read(unexpected), raw.write(unexpected)]) {
    assert.equal((await failure(call)).code, 'EINVAL');
  }
  listener.close();
  assert.ok(thrown(() => raw.control(unexpected), 'raw-control').cause instanceof ClosedError);
});
