// Control messages against a slow plain twin: bytes of any kind decode to what it says, without a look beyond their length, and
// what is written comes back.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import * as fc from 'fast-check';

import { Addr } from '../../src/addr/ip.ts';
import { ControlReader, ControlWriter, cmsgSpace, collectFds } from '../../src/syscall/cmsg.ts';
import { decodeControl } from '../../src/syscall/control.ts';
import { load } from '../../src/syscall/sys.ts';
import * as c from '../../src/syscall/zconst_linux.ts';
import { isPidfd, isRights, KINDS, slowDecode, slowWalk, wholeInts, type Plain } from './slowcmsg.ts';

load();
const options = { timeout: 60_000 };
const { SOL_SOCKET } = c;

/** The decoder's answer in the twin's form. */
function decode(control: Uint8Array, length: number): Plain {
  const { packetInfo, originalDestination, error, ...rest } = decodeControl(control, length);
  const found: Plain = { ...rest };
  if (originalDestination !== undefined) found['originalDestination'] = originalDestination.toString();
  if (error !== undefined) found['error'] = { ...error, offender: error.offender?.toString() ?? null };
  if (packetInfo === undefined) return found;
  const { ifIndex, destination, specDst } = packetInfo;
  found['packetInfo'] = {
    ifIndex,
    destination: destination.toString(),
    ...(specDst && { specDst: specDst.toString() }),
  };
  return found;
}

const kinds: [number, number][] = [
  [SOL_SOCKET, c.SCM_RIGHTS],
  [SOL_SOCKET, c.SCM_PIDFD],
  ...KINDS.map(([level, type]): [number, number] => [level, type]),
];
const head = fc.oneof(
  { weight: 9, arbitrary: fc.constantFrom(...kinds) },
  { weight: 1, arbitrary: fc.tuple(fc.integer(), fc.integer()) },
);
const family = fc.constantFrom('', '', '0200', '0a00');
const data = fc
  .tuple(fc.nat(60), fc.uint8Array({ minLength: 60, maxLength: 60 }), family, fc.constantFrom(0, 16), fc.boolean())
  .map(([size, bytes, family, at, zero]) => {
    const data = zero ? Buffer.alloc(60) : Buffer.from(bytes);
    data.write(family, at, 'hex');
    return data.subarray(0, size);
  });
/** The length as it should be, nearly so, or anything. */
const wrong = fc.oneof(
  { weight: 12, arbitrary: fc.constant(0n) },
  { weight: 2, arbitrary: fc.bigInt({ min: -20n, max: 20n }) },
  { weight: 1, arbitrary: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }) },
  { weight: 1, arbitrary: fc.bigInt({ min: 2n ** 32n - 80n, max: 2n ** 32n }) },
);

const one = fc.tuple(head, data, wrong).map(([[level, type], data, wrong]) => {
  const bytes = Buffer.alloc(cmsgSpace(data.length), 0xaa);
  bytes.writeBigUInt64LE(BigInt.asUintN(64, BigInt(16 + data.length) + wrong), 0);
  bytes.writeInt32LE(level, 8);
  bytes.writeInt32LE(type, 12);
  data.copy(bytes, 16);
  return bytes;
});
const messages = fc.array(one, { maxLength: 5, size: 'max' }).map((list) => Buffer.concat(list));
const control = fc.oneof(
  { weight: 5, arbitrary: messages },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)) },
);
/** How much of the buffer counts: all, some, or more than there is. */
const share = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(1, 3) },
  { weight: 1, arbitrary: fc.double({ min: 0, max: 1, noNaN: true }) },
);

test('any control buffer: what the slow twin says, and nothing beyond the length', options, () => {
  const fields = new Map<string, number>();
  fc.assert(
    fc.property(control, share, fc.nat(7), (bytes, share, shift) => {
      const length = Math.floor(bytes.length * share);
      const expected = slowDecode(bytes.subarray(0, length));
      for (const field of Object.keys(expected)) fields.set(field, (fields.get(field) ?? 0) + 1);
      assert.deepEqual(decode(bytes, length), expected);
      // The same in the middle of other bytes: had any of those been read, one of the two would differ.
      for (const filler of [0, 0xff]) {
        const around = Buffer.alloc(shift + bytes.length + 64, filler);
        const middle = around.subarray(shift);
        bytes.copy(middle, 0, 0, length);
        const counted = Math.min(length, bytes.length);
        assert.deepEqual(decode(middle, counted), expected);
        assert.deepEqual(collectFds(middle, counted), collectFds(bytes, length));
      }
    }),
    { numRuns: 12_000 },
  );
  // Each of the eleven was there often enough to be compared.
  assert.equal(fields.size, 11);
  for (const [field, n] of fields) assert.ok(n > 100, `${field}: only ${n} times`);
});

test('every descriptor that the twin finds is found, and no other', options, () => {
  fc.assert(
    fc.property(control, share, (bytes, share) => {
      const length = Math.floor(bytes.length * share);
      const carriers = slowWalk(bytes.subarray(0, length)).filter((m) => isRights(m) || isPidfd(m));
      const slow = carriers.flatMap(({ data }) => wholeInts(data)).filter((fd) => fd >= 0);
      assert.deepEqual(collectFds(bytes, length), slow);
      const { fds = [], pidfd = -1 } = decodeControl(bytes, length);
      for (const fd of [...fds, ...(pidfd < 0 ? [] : [pidfd])]) assert.ok(slow.includes(fd));
    }),
    { numRuns: 5000 },
  );
});

test('the walk ends, on any bytes and any length', options, () => {
  const reader = new ControlReader();
  const length = fc.oneof(fc.integer(), fc.double(), fc.nat(200));
  fc.assert(
    fc.property(control, length, (bytes, length) => {
      reader.reset(bytes, length);
      const most = Math.max(0, Math.min(Number.isNaN(length) ? 0 : length, bytes.length));
      let steps = 0;
      for (let end = 0; reader.next(); end = reader.offset + reader.size, steps++) {
        assert.ok(reader.size >= 0 && reader.offset >= end + 16 && reader.offset + reader.size <= most);
      }
      assert.ok(steps <= most / 16);
    }),
    { numRuns: 5000 },
  );
});

// The writer: each call with what it should read as, or null where the arguments are none.
const writer = new ControlWriter(8, 400);
const uint8 = fc.integer({ min: -1, max: 256 });
const inet = fc.constantFrom<number>(c.AF_INET, c.AF_INET6, c.AF_UNIX);
const uint32 = fc.oneof(fc.integer({ min: -1, max: 2 ** 32 }), fc.constantFrom(0.5, NaN));
const isInt = (n: number): boolean => Number.isInteger(n) && n >= -(2 ** 31) && n < 2 ** 31;
const isUint = (n: number, most = 2 ** 32 - 1): boolean => Number.isInteger(n) && n >= 0 && n <= most;
const address = fc.oneof(
  fc.constant(null),
  fc.uint8Array({ minLength: 4, maxLength: 4 }).map((bytes) => Addr.from4(bytes)),
  fc.uint8Array({ minLength: 16, maxLength: 16 }).map((bytes) => Addr.from16(bytes)),
);
interface Step {
  size: number;
  put: () => number;
  plain: Plain | null;
}
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.tuple(inet, uint8).map(([family, n]) => ({
    size: 4,
    put: () => writer.ttl(family, n),
    plain: family !== c.AF_UNIX && isUint(n, 255) && (n > 0 || family === c.AF_INET6) ? { ttl: n } : null,
  })),
  fc.tuple(inet, uint8).map(([family, n]) => ({
    size: 4,
    put: () => writer.tos(family, n),
    plain: family !== c.AF_UNIX && isUint(n, 255) ? { tos: n } : null,
  })),
  fc.tuple(uint32, uint32, uint32).map(([pid, uid, gid]) => ({
    size: 12,
    put: () => writer.credentials({ pid, uid, gid }),
    plain: isInt(pid) && isUint(uid) && isUint(gid) ? { creds: { pid, uid, gid } } : null,
  })),
  fc.tuple(inet, uint32, address).map(([family, ifIndex, source]) => {
    const six = family === c.AF_INET6;
    const good = isInt(ifIndex) && ifIndex >= 0 && (six || (family === c.AF_INET && (source?.unmap().is4() ?? true)));
    const to4 = source?.unmap().toString() ?? '0.0.0.0';
    const to6 = Addr.from16(source?.as16() ?? new Uint8Array(16)).toString();
    const packetInfo = six ? { ifIndex, destination: to6 } : { ifIndex, destination: '0.0.0.0', specDst: to4 };
    return {
      size: six ? 20 : 12,
      put: () => writer.packetInfo(family, ifIndex, source),
      plain: good ? { packetInfo } : null,
    };
  }),
  fc.array(fc.integer({ min: 0, max: 2 ** 31 - 1 }), { minLength: 1, maxLength: 30 }).map((fds) => ({
    size: 4 * fds.length,
    put: () => writer.rights(fds),
    plain: { fds },
  })),
  fc.tuple(fc.integer(), fc.integer(), fc.uint8Array({ maxLength: 50 })).map(([level, type, data]) => ({
    size: data.length,
    put: () => writer.raw(level, 1000 + (type >>> 8), data),
    plain: {},
  })),
);

test('what is written comes back, what cannot be written changes nothing', options, () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 12 }), (steps) => {
      writer.reset();
      const expected: Plain = {};
      for (const { size, put, plain } of steps) {
        const before = writer.length;
        const n = put();
        if (plain === null) assert.equal(n, -c.EINVAL);
        else if (before + cmsgSpace(size) > 400) assert.equal(n, -c.ENOBUFS);
        else assert.equal(n, before + cmsgSpace(size));
        if (n < 0) assert.equal(writer.length, before);
        if (n < 0 || plain === null) continue;
        const { fds } = plain as { fds?: number[] };
        const old = (expected['fds'] ?? []) as number[];
        Object.assign(expected, plain, fds && { fds: [...old, ...fds] });
      }
      assert.deepEqual(decode(writer.bytes, writer.length), expected);
      assert.deepEqual(slowDecode(Buffer.from(writer.bytes.subarray(0, writer.length))), expected);
    }),
    { numRuns: 3000 },
  );
});
