import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Addr } from '../addr/ip.ts';
import { ControlWriter } from './cmsg.ts';
import { decodeControl, originName, type Control } from './control.ts';
import { load } from './sys.ts';
import * as c from './zconst_linux.ts';

load();
const options = { timeout: 5000 };
const { SOL_SOCKET, IPPROTO_IP, IPPROTO_IPV6, IPPROTO_UDP } = c;

type Message = readonly [level: number, type: number, data: Uint8Array];

function decode(...messages: Message[]): Control {
  const w = new ControlWriter();
  for (const [level, type, data] of messages) assert.ok(w.raw(level, type, data) > 0);
  return decodeControl(w.bytes, w.length);
}

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex');
/** Little-endian words. */
const words = (...n: number[]): Uint8Array => new Uint8Array(Uint32Array.from(n).buffer);
const longs = (...n: bigint[]): Uint8Array => new Uint8Array(BigInt64Array.from(n).buffer);
const V4 = hex('0200 1f90 c0000201 0000000000000000');
const V6 = hex('0a00 01bb 00000000 fe800000000000000000000000000001 01000000');

test('nothing, and what is not known, is nothing', options, () => {
  assert.deepEqual(decode(), {});
  assert.deepEqual(decode([SOL_SOCKET, 99, words(1)], [99, c.IP_TTL, words(1)], [IPPROTO_UDP, 1, words(1)]), {});
  assert.deepEqual(decode([IPPROTO_IP, 99, words(1)], [IPPROTO_IPV6, 99, words(1)]), {});
});

test('packet info: the header’s address, for IPv4 also the one to answer from', options, () => {
  assert.deepEqual(decode([IPPROTO_IP, c.IP_PKTINFO, hex('02000000 0a000001 e0000001')]), {
    packetInfo: { ifIndex: 2, destination: Addr.parse('224.0.0.1'), specDst: Addr.parse('10.0.0.1') },
  });
  const v6: Message = [IPPROTO_IPV6, c.IPV6_PKTINFO, hex('00000000000000000000ffff7f000001 01000000')];
  assert.deepEqual(decode(v6).packetInfo, { ifIndex: 1, destination: Addr.parse('::ffff:127.0.0.1') });
  const both = decode(v6, [IPPROTO_IP, c.IP_PKTINFO, hex('01000000 7f000001 7f000001')]);
  assert.equal(both.packetInfo?.destination.toString(), '127.0.0.1');
});

test('numbers', options, () => {
  const rows: [Message, Control][] = [
    [[IPPROTO_IP, c.IP_TTL, words(64)], { ttl: 64 }],
    [[IPPROTO_IPV6, c.IPV6_HOPLIMIT, words(255)], { ttl: 255 }],
    [[IPPROTO_IP, c.IP_TOS, Uint8Array.of(0xb8)], { tos: 0xb8 }],
    [[IPPROTO_IP, c.IP_TOS, words(0xb8)], { tos: 0xb8 }],
    [[IPPROTO_IPV6, c.IPV6_TCLASS, words(3)], { tos: 3 }],
    [[IPPROTO_UDP, c.UDP_GRO, words(1472)], { segmentSize: 1472 }],
    [[SOL_SOCKET, c.SO_RXQ_OVFL, words(2 ** 32 - 1)], { dropped: 2 ** 32 - 1 }],
    [
      [SOL_SOCKET, c.SCM_CREDENTIALS, words(42, 1000, 2 ** 32 - 2)],
      { creds: { pid: 42, uid: 1000, gid: 2 ** 32 - 2 } },
    ],
    [[SOL_SOCKET, c.SCM_PIDFD, words(7)], { pidfd: 7 }],
    [[SOL_SOCKET, c.SCM_PIDFD, words(2 ** 32 - c.ESRCH)], { pidfd: -c.ESRCH }],
  ];
  for (const [message, control] of rows) assert.deepEqual(decode(message), control);
  assert.deepEqual(decode(...rows.slice(0, 1).map(([m]) => m), rows[1]![0], rows[4]![0]), { ttl: 255, tos: 3 });
});

test('the time is nanoseconds since 1970', options, () => {
  const rows: [type: number, data: Uint8Array, ns: bigint | undefined][] = [
    [c.SCM_TIMESTAMPNS, longs(1_700_000_000n, 123_456_789n), 1_700_000_000_123_456_789n],
    [c.SCM_TIMESTAMP, longs(1_700_000_000n, 123_456n), 1_700_000_000_123_456_000n],
    [c.SCM_TIMESTAMPING, longs(5n, 6n, 0n, 0n, 7n, 8n), 5_000_000_006n],
    [c.SCM_TIMESTAMPING, longs(0n, 0n, 0n, 0n, 7n, 8n), 7_000_000_008n],
    [c.SCM_TIMESTAMPING, longs(0n, 0n, 9n, 9n, 0n, 0n), undefined],
    [c.SCM_TIMESTAMPNS, longs(-1n, 1n), -999_999_999n],
    [c.SCM_TIMESTAMPNS, longs(2n ** 63n - 1n, 0n), (2n ** 63n - 1n) * 1_000_000_000n],
  ];
  for (const [type, data, ns] of rows) assert.equal(decode([SOL_SOCKET, type, data]).timestamp, ns);
  const both = decode(
    [SOL_SOCKET, c.SCM_TIMESTAMPNS, longs(1n, 0n)],
    [SOL_SOCKET, c.SCM_TIMESTAMPING, longs(2n, 0n, 0n, 0n, 0n, 0n)],
  );
  assert.equal(both.timestamp, 1_000_000_000n);
});

test('errors, with who sent them', options, () => {
  const head = (origin: number): Buffer => hex(`6f000000 0${origin} 03 04 00 dc050000 07000000`);
  const fields = { errno: c.ECONNREFUSED, type: 3, code: 4, info: 1500, data: 7 };
  const rows: [level: number, type: number, data: Uint8Array, origin: number, offender: string | null][] = [
    [IPPROTO_IP, c.IP_RECVERR, Buffer.concat([head(2), V4]), 2, '192.0.2.1'],
    [IPPROTO_IPV6, c.IPV6_RECVERR, Buffer.concat([head(3), V6]), 3, 'fe80::1%lo'],
    [IPPROTO_IP, c.IP_RECVERR, Buffer.concat([head(1), Buffer.alloc(16)]), 1, null],
    [IPPROTO_IP, c.IP_RECVERR, head(5), 5, null],
    [IPPROTO_IP, c.IP_RECVERR, Buffer.concat([head(2), V4.subarray(0, 15)]), 2, null],
    [IPPROTO_IPV6, c.IPV6_RECVERR, Buffer.concat([head(2), V6.subarray(0, 27)]), 2, null],
  ];
  for (const [level, type, data, origin, offender] of rows) {
    const { error } = decode([level, type, data]);
    assert.deepEqual({ ...error, offender: error?.offender?.toString() ?? null }, { ...fields, origin, offender });
  }
  const names = ['none', 'local', 'icmp', 'icmp6', 'txstatus', 'zerocopy', 'txtime', 'none', 'none'];
  assert.deepEqual([0, 1, 2, 3, 4, 5, 6, 7, NaN].map(originName), names);
});

test('where a packet was going first', options, () => {
  const port = (level: number, type: number, data: Uint8Array): string | undefined =>
    decode([level, type, data]).originalDestination?.toString();
  assert.equal(port(IPPROTO_IP, c.IP_ORIGDSTADDR, V4), '192.0.2.1:8080');
  assert.equal(port(IPPROTO_IPV6, c.IPV6_ORIGDSTADDR, V6), '[fe80::1%lo]:443');
  assert.equal(port(IPPROTO_IP, c.IP_ORIGDSTADDR, V4.subarray(0, 15)), undefined);
  assert.equal(port(IPPROTO_IPV6, c.IPV6_ORIGDSTADDR, Buffer.alloc(28)), undefined);
  assert.equal(port(IPPROTO_IPV6, c.IPV6_ORIGDSTADDR, Buffer.alloc(1)), undefined);
});

test('descriptors of several messages are one list, and of a cut one those that are there', options, () => {
  const rights = (...fds: number[]): Message => [SOL_SOCKET, c.SCM_RIGHTS, words(...fds)];
  assert.deepEqual(decode(rights(3, 4), [IPPROTO_IP, c.IP_TTL, words(1)], rights(5)), { fds: [3, 4, 5], ttl: 1 });
  assert.deepEqual(decode([SOL_SOCKET, c.SCM_RIGHTS, new Uint8Array(3)]), { fds: [] });
  const w = new ControlWriter();
  w.rights([3, 4, 5]);
  for (const [length, fds] of [
    [28, [3, 4, 5]],
    [27, [3, 4]],
    [20, [3]],
    [19, []],
  ] as const) {
    assert.deepEqual(decodeControl(w.bytes, length), { fds });
  }
  assert.deepEqual(decodeControl(w.bytes, 15), {});
});

test('a message that is too short for its kind, or cut, is passed over', options, () => {
  const least: [level: number, type: number, size: number][] = [
    [IPPROTO_IP, c.IP_PKTINFO, 12],
    [IPPROTO_IP, c.IP_TTL, 4],
    [IPPROTO_IP, c.IP_TOS, 1],
    [IPPROTO_IP, c.IP_RECVERR, 16],
    [IPPROTO_IPV6, c.IPV6_PKTINFO, 20],
    [IPPROTO_IPV6, c.IPV6_HOPLIMIT, 4],
    [IPPROTO_IPV6, c.IPV6_TCLASS, 4],
    [IPPROTO_IPV6, c.IPV6_RECVERR, 16],
    [IPPROTO_UDP, c.UDP_GRO, 4],
    [SOL_SOCKET, c.SCM_CREDENTIALS, 12],
    [SOL_SOCKET, c.SO_RXQ_OVFL, 4],
    [SOL_SOCKET, c.SCM_TIMESTAMP, 16],
    [SOL_SOCKET, c.SCM_TIMESTAMPNS, 16],
  ];
  for (const [level, type, size] of least) {
    const data = new Uint8Array(size).fill(1);
    assert.equal(Object.keys(decode([level, type, data])).length, 1, `${level} ${type}`);
    assert.deepEqual(decode([level, type, data.subarray(1)]), {}, `${level} ${type}`);
    const w = new ControlWriter();
    w.raw(level, type, data);
    assert.deepEqual(decodeControl(w.bytes, 16 + size - 1), {}, `${level} ${type}`);
  }
  const stamps = new Uint8Array(48).fill(1);
  assert.equal(typeof decode([SOL_SOCKET, c.SCM_TIMESTAMPING, stamps]).timestamp, 'bigint');
  assert.deepEqual(decode([SOL_SOCKET, c.SCM_TIMESTAMPING, stamps.subarray(1)]), {});
  assert.deepEqual(decode([SOL_SOCKET, c.SCM_PIDFD, new Uint8Array(3)]), {});
});

test('what is decoded stays what it was when the buffer is used again', options, () => {
  const w = new ControlWriter();
  w.packetInfo(c.AF_INET6, 1, Addr.parse('2001:db8::1'));
  w.rights([3]);
  const first = decodeControl(w.bytes, w.length);
  w.reset();
  w.packetInfo(c.AF_INET6, 2, Addr.parse('2001:db8::2'));
  w.rights([4]);
  decodeControl(w.bytes, w.length);
  assert.deepEqual(
    [String(first.packetInfo?.destination), first.packetInfo?.ifIndex, first.fds],
    ['2001:db8::1', 1, [3]],
  );
});
