import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Addr } from './ip.ts';

const PREDICATES = [
  'isUnspecified',
  'isLoopback',
  'isPrivate',
  'isMulticast',
  'isInterfaceLocalMulticast',
  'isLinkLocalMulticast',
  'isLinkLocalUnicast',
  'isGlobalUnicast',
] as const;

type Short = 'unspecified' | 'loopback' | 'private' | 'multicast' | 'interface' | 'link-mc' | 'link' | 'global';
const SHORT: Readonly<Record<Short, (typeof PREDICATES)[number]>> = {
  unspecified: 'isUnspecified',
  loopback: 'isLoopback',
  private: 'isPrivate',
  multicast: 'isMulticast',
  interface: 'isInterfaceLocalMulticast',
  'link-mc': 'isLinkLocalMulticast',
  link: 'isLinkLocalUnicast',
  global: 'isGlobalUnicast',
};

/** Which predicates hold; all others must not. */
const classes: readonly [text: string, holds: readonly Short[]][] = [
  ['0.0.0.0', ['unspecified']],
  ['0.0.0.1', ['global']],
  ['127.0.0.1', ['loopback']],
  ['127.255.255.254', ['loopback']],
  ['128.0.0.1', ['global']],
  ['9.255.255.255', ['global']],
  ['10.0.0.0', ['private', 'global']],
  ['10.255.255.255', ['private', 'global']],
  ['11.0.0.0', ['global']],
  ['172.15.255.255', ['global']],
  ['172.16.0.0', ['private', 'global']],
  ['172.31.255.255', ['private', 'global']],
  ['172.32.0.0', ['global']],
  ['192.167.255.255', ['global']],
  ['192.168.0.0', ['private', 'global']],
  ['192.168.255.255', ['private', 'global']],
  ['192.169.0.0', ['global']],
  ['169.253.255.255', ['global']],
  ['169.254.0.1', ['link']],
  ['169.255.0.0', ['global']],
  ['223.255.255.255', ['global']],
  ['224.0.0.1', ['multicast', 'link-mc']],
  ['224.0.0.255', ['multicast', 'link-mc']],
  ['224.0.1.0', ['multicast']],
  ['239.255.255.255', ['multicast']],
  ['240.0.0.0', ['global']],
  ['255.255.255.254', ['global']],
  ['255.255.255.255', []],
  ['::', ['unspecified']],
  ['::%eth0', ['global']],
  ['::1', ['loopback']],
  ['::1%eth0', ['loopback']],
  ['::2', ['global']],
  ['::127.0.0.1', ['global']],
  ['::ffff:0.0.0.0', []],
  ['::ffff:127.0.0.1', ['loopback']],
  ['::ffff:127.0.0.1%eth0', ['loopback']],
  ['::ffff:10.1.2.3', ['private', 'global']],
  ['::ffff:172.16.1.2', ['private', 'global']],
  ['::ffff:192.168.1.2', ['private', 'global']],
  ['::ffff:224.0.0.1', ['multicast', 'link-mc']],
  ['::ffff:224.1.0.1', ['multicast']],
  ['::ffff:169.254.1.2', ['link']],
  ['::ffff:8.8.8.8', ['global']],
  ['::ffff:255.255.255.255', []],
  ['fbff::', ['global']],
  ['fc00::', ['private', 'global']],
  ['fdff:ffff::1', ['private', 'global']],
  ['fe00::', ['global']],
  ['fe7f::', ['global']],
  ['fe80::', ['link']],
  ['fe80::1%eth0', ['link']],
  ['febf::1', ['link']],
  ['fec0::1', ['global']],
  ['feff::', ['global']],
  ['ff00::', ['multicast']],
  ['ff01::1', ['multicast', 'interface']],
  ['ff11::1', ['multicast', 'interface']],
  ['ff02::1', ['multicast', 'link-mc']],
  ['ff02::fb%eth0', ['multicast', 'link-mc']],
  ['fff2::1', ['multicast', 'link-mc']],
  ['ff03::1', ['multicast']],
  ['ff05::1', ['multicast']],
  ['2001:db8::1', ['global']],
];

for (const [text, holds] of classes) {
  test(`${text} is ${holds.join(', ') || 'of no class'}`, () => {
    const addr = Addr.parse(text);
    const expected = new Set(holds.map((short) => SHORT[short]));
    for (const name of PREDICATES) assert.equal(addr[name](), expected.has(name), name);
  });
}

test('no predicate holds for the zero address', () => {
  for (const name of PREDICATES) assert.equal(Addr.zero[name](), false, name);
  assert.equal(Addr.zero.isValid(), false);
  assert.equal(Addr.zero.bitLen, 0);
});

const kinds: readonly [text: string, is4: boolean, is6: boolean, is4In6: boolean, bitLen: number, zone: string][] = [
  ['1.2.3.4', true, false, false, 32, ''],
  ['::1', false, true, false, 128, ''],
  ['::ffff:1.2.3.4', false, true, true, 128, ''],
  ['::ffff:1.2.3.4%z', false, true, true, 128, 'z'],
  ['::1.2.3.4', false, true, false, 128, ''],
  ['::fffe:1.2.3.4', false, true, false, 128, ''],
  ['1::ffff:1.2.3.4', false, true, false, 128, ''],
  ['fe80::1%eth0', false, true, false, 128, 'eth0'],
];

for (const [text, is4, is6, is4In6, bitLen, zone] of kinds) {
  test(`${text} knows its kind`, () => {
    const addr = Addr.parse(text);
    assert.deepEqual(
      [addr.isValid(), addr.is4(), addr.is6(), addr.is4In6(), addr.bitLen, addr.zone],
      [true, is4, is6, is4In6, bitLen, zone],
    );
  });
}

test('addresses sort as in Go: zero, IPv4, IPv6, by unsigned bits, then by zone', () => {
  const sorted = [
    '0.0.0.0',
    '8.8.8.8',
    '127.255.255.255',
    '128.0.0.0',
    '255.255.255.255',
    '::',
    '::1',
    '::1%a',
    '::1%b',
    '::ffff:1.2.3.4',
    '7fff::',
    '8000::',
    'ffff::',
  ].map((text) => Addr.parse(text));
  sorted.unshift(Addr.zero);
  sorted.forEach((left, i) => {
    sorted.forEach((right, j) => {
      assert.equal(Math.sign(left.compare(right)), Math.sign(i - j), `${left} and ${right}`);
      assert.equal(left.less(right), i < j);
      assert.equal(left.equals(right), i === j);
    });
  });
});

test('an IPv4 address and its form inside IPv6 are not equal', () => {
  assert.equal(Addr.parse('1.2.3.4').equals(Addr.parse('::ffff:1.2.3.4')), false);
  assert.equal(Addr.parse('::ffff:1.2.3.4').unmap().equals(Addr.parse('1.2.3.4')), true);
});

test('deepEqual tells addresses apart', () => {
  assert.deepEqual(Addr.parse('::1'), Addr.parse('0::1'));
  assert.notDeepEqual(Addr.parse('::1'), Addr.parse('::2'));
  assert.notDeepEqual(Addr.parse('::1'), Addr.parse('::1%z'));
});

test('as4 gives IPv4 bytes, also from inside IPv6, and throws for others', () => {
  assert.deepEqual([...Addr.parse('192.0.2.1').as4()], [192, 0, 2, 1]);
  assert.deepEqual([...Addr.parse('::ffff:192.0.2.1').as4()], [192, 0, 2, 1]);
  assert.throws(() => Addr.parse('::1').as4(), TypeError);
  assert.throws(() => Addr.zero.as4(), TypeError);
});

test('as16 and asSlice give bytes in network order', () => {
  const mapped = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 192, 0, 2, 1];
  assert.deepEqual([...Addr.parse('192.0.2.1').as16()], mapped);
  assert.deepEqual([...Addr.parse('::ffff:192.0.2.1').as16()], mapped);
  assert.deepEqual([...(Addr.parse('192.0.2.1').asSlice() ?? [])], [192, 0, 2, 1]);
  assert.deepEqual([...(Addr.parse('::ffff:192.0.2.1').asSlice() ?? [])], mapped);
  const other = [0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xfe];
  assert.deepEqual([...Addr.parse('2001:db8::fe').as16()], other);
  assert.deepEqual([...Addr.zero.as16()], Array<number>(16).fill(0));
  assert.equal(Addr.zero.asSlice(), null);
});
