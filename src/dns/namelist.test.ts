// The names that are asked for one that was given.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { defaultSearch, nameList } from './namelist.ts';

const search = ['a.test.', 'b.test.'];
const LONG = `${'x'.repeat(60)}.`.repeat(4);

for (const [name, ndots, expected] of [
  ['host', 1, ['host.a.test.', 'host.b.test.', 'host.']],
  ['host', 0, ['host.', 'host.a.test.', 'host.b.test.']],
  ['host.x', 1, ['host.x.', 'host.x.a.test.', 'host.x.b.test.']],
  ['host.x', 2, ['host.x.a.test.', 'host.x.b.test.', 'host.x.']],
  ['host.', 5, ['host.']],
  [`${LONG}test`, 1, [`${LONG}test.`]],
  [`${LONG}0123456789`, 1, []],
  [`${LONG}0123456789.`, 1, []],
] as const) {
  test(`${name}, ndots ${ndots}`, () => assert.deepEqual(nameList(name, { ndots, search }), expected));
}

test('no domains to search', () => {
  assert.deepEqual(nameList('host', { ndots: 1, search: null }), ['host.']);
  assert.deepEqual(nameList('host', { ndots: 1, search: [] }), ['host.']);
});

for (const [hostname, expected] of [
  ['box', []],
  ['box.', []],
  ['box.example.com', ['example.com.']],
  ['box.example.', ['example.']],
  ['', []],
] as const) {
  test(`the default domain on "${hostname}"`, () => assert.deepEqual(defaultSearch(hostname), expected));
}
