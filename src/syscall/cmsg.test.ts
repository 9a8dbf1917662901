import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Addr } from '../addr/ip.ts';
import { ControlReader, ControlWriter, cmsgLen, cmsgSpace, collectFds } from './cmsg.ts';
import * as c from './zconst_linux.ts';

const options = { timeout: 5000 };

type Row = [level: number, type: number, data: string];

/** Every message in the first `length` bytes. */
function walk(
  bytes: Uint8Array,
  length: number = bytes.length,
  reader = new ControlReader(),
): (Row | [...Row, 'cut'])[] {
  const rows: (Row | [...Row, 'cut'])[] = [];
  reader.reset(bytes, length);
  while (reader.next()) {
    const { view, offset, size } = reader;
    const data = Buffer.from(view.buffer, view.byteOffset + offset, size).toString('hex');
    const row: Row = [reader.level, reader.type, data];
    rows.push(reader.cut ? [...row, 'cut'] : row);
  }
  assert.equal(reader.next(), false);
  return rows;
}

/** One message with a length of its own choice. */
function message(level: number, type: number, data: readonly number[], length: number = 16 + data.length): Buffer {
  const bytes = Buffer.alloc(cmsgSpace(data.length));
  bytes.writeBigUInt64LE(BigInt(length), 0);
  bytes.writeInt32LE(level, 8);
  bytes.writeInt32LE(type, 12);
  bytes.set(data, 16);
  return bytes;
}

test('lengths and room, as CMSG_LEN and CMSG_SPACE have them', options, () => {
  assert.deepEqual([0, 1, 4, 8, 12].map(cmsgLen), [16, 17, 20, 24, 28]);
  assert.deepEqual([0, 1, 4, 8, 12].map(cmsgSpace), [16, 24, 24, 24, 32]);
});

test('messages one after the other, aligned to 8', options, () => {
  const bytes = Buffer.concat([message(1, 2, [1]), message(-3, -4, []), message(5, 6, [1, 2, 3, 4, 5, 6, 7, 8])]);
  const rows = [
    [1, 2, '01'],
    [-3, -4, ''],
    [5, 6, '0102030405060708'],
  ];
  assert.deepEqual(walk(bytes), rows);
  // In the middle of a larger buffer, and with one reader for both.
  const reader = new ControlReader();
  const around = Buffer.concat([Buffer.alloc(3, 0xff), bytes, Buffer.alloc(99, 0xff)]).subarray(3);
  assert.deepEqual(walk(around, bytes.length, reader), rows);
  assert.deepEqual(walk(bytes, bytes.length, reader), rows);
  assert.deepEqual(walk(bytes, 16, reader), [[1, 2, '', 'cut']]);
});

test('the last message needs nothing behind it', options, () => {
  assert.deepEqual(walk(message(1, 2, [9]), 17), [[1, 2, '09']]);
});

test('a length that is none ends the walk', options, () => {
  const good = message(1, 2, [7, 7, 7, 7]);
  for (const length of [0, 1, 15]) {
    assert.deepEqual(walk(Buffer.concat([good, message(1, 2, [1, 2, 3, 4], length), good])), [[1, 2, '07070707']]);
  }
  for (const length of [33, 2 ** 31, 2 ** 32, 2 ** 32 + 16, 2 ** 53]) {
    const bytes = Buffer.concat([good, message(1, 2, [1, 2, 3, 4], length)]);
    assert.deepEqual(walk(bytes), [
      [1, 2, '07070707'],
      [1, 2, '0102030400000000', 'cut'],
    ]);
  }
  const most = message(1, 2, []);
  most.fill(0xff, 0, 8);
  assert.deepEqual(walk(most), [[1, 2, '', 'cut']]);
});

test('any length of the buffer', options, () => {
  const bytes = message(1, 2, [1, 2, 3, 4]);
  for (const length of [0, 15, -1, NaN, -Infinity]) assert.deepEqual(walk(bytes, length), []);
  for (const length of [20, 24, 25, 2 ** 31, Infinity]) assert.deepEqual(walk(bytes, length), [[1, 2, '01020304']]);
  assert.deepEqual(walk(bytes, 19.9), [[1, 2, '010203', 'cut']]);
  assert.deepEqual(walk(new Uint8Array(0)), []);
});

test('a buffer that was handed away has no messages', options, () => {
  const bytes = new Uint8Array(message(1, 2, [1]));
  const reader = new ControlReader();
  assert.equal(walk(bytes, 17, reader).length, 1);
  structuredClone(bytes.buffer, { transfer: [bytes.buffer] });
  assert.deepEqual([walk(bytes, 17, reader), walk(bytes, 17), collectFds(bytes, 17)], [[], [], []]);
});

test('every descriptor, also of a message that is cut: whole ones only', options, () => {
  const rights = message(c.SOL_SOCKET, c.SCM_RIGHTS, [3, 0, 0, 0, 4, 0, 0, 0]);
  const pidfd = message(c.SOL_SOCKET, c.SCM_PIDFD, [5, 0, 0, 0]);
  const other = message(c.SOL_SOCKET, c.SCM_CREDENTIALS, [6, 0, 0, 0]);
  const all = Buffer.concat([rights, other, pidfd, rights]);
  assert.deepEqual(collectFds(all, all.length), [3, 4, 5, 3, 4]);
  for (const [length, fds] of [
    [24, [3, 4]],
    [23, [3]],
    [20, [3]],
    [19, []],
    [16, []],
    [0, []],
  ] as const) {
    assert.deepEqual(collectFds(rights, length), fds, String(length));
  }
  // A pidfd is -errno where the process is gone.
  const gone = message(c.SOL_SOCKET, c.SCM_PIDFD, [0xfd, 0xff, 0xff, 0xff]);
  assert.deepEqual(collectFds(gone, gone.length), []);
});

test('what is written is what is read', options, () => {
  const w = new ControlWriter();
  assert.equal(w.packetInfo(c.AF_INET, 1, Addr.parse('192.0.2.1')), 32);
  assert.equal(w.packetInfo(c.AF_INET, 2, Addr.parse('::ffff:192.0.2.1')), 64);
  assert.equal(w.packetInfo(c.AF_INET, 3, null), 96);
  assert.equal(w.packetInfo(c.AF_INET6, 4, Addr.parse('fe80::1%lo')), 136);
  assert.equal(w.packetInfo(c.AF_INET6, 0, Addr.parse('192.0.2.1')), 176);
  assert.equal(w.packetInfo(c.AF_INET6, 0, Addr.zero), 216);
  assert.equal(w.raw(-1, 255, Uint8Array.of(1, 2, 3)), 240);
  assert.deepEqual(walk(w.bytes, w.length), [
    [c.IPPROTO_IP, c.IP_PKTINFO, '01000000c000020100000000'],
    [c.IPPROTO_IP, c.IP_PKTINFO, '02000000c000020100000000'],
    [c.IPPROTO_IP, c.IP_PKTINFO, '030000000000000000000000'],
    [c.IPPROTO_IPV6, c.IPV6_PKTINFO, 'fe80000000000000000000000000000104000000'],
    [c.IPPROTO_IPV6, c.IPV6_PKTINFO, '00000000000000000000ffffc000020100000000'],
    [c.IPPROTO_IPV6, c.IPV6_PKTINFO, '0000000000000000000000000000000000000000'],
    [-1, 255, '010203'],
  ]);
  // Written over what was there before, which leaves nothing behind.
  assert.equal(w.reset().length, 0);
  assert.equal(w.ttl(c.AF_INET, 255), 24);
  w.tos(c.AF_INET6, 0);
  w.segmentSize(0xffff);
  w.rights([]);
  w.rights([0, 2 ** 31 - 1]);
  w.credentials({ pid: -1, uid: 2 ** 32 - 1, gid: 0 });
  assert.deepEqual(walk(w.bytes, w.length), [
    [c.IPPROTO_IP, c.IP_TTL, 'ff000000'],
    [c.IPPROTO_IPV6, c.IPV6_TCLASS, '00000000'],
    [c.IPPROTO_UDP, c.UDP_SEGMENT, 'ffff'],
    [c.SOL_SOCKET, c.SCM_RIGHTS, '00000000ffffff7f'],
    [c.SOL_SOCKET, c.SCM_CREDENTIALS, 'ffffffffffffffff00000000'],
  ]);
});

test('what no message can hold is refused, and adds nothing', options, () => {
  const w = new ControlWriter();
  w.ttl(c.AF_INET, 1);
  const v6 = Addr.parse('2001:db8::1');
  for (const [i, n] of [
    w.packetInfo(c.AF_INET, 1, v6),
    w.packetInfo(c.AF_UNIX, 1, null),
    w.packetInfo(c.AF_INET, -1, null),
    w.packetInfo(c.AF_INET6, 0.5, v6),
    w.packetInfo(c.AF_INET6, 2 ** 31, v6),
    w.ttl(c.AF_INET, 0),
    w.ttl(c.AF_INET6, 256),
    w.ttl(c.AF_INET6, -1),
    w.ttl(c.AF_UNIX, 64),
    w.tos(c.AF_INET, 256),
    w.tos(c.AF_INET, NaN),
    w.tos(0, 0),
    w.segmentSize(65_536),
    w.segmentSize(-1),
    w.credentials({ pid: 2 ** 31, uid: 0, gid: 0 }),
    w.credentials({ pid: 1, uid: -1, gid: 0 }),
    w.credentials({ pid: 1, uid: 0, gid: 2 ** 32 }),
    w.raw(2 ** 31, 0, new Uint8Array()),
    w.raw(0, NaN, new Uint8Array()),
  ].entries()) {
    assert.equal(n, -c.EINVAL, String(i));
  }
  for (const fd of [-1, NaN, 0.5, 2 ** 31]) assert.equal(w.rights([1, fd]), -c.EBADF);
  assert.deepEqual(walk(w.bytes, w.length), [[c.IPPROTO_IP, c.IP_TTL, '01000000']]);
});

test('the buffer grows to its most, and then it is ENOBUFS', options, () => {
  const w = new ControlWriter(0, 100);
  assert.equal(w.ttl(c.AF_INET, 1), 24);
  assert.equal(w.rights([1, 2, 3, 4]), 56);
  assert.equal(w.raw(1, 2, new Uint8Array(29)), -c.ENOBUFS);
  assert.equal(w.packetInfo(c.AF_INET6, 0, null), 96);
  for (const n of [w.ttl(c.AF_INET, 1), w.segmentSize(1), w.rights([1]), w.credentials({ pid: 1, uid: 1, gid: 1 })]) {
    assert.equal(n, -c.ENOBUFS);
  }
  assert.equal(w.packetInfo(c.AF_INET, 0, null), -c.ENOBUFS);
  assert.deepEqual([w.length, w.bytes.length <= 100, walk(w.bytes, w.length).length], [96, true, 3]);
  const wide = new ControlWriter();
  assert.equal(wide.raw(1, 2, new Uint8Array(131_056)), 131_072);
  assert.equal(wide.reset().raw(1, 2, new Uint8Array(131_057)), -c.ENOBUFS);
  assert.equal(wide.rights(Array.from<number>({ length: 100_000 }).fill(1)), -c.ENOBUFS);
});

test('data that were handed away are none', options, () => {
  const data = new Uint8Array(8);
  structuredClone(data.buffer, { transfer: [data.buffer] });
  const w = new ControlWriter();
  assert.equal(w.raw(1, 2, data), 16);
});
