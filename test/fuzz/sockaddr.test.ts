// The codec of socket addresses: what goes in comes out, and no bytes at all make it throw.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import * as fc from 'fast-check';

import { Addr } from '../../src/addr/ip.ts';
import { addrOf } from '../../src/fd/names.ts';
import { Sockaddr } from '../../src/syscall/sockaddr.ts';
import {
  AF_INET,
  AF_INET6,
  AF_UNIX,
  AF_VSOCK,
  EINVAL,
  SOCK_DGRAM,
  SOCK_RAW,
  SOCK_SEQPACKET,
  SOCK_STREAM,
} from '../../src/syscall/zconst_linux.ts';

const options = { timeout: 20_000 };
const RUNS = { numRuns: 1000 };
const port = fc.oneof(fc.constantFrom(0, 1, 255, 256, 65_535), fc.nat(65_535));
const bytes = (n: number): fc.Arbitrary<Uint8Array> => fc.uint8Array({ minLength: n, maxLength: n });
/** A zone that is a number has no other name here; `lo` has one everywhere. */
const zone = fc.oneof(
  fc.constant(''),
  fc.constant('lo'),
  fc.integer({ min: 1_000_000, max: 4_294_967_295 }).map(String),
);

// One for all runs, so that each address is written over the one before it.
const sa = new Sockaddr();

test('IPv4 comes back', options, () => {
  const property = fc.property(bytes(4), port, (ip, port) => {
    assert.equal(sa.setInet4(ip, port), 16);
    assert.deepEqual([sa.family, sa.port, [...sa.ip.as4()]], [AF_INET, port, [...ip]]);
    assert.ok(sa.ip.equals(Addr.from4([...ip])));
  });
  fc.assert(property, RUNS);
});

test('IPv6 comes back, with its zone', options, () => {
  const property = fc.property(bytes(16), port, zone, (ip, port, zone) => {
    assert.equal(sa.setInet6(ip, port, zone), 28);
    assert.deepEqual([sa.family, sa.port, [...sa.ip.as16()], sa.ip.zone], [AF_INET6, port, [...ip], zone]);
    assert.ok(sa.ip.equals(Addr.from16([...ip]).withZone(zone)));
  });
  fc.assert(property, RUNS);
});

test('any zone at all is some number', options, () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (zone) => {
      assert.equal(sa.setInet6(new Uint8Array(16), 1, zone), 28);
      assert.match(sa.ip.zone, /^(?:|[^%]+)$/s);
    }),
    RUNS,
  );
});

test('any number as a port, any length as an address: a length or EINVAL', options, () => {
  const number = fc.oneof(fc.integer({ min: -2, max: 65_538 }), fc.double());
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 20 }), number, (ip, port) => {
      const good = port >= 0 && port <= 65_535;
      assert.equal(sa.setInet4(ip, port), good && ip.length === 4 ? 16 : -EINVAL);
      assert.equal(sa.setInet6(ip, port, ''), good && ip.length === 16 ? 28 : -EINVAL);
    }),
    RUNS,
  );
});

test('a unix name comes back, or does not fit', options, () => {
  const letters = fc.string({ unit: 'grapheme', maxLength: 120, size: 'max' });
  const name = fc.tuple(fc.constantFrom('', '@', '/', '\0', '/tmp/'), letters).map(([head, tail]) => head + tail);
  fc.assert(
    fc.property(name, (name) => {
      const length = Buffer.byteLength(name);
      const abstract = name.startsWith('@') || name.startsWith('\0');
      const fits = abstract ? length <= 108 : length <= 107 && !name.includes('\0');
      const set = sa.setUnix(name);
      assert.equal(set, fits ? 2 + length + (abstract || length === 0 ? 0 : 1) : -EINVAL);
      if (!fits) return;
      assert.equal(sa.family, AF_UNIX);
      assert.equal(sa.name, name === '' ? '@' : abstract ? `@${name.slice(1)}` : name);
    }),
    RUNS,
  );
});

test('a vsock address comes back, or does not fit', options, () => {
  const number = fc.oneof(fc.integer({ min: -2, max: 2 ** 32 + 1 }), fc.double());
  fc.assert(
    fc.property(number, number, (cid, port) => {
      const fits = [cid, port].every((n) => n >>> 0 === n);
      assert.equal(sa.setVsock(cid, port), fits ? 16 : -EINVAL);
      if (fits) assert.deepEqual([sa.family, sa.cid, sa.vsockPort], [AF_VSOCK, cid >>> 0, port >>> 0]);
    }),
    RUNS,
  );
});

test('any bytes of any length decode to something', options, () => {
  const family = fc.constantFrom(0, AF_UNIX, AF_INET, AF_INET6, AF_VSOCK, 16, 255);
  const sotype = fc.constantFrom(SOCK_STREAM, SOCK_DGRAM, SOCK_RAW, SOCK_SEQPACKET, 0);
  fc.assert(
    fc.property(bytes(128), family, fc.nat(200), sotype, (content, family, length, sotype) => {
      sa.bytes.set(content);
      new DataView(sa.bytes.buffer).setUint16(0, family, true);
      sa.len[0] = length;
      assert.equal(typeof sa.name, 'string');
      assert.ok(sa.port >= 0 && sa.port <= 65_535);
      assert.ok(sa.cid >>> 0 === sa.cid && sa.vsockPort >>> 0 === sa.vsockPort);
      assert.equal(sa.unnamed, length < 2 || (length === 2 && family === AF_UNIX));
      assert.equal(typeof sa.ip.toString(), 'string');
      assert.equal(typeof String(addrOf(sa, sotype)), 'string');
    }),
    RUNS,
  );
});
