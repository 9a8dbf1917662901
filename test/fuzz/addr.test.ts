// The address parsers against slow plain twins, over valid texts, valid texts with a few characters changed, and soup made of
// the characters that matter. What a twin lacks in speed it has in being readable at a glance.

import assert from 'node:assert/strict';
import { isIPv4, isIPv6 } from 'node:net';
import { test } from 'node:test';

import * as fc from 'fast-check';

import { AddrPort } from '../../src/addr/addrport.ts';
import { isDomainName } from '../../src/addr/domainname.ts';
import { joinHostPort, splitHostPort } from '../../src/addr/hostport.ts';
import { Addr, Prefix } from '../../src/addr/ip.ts';
import { parsePort } from '../../src/addr/port.ts';
import { parseProtocols } from '../../src/addr/protocol.ts';
import { parseServices } from '../../src/addr/services.ts';
import { AddrError, ParseError } from '../../src/errors.ts';

const RUNS = { numRuns: 2000 };

// what is tried ────────────────────────────────────────────────────────────

/** A byte or a group, with the edges of the masks and of the predicates more often than by chance. */
const byte = fc.oneof(fc.constantFrom(0, 1, 127, 128, 254, 255), fc.nat(255));
const group = fc.oneof(fc.constantFrom(0, 0, 0, 1, 0xfe80, 0xff02, 0xfffe, 0xffff), fc.nat(0xffff));

const text4 = fc.tuple(byte, byte, byte, byte).map((bytes) => bytes.join('.'));

/** Groups as text, some as `::`, some with a dotted tail; the text need not be valid, as the numbers are free. */
const text6 = fc
  .record({
    groups: fc.array(group, { minLength: 5, maxLength: 9 }),
    from: fc.nat(9),
    length: fc.nat(9),
    tail: fc.option(text4, { nil: undefined, freq: 4 }),
    zone: fc.option(fc.constantFrom('eth0', '1', 'a%b', ':', ' ', ''), { nil: undefined, freq: 3 }),
    upper: fc.boolean(),
  })
  .map(({ groups, from, length, tail, zone, upper }) => {
    const parts = groups.map((each) => (upper ? each.toString(16).toUpperCase() : each.toString(16)));
    if (tail !== undefined) parts.splice(-2, 2, tail);
    const body =
      length === 0 ? parts.join(':') : `${parts.slice(0, from).join(':')}::${parts.slice(from + length).join(':')}`;
    return zone === undefined ? body : `${body}%${zone}`;
  });

const address = fc
  .record({
    bytes: fc.array(group, { minLength: 8, maxLength: 8 }),
    kind: fc.constantFrom(4, 6, 46),
    zone: fc.boolean(),
  })
  .map(({ bytes, kind, zone }) => {
    const all = bytes.flatMap((each) => [each >> 8, each & 255]);
    if (kind === 4) return Addr.from4(all.slice(0, 4));
    const addr = Addr.from16(kind === 6 ? all : [...Array<number>(10).fill(0), 255, 255, ...all.slice(12)]);
    return zone ? addr.withZone('z') : addr;
  });

const TOKENS = [
  ':',
  '::',
  '.',
  '%',
  '[',
  ']',
  '/',
  '0',
  '1',
  '25',
  '255',
  '256',
  'ffff',
  'fffff',
  'g',
  '-',
  '+',
  ' ',
  'é',
];

const soup = fc.array(fc.constantFrom(...TOKENS), { maxLength: 14 }).map((parts) => parts.join(''));

/** A text with up to three places changed. */
function mutated(texts: fc.Arbitrary<string>): fc.Arbitrary<string> {
  const edit = fc.record({ at: fc.nat(40), drop: fc.nat(2), put: fc.constantFrom('', ...TOKENS) });
  return fc.tuple(texts, fc.array(edit, { maxLength: 3 })).map(([text, edits]) => {
    let result = text;
    for (const { at, drop, put } of edits) {
      const place = at % (result.length + 1);
      result = result.slice(0, place) + put + result.slice(place + drop);
    }
    return result;
  });
}

const ipText = fc.oneof(text4, text6, address.map(String), mutated(text4), mutated(text6), soup);

// IP addresses ─────────────────────────────────────────────────────────────

interface Twin {
  bits: 32 | 128;
  value: bigint;
  zone: string;
}

function twin4(text: string): bigint | null {
  const parts = text.split('.');
  const plain = parts.every((part) => /^\d+$/.test(part) && String(Number(part)) === part && Number(part) < 256);
  return parts.length === 4 && plain ? parts.reduce((sum, part) => sum * 256n + BigInt(part), 0n) : null;
}

/** Groups of one side of `::`, or of all; only the last side may end in a dotted tail. */
function twinGroups(text: string, last: boolean): bigint[] | null {
  if (text === '') return [];
  const groups: bigint[] = [];
  const parts = text.split(':');
  for (const [index, part] of parts.entries()) {
    const tail = last && index === parts.length - 1 ? twin4(part) : null;
    if (tail !== null) groups.push(tail >> 16n, tail & 0xffffn);
    else if (/^[0-9a-f]{1,4}$/i.test(part)) groups.push(BigInt(`0x${part}`));
    else return null;
  }
  return groups;
}

function twinIP(text: string): Twin | null {
  const [body = '', ...zones] = text.split('%');
  const zone = zones.join('%');
  if (!body.includes(':')) {
    const value = text === body ? twin4(body) : null;
    return value === null ? null : { bits: 32, value, zone: '' };
  }
  if (zones.length > 0 && zone === '') return null;
  const sides = body.split('::');
  const groups = sides.map((side, index) => twinGroups(side, index === sides.length - 1));
  const [left, right = []] = groups;
  if (sides.length > 2 || !left || !right) return null;
  const missing = 8 - left.length - right.length;
  if (sides.length === 2 ? missing < 1 : missing !== 0) return null;
  const all = [...left, ...Array<bigint>(missing).fill(0n), ...right];
  return { bits: 128, value: all.reduce((sum, each) => (sum << 16n) | each, 0n), zone };
}

function valueOf(addr: Addr): bigint {
  return Array.from(addr.asSlice() ?? []).reduce((sum, each) => (sum << 8n) | BigInt(each), 0n);
}

test('Addr.parse reads what its twin reads, as the same bits', () => {
  let read = 0;
  const property = fc.property(ipText, (text) => {
    const addr = Addr.tryParse(text);
    const expected = twinIP(text);
    assert.deepEqual(addr && { bits: addr.bitLen, value: valueOf(addr), zone: addr.zone }, expected);
    if (addr === null) {
      assert.throws(() => Addr.parse(text), ParseError);
    } else {
      assert.ok(Addr.parse(text).equals(addr));
      read++;
    }
  });
  fc.assert(property, { numRuns: 10_000 });
  assert.ok(read > 1000, `only ${read} texts were addresses`);
});

test('every address is read back from its texts and from its bytes', () => {
  const property = fc.property(address, (addr) => {
    assert.ok(Addr.parse(addr.toString()).equals(addr));
    assert.ok(Addr.parse(addr.stringExpanded()).equals(addr));
    assert.ok(
      Addr.fromSlice(addr.asSlice() ?? [])
        ?.withZone(addr.zone)
        .equals(addr),
    );
    const wide = Addr.from16(addr.as16());
    assert.ok(addr.is4() ? wide.is4In6() && wide.unmap().equals(addr) : wide.withZone(addr.zone).equals(addr));
    assert.deepEqual(wide.as16(), addr.as16());
  });
  fc.assert(property, RUNS);
});

/** RFC 5952 from the expanded text: leading zeros off, then the longest run of two zero groups or more as `::`. */
function twinText(expanded: string): string {
  const text = expanded.replace(/\b0{1,3}(?=[0-9a-f])/g, '');
  for (let length = 8; length > 1; length--) {
    const run = new RegExp(`(?:^|:)${Array<string>(length).fill('0').join(':')}(?:$|:)`);
    if (run.test(text)) return text.replace(run, '::');
  }
  return text;
}

test('toString writes an IPv6 address as its twin does', () => {
  const property = fc.property(
    address.filter((addr) => addr.is6() && !addr.is4In6()),
    (addr) =>
      assert.equal(addr.toString(), twinText(addr.withZone('').stringExpanded()) + (addr.zone && `%${addr.zone}`)),
  );
  fc.assert(property, RUNS);
});

test('compare is the order of kind, value and zone, total and consistent with equals', () => {
  const few = fc.constantFrom(
    ...['0.0.0.0', '255.255.255.255', '::', '::1', '::1%a', '::1%b', 'ffff::'].map(Addr.parse),
    Addr.zero,
  );
  const any = fc.oneof(address, few);
  const order = (a: Addr, b: Addr): number => {
    if (a.bitLen !== b.bitLen) return a.bitLen - b.bitLen;
    if (valueOf(a) !== valueOf(b)) return valueOf(a) < valueOf(b) ? -1 : 1;
    return a.zone === b.zone ? 0 : a.zone < b.zone ? -1 : 1;
  };
  const property = fc.property(any, any, any, (a, b, c) => {
    assert.equal(Math.sign(a.compare(b)), Math.sign(order(a, b)));
    assert.equal(Math.sign(a.compare(b)), 0 - Math.sign(b.compare(a)));
    assert.equal(a.equals(b), a.toString() === b.toString());
    assert.equal(a.equals(b), a.compare(b) === 0);
    assert.equal(a.less(b), a.compare(b) < 0);
    if (a.compare(b) <= 0 && b.compare(c) <= 0) assert.ok(a.compare(c) <= 0);
  });
  fc.assert(property, RUNS);
});

test('next and prev add and take one', () => {
  const property = fc.property(address, (addr) => {
    const next = addr.next();
    const prev = addr.prev();
    const last = (1n << BigInt(addr.bitLen)) - 1n;
    assert.equal(next.isValid() ? valueOf(next) : null, valueOf(addr) === last ? null : valueOf(addr) + 1n);
    assert.equal(prev.isValid() ? valueOf(prev) : null, valueOf(addr) === 0n ? null : valueOf(addr) - 1n);
    if (next.isValid()) assert.ok(next.prev().equals(addr));
    if (prev.isValid()) assert.ok(prev.next().equals(addr));
  });
  fc.assert(property, RUNS);
});

// Node agrees on everything that has no zone. With one it does not: which characters it takes in a zone depends on its version,
// and Go takes all.
test('Node takes the same texts without a zone for addresses', () => {
  const property = fc.property(
    ipText.filter((text) => !text.includes('%')),
    (text) => {
      const addr = Addr.tryParse(text);
      assert.equal(isIPv4(text), addr?.is4() ?? false);
      assert.equal(isIPv6(text), addr?.is6() ?? false);
    },
  );
  fc.assert(property, { numRuns: 10_000 });
});

// prefixes and pairs ───────────────────────────────────────────────────────

function bitText(addr: Addr): string {
  return valueOf(addr).toString(2).padStart(addr.bitLen, '0');
}

const bits = fc.oneof(fc.constantFrom(0, 1, 31, 32, 33, 63, 64, 65, 95, 96, 97, 127, 128), fc.nat(128));

test('a prefix contains what shares its first bits, one by one', () => {
  const near = fc.tuple(address, address, bits, fc.boolean()).map(([left, right, count, close]) => {
    // Half of the pairs share their first bits up to some place, or else almost none would be contained.
    if (!close || !left.is6()) return { left, right, count };
    const keep = (1n << BigInt(128 - Math.min(count + 1, 128))) - 1n;
    const value = (valueOf(left) & ~keep) | (BigInt(`0x${Buffer.from(right.as16()).toString('hex')}`) & keep);
    const bytes = Buffer.from(value.toString(16).padStart(32, '0'), 'hex');
    return { left, right: Addr.from16(bytes), count };
  });
  const property = fc.property(near, ({ left, right, count }) => {
    const prefix = Prefix.from(left, count);
    const head = bitText(left).slice(0, count);
    const expected =
      prefix.isValid() && left.bitLen === right.bitLen && right.zone === '' && bitText(right).startsWith(head);
    assert.equal(prefix.contains(right), expected);
    assert.equal(prefix.isValid(), count <= left.bitLen);
    if (!prefix.isValid()) return;
    assert.equal(bitText(prefix.masked().addr), head.padEnd(left.bitLen, '0'));
    assert.ok(prefix.contains(left.withZone('')));
    assert.ok(Prefix.parse(prefix.toString()).equals(prefix));
    assert.ok(left.prefix(count).equals(prefix.masked()));
    assert.ok(prefix.overlaps(prefix.masked()));
  });
  fc.assert(property, RUNS);
});

test('two prefixes overlap if one contains the other, and not else', () => {
  const property = fc.property(address, address, bits, bits, (left, right, one, two) => {
    const [p, q] = [Prefix.from(left, one), Prefix.from(right, two)];
    const head = Math.min(one, two);
    const expected =
      p.isValid() &&
      q.isValid() &&
      left.bitLen === right.bitLen &&
      bitText(left).slice(0, head) === bitText(right).slice(0, head);
    assert.equal(p.overlaps(q), expected);
    assert.equal(q.overlaps(p), expected);
    assert.equal(Math.sign(p.compare(q)), 0 - Math.sign(q.compare(p)));
    assert.equal(p.compare(q) === 0, p.equals(q) || (!p.isValid() && !q.isValid() && p.addr.equals(q.addr)));
  });
  fc.assert(property, RUNS);
});

test('prefix and pair texts are read or refused, never anything else', () => {
  const texts = fc.oneof(
    fc.tuple(ipText, soup).map(([ip, rest]) => ip + rest),
    mutated(address.map((ip) => `[${ip}]:80`)),
  );
  const property = fc.property(texts, (text) => {
    for (const parse of [Prefix.parse, AddrPort.parse]) {
      try {
        const value = parse(text);
        assert.equal(parse(value.toString()).toString(), value.toString());
      } catch (error) {
        assert.ok(error instanceof ParseError, String(error));
        assert.equal(error.text.length > text.length, false);
      }
    }
  });
  fc.assert(property, RUNS);
});

test('every pair is read back from its text', () => {
  const property = fc.property(address, fc.nat(65535), (addr, port) => {
    const pair = AddrPort.from(addr, port);
    assert.ok(AddrPort.parse(pair.toString()).equals(pair));
  });
  fc.assert(property, RUNS);
});

// host and port ────────────────────────────────────────────────────────────

function twinSplit(text: string): { host: string; port: string } | null {
  const match = /^\[([^[\]]*)\]:([^:[\]]*)$/.exec(text) ?? /^([^:[\]]*):([^:[\]]*)$/.exec(text);
  return match === null ? null : { host: match[1] ?? '', port: match[2] ?? '' };
}

function trySplit(text: string): { host: string; port: string } | null {
  try {
    return splitHostPort(text);
  } catch (error) {
    assert.ok(error instanceof AddrError);
    assert.equal(error.addr, text);
    return null;
  }
}

test('splitHostPort splits what its twin splits', () => {
  const halves = fc.tuple(fc.oneof(ipText, fc.string()), fc.oneof(fc.nat(70_000).map(String), fc.string()));
  const whole = fc.oneof(
    halves.map(([host, port]) => `${host}:${port}`),
    halves.map(([host, port]) => `[${host}]:${port}`),
  );
  const property = fc.property(fc.oneof(whole, mutated(whole), soup), (text) => {
    assert.deepEqual(trySplit(text), twinSplit(text));
  });
  fc.assert(property, { numRuns: 10_000 });
});

test('splitHostPort undoes joinHostPort', () => {
  const host = fc.oneof(ipText, fc.string()).filter((text) => !/[[\]]/.test(text));
  const port = fc.oneof(fc.nat(70_000).map(String), fc.string()).filter((text) => !/[[\]:]/.test(text));
  const property = fc.property(host, port, (h, p) => {
    assert.deepEqual(splitHostPort(joinHostPort(h, p)), { host: h, port: p });
  });
  fc.assert(property, RUNS);
});

function twinPort(text: string): { port: number; isName: boolean } {
  const negative = text[0] === '-';
  let value = 0n;
  for (const char of negative || text[0] === '+' ? text.slice(1) : text) {
    if (!'0123456789'.includes(char)) return { port: 0, isName: true };
    value = value * 10n + BigInt(char);
  }
  const limit = 2n ** 30n;
  if (!negative) return { port: Number(value < limit ? value : limit - 1n), isName: false };
  return { port: value === 0n ? 0 : -Number(value < limit ? value : limit), isName: false };
}

test('parsePort reads what its twin reads', () => {
  const digits = fc.array(fc.constantFrom('0', '1', '5', '9', '65535', '1073741824', 'x', '+', '-', ' ', '\n', '٣'), {
    maxLength: 5,
  });
  const whole = fc.bigInt({ min: -(2n ** 34n), max: 2n ** 34n }).map(String);
  const property = fc.property(
    fc.oneof(
      digits.map((parts) => parts.join('')),
      whole,
      fc.string(),
    ),
    (text) => {
      assert.deepEqual(parsePort(text), twinPort(text));
    },
  );
  fc.assert(property, RUNS);
});

// names and files ──────────────────────────────────────────────────────────

function twinDomain(name: string): boolean {
  if (name === '.') return true;
  const labels = name.split('.');
  if (labels.at(-1) === '' && labels.length > 1) labels.pop();
  const length = labels.join('.').length;
  const letters = new Set('abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_');
  const fine = labels.every(
    (label) =>
      label.length >= 1 &&
      label.length <= 63 &&
      !label.startsWith('-') &&
      !label.endsWith('-') &&
      Array.from(label).every((char) => letters.has(char)),
  );
  return fine && length <= 253 && Array.from(name).some((char) => !'0123456789.'.includes(char));
}

test('isDomainName takes what its twin takes', () => {
  const pieces = [
    'a',
    'Z',
    '0',
    '9',
    '-',
    '_',
    '.',
    '.',
    'b'.repeat(31),
    'c'.repeat(63),
    'dd.'.repeat(40),
    'é',
    ' ',
    '*',
  ];
  const name = fc.array(fc.constantFrom(...pieces), { maxLength: 9 }).map((parts) => parts.join(''));
  fc.assert(
    fc.property(fc.oneof(name, fc.domain(), fc.string()), (text) => assert.equal(isDomainName(text), twinDomain(text))),
    RUNS,
  );
});

test('no text makes the parsers of services and protocols throw or give anything but small numbers', () => {
  const pieces = [
    'http',
    'x',
    ' ',
    '\t',
    '\n',
    '\r\n',
    '#',
    '/',
    '/tcp',
    '/udp',
    '80',
    '0',
    '-1',
    '70000',
    '99999999999',
    '__proto__',
    'é',
  ];
  const file = fc.oneof(
    fc.array(fc.constantFrom(...pieces), { maxLength: 40 }).map((parts) => parts.join('')),
    fc.string(),
  );
  const property = fc.property(file, (text) => {
    for (const ports of [...parseServices(text).values(), parseProtocols(text)]) {
      for (const [name, number] of ports) {
        assert.match(name, /^[^ \t\r\n#]+$/);
        assert.ok(Number.isInteger(number) && number >= 0 && number < 0xffffff);
      }
    }
    assert.equal(parseServices(text).get('tcp')?.has('https'), true);
    assert.equal(parseProtocols(text).get('tcp'), 6);
  });
  fc.assert(property, RUNS);
});
