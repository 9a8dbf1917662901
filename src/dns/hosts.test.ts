// The hosts file: lines, names, addresses, and texts that are none of these.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import * as fc from 'fast-check';

import { Addr } from '../addr/ip.ts';
import { parseHosts } from './hosts.ts';

const hosts = parseHosts(
  [
    '# a comment',
    '127.0.0.1\tlocalhost  # and another',
    '127.0.0.2 Box.Example box BOX.',
    '  127.0.0.3 box other',
    '::1 localhost ip6-localhost',
    'fe80::1%eth0 link',
    '::ffff:192.0.2.1 mapped',
    '010.0.0.1 octal',
    '127.1 short',
    '192.0.2.1%eth0 zoned4',
    '192.0.2.2',
    'name 192.0.2.3',
    '192.0.2.4 rooted.example.',
    '192.0.2.5 windows\r',
  ].join('\n'),
);

for (const [name, addrs, canonical] of [
  ['localhost', ['127.0.0.1', '::1'], 'localhost'],
  ['LOCALHOST.', ['127.0.0.1', '::1'], 'localhost'],
  ['box', ['127.0.0.2', '127.0.0.2', '127.0.0.3'], 'Box.Example'],
  ['box.example', ['127.0.0.2'], 'Box.Example'],
  ['other', ['127.0.0.3'], 'box'],
  ['ip6-localhost', ['::1'], 'localhost'],
  ['link', ['fe80::1%eth0'], 'link'],
  ['mapped', ['192.0.2.1'], 'mapped'],
  ['rooted.example', ['192.0.2.4'], 'rooted.example.'],
  ['windows', ['192.0.2.5'], 'windows'],
] as const) {
  test(`the name ${name}`, () => {
    const entry = hosts.entry(name);
    assert.deepEqual([entry?.addrs.map(String), entry?.canonical], [addrs, canonical]);
  });
}

for (const name of ['octal', 'short', 'zoned4', '192.0.2.3', 'comment', 'example', '', '.']) {
  test(`no such name: "${name}"`, () => assert.equal(hosts.entry(name), null));
}

for (const [addr, names] of [
  ['127.0.0.2', ['Box.Example', 'box', 'BOX.']],
  ['::ffff:127.0.0.2', ['Box.Example', 'box', 'BOX.']],
  ['::1', ['localhost', 'ip6-localhost']],
  ['fe80::1%eth0', ['link']],
  ['fe80::1', []],
  ['192.0.2.2', []],
] as const) {
  test(`the names of ${addr}`, () => assert.deepEqual(hosts.names(Addr.parse(addr)), names));
}

test('no file has no names', () => {
  assert.equal(parseHosts(null).entry('localhost'), null);
});

test('any text can be read', () => {
  const word = fc.oneof(fc.constantFrom('127.0.0.1', '::1', 'a', '#', '__proto__', '\t', '\n', '%'), fc.string());
  fc.assert(
    fc.property(fc.array(word), fc.string(), (words, name) => {
      parseHosts(words.join(' ')).entry(name);
    }),
  );
});
