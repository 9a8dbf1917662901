import assert from 'node:assert/strict';
import { test } from 'node:test';

import { isDomainName } from './domainname.ts';

const label = 'a'.repeat(63);
/** A name of exactly so many characters, in labels of nine and a rest. */
const long = (length: number): string => `${'aaaaaaaaa.'.repeat(26).slice(0, length - 1)}a`;

const good = [
  '.',
  'a',
  'a.',
  'localhost',
  'foo.com',
  'foo.com.',
  'FOO.Com',
  '1foo.com',
  '26.0.0.73.com',
  'a-0.com',
  'fo--o.com',
  'fo1o.com',
  '_sip._tcp.example.com',
  '_',
  'a_b.com',
  'foo_.com',
  '1-2',
  '1.2.3.a',
  'b.com.b.com.b.com.b.com',
  label,
  `${label}.com`,
  long(253),
  `${long(253)}.`,
];

for (const name of good) {
  test(`${name.slice(0, 30)} (${name.length}) is a domain name`, () => assert.equal(isDomainName(name), true));
}

const bad = [
  '',
  '..',
  '.a',
  'a..b',
  'a..',
  'foo..com',
  '-a',
  'a-',
  'a-.com',
  'a.-b',
  '-',
  'foo.com-',
  'foo .com',
  ' ',
  'a b',
  'a\n',
  'a*b',
  '*.com',
  'mh/astro/r70',
  '[::1]',
  '127.0.0.1',
  '127.1',
  '010.0.0.1',
  '1',
  '1.',
  '12345',
  '1.2.3.4:80',
  'fe80::1%eth0',
  'é.com',
  '\u212a.com',
  `${label}a`,
  `${label}a.com`,
  `com.${label}a`,
  long(254),
  long(255),
  `${long(254)}.`,
];

for (const name of bad) {
  test(`${JSON.stringify(name.slice(0, 30))} (${name.length}) is none`, () => assert.equal(isDomainName(name), false));
}
