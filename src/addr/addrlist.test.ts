import assert from 'node:assert/strict';
import { test } from 'node:test';

import { AddrError } from '../errors.ts';
import { firstIPv4, forResolve, isIPv4, literalOrName, selectAddrs } from './addrlist.ts';
import { Addr } from './ip.ts';

const parse = (text: string): Addr => Addr.parse(text);
const list = (text: string): Addr[] => text.split(' ').map(parse);
const show = (ips: readonly Addr[]): string => ips.join(' ');

test('the empty host is one entry, the zero address, on every network', () => {
  assert.deepEqual(literalOrName(''), { ips: [Addr.zero] });
  for (const network of ['tcp', 'tcp4', 'tcp6', 'udp6', 'ip']) {
    assert.deepEqual(selectAddrs(network, [Addr.zero], ''), [Addr.zero]);
  }
});

for (const literal of ['127.0.0.1', '::1', '::', 'fe80::1%eth0', '::ffff:1.2.3.4', '::ffff:1.2.3.4%z']) {
  test(`${literal} is a literal`, () => assert.deepEqual(literalOrName(literal), { ips: [parse(literal)] }));
}

for (const name of [
  'localhost',
  '010.0.0.1',
  '127.1',
  '0x7f.1',
  '1.2.3.4%eth0',
  '[::1]',
  '127.0.0.1:80',
  '::1%',
  ' ',
]) {
  test(`${name} is a name`, () => assert.deepEqual(literalOrName(name), { name }));
}

const selected: readonly [network: string, given: string, kept: string | null][] = [
  ['tcp', '1.1.1.1 2::2', '1.1.1.1 2::2'],
  ['tcp', '2::2 1.1.1.1 ::ffff:3.3.3.3', '2::2 1.1.1.1 ::ffff:3.3.3.3'],
  ['tcp4', '2::2 1.1.1.1 ::ffff:3.3.3.3', '1.1.1.1 ::ffff:3.3.3.3'],
  ['udp6', '2::2 1.1.1.1 ::ffff:3.3.3.3 fe80::1%z', '2::2 fe80::1%z'],
  ['ip4', '1.1.1.1', '1.1.1.1'],
  ['tcp4', '::1', null],
  ['tcp6', '127.0.0.1', null],
  ['tcp6', '0.0.0.0', null],
  ['tcp6', '::ffff:127.0.0.1', null],
  ['tcp', '::', ':: 0.0.0.0'],
  ['tcp4', '::', '0.0.0.0'],
  ['tcp6', '::', '::'],
  ['udp', '::%eth0', '::%eth0 0.0.0.0'],
  ['tcp', ':: ::1', ':: ::1'],
  ['tcp4', ':: ::1', null],
  ['tcp', '0.0.0.0', '0.0.0.0'],
  ['tcp', '::ffff:0.0.0.0', '::ffff:0.0.0.0'],
];

for (const [network, given, kept] of selected) {
  test(`${network} keeps ${kept ?? 'nothing'} of ${given}`, () => {
    const ips = list(given);
    if (kept !== null) assert.equal(show(selectAddrs(network, ips, 'host')), kept);
    else assert.throws(() => selectAddrs(network, ips, 'host'), new AddrError('no suitable address found', 'host'));
    assert.equal(show(ips), given);
  });
}

test('an empty look-up has no suitable address, on any network', () => {
  const message = 'address x.onion: no suitable address found';
  assert.throws(() => selectAddrs('tcp', [], 'x.onion'), { name: 'AddrError', message });
});

test('isIPv4 takes IPv4 inside IPv6 for IPv4', () => {
  assert.deepEqual(list('1.2.3.4 ::ffff:1.2.3.4 ::1.2.3.4 ::').map(isIPv4), [true, true, false, false]);
  assert.equal(isIPv4(Addr.zero), false);
});

const firsts: readonly [given: string, first: string][] = [
  ['1.1.1.1 2::2', '1.1.1.1'],
  ['2::2 1.1.1.1', '1.1.1.1'],
  ['2::2 ::ffff:1.1.1.1 3.3.3.3', '::ffff:1.1.1.1'],
  ['2::2 3::3', '2::2'],
  [':: 0.0.0.0', '0.0.0.0'],
];

for (const [given, first] of firsts) {
  test(`listening on ${given} takes ${first}`, () => assert.equal(firstIPv4(list(given)).toString(), first));
}

const resolved: readonly [network: string, text: string, given: string, chosen: string][] = [
  ['tcp', 'localhost:80', '::1 127.0.0.1', '127.0.0.1'],
  ['tcp', '[localhost]:80', '127.0.0.1 ::1', '::1'],
  ['udp', '[::]:80', ':: 0.0.0.0', '::'],
  ['udp', '[1.2.3.4]:80', '1.2.3.4', '1.2.3.4'],
  ['tcp4', '[::]:80', '0.0.0.0', '0.0.0.0'],
  ['tcp4', '[a]:80', '2::2 1.1.1.1', '1.1.1.1'],
  ['ip', '::', ':: 0.0.0.0', '::'],
  ['ip', 'localhost', '::1 127.0.0.1', '127.0.0.1'],
  ['ip', '[x', '::1 127.0.0.1', '127.0.0.1'],
  ['ip6', '::1', '::1', '::1'],
  ['tcp', 'v6only:80', '2::2 3::3', '2::2'],
];

for (const [network, text, given, chosen] of resolved) {
  test(`${network} ${text} stands for ${chosen}`, () => {
    assert.equal(forResolve(list(given), network, text).toString(), chosen);
  });
}

test('nothing can be chosen from an empty list', () => {
  assert.throws(() => firstIPv4([]), RangeError);
  assert.throws(() => forResolve([], 'tcp', 'a:1'), RangeError);
});
