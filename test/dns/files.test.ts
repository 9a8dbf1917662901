// What the machine's files say, in files of the tests': the hosts file and that a change of it is seen, the search list, the order
// of the sources, and what name servers are asked for.

import assert from 'node:assert/strict';
import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';

import { Folder, LIMIT, failureOf, heard, resolverOf } from './expect.ts';
import { FAILING, NameServer, UNKNOWN, zone } from './nameserver.ts';

const HOSTS = `192.0.2.9 Box.example box # the box\n2001:db8::9 box\nfe80::9%lo link\nnonsense box\n`;

test('the hosts file answers at once, without regard to case or to a final dot', LIMIT, async () => {
  using server = await NameServer.start(() => UNKNOWN);
  using files = new Folder({ hosts: HOSTS });
  const resolver = resolverOf(server, {}, files);
  assert.deepEqual((await resolver.lookupHost('box')).sort(), ['192.0.2.9', '2001:db8::9']);
  assert.deepEqual(await resolver.lookupHost('BOX.EXAMPLE.'), ['192.0.2.9']);
  assert.deepEqual(await resolver.lookupHost('link'), ['fe80::9%lo']);
  assert.deepEqual(await heard(resolver, '4', 'box'), ['IPv4: 192.0.2.9']);
  assert.deepEqual(await heard(resolver, '6', 'box.example'), ['IPv6: ']);
  assert.equal(await resolver.lookupCNAME('box'), 'Box.example');
  assert.deepEqual(await resolver.lookupAddr('192.0.2.9'), ['Box.example', 'box']);
  assert.deepEqual(await resolver.lookupAddr('2001:0db8::9'), ['box']);
  assert.equal(server.count(), 0);
});

test('a change of the hosts file is seen by the next look-up', LIMIT, async () => {
  using server = await NameServer.start(() => UNKNOWN);
  using files = new Folder();
  const resolver = resolverOf(server, {}, files);
  await failureOf(resolver.lookupHost('box'));
  writeFileSync(files.hosts, '192.0.2.1 box\n');
  assert.deepEqual(await resolver.lookupHost('box'), ['192.0.2.1']);
  writeFileSync(files.hosts, '192.0.2.20 box\n');
  assert.deepEqual(await resolver.lookupHost('box'), ['192.0.2.20']);
  writeFileSync(`${files.hosts}.new`, '192.0.2.30 box\n');
  renameSync(`${files.hosts}.new`, files.hosts);
  assert.deepEqual(await resolver.lookupHost('box'), ['192.0.2.30']);
  rmSync(files.hosts);
  await failureOf(resolver.lookupHost('box'));
});

test('localhost in the hosts file is what that says', LIMIT, async () => {
  using server = await NameServer.start(() => UNKNOWN);
  using files = new Folder({ hosts: '127.0.0.7 localhost\n' });
  assert.deepEqual(await resolverOf(server, {}, files).lookupHost('localhost'), ['127.0.0.7']);
});

test('the domains to search are tried in their order, and the error is of the name that was given', LIMIT, async () => {
  using server = await NameServer.start(
    zone({
      'host.b.test.': { A: ['192.0.2.1'], MX: [['1', 'mail.b.test.']] },
      'v6.a.test.': { TXT: ['x'] },
      'x.y.': { A: ['192.0.2.2'] },
    }),
  );
  using files = new Folder({ resolv: 'search a.test b.test\n' });
  const resolver = resolverOf(server, {}, files);
  assert.deepEqual(await heard(resolver, '4', 'host'), ['IPv4: 192.0.2.1']);
  assert.deepEqual(await resolver.lookupHost('x.y'), ['192.0.2.2']);
  assert.deepEqual(await resolver.lookupMX('host'), [{ host: 'mail.b.test.', pref: 1 }]);
  assert.equal(await resolver.lookupCNAME('host'), 'host.b.test.');
  const before = server.asked.length;
  const error = await failureOf(resolver.lookupNetIP('ip4', 'nobody'));
  assert.deepEqual([error.hostname, error.err], ['nobody', 'no such host']);
  assert.deepEqual(
    server.asked.slice(before).map(({ name }) => name),
    ['nobody.a.test.', 'nobody.b.test.', 'nobody.'],
  );
  await failureOf(resolver.lookupNetIP('ip4', 'nobody.'));
  assert.equal(server.count('nobody.', 'A'), 2);
});

test('an empty first answer is not told while another name may have addresses', LIMIT, async () => {
  using server = await NameServer.start(
    zone({ 'host.a.test.': { TXT: ['x'] }, 'host.b.test.': { AAAA: ['2001:db8::1'] } }),
  );
  using files = new Folder({ resolv: 'search a.test b.test' });
  assert.deepEqual((await heard(resolverOf(server, {}, files), '', 'host')).sort(), ['IPv4: ', 'IPv6: 2001:db8::1']);
  assert.deepEqual([server.count('host.a.test.'), server.count('host.b.test.'), server.count('host.')], [2, 2, 0]);
});

test('a server that fails for one domain does not end the search', LIMIT, async () => {
  const hosts = zone({ 'host.b.test.': { A: ['192.0.2.1'] } });
  using server = await NameServer.start((asked) => (asked.name === 'host.a.test.' ? FAILING : hosts(asked)));
  using files = new Folder({ resolv: 'search a.test b.test' });
  assert.deepEqual(await resolverOf(server, {}, files).lookupHost('host'), ['192.0.2.1']);
});

test('options of resolv.conf: one family after the other', LIMIT, async () => {
  const hosts = zone({ 'host.test.': { A: ['192.0.2.1'], AAAA: ['2001:db8::1'] } });
  let under = 0;
  let most = 0;
  using server = await NameServer.start(async (asked) => {
    most = Math.max(most, ++under);
    await Promise.resolve();
    under--;
    return hosts(asked);
  });
  using files = new Folder({ resolv: 'options single-request' });
  assert.equal((await resolverOf(server, {}, files).lookupHost('host.test')).length, 2);
  assert.deepEqual(
    server.asked.map(({ type }) => type),
    ['A', 'AAAA'],
  );
  assert.equal(most, 1);
});

for (const [nsswitch, found, asked] of [
  ['hosts: files dns', '192.0.2.9', 0],
  ['hosts: dns files', '192.0.2.1', 1],
  ['hosts: dns', '192.0.2.1', 1],
  ['hosts: files', '192.0.2.9', 0],
] as const) {
  test(`nsswitch.conf says "${nsswitch}"`, LIMIT, async () => {
    using server = await NameServer.start(zone({ 'box.test.': { A: ['192.0.2.1'] } }));
    using files = new Folder({ hosts: '192.0.2.9 box.test only.test', nsswitch });
    const resolver = resolverOf(server, { method: 'auto' }, files);
    assert.deepEqual((await resolver.lookupNetIP('ip4', 'box.test')).map(String), [found]);
    assert.equal(server.count(), asked);
    const only = resolver.lookupHost('only.test');
    if (nsswitch.includes('files')) assert.deepEqual(await only, ['192.0.2.9']);
    else await failureOf(only);
  });
}
