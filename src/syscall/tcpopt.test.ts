import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, test } from 'node:test';

import { ok, rawListener, rawPair } from '../../test/fuzz/rawpair.ts';
import { load, sys } from './sys.ts';
import * as sockopt from './sockopt.ts';
import * as tcpopt from './tcpopt.ts';
import * as c from './zconst_linux.ts';

load();
const options = { timeout: 5000 };
let a: number;
let b: number;
/** A socket that is not connected. */
let fresh: number;
beforeEach(() => {
  [a, b] = rawPair();
  fresh = ok(sys.socket(c.AF_INET, c.SOCK_STREAM | c.SOCK_CLOEXEC, 0));
});
afterEach(() => {
  for (const fd of [a, b, fresh]) sys.close(fd);
});

const sysctl = (name: string): string => readFileSync(`/proc/sys/net/ipv4/${name}`, 'utf8').trim();
const NO_CLIENTS = (Number(sysctl('tcp_fastopen')) & 1) === 0 && 'net.ipv4.tcp_fastopen is off for clients';

type Get = (fd: number) => number;
const FLAGS: [
  name: string,
  set: (fd: number, on: boolean) => number,
  get: Get,
  option: number,
  skip: string | false,
][] = [
  ['TCP_NODELAY', tcpopt.setNoDelay, tcpopt.getNoDelay, c.TCP_NODELAY, false],
  ['TCP_QUICKACK', tcpopt.setQuickAck, tcpopt.getQuickAck, c.TCP_QUICKACK, false],
  ['TCP_FASTOPEN_CONNECT', tcpopt.setFastOpenConnect, tcpopt.getFastOpenConnect, c.TCP_FASTOPEN_CONNECT, NO_CLIENTS],
];

for (const [name, set, get, option, skip] of FLAGS) {
  test(`${name} goes on and off`, { ...options, skip }, () => {
    for (const on of [true, false, true, true]) {
      assert.equal(set(fresh, on), 0);
      assert.equal(get(fresh), Number(on));
      assert.equal(sockopt.getInt(fresh, c.IPPROTO_TCP, option), Number(on));
    }
  });
}

const NUMBERS: [
  name: string,
  set: (fd: number, n: number) => number,
  get: Get,
  option: number,
  good: number[],
  bad: number[],
][] = [
  ['TCP_USER_TIMEOUT', tcpopt.setUserTimeout, tcpopt.getUserTimeout, c.TCP_USER_TIMEOUT, [0, 1, 2 ** 31 - 1], [-1]],
  ['TCP_SYNCNT', tcpopt.setSynRetries, tcpopt.getSynRetries, c.TCP_SYNCNT, [1, 5, 127], [0, 128, -1]],
  ['TCP_FASTOPEN', tcpopt.setFastOpen, tcpopt.getFastOpen, c.TCP_FASTOPEN, [0, 1, 256], [-1]],
];

for (const [name, set, get, option, good, bad] of NUMBERS) {
  test(`${name} takes its values and refuses others`, options, () => {
    for (const n of good) {
      assert.equal(set(fresh, n), 0);
      assert.equal(get(fresh), n);
      assert.equal(sockopt.getInt(fresh, c.IPPROTO_TCP, option), n);
    }
    for (const n of [...bad, 0.5, NaN, 2 ** 31]) assert.equal(set(fresh, n), -c.EINVAL, String(n));
    assert.equal(get(fresh), good.at(-1));
  });
}

test('TCP_FASTOPEN_CONNECT is for sockets that are not connected', { ...options, skip: NO_CLIENTS }, () => {
  assert.equal(tcpopt.setFastOpenConnect(a, true), -c.EINVAL);
});

test('TCP_CONGESTION: a name that the kernel has', options, () => {
  assert.equal(tcpopt.getCongestion(fresh), sysctl('tcp_congestion_control'));
  for (const name of sysctl('tcp_allowed_congestion_control').split(/\s+/)) {
    assert.equal(tcpopt.setCongestion(a, name), 0);
    assert.equal(tcpopt.getCongestion(a), name);
  }
  assert.equal(tcpopt.setCongestion(a, 'no-such'), -c.ENOENT);
});

test('a connection of TCP, a listener and no socket at all are not MPTCP', options, () => {
  const listener = rawListener();
  for (const fd of [a, b, fresh, listener.fd, -1]) assert.equal(tcpopt.isMultipath(fd), false);
  sys.close(listener.fd);
});

test('a socket of MPTCP is one', options, (t) => {
  const fd = sys.socket(c.AF_INET, c.SOCK_STREAM | c.SOCK_CLOEXEC, c.IPPROTO_MPTCP);
  if (fd < 0) return t.skip('no MPTCP in this kernel');
  assert.equal(sockopt.soProtocol(fd), c.IPPROTO_MPTCP);
  assert.equal(tcpopt.isMultipath(fd), true);
  sys.close(fd);
});

test('on what is no socket: the errno of the call, and no name', options, () => {
  const epfd = ok(sys.epoll_create1(c.EPOLL_CLOEXEC));
  for (const [, set, get] of FLAGS) assert.deepEqual([set(epfd, true), get(epfd)], [-c.ENOTSOCK, -c.ENOTSOCK]);
  for (const [, set, get] of NUMBERS) assert.deepEqual([set(epfd, 1), get(epfd)], [-c.ENOTSOCK, -c.ENOTSOCK]);
  assert.deepEqual([tcpopt.setCongestion(epfd, 'reno'), tcpopt.getCongestion(epfd)], [-c.ENOTSOCK, null]);
  sys.close(epfd);
});
