// What this floor adds to the C library: arguments that C would take for something else are refused before the call, and errno
// is that of the call.

import assert from 'node:assert/strict';
import { closeSync, fstatSync, mkdtempSync, openSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';

import { ok, rawListener, rawPair } from '../../test/fuzz/rawpair.ts';
import { EPOLL_DATA_WORD, EPOLL_EVENT_WORDS } from './arch.ts';
import { Sockaddr } from './sockaddr.ts';
import { load } from './sys.ts';
import * as c from './zconst_linux.ts';

const { sys } = load();
const { EFAULT, EINVAL, ENODEV } = c;
const options = { timeout: 10_000 };

const bytes = new Uint8Array(16);
const room = (n = 16): Uint32Array => Uint32Array.of(n);
const event = new Int32Array(EPOLL_EVENT_WORDS);

describe('on a pair of sockets', () => {
  let a: number;
  let b: number;
  beforeEach(() => {
    [a, b] = rawPair();
  });
  afterEach(() => {
    sys.close(a);
    sys.close(b);
  });

  test('a range outside its buffer is EFAULT, and nothing is moved', options, () => {
    const buf = Buffer.alloc(8);
    const ranges: [off: number, len: number][] = [
      ...([
        [0, 9],
        [8, 1],
        [9, 0],
        [-1, 1],
        [0, -1],
        [1, 8],
        [NaN, 1],
        [0, NaN],
        [0.5, 1],
        [0, 1.5],
      ] as const),
      ...([
        [0, 2 ** 32],
        [2 ** 32, 0],
        [0, Infinity],
        [-Infinity, 0],
        [4, 2 ** 53],
      ] as const),
    ] as [number, number][];
    for (const [off, len] of ranges) {
      assert.equal(sys.write(a, buf, off, len), -EFAULT, `write ${off} ${len}`);
      assert.equal(sys.read(b, buf, off, len), -EFAULT, `read ${off} ${len}`);
      assert.equal(sys.send(a, buf, off, len, 0), -EFAULT, `send ${off} ${len}`);
      assert.equal(sys.recv(b, buf, off, len, 0), -EFAULT, `recv ${off} ${len}`);
    }
    assert.equal(sys.write(a, buf, 8, 0), 0);
    assert.equal(sys.setsockopt(a, c.SOL_SOCKET, c.SO_LINGER, buf, 9), -EFAULT);
    assert.equal(sys.bind(a, buf, 9), -EFAULT);
    assert.equal(sys.connect(a, buf, -1), -EFAULT);
    for (const call of [sys.getsockname, sys.getpeername]) assert.equal(call(a, buf, room(9)), -EFAULT);
    assert.equal(sys.getsockname(a, buf, new Uint32Array(0)), -EFAULT);
    assert.equal(sys.accept4(a, buf, room(9), 0), -EFAULT);
    assert.equal(sys.getsockopt(a, c.SOL_SOCKET, c.SO_TYPE, buf, room(9)), -EFAULT);
    sys.shutdown(a, c.SHUT_WR);
    assert.equal(sys.read(b, buf, 0, 8), 0);
  });

  test('an argument that is no int is EINVAL', options, () => {
    for (const n of [NaN, 1.5, 2 ** 31, Infinity]) {
      const answers = [
        sys.socket(n, c.SOCK_STREAM, 0),
        sys.socket(c.AF_INET, n, 0),
        sys.socket(c.AF_INET, c.SOCK_STREAM, n),
        sys.listen(a, n),
        sys.shutdown(a, n),
        sys.fcntl(a, n, 0),
        sys.fcntl(a, c.F_SETFD, n),
        sys.getsockopt(a, n, c.SO_TYPE, bytes, room(4)),
        sys.getsockopt(a, c.SOL_SOCKET, n, bytes, room(4)),
        sys.setsockopt(a, n, c.SO_KEEPALIVE, bytes, 4),
        sys.setsockopt(a, c.SOL_SOCKET, n, bytes, 4),
        sys.epoll_create1(n),
      ];
      assert.deepEqual(answers, Array(answers.length).fill(-EINVAL), String(n));
    }
  });

  for (const [name, put, take] of [
    ['write and read', sys.write, sys.read],
    ['send and recv', sys.send, sys.recv],
  ] as const) {
    test(`${name} keep to their range, in views of a larger buffer too`, options, () => {
      const from = Buffer.from('..hello..').subarray(1);
      const into = Buffer.alloc(16, '-').subarray(4, 12);
      assert.equal(put(a, from, 1, 5, c.MSG_NOSIGNAL), 5);
      assert.equal(take(b, into, 2, 4, 0), 4);
      assert.equal(into.toString(), '--hell--');
      assert.equal(take(b, into, 0, 8, 0), 1);
      assert.equal(into.toString(), 'o-hell--');
    });
  }

  test('recv and send obey their flags', options, () => {
    const into = Buffer.alloc(4);
    assert.equal(sys.recv(b, into, 0, 4, c.MSG_DONTWAIT), -c.EAGAIN);
    assert.equal(sys.send(a, Buffer.from('peek'), 0, 4, c.MSG_NOSIGNAL), 4);
    assert.equal(sys.recv(b, into, 0, 4, c.MSG_PEEK), 4);
    assert.equal(sys.recv(b, into, 0, 4, 0), 4);
    assert.equal(sys.recv(b, into, 0, 4, c.MSG_DONTWAIT), -c.EAGAIN);
  });

  test('writev and readv begin with the first buffer from skip on, and take count of them', options, () => {
    const bufs = ['zero', 'one', '', 'two', 'three'].map((text) => Buffer.from(text));
    assert.equal(sys.writev(a, bufs, 0, 0, 0), 0);
    assert.equal(sys.writev(a, bufs, 1, 3, 2), 4);
    const into = [Buffer.alloc(3, '-'), Buffer.alloc(4, '-'), Buffer.alloc(4, '-'), Buffer.alloc(9, '-')];
    assert.equal(sys.readv(b, into, 1, 2, 3), 4);
    assert.deepEqual(into.map(String), ['---', '---e', 'two-', '---------']);
    assert.equal(sys.writev(a, bufs, 4, 1, 5), 0);
  });

  test('writev and readv: buffers that are not there are EINVAL, a skip outside the first is EFAULT', options, () => {
    const bufs = [Buffer.from('one'), Buffer.from('two')];
    const rows: [first: number, count: number][] = [
      ...([
        [0, 3],
        [2, 1],
        [3, 0],
        [-1, 1],
        [0, -1],
        [0, NaN],
        [NaN, 0],
        [0, 1025],
        [1, 2 ** 32],
      ] as const),
      ...([
        [0.5, 1],
        [0, 1.5],
      ] as const),
    ] as [number, number][];
    for (const call of [sys.writev, sys.readv]) {
      for (const [first, count] of rows) assert.equal(call(a, bufs, first, count, 0), -EINVAL, `${first} ${count}`);
      for (const skip of [4, -1, NaN, 0.5, 2 ** 32]) assert.equal(call(a, bufs, 0, 1, skip), -EFAULT, String(skip));
    }
    const many = Array.from({ length: 1024 }, () => Buffer.from('x'));
    assert.equal(sys.writev(a, many, 0, 1024, 0), 1024);
  });

  test('errno is the call’s own, whatever came before', options, () => {
    const calls: [call: () => number, errno: number][] = [
      [() => sys.close(1_000_000), c.EBADF],
      [() => sys.listen(a, 1), c.EINVAL],
      [() => sys.socket(c.AF_INET, 99, 0), c.EINVAL],
      [() => sys.socket(c.AF_INET, c.SOCK_STREAM, c.IPPROTO_UDP), c.EPROTONOSUPPORT],
      [() => sys.getsockopt(a, c.SOL_SOCKET, 9999, bytes, room(4)), c.ENOPROTOOPT],
      [() => sys.fcntl(a, 9999, 0), c.EINVAL],
      [() => sys.getsockname(0, bytes, room()), stdinIsSocket() ? 0 : c.ENOTSOCK],
    ];
    for (let round = 0; round < 200; round++) {
      for (const [call, errno] of calls) if (errno !== 0) assert.equal(call(), -errno);
      if (round % 50 === 0) Buffer.alloc(1 << 20);
    }
  });

  test('epoll: what is added comes back in its event', options, () => {
    const epfd = ok(sys.epoll_create1(c.EPOLL_CLOEXEC));
    try {
      event[0] = c.EPOLLIN | c.EPOLLET;
      event[EPOLL_DATA_WORD] = b;
      event[EPOLL_DATA_WORD + 1] = -7;
      assert.equal(sys.epoll_ctl(epfd, c.EPOLL_CTL_ADD, b, event), 0);
      assert.equal(sys.epoll_ctl(epfd, c.EPOLL_CTL_ADD, b, event), -c.EEXIST);
      const events = new Int32Array(4 * EPOLL_EVENT_WORDS);
      assert.equal(sys.epoll_wait(epfd, events, 4, 0), 0);
      assert.equal(sys.write(a, bytes, 0, 1), 1);
      assert.equal(sys.epoll_wait(epfd, events, 4, 5000), 1);
      assert.deepEqual([events[0], events[EPOLL_DATA_WORD], events[EPOLL_DATA_WORD + 1]], [c.EPOLLIN, b, -7]);
      assert.equal(sys.epoll_wait(epfd, events, 5, 0), -EFAULT);
      for (const n of [0, -1, NaN, 1.5]) assert.equal(sys.epoll_wait(epfd, events, n, 0), -EINVAL, String(n));
      assert.equal(sys.epoll_ctl(epfd, c.EPOLL_CTL_DEL, a, event), -c.ENOENT);
      assert.equal(sys.epoll_ctl(epfd, c.EPOLL_CTL_DEL, b, new Int32Array(EPOLL_EVENT_WORDS - 1)), -EFAULT);
      assert.equal(sys.epoll_ctl(epfd, c.EPOLL_CTL_DEL, b, event), 0);
    } finally {
      sys.close(epfd);
    }
  });
});

function stdinIsSocket(): boolean {
  try {
    return fstatSync(0).isSocket();
  } catch {
    return true;
  }
}

test('accept4 gives the peer and the flags that were asked for', options, () => {
  const [client, server] = rawPair(true);
  assert.equal(sys.fcntl(server, c.F_GETFD, 0), c.FD_CLOEXEC);
  assert.equal(sys.fcntl(server, c.F_GETFL, 0) & c.O_NONBLOCK, c.O_NONBLOCK);
  assert.equal(sys.fcntl(client, c.F_GETFL, 0) & c.O_NONBLOCK, 0);
  const [own, peer] = [new Sockaddr(), new Sockaddr()];
  ok(sys.getsockname(client, own.bytes, own.clear().len));
  ok(sys.getpeername(server, peer.bytes, peer.clear().len));
  assert.deepEqual([peer.port, peer.ip.toString(), peer.len[0]], [own.port, '127.0.0.1', 16]);
  const { fd } = rawListener();
  sys.fcntl(fd, c.F_SETFL, c.O_NONBLOCK);
  assert.equal(sys.accept4(fd, peer.bytes, peer.clear().len, 0), -c.EAGAIN);
  for (const each of [client, server, fd]) assert.equal(sys.close(each), 0);
});

test('fchmod sets the mode of what is open', options, () => {
  const folder = mkdtempSync(join(tmpdir(), 'gonet-fchmod-'));
  const fd = openSync(join(folder, 'file'), 'w', 0o600);
  try {
    assert.equal(sys.fchmod(fd, 0o640), 0);
    assert.equal(fstatSync(fd).mode & 0o7777, 0o640);
    for (const mode of [NaN, 1.5, 2 ** 31]) assert.equal(sys.fchmod(fd, mode), -EINVAL);
    assert.equal(fstatSync(fd).mode & 0o7777, 0o640);
  } finally {
    closeSync(fd);
    rmSync(folder, { recursive: true });
  }
});

test('interfaces by name and by number', options, () => {
  const name = new Uint8Array(16);
  const index = ok(sys.if_nametoindex('lo'));
  assert.equal(sys.if_indextoname(index, name), 0);
  assert.equal(Buffer.from(name).toString().split('\0')[0], 'lo');
  for (const unknown of ['', 'no-such-if', 'x'.repeat(100)]) assert.equal(sys.if_nametoindex(unknown), -ENODEV);
  for (const bad of [-1, NaN, 2 ** 32]) assert.equal(sys.if_indextoname(bad, name), -ENODEV);
  assert.ok(sys.if_indextoname(4_000_000, name) < 0);
  assert.equal(sys.if_indextoname(index, new Uint8Array(15)), -EFAULT);
});
