// The options of a Resolver: what is wrong with them is said at once, and what they leave out the system fills in.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { toLine, toSettings, type ResolverOptions } from './options.ts';
import { parseResolvConf } from './resolvconf.ts';
import { Resolver } from './resolver.ts';

for (const options of [
  null,
  5,
  { method: 5 },
  { servers: '192.0.2.1' },
  { servers: [5] },
  { timeout: '5' },
  { attempts: 5n },
] as unknown[]) {
  test(`TypeError: ${String(options)}`, () => assert.throws(() => new Resolver(options as ResolverOptions), TypeError));
}

for (const options of [
  { method: 'system' },
  { servers: [] },
  ...[
    '',
    'name',
    'name:53',
    '192.0.2.1:',
    '192.0.2.1:0',
    '192.0.2.1:65536',
    '127.1',
    '[::1',
    '[192.0.2.1:53',
    '::1%lo',
  ].map((server) => ({ servers: [server] })),
  ...[0, -1, NaN, Infinity, 2 ** 31].map((timeout) => ({ timeout })),
  ...[0, -1, NaN, 101].map((attempts) => ({ attempts })),
] as ResolverOptions[]) {
  test(`RangeError: ${JSON.stringify(options)}`, () => assert.throws(() => new Resolver(options), RangeError));
}

for (const [server, name] of [
  ['192.0.2.1', '192.0.2.1:53'],
  ['192.0.2.1:5353', '192.0.2.1:5353'],
  ['2001:db8::1', '[2001:db8::1]:53'],
  ['[2001:db8::1]', '[2001:db8::1]:53'],
  ['[2001:db8::1]:5353', '[2001:db8::1]:5353'],
  ['2001:db8::1:53', '[2001:db8::1:53]:53'],
] as const) {
  test(`the server ${server}`, () => {
    assert.deepEqual(toSettings({ servers: [server] }), {
      method: 'dns',
      servers: [{ name, zoned: false }],
      timeout: null,
      attempts: null,
    });
  });
}

const conf = parseResolvConf('nameserver 192.0.2.1\nnameserver fe80::1%lo\noptions rotate timeout:3 attempts:4');

test('what is left out is resolv.conf’s', () => {
  const line = toLine(toSettings({}), conf, 0);
  assert.deepEqual(line, {
    servers: [
      { name: '192.0.2.1:53', zoned: false },
      { name: '[fe80::1%lo]:53', zoned: true },
    ],
    timeout: 3000,
    attempts: 4,
  });
  assert.deepEqual(toLine(toSettings({ timeout: 0.5, attempts: 1 }), conf, 0), { ...line, timeout: 1, attempts: 1 });
});

test('each look-up begins with another server, where resolv.conf says so', () => {
  const first = (turn: number): string => toLine(toSettings({}), conf, turn).servers[0]!.name;
  assert.deepEqual([0, 1, 2].map(first), ['192.0.2.1:53', '[fe80::1%lo]:53', '192.0.2.1:53']);
  const own = toSettings({ servers: ['192.0.2.8', '192.0.2.9'] });
  assert.equal(toLine(own, conf, 1).servers[0]!.name, '192.0.2.8:53');
});

test('wrong arguments of a look-up throw at once', () => {
  const resolver = new Resolver();
  assert.throws(() => void resolver.lookupHost(5 as unknown as string), TypeError);
  assert.throws(() => void resolver.lookupHost('a', { signal: 5 as unknown as AbortSignal }), TypeError);
  assert.throws(() => void resolver.lookupMX('a', { deadline: NaN }), RangeError);
  assert.throws(() => void resolver.lookupSRV('a', 5 as unknown as string, 'b'), TypeError);
  assert.throws(() => void resolver.lookupNetIP(5 as unknown as 'ip', 'a'), TypeError);
});
