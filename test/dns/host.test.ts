// The look-up of a host with a name server of the tests': what is asked, in which order answers are heard, and what fails how.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { AddrError } from '../../src/errors.ts';
import { LIMIT, deferred, failureOf, heard, lookups, resolverOf } from './expect.ts';
import { FAILING, NameServer, UNKNOWN, records, zone, type Reply, type Script } from './nameserver.ts';
import { RCODE } from './wire.ts';

const both = zone({ 'host.test.': { A: ['192.0.2.1', '192.0.2.2'], AAAA: ['2001:db8::1'] } });

test('A and AAAA are asked once each', LIMIT, async () => {
  using server = await NameServer.start(both);
  const found = await resolverOf(server).lookupNetIP('ip', 'host.test');
  assert.deepEqual(found.map(String).sort(), ['192.0.2.1', '192.0.2.2', '2001:db8::1']);
  assert.ok(found.every((addr) => addr.is4() || addr.is6()));
  assert.deepEqual([server.count('host.test.', 'A'), server.count('host.test.', 'AAAA'), server.count()], [1, 1, 2]);
});

test('one family is asked alone', LIMIT, async () => {
  using server = await NameServer.start(both);
  const resolver = resolverOf(server);
  assert.deepEqual(await heard(resolver, '4', 'host.test'), ['IPv4: 192.0.2.1,192.0.2.2']);
  assert.deepEqual(await heard(resolver, '6', 'host.test'), ['IPv6: 2001:db8::1']);
  assert.deepEqual([server.count('host.test.', 'A'), server.count('host.test.', 'AAAA')], [1, 1]);
  assert.deepEqual((await resolver.lookupNetIP('ip4', 'host.test')).map(String), ['192.0.2.1', '192.0.2.2']);
});

for (const [early, late, first, second] of [
  ['A', 'AAAA', 'IPv4: 192.0.2.1,192.0.2.2', 'IPv6: 2001:db8::1'],
  ['AAAA', 'A', 'IPv6: 2001:db8::1', 'IPv4: 192.0.2.1,192.0.2.2'],
] as const) {
  test(`${early} is heard before a late ${late}`, LIMIT, async () => {
    const { promise, resolve } = deferred();
    const script: Script = async (asked) => {
      if (asked.type === late) await promise;
      return both(asked);
    };
    using server = await NameServer.start(script);
    // The late answer leaves the server only when the early one has been heard.
    assert.deepEqual(await heard(resolverOf(server), '', 'host.test', () => resolve()), [first, second]);
  });
}

test('a family without addresses is told as empty, once it is certain that no other name is asked', LIMIT, async () => {
  using server = await NameServer.start(
    zone({ 'v4.test.': { A: ['192.0.2.1'] }, 'v6.test.': { AAAA: ['2001:db8::1'] } }),
  );
  const resolver = resolverOf(server);
  assert.deepEqual((await heard(resolver, '', 'v4.test')).sort(), ['IPv4: 192.0.2.1', 'IPv6: ']);
  assert.deepEqual((await heard(resolver, '', 'v6.test')).sort(), ['IPv4: ', 'IPv6: 2001:db8::1']);
});

test('a server that fails for one family only is no error', LIMIT, async () => {
  using server = await NameServer.start((asked) => (asked.type === 'AAAA' ? FAILING : both(asked)));
  const resolver = resolverOf(server);
  assert.deepEqual((await heard(resolver, '', 'host.test')).sort(), ['IPv4: 192.0.2.1,192.0.2.2', 'IPv6: ']);
  assert.deepEqual(await resolver.lookupHost('host.test'), ['192.0.2.1', '192.0.2.2']);
});

test('aliases lead to addresses', LIMIT, async () => {
  using server = await NameServer.start(
    zone({ 'a.test.': { CNAME: ['b.test.'] }, 'b.test.': { CNAME: ['c.test.'] }, 'c.test.': { A: ['192.0.2.3'] } }),
  );
  assert.deepEqual(await resolverOf(server).lookupHost('a.test'), ['192.0.2.3']);
});

test('an answer that is too long for UDP comes by TCP', LIMIT, async () => {
  const many = Array.from({ length: 100 }, (_, i) => `192.0.2.${i}`);
  using server = await NameServer.start(({ type, via }) => {
    if (type !== 'A') return {};
    return via === 'udp' ? { truncated: true } : records('A', ...many);
  });
  assert.equal((await resolverOf(server).lookupHost('host.test')).length, 100);
  assert.deepEqual(
    server.asked.filter(({ type }) => type === 'A').map(({ via }) => via),
    ['udp', 'tcp'],
  );
});

const failures: readonly (readonly [name: string, reply: Reply | null, err: string, code: string, flags: string])[] = [
  ['an unknown name', UNKNOWN, 'no such host', 'ENOTFOUND', 'notFound'],
  ['a name without addresses', {}, 'no such host', 'ENOTFOUND', 'notFound'],
  ['a server that fails', FAILING, 'server misbehaving', 'ESERVFAIL', 'temporary'],
  ['a server that refuses', { rcode: RCODE.REFUSED }, 'server misbehaving', 'EREFUSED', ''],
  ['a server that does not know how', { rcode: RCODE.NOTIMP }, 'server misbehaving', 'ENOTIMP', ''],
  ['a server that does not understand', { rcode: RCODE.FORMERR }, 'server misbehaving', 'EFORMERR', ''],
  ['a silent server', null, 'i/o timeout', 'ETIMEOUT', 'timeout temporary'],
];

for (const [name, reply, err, code, flags] of failures) {
  test(`${name}: ${err}`, LIMIT, async () => {
    using server = await NameServer.start(() => reply);
    const error = await failureOf(resolverOf(server, { timeout: 250 }).lookupHost('host.test'));
    assert.equal(error.message, `lookup host.test on ${server.address}: ${err}`);
    assert.deepEqual([error.err, error.code, error.hostname, error.server], [err, code, 'host.test', server.address]);
    const set = (['timeout', 'temporary', 'notFound'] as const).filter((flag) => error[flag]);
    assert.equal(set.join(' '), flags);
  });
}

test('nobody listens on the server’s port: connection refused', LIMIT, async () => {
  const server = await NameServer.start(() => null);
  const resolver = resolverOf(server);
  server.close();
  const error = await failureOf(resolver.lookupHost('host.test'));
  assert.deepEqual([error.err, error.code, error.temporary], ['connection refused', 'ECONNREFUSED', true]);
});

test('a server that fails for one family leaves open whether the name exists', LIMIT, async () => {
  using server = await NameServer.start(({ type }) => (type === 'A' ? {} : FAILING));
  assert.equal((await failureOf(resolverOf(server).lookupHost('host.test'))).code, 'ESERVFAIL');
});

for (const [name, reply] of [
  ['fails', FAILING],
  ['is silent', null],
] as const) {
  test(`a server that ${name} is followed by the next, as often as attempts say`, LIMIT, async () => {
    using bad = await NameServer.start(() => reply);
    using good = await NameServer.start(both);
    const servers = [bad.address, good.address];
    const resolver = resolverOf(bad, { servers, timeout: 250 });
    assert.equal((await resolver.lookupHost('host.test')).length, 3);
    assert.deepEqual([bad.count('host.test.', 'A'), good.count('host.test.', 'A')], [1, 1]);
    const again = resolverOf(bad, { servers: [bad.address], timeout: 250, attempts: 3 });
    await failureOf(again.lookupHost('host.test'));
    assert.equal(bad.count('host.test.', 'A'), 4);
  });
}

test('a name that no server knows is asked of the first only', LIMIT, async () => {
  using first = await NameServer.start(() => UNKNOWN);
  using second = await NameServer.start(both);
  await failureOf(resolverOf(first, { servers: [first.address, second.address], attempts: 2 }).lookupHost('host.test'));
  assert.deepEqual([first.count(), second.count()], [2, 0]);
});

test('what can be no name is never asked for', LIMIT, async () => {
  using server = await NameServer.start(() => UNKNOWN);
  const names = ['', '127.1', '010.0.0.1', '0x7f.1', '1', '127.0.0.1%lo', '[::1]', 'a b', 'a..b', 'ä', 'x'.repeat(64)];
  for (const [method, call] of lookups) {
    for (const name of names) {
      const error = await failureOf(call(resolverOf(server), name));
      assert.deepEqual([error.message, error.notFound], [`lookup ${name}: no such host`, true], method);
    }
  }
  assert.equal(server.count(), 0);
});

test('literals, localhost and .onion are never asked for', LIMIT, async () => {
  using server = await NameServer.start(() => UNKNOWN);
  const resolver = resolverOf(server);
  assert.deepEqual(await resolver.lookupHost('fe80::1%lo'), ['fe80::1%lo']);
  assert.deepEqual(await heard(resolver, '', '192.0.2.1'), ['IPv4,IPv6: 192.0.2.1']);
  assert.deepEqual(await heard(resolver, '4', '::1'), ['IPv4: ']);
  for (const name of ['localhost', 'LocalHost.', 'a.localhost']) {
    assert.deepEqual((await resolver.lookupHost(name)).sort(), ['127.0.0.1', '::1'], name);
  }
  assert.deepEqual(await heard(resolver, '6', 'localhost'), ['IPv6: ::1']);
  assert.equal(await resolver.lookupCNAME('localhost'), 'localhost.');
  assert.deepEqual(await heard(resolver, '', 'a.onion'), []);
  assert.deepEqual(await resolver.lookupHost('A.Onion.'), []);
  await assert.rejects(resolver.lookupNetIP('ip', 'a.onion'), AddrError);
  for (const call of [resolver.lookupCNAME('a.onion'), resolver.lookupTXT('a.onion')]) await failureOf(call);
  assert.equal(server.count(), 0);
});

test('lookupNetIP of a literal keeps to the family that is asked', LIMIT, async () => {
  using server = await NameServer.start(() => UNKNOWN);
  const resolver = resolverOf(server);
  assert.deepEqual((await resolver.lookupNetIP('ip4', '::ffff:192.0.2.1')).map(String), ['192.0.2.1']);
  await assert.rejects(resolver.lookupNetIP('ip4', '::1'), { message: 'address ::1: no suitable address found' });
  await assert.rejects(resolver.lookupNetIP('tcp' as 'ip', '::1'), { message: 'unknown network tcp' });
});
