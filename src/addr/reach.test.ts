import assert from 'node:assert/strict';
import { test } from 'node:test';

import * as fc from 'fast-check';

import { Addr, Prefix } from './ip.ts';
import { notPublic } from './reach.ts';

const options = { timeout: 20_000 };
const of = (text: string): string | null => notPublic(Addr.parse(text));

/** Each range by its first and last address, what it is, and what its neighbours on both sides are; `-` is no address at all. */
const RANGES: readonly (readonly [
  first: string,
  last: string,
  kind: string,
  before: string | null,
  after: string | null,
])[] = [
  ['0.0.0.0', '0.255.255.255', 'unspecified', '-', null],
  ['10.0.0.0', '10.255.255.255', 'private', null, null],
  ['100.64.0.0', '100.100.100.199', 'shared', null, 'metadata'],
  ['100.100.100.200', '100.100.100.200', 'metadata', 'shared', 'shared'],
  ['100.100.100.201', '100.127.255.255', 'shared', 'metadata', null],
  ['127.0.0.0', '127.255.255.255', 'loopback', null, null],
  ['168.63.129.16', '168.63.129.16', 'metadata', null, null],
  ['169.254.0.0', '169.254.169.253', 'link-local', null, 'metadata'],
  ['169.254.169.254', '169.254.169.254', 'metadata', 'link-local', 'link-local'],
  ['169.254.170.2', '169.254.170.2', 'metadata', 'link-local', 'link-local'],
  ['169.254.170.3', '169.254.255.255', 'link-local', 'metadata', null],
  ['172.16.0.0', '172.31.255.255', 'private', null, null],
  ['192.0.0.0', '192.0.0.191', 'reserved', null, 'metadata'],
  ['192.0.0.192', '192.0.0.192', 'metadata', 'reserved', 'reserved'],
  ['192.0.0.193', '192.0.0.255', 'reserved', 'metadata', null],
  ['192.0.2.0', '192.0.2.255', 'reserved', null, null],
  ['192.88.99.0', '192.88.99.255', 'reserved', null, null],
  ['192.168.0.0', '192.168.255.255', 'private', null, null],
  ['198.18.0.0', '198.19.255.255', 'reserved', null, null],
  ['198.51.100.0', '198.51.100.255', 'reserved', null, null],
  ['203.0.113.0', '203.0.113.255', 'reserved', null, null],
  ['224.0.0.0', '239.255.255.255', 'multicast', null, 'reserved'],
  ['240.0.0.0', '255.255.255.255', 'reserved', 'multicast', '-'],
  ['::', '::', 'unspecified', '-', 'loopback'],
  ['::1', '::1', 'loopback', 'unspecified', 'unspecified'],
  ['64:ff9b::1:0:0', '1fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff', 'reserved', 'reserved', null],
  ['2001:2::', '2001:2:0:ffff:ffff:ffff:ffff:ffff', 'reserved', null, null],
  ['2001:10::', '2001:1f:ffff:ffff:ffff:ffff:ffff:ffff', 'reserved', null, null],
  ['2001:db8::', '2001:db8:ffff:ffff:ffff:ffff:ffff:ffff', 'reserved', null, null],
  ['3fff::', '3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff', 'reserved', null, null],
  ['4000::', 'fbff:ffff:ffff:ffff:ffff:ffff:ffff:ffff', 'reserved', null, 'unique-local'],
  ['fc00::', 'fd00:ec2::253', 'unique-local', 'reserved', 'metadata'],
  ['fd00:ec2::254', 'fd00:ec2::254', 'metadata', 'unique-local', 'unique-local'],
  ['fd20:ce::254', 'fd20:ce::254', 'metadata', 'unique-local', 'unique-local'],
  ['fd20:ce::255', 'fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff', 'unique-local', 'metadata', 'reserved'],
  ['fe80::', 'febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff', 'link-local', 'reserved', 'site-local'],
  ['fec0::', 'feff:ffff:ffff:ffff:ffff:ffff:ffff:ffff', 'site-local', 'link-local', 'multicast'],
  ['ff00::', 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff', 'multicast', 'site-local', '-'],
];

for (const [first, last, kind, before, after] of RANGES) {
  test(`${first} to ${last} is ${kind}, its neighbours are what they are`, options, () => {
    const [low, high] = [Addr.parse(first), Addr.parse(last)];
    assert.deepEqual([notPublic(low), notPublic(high)], [kind, kind]);
    for (const [neighbour, expected] of [
      [low.prev(), before],
      [high.next(), after],
    ] as const) {
      assert.equal(neighbour.isValid() ? notPublic(neighbour) : '-', expected, neighbour.toString());
    }
  });
}

test('addresses of the public', options, () => {
  for (const text of ['1.1.1.1', '8.8.8.8', '192.0.1.1', '223.255.255.255', '2606:4700::1111', '2a00:1450::1']) {
    assert.equal(of(text), null, text);
  }
});

test('what clouds keep for their machines', options, () => {
  for (const text of [
    '169.254.169.254',
    '169.254.170.2',
    '100.100.100.200',
    '168.63.129.16',
    '192.0.0.192',
    'fd00:ec2::254',
    'fd20:ce::254',
  ]) {
    assert.equal(of(text), 'metadata', text);
  }
});

/** An IPv4 address in every form in which IPv6 carries one. */
const FORMS: readonly (readonly [name: string, write: (bytes: readonly number[]) => string])[] = [
  ['4-in-6', ([a, b, c, d]) => `::ffff:${a}.${b}.${c}.${d}`],
  ['IPv4-translated, RFC 2765', ([a, b, c, d]) => `::ffff:0:${a}.${b}.${c}.${d}`],
  ['NAT64', ([a, b, c, d]) => `64:ff9b::${a}.${b}.${c}.${d}`],
  ['6to4', ([a, b, c, d]) => `2002:${hex(a!, b!)}:${hex(c!, d!)}::1`],
  ['Teredo', ([a, b, c, d]) => `2001:0:4136:e378:8000:63bf:${hex(~a! & 255, ~b! & 255)}:${hex(~c! & 255, ~d! & 255)}`],
];
const hex = (high: number, low: number): string => ((high << 8) | low).toString(16);
const bytesOf = (text: string): number[] => text.split('.').map(Number);

for (const [name, write] of FORMS) {
  test(`${name}: judged by the IPv4 address inside`, options, () => {
    for (const [inner, kind] of [
      ['127.0.0.1', 'loopback'],
      ['10.0.0.1', 'private'],
      ['172.16.5.4', 'private'],
      ['192.168.1.1', 'private'],
      ['169.254.169.254', 'metadata'],
      ['168.63.129.16', 'metadata'],
      ['100.64.0.1', 'shared'],
      ['0.0.0.0', 'unspecified'],
      ['224.0.0.1', 'multicast'],
      ['255.255.255.255', 'reserved'],
      ['8.8.8.8', null],
      ['11.0.0.0', null],
      ['172.32.0.0', null],
    ] as const) {
      assert.equal(of(write(bytesOf(inner))), kind, write(bytesOf(inner)));
    }
  });
}

test('IPv4-compatible: the first two are IPv6’s own, the others are judged by what they carry', options, () => {
  for (const [text, kind] of [
    ['::', 'unspecified'],
    ['::1', 'loopback'],
    ['::2', 'unspecified'],
    ['::7f00:1', 'loopback'],
    ['::10.1.2.3', 'private'],
    ['::169.254.169.254', 'metadata'],
    ['::8.8.8.8', null],
  ] as const) {
    assert.equal(of(text), kind, text);
  }
});

test('what only looks like a carrier is none', options, () => {
  for (const [text, kind] of [
    ['64:ff9b::1:7f00:1', 'reserved'],
    ['64:ff9b:0:0:0:1:a00:1', 'reserved'],
    ['::1:ffff:127.0.0.1', 'reserved'],
    ['2003:a00:1::', null],
  ] as const) {
    assert.equal(of(text), kind, text);
  }
});

test('a zone changes nothing', options, () => {
  for (const [text, kind] of [
    ['fe80::1%eth0', 'link-local'],
    ['::1%lo', 'loopback'],
    ['fd00:ec2::254%1', 'metadata'],
    ['64:ff9b::a00:1%x', 'private'],
    ['2606:4700::1111%eth0', null],
  ] as const) {
    assert.equal(of(text), kind, text);
  }
});

test('any IPv4 address is judged alike in every form', options, () => {
  const bytes = fc.tuple(fc.nat(255), fc.nat(255), fc.nat(255), fc.nat(255));
  /** Of the ranges above, so that both outcomes come up. */
  const known = fc
    .constantFrom(...RANGES.flatMap(([first, last]) => [first, last]).filter((text) => text.includes('.')))
    .map((text) => bytesOf(text));
  fc.assert(
    fc.property(fc.oneof(bytes, known), (inner) => {
      const alone = of(inner.join('.'));
      for (const [name, write] of FORMS) assert.equal(of(write(inner)), alone, `${name}: ${write(inner)}`);
      assert.equal(of(`::${inner.join('.')}`), inner.join('.') === '0.0.0.1' ? 'loopback' : alone);
    }),
    { numRuns: 2000 },
  );
});

test('any address inside a range is of its kind, by a slow count of bits', options, () => {
  const ranges = RANGES.map(([first, last, kind]) => ({ low: Addr.parse(first), high: Addr.parse(last), kind }));
  const word = fc.nat(0xffff_ffff);
  fc.assert(
    fc.property(fc.nat(ranges.length - 1), fc.tuple(word, word, word, word), (at, [a, b, c, d]) => {
      const { low, high, kind } = ranges[at]!;
      const noise = low.is4() ? [a >>> 24, b >>> 24, c >>> 24, d >>> 24] : wordsToBytes(a, b, c, d);
      const inside = between(low, high, noise);
      assert.equal(notPublic(inside), RANGES.find((row) => includes(row[0], row[1], inside))?.[2] ?? kind, `${inside}`);
    }),
    { numRuns: 1000 },
  );
});

const wordsToBytes = (...words: number[]): number[] =>
  words.flatMap((each) => [each >>> 24, (each >>> 16) & 255, (each >>> 8) & 255, each & 255]);

const numberOf = (addr: Addr): bigint =>
  [...(addr.is4() ? addr.as4() : addr.as16())].reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n);

const includes = (first: string, last: string, addr: Addr): boolean => {
  const [low, high] = [Addr.parse(first), Addr.parse(last)];
  return low.is4() === addr.is4() && numberOf(low) <= numberOf(addr) && numberOf(addr) <= numberOf(high);
};

/** An address from `low` to `high`. */
function between(low: Addr, high: Addr, noise: readonly number[]): Addr {
  const random = noise.reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
  let n = numberOf(low) + (random % (numberOf(high) - numberOf(low) + 1n));
  const bytes: number[] = [];
  for (let i = 0; i < (low.is4() ? 4 : 16); i++, n >>= 8n) bytes.unshift(Number(n & 255n));
  return low.is4() ? Addr.from4(bytes) : Addr.from16(bytes);
}

test('a prefix that is public as a whole has nothing in it that is not', options, () => {
  const open = Prefix.parse('8.8.8.0/24');
  for (let addr = open.addr; open.contains(addr); addr = addr.next()) assert.equal(notPublic(addr), null);
});

// RFC 9780, and what is no global unicast at all: 200::/7 for one is the overlay of Yggdrasil where that runs.
test('IPv6 addresses that are of no public network', options, () => {
  for (const text of ['100:0:0:1::1', '200::1', '4000::1', '1::1', 'fe00::1']) assert.notEqual(of(text), null, text);
});
