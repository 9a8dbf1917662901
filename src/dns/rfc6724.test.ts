// The order of destinations: the examples of RFC 6724 section 10.2, and one pair for each rule and edge besides.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import * as fc from 'fast-check';

import { Addr } from '../addr/ip.ts';
import { sortByRFC6724 } from './addrsort.ts';
import { compareCandidates, type Candidate } from './rfc6724.ts';

const candidate = (text: string): Candidate => {
  const [addr = '', source = ''] = text.split(' from ');
  return { addr: Addr.parse(addr), source: Addr.tryParse(source) };
};

for (const [claim, better, worse] of [
  ['scope', '2001:db8:1::1 from 2001:db8:1::2', '198.51.100.121 from 169.254.13.78'],
  ['scope', '198.51.100.121 from 198.51.100.117', '2001:db8:1::1 from fe80::1'],
  ['precedence', '2001:db8:1::1 from 2001:db8:1::2', '10.1.2.3 from 10.1.2.4'],
  ['smaller scope', 'fe80::1 from fe80::2', '2001:db8:1::1 from 2001:db8:1::2'],
  ['label', '2002:c633:6401::1 from 2002:c633:6401::2', '2001:db8:1::1 from 2002:c633:6401::2'],
  ['precedence', '2001:db8:1::1 from 2001:db8:1::2', '2002:c633:6401::1 from 2002:c633:6401::2'],
  ['longest prefix', '2001:db8:1::1 from 2001:db8:1::2', '2001:db8:3ffe::1 from 2001:db8:3f44::2'],
  ['a route', '192.0.2.1 from 192.0.2.2', '2001:db8::1'],
  ['label', '10.0.0.1 from 10.0.0.2', '2001::1 from 2001:db8::2'],
  ['precedence', '::1 from ::1', '127.0.0.1 from 127.0.0.1'],
  ['precedence', '10.0.0.1 from 10.0.0.2', 'fd00::1 from fd00::2'],
  ['scope', 'ff05::1 from fec0::1', 'ff05::1 from 2001:db8::1'],
] as const) {
  test(`${claim}: ${better} before ${worse}`, () => {
    assert.ok(compareCandidates(candidate(better), candidate(worse)) < 0);
    assert.ok(compareCandidates(candidate(worse), candidate(better)) > 0);
  });
}

for (const [claim, a, b] of [
  ['rule 9 is for IPv6 only', '54.83.193.112 from 10.2.3.4', '23.23.172.185 from 10.2.3.4'],
  ['no route to either', '2001:db8::1', '192.0.2.1'],
  ['only the first 64 bits count', '2001:db8::1 from 2001:db8::2', '2001:db8::f000:0:0:1 from 2001:db8::2'],
  ['IPv4 inside IPv6 is IPv4', '::ffff:192.0.2.1 from 192.0.2.9', '192.0.2.200 from 192.0.2.9'],
] as const) {
  test(`${claim}: ${a} is as good as ${b}`, () => {
    assert.equal(compareCandidates(candidate(a), candidate(b)), 0);
    assert.equal(compareCandidates(candidate(b), candidate(a)), 0);
  });
}

test('addresses that are as good as each other stay in their order', () => {
  const addrs = ['54.83.193.112', '184.72.238.214', '23.23.172.185', '75.101.148.21'].map(Addr.parse);
  assert.deepEqual(sortByRFC6724(addrs, () => Addr.parse('10.2.3.4')).map(String), addrs.map(String));
});

test('the order does not depend on the one before', () => {
  const word = fc.oneof(fc.constantFrom(0, 1, 0x2002, 0x2001, 0xfe80, 0xfec0, 0xfd00, 0xff02, 0xffff), fc.nat(0xffff));
  const addr = fc.oneof(
    fc.array(fc.nat(255), { minLength: 4, maxLength: 4 }).map((bytes) => Addr.from4(bytes)),
    fc
      .array(word, { minLength: 8, maxLength: 8 })
      .map((words) => Addr.from16(words.flatMap((each) => [each >> 8, each & 255])).unmap()),
  );
  const any = fc.record({ addr, source: fc.option(addr) });
  fc.assert(
    fc.property(any, any, (a, b) => {
      assert.equal(Math.sign(compareCandidates(a, b)), -Math.sign(compareCandidates(b, a)) || 0);
    }),
  );
});
