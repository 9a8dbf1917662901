// The records of a name, from a name server of the tests'.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { LIMIT, failureOf, lookups, resolverOf } from './expect.ts';
import { FAILING, NameServer, UNKNOWN, zone } from './nameserver.ts';

const SERVICE = '_sip._tcp.test.';
const names = zone({
  'test.': {
    A: ['192.0.2.1'],
    MX: [
      ['20', 'b.test.'],
      ['10', 'a.test.'],
      ['30', 'not a name.test.'],
    ],
    NS: ['ns1.test.', 'ns2.test.', '-bad-.test.'],
    TXT: [['v=spf1 ', '-all'], 'ä'],
  },
  'null.test.': { MX: [['0', '.']] },
  [SERVICE]: {
    SRV: [
      ['2', '0', '5061', 'late.test.'],
      ['1', '1', '5060', 'early.test.'],
      ['0', '1', '5060', 'not a name.test.'],
    ],
  },
  'www.test.': { CNAME: ['web.test.'] },
  'web.test.': { CNAME: ['test.'] },
  'loop.test.': { A: ['192.0.2.1'] },
  'dangling.test.': { CNAME: ['nobody.test.'] },
  '1.2.0.192.in-addr.arpa.': { PTR: ['test.', 'not a name.test.'] },
  '1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa.': { PTR: ['six.test.'] },
});

test('mail exchangers by preference, with their final dot and without what is no name', LIMIT, async () => {
  using server = await NameServer.start(names);
  const resolver = resolverOf(server);
  assert.deepEqual(await resolver.lookupMX('test'), [
    { host: 'a.test.', pref: 10 },
    { host: 'b.test.', pref: 20 },
  ]);
  assert.deepEqual(await resolver.lookupMX('null.test'), [{ host: '.', pref: 0 }]);
});

test('name servers', LIMIT, async () => {
  using server = await NameServer.start(names);
  assert.deepEqual(await resolverOf(server).lookupNS('test'), [{ host: 'ns1.test.' }, { host: 'ns2.test.' }]);
});

test('texts, each put together', LIMIT, async () => {
  using server = await NameServer.start(names);
  const [first] = await resolverOf(server).lookupTXT('test');
  assert.equal(first, 'v=spf1 -all');
});

test('services by priority, by their parts or by the whole name', LIMIT, async () => {
  using server = await NameServer.start(names);
  const resolver = resolverOf(server);
  const expected = {
    cname: SERVICE,
    addrs: [
      { target: 'early.test.', port: 5060, priority: 1, weight: 1 },
      { target: 'late.test.', port: 5061, priority: 2, weight: 0 },
    ],
  };
  assert.deepEqual(await resolver.lookupSRV('sip', 'tcp', 'test'), expected);
  assert.deepEqual(await resolver.lookupSRV('', '', SERVICE), expected);
  const error = await failureOf(resolver.lookupSRV('none', 'tcp', 'test'));
  assert.equal(error.hostname, '_none._tcp.test');
});

test('the end of a chain of aliases, if it has an address', LIMIT, async () => {
  using server = await NameServer.start(names);
  const resolver = resolverOf(server);
  assert.equal(await resolver.lookupCNAME('www.test'), 'test.');
  assert.equal(await resolver.lookupCNAME('test'), 'test.');
  assert.equal((await failureOf(resolver.lookupCNAME('dangling.test'))).err, 'no such host');
  assert.equal((await failureOf(resolver.lookupCNAME('nobody.test'))).err, 'no such host');
});

test('a chain of aliases without an end is no name', LIMIT, async () => {
  using server = await NameServer.start((asked) =>
    asked.type === 'CNAME' ? { records: [{ type: 'CNAME', data: 'loop.test.' }] } : names(asked),
  );
  assert.equal(
    (await failureOf(resolverOf(server).lookupCNAME('loop.test'))).message,
    'lookup loop.test: no such host',
  );
  assert.equal(server.count('loop.test.', 'CNAME'), 10);
});

test('the names of an address', LIMIT, async () => {
  using server = await NameServer.start(names);
  const resolver = resolverOf(server);
  assert.deepEqual(await resolver.lookupAddr('192.0.2.1'), ['test.']);
  assert.deepEqual(await resolver.lookupAddr('::ffff:192.0.2.1'), ['test.']);
  assert.deepEqual(await resolver.lookupAddr('2001:db8::1'), ['six.test.']);
  const unknown = await failureOf(resolver.lookupAddr('192.0.2.2'));
  assert.equal(unknown.message, `lookup 192.0.2.2 on ${server.address}: no such host`);
  assert.equal((await failureOf(resolver.lookupAddr('test'))).message, 'lookup test: unrecognized address');
});

for (const [method, call] of lookups.filter(([name]) => /SRV|MX|NS|TXT/.test(name))) {
  test(`${method}: a name with nothing of the kind, no such name, a server that fails`, LIMIT, async () => {
    using server = await NameServer.start(({ name }) =>
      name === 'empty.test.' ? {} : name === 'bad.test.' ? FAILING : UNKNOWN,
    );
    const resolver = resolverOf(server);
    const errors = ['empty.test', 'none.test', 'bad.test'].map((name) => failureOf(call(resolver, name)));
    assert.deepEqual(
      (await Promise.all(errors)).map(({ err, code, notFound, temporary }) => [err, code, notFound, temporary]),
      [
        ['no such host', 'ENODATA', true, false],
        ['no such host', 'ENOTFOUND', true, false],
        ['server misbehaving', 'ESERVFAIL', false, true],
      ],
    );
  });
}

test('ports need no server', LIMIT, async () => {
  using server = await NameServer.start(names);
  const resolver = resolverOf(server);
  assert.deepEqual([await resolver.lookupPort('tcp', 'https'), await resolver.lookupPort('--', '80')], [443, 80]);
  assert.equal((await failureOf(resolver.lookupPort('tcp', 'xyz'))).message, 'lookup tcp/xyz: unknown port');
  assert.equal((await failureOf(resolver.lookupPort('tcp', '80', { deadline: 1 }))).code, 'ETIMEDOUT');
  await assert.rejects(resolver.lookupPort('tcp', '65536'), { message: 'address 65536: invalid port' });
  assert.equal(server.count(), 0);
});
