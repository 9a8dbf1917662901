// The options of a TCP connection, read back from the kernel.

import assert from 'node:assert/strict';
import { networkInterfaces } from 'node:os';
import { test } from 'node:test';

import { ClosedError, dial, listen, type TCPConn } from 'gonet';
import {
  IPPROTO_TCP,
  SO_KEEPALIVE,
  SO_RCVBUF,
  SO_SNDBUF,
  SOL_SOCKET,
  TCP_KEEPCNT,
  TCP_KEEPIDLE,
  TCP_KEEPINTVL,
  TCP_NODELAY,
  TCP_USER_TIMEOUT,
} from 'gonet/syscall';
import { thrown } from './outcome.ts';
import { LIMIT } from './pair.ts';
import { checkLeaks } from './sockets.ts';
import { tcpPair, type TCPPairOptions, tcpTest } from './tcp-pair.ts';

checkLeaks();

const option = (conn: TCPConn, level: number, name: number): number => conn.syscallConn().getsockopt(level, name);
const noDelay = (conn: TCPConn): boolean => option(conn, IPPROTO_TCP, TCP_NODELAY) !== 0;

/** On, idle, interval, count. */
const keepAlive = (conn: TCPConn): [boolean, number, number, number] => [
  option(conn, SOL_SOCKET, SO_KEEPALIVE) !== 0,
  option(conn, IPPROTO_TCP, TCP_KEEPIDLE),
  option(conn, IPPROTO_TCP, TCP_KEEPINTVL),
  option(conn, IPPROTO_TCP, TCP_KEEPCNT),
];

tcpTest('dialed and accepted connections have no delay and keep-alive 15 s, 15 s, 9', ({ a, b }) => {
  for (const conn of [a, b]) {
    assert.equal(noDelay(conn), true);
    assert.deepEqual(keepAlive(conn), [true, 15, 15, 9]);
  }
});

test('the options of a dial and of a listen each reach their own end', { timeout: LIMIT }, async () => {
  const quiet = { noDelay: false, keepAlive: false } as const;
  const other = { keepAlive: { idle: 4000, interval: 2500, count: 3 } };
  for (const options of [
    { dial: quiet, listen: other },
    { dial: other, listen: quiet },
  ] satisfies TCPPairOptions[]) {
    const { a, b, stop } = await tcpPair(options);
    const [silent, probing] = options.dial === quiet ? [a, b] : [b, a];
    assert.deepEqual([noDelay(silent), noDelay(probing)], [false, true]);
    assert.equal(keepAlive(silent)[0], false);
    assert.deepEqual(keepAlive(probing), [true, 4, 3, 3]);
    stop();
  }
});

tcpTest('setNoDelay', ({ a }) => {
  a.setNoDelay(false);
  assert.equal(noDelay(a), false);
  a.setNoDelay();
  assert.equal(noDelay(a), true);
});

tcpTest('setKeepAlive', ({ a }) => {
  a.setKeepAlive(false);
  assert.deepEqual(keepAlive(a), [false, 15, 15, 9]);
  a.setKeepAlive();
  assert.deepEqual(keepAlive(a), [true, 15, 15, 9]);
  a.setKeepAlive({ idle: 1, interval: 1001, count: 2 });
  assert.deepEqual(keepAlive(a), [true, 1, 2, 2], 'rounded up to seconds');
  a.setKeepAlive({ idle: -1, interval: 7000, count: -5 });
  assert.deepEqual(keepAlive(a), [true, 1, 7, 2], 'negative: left as it was');
  a.setKeepAlive({ idle: 0, interval: undefined, count: 0 });
  assert.deepEqual(keepAlive(a), [true, 15, 15, 9], '0 or nothing: the default');
  a.setKeepAlive({ idle: 32_767_000, interval: 32_767_000, count: 127 });
  assert.deepEqual(keepAlive(a), [true, 32_767, 32_767, 127], "the kernel's limits");
  a.setKeepAlive({ enable: false, idle: 8000 });
  assert.deepEqual(keepAlive(a), [false, 8, 15, 9], 'as in Go, the rest is set all the same');
  a.setKeepAlive(true);
  assert.deepEqual(keepAlive(a), [true, 15, 15, 9]);
});

tcpTest("setKeepAlive beyond the kernel's limits throws and changes nothing", ({ a }) => {
  for (const config of [{ idle: 32_767_001 }, { interval: 32_768_000 }, { count: 128 }, { idle: Number.NaN }]) {
    assert.throws(() => a.setKeepAlive(config), RangeError, JSON.stringify(config));
  }
  assert.throws(() => a.setKeepAlive({ idle: '15' } as object), TypeError);
  assert.throws(() => a.setKeepAlive(null as unknown as boolean), TypeError);
  assert.throws(() => a.setKeepAlive(15_000 as unknown as boolean), TypeError);
  assert.deepEqual(keepAlive(a), [true, 15, 15, 9]);
});

tcpTest('setReadBuffer and setWriteBuffer: the kernel doubles', ({ a }) => {
  a.setReadBuffer(50_000);
  assert.equal(option(a, SOL_SOCKET, SO_RCVBUF), 100_000);
  a.setWriteBuffer(40_000);
  assert.equal(option(a, SOL_SOCKET, SO_SNDBUF), 80_000);
  assert.equal(option(a, SOL_SOCKET, SO_RCVBUF), 100_000);
});

tcpTest('setUserTimeout', ({ a }) => {
  a.setUserTimeout(12_345);
  assert.equal(option(a, IPPROTO_TCP, TCP_USER_TIMEOUT), 12_345);
  a.setUserTimeout(0);
  assert.equal(option(a, IPPROTO_TCP, TCP_USER_TIMEOUT), 0);
});

/** Every setter of a number. */
const NUMBERS = ['setLinger', 'setReadBuffer', 'setWriteBuffer', 'setUserTimeout'] as const;

tcpTest('wrong numbers throw a TypeError or RangeError at once', ({ a }) => {
  for (const name of NUMBERS) {
    for (const wrong of ['5', null, undefined, {}]) {
      assert.throws(() => a[name](wrong as unknown as number), TypeError, `${name}(${JSON.stringify(wrong)})`);
    }
    for (const wrong of [Number.NaN, 1.5, 2 ** 31, Infinity]) {
      assert.throws(() => a[name](wrong), RangeError, `${name}(${wrong})`);
    }
    if (name !== 'setLinger') assert.throws(() => a[name](-1), RangeError, `${name}(-1)`);
  }
});

tcpTest('on a closed conn every setter throws ClosedError', ({ a }) => {
  const ends = `${a.localAddr}->${a.remoteAddr}`;
  a.close();
  const reason = 'use of closed network connection';
  const both = [
    () => a.setNoDelay(),
    () => a.setKeepAlive(),
    () => a.setKeepAlive(false),
    () => a.setLinger(0),
    () => a.setUserTimeout(1),
  ];
  for (const set of both) assert.equal(thrown(set, 'set').message, `set tcp ${ends}: ${reason}`);
  for (const set of [() => a.setReadBuffer(1000), () => a.setWriteBuffer(1000)]) {
    const error = thrown(set, 'set');
    assert.equal(error.message, `set tcp ${a.localAddr}: ${reason}`);
    assert.ok(error.cause instanceof ClosedError);
  }
});

tcpTest('options work while calls wait', async ({ a, b }) => {
  const read = a.read(Buffer.alloc(1));
  a.setNoDelay(false);
  a.setKeepAlive({ idle: 3000 });
  assert.equal(keepAlive(a)[1], 3);
  await b.write('x');
  assert.equal(await read, 1);
});

for (const host of ['127.0.0.1', '::1']) {
  const skip = host === '::1' && networkInterfaces()['lo']?.every(({ family }) => family !== 'IPv6') && 'no IPv6 here';
  test(`the addresses of both ends, on ${host}`, { timeout: LIMIT, skip }, async () => {
    await using listener = await listen('tcp', { host, port: 0 });
    await using a = await dial('tcp', listener.addr.toString());
    await using b = await listener.accept();
    assert.deepEqual([a.localAddr.network, a.localAddr.address, a.remoteAddr.address], ['tcp', host, host]);
    assert.ok(a.localAddr.equals(b.remoteAddr) && a.remoteAddr.equals(b.localAddr));
    assert.ok(a.remoteAddr.equals(listener.addr) && a.localAddr.port > 0);
    assert.equal(a.localAddr.family, host === '::1' ? 'IPv6' : 'IPv4');
  });
}
