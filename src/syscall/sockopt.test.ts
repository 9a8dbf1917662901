import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';

import { ok, rawListener, rawPair } from '../../test/fuzz/rawpair.ts';
import { load, sys } from './sys.ts';
import * as ipopt from './ipopt.ts';
import * as sockopt from './sockopt.ts';
import * as tcpopt from './tcpopt.ts';
import * as c from './zconst_linux.ts';

load();
const options = { timeout: 5000 };
let a: number;
let b: number;
beforeEach(() => {
  [a, b] = rawPair();
});
afterEach(() => {
  sys.close(a);
  sys.close(b);
});

const { getInt } = sockopt;

const FLAGS: [name: string, set: (fd: number, on: boolean) => number, level: number, option: number][] = [
  ['SO_REUSEADDR', sockopt.setReuseAddr, c.SOL_SOCKET, c.SO_REUSEADDR],
  ['SO_REUSEPORT', sockopt.setReusePort, c.SOL_SOCKET, c.SO_REUSEPORT],
  ['SO_BROADCAST', sockopt.setBroadcast, c.SOL_SOCKET, c.SO_BROADCAST],
  ['SO_KEEPALIVE', sockopt.setKeepAlive, c.SOL_SOCKET, c.SO_KEEPALIVE],
  ['TCP_NODELAY', tcpopt.setNoDelay, c.IPPROTO_TCP, c.TCP_NODELAY],
];

for (const [name, set, level, option] of FLAGS) {
  test(`${name} goes on and off`, options, () => {
    for (const on of [true, false, true, true]) {
      assert.equal(set(a, on), 0);
      assert.equal(getInt(a, level, option), on ? 1 : 0);
    }
  });
}

const NUMBERS: [name: string, set: (fd: number, n: number) => number, option: number, values: number[]][] = [
  ['TCP_KEEPIDLE', tcpopt.setKeepIdle, c.TCP_KEEPIDLE, [1, 15, 32_767]],
  ['TCP_KEEPINTVL', tcpopt.setKeepInterval, c.TCP_KEEPINTVL, [1, 15, 32_767]],
  ['TCP_KEEPCNT', tcpopt.setKeepCount, c.TCP_KEEPCNT, [1, 9, 127]],
  ['TCP_USER_TIMEOUT', tcpopt.setUserTimeout, c.TCP_USER_TIMEOUT, [0, 1, 30_000, 2 ** 31 - 1]],
];

for (const [name, set, option, values] of NUMBERS) {
  test(`${name} takes its values and refuses others`, options, () => {
    for (const n of values) {
      assert.equal(set(a, n), 0);
      assert.equal(getInt(a, c.IPPROTO_TCP, option), n);
    }
    const last = values.at(-1)!;
    for (const n of [-1, 1.5, NaN, 2 ** 31, Infinity]) assert.equal(set(a, n), -c.EINVAL, String(n));
    if (last < 2 ** 31 - 1) assert.equal(set(a, last + 1), -c.EINVAL);
    assert.equal(getInt(a, c.IPPROTO_TCP, option), last);
  });
}

test('IPV6_V6ONLY goes on and off while the socket is not bound', options, (t) => {
  const fd = sys.socket(c.AF_INET6, c.SOCK_STREAM | c.SOCK_CLOEXEC, 0);
  if (fd === -c.EAFNOSUPPORT) {
    t.skip('needs IPv6');
    return;
  }
  for (const on of [true, false]) {
    assert.equal(ipopt.setV6Only(fd, on), 0);
    assert.equal(getInt(fd, c.IPPROTO_IPV6, c.IPV6_V6ONLY), on ? 1 : 0);
  }
  sys.close(fd);
});

test('the kernel doubles the sizes of the buffers', options, () => {
  for (const [set, option] of [
    [sockopt.setReadBuffer, c.SO_RCVBUF],
    [sockopt.setWriteBuffer, c.SO_SNDBUF],
  ] as const) {
    assert.equal(set(a, 16_384), 0);
    assert.equal(getInt(a, c.SOL_SOCKET, option), 32_768);
    assert.equal(set(a, 1.5), -c.EINVAL);
  }
});

test('what is set is what the typed functions tell', options, () => {
  for (const [set, get] of [
    [sockopt.setReuseAddr, sockopt.getReuseAddr],
    [sockopt.setReusePort, sockopt.getReusePort],
    [sockopt.setBroadcast, sockopt.getBroadcast],
  ] as const) {
    for (const on of [true, false]) assert.deepEqual([set(a, on), get(a)], [0, Number(on)]);
  }
  for (const [set, get] of [
    [sockopt.setReadBuffer, sockopt.getReadBuffer],
    [sockopt.setWriteBuffer, sockopt.getWriteBuffer],
  ] as const) {
    assert.deepEqual([set(a, 20_000), get(a)], [0, 40_000]);
  }
  for (const n of [0, 6, 1]) assert.deepEqual([sockopt.setPriority(a, n), sockopt.getPriority(a)], [0, n]);
  for (const n of [0.5, NaN, 2 ** 31]) assert.equal(sockopt.setPriority(a, n), -c.EINVAL);
  for (const get of [
    sockopt.getReuseAddr,
    sockopt.getReusePort,
    sockopt.getBroadcast,
    sockopt.getReadBuffer,
    sockopt.getWriteBuffer,
  ]) {
    assert.equal(get(-1), -c.EBADF);
  }
});

test('SO_MARK: 32 bits, all of them', options, (t) => {
  if (sockopt.setMark(a, 1) === -c.EPERM) return t.skip('needs CAP_NET_ADMIN or CAP_NET_RAW');
  for (const mark of [0, 1, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - c.EBADF, 2 ** 32 - 1]) {
    assert.equal(sockopt.setMark(a, mark), 0);
    assert.equal(sockopt.getMark(a), mark);
  }
  assert.equal(sockopt.getMark(-1), -c.EBADF);
});

test('SO_BINDTODEVICE: a name, none, and one that is nobody’s', options, (t) => {
  assert.equal(sockopt.getBindToDevice(a), '');
  const n = sockopt.setBindToDevice(a, 'lo');
  if (n === -c.EPERM) return t.skip('needs CAP_NET_RAW');
  assert.deepEqual([n, sockopt.getBindToDevice(a)], [0, 'lo']);
  assert.equal(sockopt.setBindToDevice(b, 'no-such0'), -c.ENODEV);
  assert.equal(sockopt.getBindToDevice(b), '');
  // Without CAP_NET_RAW a socket stays where it is bound (sock_bindtoindex_locked).
  const freed = sockopt.setBindToDevice(a, '');
  assert.ok(freed === 0 || freed === -c.EPERM);
  assert.equal(sockopt.getBindToDevice(a), freed === 0 ? '' : 'lo');
  assert.deepEqual([sockopt.setBindToDevice(-1, 'lo'), sockopt.getBindToDevice(-1)], [-c.EBADF, null]);
});

test('linger: off below 0, else its seconds', options, () => {
  assert.equal(sockopt.linger(a), -1);
  for (const seconds of [0, 1, 10, -1, 3, -5]) {
    assert.equal(sockopt.setLinger(a, seconds), 0);
    assert.equal(sockopt.linger(a), Math.max(seconds, -1));
  }
  for (const seconds of [NaN, 0.5, 2 ** 31]) assert.equal(sockopt.setLinger(a, seconds), -c.EINVAL);
  assert.equal(sockopt.linger(1_000_000), -1);
});

test('what a socket is', options, () => {
  const { fd } = rawListener();
  assert.deepEqual(
    [a, fd].map((each) => [
      sockopt.soType(each),
      sockopt.soDomain(each),
      sockopt.soProtocol(each),
      sockopt.soAcceptConn(each),
    ]),
    [
      [c.SOCK_STREAM, c.AF_INET, c.IPPROTO_TCP, 0],
      [c.SOCK_STREAM, c.AF_INET, c.IPPROTO_TCP, 1],
    ],
  );
  sys.close(fd);
});

test('SO_ERROR tells the pending error once', options, () => {
  assert.equal(sockopt.soError(b), 0);
  ok(sockopt.setLinger(a, 0));
  ok(sys.close(a)); // a reset
  assert.equal(sockopt.soError(b), c.ECONNRESET);
  assert.equal(sockopt.soError(b), 0);
  a = -1; // and so closed no second time
});

test('on what is no socket: the errno of the call', options, () => {
  const epfd = ok(sys.epoll_create1(c.EPOLL_CLOEXEC));
  assert.equal(sockopt.soType(epfd), -c.ENOTSOCK);
  assert.equal(tcpopt.setNoDelay(epfd, true), -c.ENOTSOCK);
  sys.close(epfd);
  assert.equal(sockopt.soError(epfd), -c.EBADF);
  assert.equal(sockopt.soType(NaN), -c.EBADF);
});
