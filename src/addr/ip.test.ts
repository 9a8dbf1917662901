import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inspect } from 'node:util';

import { ParseError } from '../errors.ts';
import { Addr, Prefix } from './ip.ts';

// addresses ───────────────────────────────────────────────────────────────

const texts: readonly [given: string, text: string, expanded?: string][] = [
  ['0.0.0.0', '0.0.0.0'],
  ['192.168.140.255', '192.168.140.255'],
  ['::', '::', '0000:0000:0000:0000:0000:0000:0000:0000'],
  ['0:0:0:0:0:0:0:1', '::1', '0000:0000:0000:0000:0000:0000:0000:0001'],
  ['fd7a:115c:a1e0:ab12:4843:cd96:626b:430b', 'fd7a:115c:a1e0:ab12:4843:cd96:626b:430b'],
  ['fd7a:115c::626b:430b', 'fd7a:115c::626b:430b', 'fd7a:115c:0000:0000:0000:0000:626b:430b'],
  ['2001:DB8:0:0:1:0:0:1', '2001:db8::1:0:0:1', '2001:0db8:0000:0000:0001:0000:0000:0001'],
  ['::ffff:c0a8:8cff', '::ffff:192.168.140.255', '0000:0000:0000:0000:0000:ffff:c0a8:8cff'],
  ['::ffff:1.2.3.4%eth0', '::ffff:1.2.3.4%eth0', '0000:0000:0000:0000:0000:ffff:0102:0304%eth0'],
  ['::1.2.3.4', '::102:304', '0000:0000:0000:0000:0000:0000:0102:0304'],
  ['fd7a:115c:a1e0:ab12:4843:cd96:626b:430b%eth0', 'fd7a:115c:a1e0:ab12:4843:cd96:626b:430b%eth0'],
  ['1:2::%a%b', '1:2::%a%b', '0001:0002:0000:0000:0000:0000:0000:0000%a%b'],
];

for (const [given, text, expanded = text] of texts) {
  test(`${given} prints as ${text}`, () => {
    const addr = Addr.parse(given);
    assert.equal(addr.toString(), text);
    assert.equal(addr.stringExpanded(), expanded);
    assert.equal(JSON.stringify({ addr }), `{"addr":"${text}"}`);
    assert.equal(inspect(addr), text);
    assert.ok(Addr.parse(text).equals(addr));
    assert.ok(Addr.parse(expanded).equals(addr));
    assert.ok(Addr.tryParse(given)?.equals(addr));
  });
}

test('the zero address prints as invalid, and as nothing in JSON', () => {
  assert.equal(Addr.zero.toString(), 'invalid IP');
  assert.equal(Addr.zero.stringExpanded(), 'invalid IP');
  assert.equal(Addr.zero.toJSON(), '');
});

const refused: readonly [text: string, message: string][] = [
  ['', 'ParseAddr(""): unable to parse IP'],
  ['bad', 'ParseAddr("bad"): unable to parse IP'],
  ['1.2.3.4%eth0', 'ParseAddr("1.2.3.4%eth0"): unexpected character (at "%eth0")'],
  ['1.2.3."', 'ParseAddr("1.2.3.\\""): unexpected character (at "\\"")'],
  ['::1\n', 'ParseAddr("::1\\n"): unexpected character, want colon (at "\\n")'],
  ['::1%', 'ParseAddr("::1%"): zone must be a non-empty string'],
  ['::ffff:1.2.3', 'ParseAddr("::ffff:1.2.3"): IPv4 address too short'],
];

for (const [text, message] of refused) {
  test(`parse refuses with ${message}`, () => {
    assert.throws(
      () => Addr.parse(text),
      (error) =>
        error instanceof ParseError && error.message === message && error.type === 'IP address' && error.text === text,
    );
    assert.equal(Addr.tryParse(text), null);
  });
}

test('addresses are made from bytes', () => {
  assert.equal(Addr.from4([192, 0, 2, 255]).toString(), '192.0.2.255');
  assert.equal(Addr.from4(Uint8Array.of(255, 255, 255, 255)).toString(), '255.255.255.255');
  const mapped = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 1, 2, 3, 4];
  assert.equal(Addr.from16(mapped).toString(), '::ffff:1.2.3.4');
  assert.equal(Addr.from16(Addr.parse('2001:db8::ff').as16()).toString(), '2001:db8::ff');
  assert.equal(Addr.fromSlice(mapped)?.is4In6(), true);
  assert.equal(Addr.fromSlice([1, 2, 3, 4])?.is4(), true);
  for (const length of [0, 3, 5, 15, 17]) assert.equal(Addr.fromSlice(new Uint8Array(length)), null);
  assert.throws(() => Addr.from4([1, 2, 3]), RangeError);
  assert.throws(() => Addr.from16([1, 2, 3, 4]), RangeError);
});

test('the well-known addresses', () => {
  assert.equal(Addr.ipv4Unspecified().toString(), '0.0.0.0');
  assert.equal(Addr.ipv6Unspecified().toString(), '::');
  assert.equal(Addr.ipv6Loopback().toString(), '::1');
  assert.equal(Addr.ipv6LinkLocalAllNodes().toString(), 'ff02::1');
  assert.equal(Addr.ipv6LinkLocalAllRouters().toString(), 'ff02::2');
});

test('unmap drops the prefix and the zone, of IPv4 inside IPv6 only', () => {
  assert.equal(Addr.parse('::ffff:1.2.3.4%z').unmap().toString(), '1.2.3.4');
  for (const text of ['1.2.3.4', '::102:304', 'fe80::1%z']) assert.equal(Addr.parse(text).unmap().toString(), text);
  assert.equal(Addr.zero.unmap(), Addr.zero);
});

test('withZone changes IPv6 addresses only', () => {
  const addr = Addr.parse('fe80::1%a');
  assert.equal(addr.withZone('b').toString(), 'fe80::1%b');
  assert.equal(addr.withZone('').toString(), 'fe80::1');
  assert.equal(addr.toString(), 'fe80::1%a');
  assert.equal(Addr.parse('1.2.3.4').withZone('a').toString(), '1.2.3.4');
  assert.equal(Addr.parse('::ffff:1.2.3.4').withZone('a').toString(), '::ffff:1.2.3.4%a');
  assert.equal(Addr.zero.withZone('a').isValid(), false);
});

const neighbours: readonly [addr: string, next: string][] = [
  ['0.0.0.0', '0.0.0.1'],
  ['10.0.0.255', '10.0.1.0'],
  ['127.255.255.255', '128.0.0.0'],
  ['255.255.255.254', '255.255.255.255'],
  ['::', '::1'],
  ['::1%z', '::2%z'],
  ['::7fff:ffff', '::8000:0'],
  ['::ffff:ffff', '::1:0:0'],
  ['::ffff:255.255.255.255', '::1:0:0:0'],
  ['::ffff:ffff:ffff:ffff', '0:0:0:1::'],
  ['::ffff:ffff:ffff:ffff:ffff:ffff', '0:1::'],
  ['1:ffff:ffff:ffff:ffff:ffff:ffff:ffff', '2::'],
];

for (const [addr, next] of neighbours) {
  test(`${next} comes after ${addr}`, () => {
    assert.equal(Addr.parse(addr).next().toString(), Addr.parse(next).toString());
    assert.equal(Addr.parse(next).prev().toString(), Addr.parse(addr).toString());
  });
}

test('nothing comes after the last address or before the first', () => {
  for (const text of ['255.255.255.255', 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff%z']) {
    assert.equal(Addr.parse(text).next(), Addr.zero);
  }
  for (const text of ['0.0.0.0', '::', '::%z']) assert.equal(Addr.parse(text).prev(), Addr.zero);
  assert.equal(Addr.zero.next(), Addr.zero);
  assert.equal(Addr.zero.prev(), Addr.zero);
});

const networks: readonly [addr: string, bits: number, prefix: string][] = [
  ['192.0.2.129', 0, '0.0.0.0/0'],
  ['192.0.2.129', 24, '192.0.2.0/24'],
  ['192.0.2.129', 25, '192.0.2.128/25'],
  ['192.0.2.129', 32, '192.0.2.129/32'],
  ['2001:db8:abcd::1', 0, '::/0'],
  ['2001:db8:abcd::1', 32, '2001:db8::/32'],
  ['2001:db8:abcd::1', 36, '2001:db8:a000::/36'],
  ['2001:db8:abcd::1', 128, '2001:db8:abcd::1/128'],
  ['fe80::dead:beef:dead:beef%z', 96, 'fe80::dead:beef:0:0/96'],
  ['::ffff:192.0.2.128', 96, '::ffff:0.0.0.0/96'],
  ['::ffff:192.0.2.128', 104, '::ffff:192.0.0.0/104'],
  ['::ffff:192.0.2.128', 64, '::/64'],
];

for (const [addr, bits, prefix] of networks) {
  test(`${addr} is in ${prefix}`, () => {
    assert.equal(Addr.parse(addr).prefix(bits).toString(), prefix);
    assert.ok(Addr.parse(addr).prefix(bits).equals(Prefix.parse(prefix)));
  });
}

test('prefix refuses bits that the address has not', () => {
  const v4 = Addr.parse('1.2.3.4');
  assert.throws(() => v4.prefix(-1), new RangeError('negative Prefix bits'));
  assert.throws(() => v4.prefix(33), new RangeError('prefix length 33 too large for IPv4'));
  assert.throws(() => Addr.parse('::1').prefix(129), new RangeError('prefix length 129 too large for IPv6'));
  assert.throws(() => v4.prefix(1.5), TypeError);
  assert.throws(() => v4.prefix(NaN), TypeError);
  assert.equal(Addr.zero.prefix(8).isValid(), false);
});

// prefixes ────────────────────────────────────────────────────────────────

test('a prefix keeps the host bits and drops the zone', () => {
  const prefix = Prefix.parse('192.0.2.1/24');
  assert.equal(prefix.toString(), '192.0.2.1/24');
  assert.equal(prefix.addr.toString(), '192.0.2.1');
  assert.equal(prefix.bits, 24);
  assert.equal(prefix.masked().toString(), '192.0.2.0/24');
  assert.equal(Prefix.from(Addr.parse('fe80::1%z'), 64).toString(), 'fe80::1/64');
  assert.equal(JSON.stringify([prefix]), '["192.0.2.1/24"]');
  assert.equal(inspect(prefix), '192.0.2.1/24');
});

test('a prefix of bits that the address has not is invalid', () => {
  const invalid = [
    Prefix.from(Addr.parse('1.2.3.4'), 33),
    Prefix.from(Addr.parse('1.2.3.4'), -1),
    Prefix.from(Addr.parse('::1'), 129),
    Prefix.from(Addr.zero, 0),
    Prefix.zero,
  ];
  for (const prefix of invalid) {
    assert.equal(prefix.isValid(), false);
    assert.equal(prefix.isSingleIP(), false);
    assert.equal(prefix.bits, -1);
    assert.equal(prefix.toString(), 'invalid Prefix');
    assert.equal(prefix.masked(), Prefix.zero);
    assert.equal(prefix.contains(prefix.addr), false);
    assert.equal(prefix.overlaps(Prefix.parse('0.0.0.0/0')), false);
    assert.equal(Prefix.parse('0.0.0.0/0').overlaps(prefix), false);
  }
  assert.equal(Prefix.zero.toJSON(), '');
  assert.throws(() => Prefix.from(Addr.parse('1.2.3.4'), 0.5), TypeError);
});

test('isSingleIP holds where all bits are the network', () => {
  for (const [text, single] of [
    ['1.2.3.4/32', true],
    ['1.2.3.4/31', false],
    ['::1/128', true],
    ['::1/32', false],
  ] as const) {
    assert.equal(Prefix.parse(text).isSingleIP(), single, text);
  }
});

const badPrefixes: readonly [text: string, reason: string][] = [
  ['', "no '/'"],
  ['1.2.3.0', "no '/'"],
  ['bad/24', 'ParseAddr("bad"): unable to parse IP'],
  ['1.2.3/24', 'ParseAddr("1.2.3"): IPv4 address too short'],
  ['1.2.3.4/5/6', 'ParseAddr("1.2.3.4/5"): unexpected character (at "/5")'],
  ['fe80::1%z/64', 'IPv6 zones cannot be present in a prefix'],
  ['::ffff:1.2.3.4%z/64', 'IPv6 zones cannot be present in a prefix'],
  ['1.2.3.0/', 'bad bits after slash: ""'],
  ['1.2.3.0/x', 'bad bits after slash: "x"'],
  ['1.2.3.0/+1', 'bad bits after slash: "+1"'],
  ['1.2.3.0/-1', 'bad bits after slash: "-1"'],
  ['1.2.3.0/01', 'bad bits after slash: "01"'],
  ['1.2.3.0/00', 'bad bits after slash: "00"'],
  ['1.2.3.0/2 ', 'bad bits after slash: "2 "'],
  ['1.2.3.0/1_0', 'bad bits after slash: "1_0"'],
  ['1.2.3.0/1e1', 'bad bits after slash: "1e1"'],
  ['1.2.3.0/33', 'prefix length out of range'],
  ['2001::/129', 'prefix length out of range'],
  ['1.2.3.0/9223372036854775807', 'prefix length out of range'],
  ['1.2.3.0/9223372036854775808', 'bad bits after slash: "9223372036854775808"'],
];

for (const [text, reason] of badPrefixes) {
  test(`Prefix.parse refuses ${JSON.stringify(text)}`, () => {
    assert.throws(() => Prefix.parse(text), {
      name: 'ParseError',
      text,
      message: `netip.ParsePrefix("${text}"): ${reason}`,
    });
  });
}

const contained: readonly [prefix: string, addr: string, contains: boolean][] = [
  ['9.8.7.6/0', '9.8.7.6', true],
  ['9.8.7.6/16', '9.8.7.6', true],
  ['9.8.7.6/16', '9.8.6.4', true],
  ['9.8.7.6/16', '9.9.7.6', false],
  ['9.8.7.6/32', '9.8.7.6', true],
  ['9.8.7.6/32', '9.8.7.7', false],
  ['0.0.0.0/1', '127.255.255.255', true],
  ['0.0.0.0/1', '128.0.0.0', false],
  ['::1/0', '::1', true],
  ['::1/127', '::2', false],
  ['::1/128', '::1', true],
  ['::1/127', '::', true],
  ['2001:db8::/33', '2001:db8:7fff::', true],
  ['2001:db8::/33', '2001:db8:8000::', false],
  ['0.0.0.0/0', '::1', false],
  ['::/0', '1.2.3.4', false],
  ['::/0', '::ffff:1.2.3.4', true],
  ['1.2.3.4/8', '::ffff:1.2.3.4', false],
  ['::ffff:1.2.3.4/104', '1.2.3.4', false],
  ['::ffff:1.2.3.4/104', '::ffff:1.9.9.9', true],
  ['fe80::/10', 'fe80::1%eth0', false],
];

for (const [prefix, addr, contains] of contained) {
  test(`${prefix} ${contains ? 'contains' : 'does not contain'} ${addr}`, () => {
    assert.equal(Prefix.parse(prefix).contains(Addr.parse(addr)), contains);
  });
}

test('no prefix contains the zero address', () => {
  assert.equal(Prefix.parse('0.0.0.0/0').contains(Addr.zero), false);
  assert.equal(Prefix.parse('::/0').contains(Addr.zero), false);
});

const overlapping: readonly [left: string, right: string, overlap: boolean][] = [
  ['1.2.0.0/16', '1.2.0.0/16', true],
  ['1.2.0.0/16', '1.2.3.0/24', true],
  ['1.2.3.4/16', '1.2.99.0/24', true],
  ['1.2.0.0/16', '1.3.0.0/16', false],
  ['1.2.3.0/32', '1.2.3.0/31', true],
  ['0.0.0.0/0', '9.9.9.9/32', true],
  ['5::1/128', '5::0/8', true],
  ['5::1/128', '6::0/16', false],
  ['0.0.0.0/0', '::/0', false],
  ['1.2.3.4/32', '::ffff:1.2.3.4/128', false],
];

for (const [left, right, overlap] of overlapping) {
  test(`${left} and ${right} ${overlap ? 'overlap' : 'do not overlap'}`, () => {
    assert.equal(Prefix.parse(left).overlaps(Prefix.parse(right)), overlap);
    assert.equal(Prefix.parse(right).overlaps(Prefix.parse(left)), overlap);
  });
}

test('prefixes sort by validity, family, network, bits, and the address as given', () => {
  const sorted = ['10.0.0.0/8', '10.0.0.1/8', '10.0.0.0/16', '10.1.0.0/16', '172.16.0.0/12', '::/8', '2001:db8::/32'];
  const prefixes = [Prefix.zero, ...sorted.map((text) => Prefix.parse(text))];
  prefixes.forEach((left, i) => {
    prefixes.forEach((right, j) => assert.equal(Math.sign(left.compare(right)), Math.sign(i - j), `${left} ${right}`));
  });
});
