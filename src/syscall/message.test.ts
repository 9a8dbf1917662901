// Messages with addresses and control data: what each call puts where, which ranges it refuses, and what it says of a message
// that was cut off. Both backends answer alike.

import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';

import { loopback, ok } from '../../test/fuzz/rawpair.ts';
import { Sockaddr } from './sockaddr.ts';
import { load } from './sys.ts';
import * as c from './zconst_linux.ts';

const { sys } = load();
const { EAGAIN, EFAULT, EINVAL } = c;
const options = { timeout: 10_000 };
const FLAGS = c.SOCK_NONBLOCK | c.SOCK_CLOEXEC;
const none = new Uint8Array(0);

const opened: number[] = [];
const fresh = (fd: number): number => opened[opened.push(ok(fd)) - 1]!;
afterEach(() => {
  for (const fd of opened.splice(0)) sys.close(fd);
});

function pair(type: number): [a: number, b: number] {
  const fds = new Int32Array(2);
  assert.equal(sys.socketpair(c.AF_UNIX, type | FLAGS, 0, fds), 0);
  return [fresh(fds[0]!), fresh(fds[1]!)];
}

/** A UDP socket on loopback, and its name. */
function udp(): { fd: number; sa: Sockaddr } {
  const fd = fresh(sys.socket(c.AF_INET, c.SOCK_DGRAM | FLAGS, 0));
  const sa = new Sockaddr();
  ok(sys.bind(fd, sa.bytes, loopback(sa, c.AF_INET, 0)));
  ok(sys.getsockname(fd, sa.bytes, sa.clear().len));
  return { fd, sa };
}

/** One struct cmsghdr with ints, cmsg(3). */
function cmsg(level: number, type: number, ...data: number[]): Buffer {
  const bytes = Buffer.alloc(16 + Math.ceil(data.length / 2) * 8);
  bytes.writeUInt32LE(16 + 4 * data.length, 0);
  bytes.writeInt32LE(level, 8);
  bytes.writeInt32LE(type, 12);
  for (const [i, n] of data.entries()) bytes.writeInt32LE(n, 16 + 4 * i);
  return bytes;
}

describe('socketpair', () => {
  test('gives two ends, with the flags that were asked for', options, () => {
    const [a, b] = pair(c.SOCK_STREAM);
    for (const fd of [a, b]) assert.equal(sys.fcntl(fd, c.F_GETFD, 0), c.FD_CLOEXEC);
    const buf = Buffer.from('there');
    assert.equal(sys.write(a, buf, 0, 5), 5);
    assert.equal(sys.read(b, Buffer.alloc(8), 0, 8), 5);
    assert.equal(sys.read(b, buf, 0, 5), -EAGAIN);
  });

  test('says why not, and writes nothing then', options, () => {
    const fds = Int32Array.of(-7, -7);
    assert.equal(sys.socketpair(c.AF_INET, c.SOCK_STREAM, 0, fds), -c.EOPNOTSUPP);
    assert.equal(sys.socketpair(c.AF_UNIX, c.SOCK_STREAM, 0, new Int32Array(1)), -EFAULT);
    for (const n of [NaN, 1.5, 2 ** 31]) {
      assert.equal(sys.socketpair(n, c.SOCK_STREAM, 0, fds), -EINVAL);
      assert.equal(sys.socketpair(c.AF_UNIX, n, 0, fds), -EINVAL);
      assert.equal(sys.socketpair(c.AF_UNIX, c.SOCK_STREAM, n, fds), -EINVAL);
    }
    assert.deepEqual([...fds], [-7, -7]);
  });
});

describe('recvfrom and sendto', () => {
  let from: ReturnType<typeof udp>;
  let to: ReturnType<typeof udp>;
  const buf = Buffer.from('..hello..');
  const peer = new Sockaddr();
  beforeEach(() => {
    [from, to] = [udp(), udp()];
  });

  test('move a range of their buffer, with addresses', options, () => {
    for (const view of [buf, Buffer.concat([buf, buf]).subarray(9)]) {
      assert.equal(sys.sendto(from.fd, view, 2, 5, 0, to.sa.bytes, 16), 5);
      const into = Buffer.alloc(16, '-').subarray(4, 12);
      assert.equal(sys.recvfrom(to.fd, into, 2, 6, 0, peer.bytes, peer.clear().len), 5);
      assert.equal(into.toString(), '--hello-');
      assert.deepEqual([peer.len[0], peer.port, peer.ip.toString()], [16, from.sa.port, '127.0.0.1']);
    }
  });

  test('do without an address', options, () => {
    ok(sys.connect(from.fd, to.sa.bytes, 16));
    assert.equal(sys.sendto(from.fd, buf, 0, 4, 0, none, 0), 4);
    const len = Uint32Array.of(0);
    const name = new Uint8Array(16);
    assert.equal(sys.recvfrom(to.fd, Buffer.alloc(8), 0, 8, 0, name, len), 4);
    assert.deepEqual([len[0], ...name], Array(17).fill(0));
    assert.equal(sys.sendto(to.fd, buf, 0, 1, 0, name, 0), -c.EDESTADDRREQ);
  });

  test('a name without room is cut off, and its length is the whole one', options, () => {
    ok(sys.sendto(from.fd, buf, 0, 1, 0, to.sa.bytes, 16));
    const name = new Uint8Array(8);
    const len = Uint32Array.of(4);
    assert.equal(sys.recvfrom(to.fd, buf, 0, 1, 0, name, len), 1);
    assert.deepEqual([len[0], ...name], [16, ...from.sa.bytes.subarray(0, 4), 0, 0, 0, 0]);
  });

  test('a message without room is cut off, and MSG_TRUNC tells its length', options, () => {
    for (const flags of [0, c.MSG_TRUNC]) {
      ok(sys.sendto(from.fd, buf, 0, 9, 0, to.sa.bytes, 16));
      const into = Buffer.alloc(8, '-');
      const n = sys.recvfrom(to.fd, into, 1, 4, flags, peer.bytes, peer.clear().len);
      assert.deepEqual([n, into.toString()], [flags === 0 ? 4 : 9, '-..he---']);
    }
  });

  test('a failure leaves the length as it was', options, () => {
    assert.equal(sys.recvfrom(to.fd, buf, 0, 8, 0, peer.bytes, peer.clear().len), -EAGAIN);
    assert.equal(peer.len[0], 128);
  });

  test('the room and the length of an address are inside it, flags are an int', options, () => {
    const addr = new Uint8Array(16);
    for (const n of [17, 2 ** 32 - 1])
      assert.equal(sys.recvfrom(to.fd, buf, 0, 1, 0, addr, Uint32Array.of(n)), -EFAULT);
    assert.equal(sys.recvfrom(to.fd, buf, 0, 1, 0, addr, new Uint32Array(0)), -EFAULT);
    for (const n of [17, -1, NaN, 1.5, 2 ** 32]) assert.equal(sys.sendto(to.fd, buf, 0, 1, 0, addr, n), -EFAULT);
    for (const n of [NaN, 1.5, 2 ** 31]) {
      assert.equal(sys.recvfrom(to.fd, buf, 0, 1, n, addr, Uint32Array.of(16)), -EINVAL);
      assert.equal(sys.sendto(to.fd, buf, 0, 1, n, addr, 16), -EINVAL);
    }
  });
});

describe('recvmsg and sendmsg', () => {
  test('tell the address, the lengths and the flags', options, () => {
    const [from, to] = [udp(), udp()];
    ok(sys.setsockopt(to.fd, c.IPPROTO_IP, c.IP_RECVTTL, Uint8Array.of(1, 0, 0, 0), 4));
    const control = cmsg(c.IPPROTO_IP, c.IP_TTL, 7);
    assert.equal(sys.sendmsg(from.fd, Buffer.from('hello'), 1, 3, 0, to.sa.bytes, control, Int32Array.of(16, 24)), 3);
    const [name, room, into] = [new Uint8Array(128), Buffer.alloc(64), Buffer.alloc(8, '-')];
    const io = Int32Array.of(128, 64, -1);
    assert.equal(sys.recvmsg(to.fd, into, 2, 6, 0, name, room, io), 3);
    assert.deepEqual([into.toString(), ...io], ['--ell---', 16, 24, 0]);
    assert.deepEqual(name.slice(0, 16), from.sa.bytes.slice(0, 16));
    assert.deepEqual(room.subarray(0, 24), control);
    assert.equal(sys.recvmsg(to.fd, into, 0, 8, 0, name, room, io), -EAGAIN);
    assert.deepEqual([...io], [16, 24, 0]);
  });

  test('do without an address and without control data', options, () => {
    const [a, b] = pair(c.SOCK_SEQPACKET);
    assert.equal(sys.sendmsg(a, Buffer.from('some'), 0, 4, 0, none, none, new Int32Array(2)), 4);
    const io = Int32Array.of(0, 0, -1);
    assert.equal(sys.recvmsg(b, Buffer.alloc(8), 0, 8, 0, none, none, io), 4);
    // Some sockets set this flag for the end of a record, unix(7) not before Linux 6.4.
    assert.deepEqual([io[0], io[1], io[2]! & (c.MSG_TRUNC | c.MSG_CTRUNC)], [0, 0, 0]);
  });

  test('say what was cut off', options, () => {
    const [from, to] = [udp(), udp()];
    ok(sys.setsockopt(to.fd, c.IPPROTO_IP, c.IP_RECVTTL, Uint8Array.of(1, 0, 0, 0), 4));
    for (const [len, flags, room, answer, told] of [
      [5, 0, 24, 5, 0],
      [4, 0, 24, 4, c.MSG_TRUNC],
      [4, c.MSG_TRUNC, 24, 5, c.MSG_TRUNC],
      [5, 0, 8, 5, c.MSG_CTRUNC],
      [0, 0, 0, 0, c.MSG_TRUNC | c.MSG_CTRUNC],
    ] as const) {
      ok(sys.sendto(from.fd, Buffer.from('hello'), 0, 5, 0, to.sa.bytes, 16));
      const io = Int32Array.of(0, room, -1);
      assert.equal(sys.recvmsg(to.fd, new Uint8Array(8), 1, len, flags, none, new Uint8Array(32), io), answer);
      assert.equal(io[2], told);
    }
  });

  test('what is outside its buffer is EFAULT', options, () => {
    const [a, b] = pair(c.SOCK_STREAM);
    const [buf, addr, control] = [Buffer.alloc(8), new Uint8Array(16), new Uint8Array(24)];
    for (const [off, len] of [
      [0, 9],
      [9, 0],
      [-1, 1],
      [0, -1],
      [NaN, 1],
      [0.5, 1],
      [0, 2 ** 32],
      [4, Infinity],
    ] as const) {
      assert.equal(sys.sendmsg(a, buf, off, len, 0, addr, control, new Int32Array(3)), -EFAULT, `${off} ${len}`);
      assert.equal(sys.recvmsg(b, buf, off, len, 0, addr, control, new Int32Array(3)), -EFAULT, `${off} ${len}`);
    }
    for (const io of [[17, 0, 0], [-1, 0, 0], [0, 25, 0], [0, -1, 0], [0, -(2 ** 31), 0], [0]]) {
      assert.equal(sys.sendmsg(a, buf, 0, 1, 0, addr, control, Int32Array.from(io)), -EFAULT, String(io));
      assert.equal(sys.recvmsg(b, buf, 0, 1, 0, addr, control, Int32Array.from(io)), -EFAULT, String(io));
    }
    assert.equal(sys.recvmsg(b, buf, 0, 1, 0, addr, control, new Int32Array(2)), -EFAULT);
    assert.equal(sys.recvmsg(b, buf, 0, 1, NaN, addr, control, new Int32Array(3)), -EINVAL);
    assert.equal(sys.read(b, buf, 0, 8), -EAGAIN);
  });

  test('carry descriptors both ways', options, () => {
    for (const [from, to] of [pair(c.SOCK_STREAM), pair(c.SOCK_DGRAM).toReversed()] as [number, number][]) {
      const [mine, other] = pair(c.SOCK_STREAM);
      const control = cmsg(c.SOL_SOCKET, c.SCM_RIGHTS, mine, mine);
      assert.equal(sys.sendmsg(from, Buffer.from('x'), 0, 1, c.MSG_NOSIGNAL, none, control, Int32Array.of(0, 24)), 1);
      const room = Buffer.alloc(64);
      const io = Int32Array.of(0, 64, 0);
      assert.equal(sys.recvmsg(to, new Uint8Array(4), 0, 4, c.MSG_CMSG_CLOEXEC, none, room, io), 1);
      assert.deepEqual([io[1], io[2]! & c.MSG_CTRUNC, room.readUInt32LE(0)], [24, 0, 24]);
      const theirs = [room.readInt32LE(16), room.readInt32LE(20)].map((fd) => fresh(fd));
      for (const [i, fd] of theirs.entries()) {
        assert.equal(sys.fcntl(fd, c.F_GETFD, 0), c.FD_CLOEXEC);
        assert.equal(sys.write(fd, Buffer.from('hello'), 0, 5 - i), 5 - i);
        assert.equal(sys.read(other, Buffer.alloc(8), 0, 8), 5 - i);
      }
    }
  });

  test('descriptors without room are closed, and MSG_CTRUNC says so', options, () => {
    const [a, b] = pair(c.SOCK_DGRAM);
    const [mine, other] = pair(c.SOCK_STREAM);
    const control = cmsg(c.SOL_SOCKET, c.SCM_RIGHTS, mine, mine);
    for (const [room, got] of [
      [20, 1],
      [16, 0],
      [0, 0],
    ] as const) {
      assert.equal(sys.sendmsg(a, Buffer.from('x'), 0, 1, 0, none, control, Int32Array.of(0, 24)), 1);
      const into = Buffer.alloc(64);
      const io = Int32Array.of(0, room, 0);
      assert.equal(sys.recvmsg(b, new Uint8Array(4), 0, 4, c.MSG_CMSG_CLOEXEC, none, into, io), 1);
      assert.equal(io[2]! & c.MSG_CTRUNC, c.MSG_CTRUNC);
      const fd = into.readInt32LE(16);
      assert.equal(fd !== 0, got === 1, `room ${room}`);
      if (got === 1) assert.equal(sys.close(fd), 0);
    }
    // Nobody else holds the other end.
    sys.close(mine);
    opened.splice(opened.indexOf(mine), 1);
    assert.equal(sys.read(other, new Uint8Array(1), 0, 1), 0);
  });
});
