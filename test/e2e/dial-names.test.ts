// Dials by name with a Resolver that asks the tests' name server: which questions are asked, whose answer is dialed when, and how
// what the server says ends a dial.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { dial, DNSError, listen, OpError, TCPAddr, type TCPConn } from 'gonet';
import { Addr } from 'gonet/netip';

import { backTo, deferred, descriptors } from '../dns/expect.ts';
import { FAILING, NameServer, records, UNKNOWN, zone, type Reply, type Script } from '../dns/nameserver.ts';
import { RCODE } from '../dns/wire.ts';
import { checkForm } from './form.ts';
import { leavesNothing, opErrorOf, withoutIPv6 } from './loopback.ts';
import { asking, lonely } from './names.ts';

const options = { timeout: 20_000 };
const MINUTE = 60_000;
/** A timer may be early by less than this. */
const EARLY = 5;

const both = zone({ 'host.test.': { A: ['127.0.0.1'], AAAA: ['::1'] } });
const remoteOf = (conn: TCPConn): string => conn.remoteAddr.address;

/** Resolves with what came of a dial, and after how many milliseconds. */
async function timed<T>(promise: Promise<T>): Promise<{ readonly value: T; readonly ms: number }> {
  const start = performance.now();
  return { value: await promise, ms: performance.now() - start };
}

test('a name with IPv4 addresses only', options, async ({ signal }) => {
  using server = await NameServer.start(zone({ 'host.test.': { A: ['127.0.0.2', '127.0.0.3'] } }));
  using listener = await listen('tcp', '127.0.0.2:0');
  const before = descriptors();
  const conn = await dial('tcp', `host.test:${listener.addr.port}`, { resolver: asking(server) });
  assert.equal(remoteOf(conn), '127.0.0.2');
  assert.deepEqual([server.count('host.test.', 'A'), server.count('host.test.', 'AAAA')], [1, 1]);
  conn.close();
  await backTo(before, signal);
});

test(
  'a name with both: IPv6 is dialed first, and is not waited for in vain',
  { ...options, skip: withoutIPv6 },
  async () => {
    using server = await NameServer.start(both);
    using listener = await listen('tcp', '[::1]:0');
    using conn = await dial('tcp', `host.test:${listener.addr.port}`, { resolver: asking(server) });
    assert.equal(remoteOf(conn), '::1');
    using four = await lonely('127.0.0.1', '::1');
    const { value, ms } = await timed(dial('tcp', `host.test:${four.addr.port}`, { resolver: asking(server) }));
    assert.equal(remoteOf(value), '127.0.0.1');
    assert.ok(ms < 250 - EARLY, `a refusal starts the next at once, not after ${ms} ms`);
    value.close();
  },
);

test('an AAAA that never comes: A is dialed after 50 ms, and the query is cancelled', options, async ({ signal }) => {
  using server = await NameServer.start((asked) => (asked.type === 'AAAA' ? null : both(asked)));
  using listener = await listen('tcp', '127.0.0.1:0');
  const before = descriptors();
  const dialing = dial('tcp', `host.test:${listener.addr.port}`, { resolver: asking(server, { timeout: MINUTE }) });
  const { value: conn, ms } = await timed(dialing);
  assert.equal(remoteOf(conn), '127.0.0.1');
  assert.ok(ms >= 50 - EARLY && ms < 5000, `${ms} ms`);
  assert.equal(server.count('host.test.', 'AAAA'), 1);
  conn.close();
  await backTo(before, signal);
});

test('an A that never comes: AAAA is dialed at once', { ...options, skip: withoutIPv6 }, async ({ signal }) => {
  using server = await NameServer.start((asked) => (asked.type === 'A' ? null : both(asked)));
  using listener = await listen('tcp', '[::1]:0');
  const before = descriptors();
  const own = { resolver: asking(server, { timeout: MINUTE }) };
  const conn = await dial('tcp', `host.test:${listener.addr.port}`, own);
  assert.equal(remoteOf(conn), '::1');
  conn.close();
  await backTo(before, signal);
});

test('an AAAA that comes while A is being dialed joins the race', { ...options, skip: withoutIPv6 }, async () => {
  const { promise, resolve } = deferred();
  const script: Script = async (asked) => {
    if (asked.type === 'AAAA') await promise;
    return both(asked);
  };
  using server = await NameServer.start(script);
  using listener = await lonely('::1', '127.0.0.1');
  // The attempt at IPv4 is refused, and the answer leaves the server only then.
  let attempts = 0;
  const control = (): void => {
    if (++attempts === 1) setImmediate(resolve);
  };
  using conn = await dial('tcp', `host.test:${listener.addr.port}`, { resolver: asking(server), control });
  assert.deepEqual([remoteOf(conn), attempts], ['::1', 2]);
});

test('a family that fails at the server is no failure', options, async () => {
  using server = await NameServer.start((asked) => (asked.type === 'AAAA' ? FAILING : both(asked)));
  using listener = await listen('tcp', '127.0.0.1:0');
  using conn = await dial('tcp', `host.test:${listener.addr.port}`, { resolver: asking(server) });
  assert.equal(remoteOf(conn), '127.0.0.1');
});

test('aliases', options, async () => {
  using server = await NameServer.start(
    zone({ 'a.test.': { CNAME: ['b.test.'] }, 'b.test.': { CNAME: ['c.test.'] }, 'c.test.': { A: ['127.0.0.1'] } }),
  );
  using listener = await listen('tcp', '127.0.0.1:0');
  using conn = await dial('tcp', `a.test:${listener.addr.port}`, { resolver: asking(server) });
  assert.equal(remoteOf(conn), '127.0.0.1');
});

for (const [network, type, other, host] of [
  ['tcp4', 'A', 'AAAA', '127.0.0.1'],
  ['tcp6', 'AAAA', 'A', '::1'],
] as const) {
  test(`${network} asks for ${type} only`, { ...options, skip: host === '::1' && withoutIPv6 }, async () => {
    using server = await NameServer.start(both);
    using listener = await listen('tcp', { host, port: 0 });
    for (const fallbackDelay of [250, -1]) {
      const own = { resolver: asking(server), fallbackDelay };
      using conn = await dial(network, `host.test:${listener.addr.port}`, own);
      assert.equal(remoteOf(conn), host);
    }
    assert.deepEqual([server.count('host.test.', type), server.count('host.test.', other)], [2, 0]);
  });
}

test('one local address for each family: both race, each from its own', { ...options, skip: withoutIPv6 }, async () => {
  using server = await NameServer.start(both);
  const localAddr = ['127.0.0.9', '::1'].map((ip) => new TCPAddr(Addr.parse(ip), 0));
  for (const [host, other, local] of [
    ['127.0.0.1', '::1', '127.0.0.9'],
    ['::1', '127.0.0.1', '::1'],
  ] as const) {
    using listener = await lonely(host, other);
    const own = { resolver: asking(server), localAddr };
    using conn = await dial('tcp', `host.test:${listener.addr.port}`, own);
    assert.deepEqual([remoteOf(conn), conn.localAddr.address], [host, local]);
  }
});

test(
  'fallbackDelay -1 waits for both answers, and dials in their order',
  { ...options, skip: withoutIPv6 },
  async () => {
    const { promise, resolve } = deferred();
    let tried = 0;
    const script: Script = async (asked) => {
      if (asked.type === 'AAAA') await promise;
      assert.equal(tried, 0);
      return both(asked);
    };
    using server = await NameServer.start(script);
    using listener = await lonely('127.0.0.1', '::1');
    const control = (): void => void tried++;
    const own = { resolver: asking(server), fallbackDelay: -1, control };
    const dialing = dial('tcp', `host.test:${listener.addr.port}`, own);
    await server.reached(2, AbortSignal.timeout(options.timeout));
    resolve();
    using conn = await dialing;
    assert.deepEqual([remoteOf(conn), tried], ['127.0.0.1', 2]);
  },
);

const failures: readonly (readonly [name: string, reply: Reply | null, err: string, code: string, flags: string])[] = [
  ['an unknown name', UNKNOWN, 'no such host', 'ENOTFOUND', ''],
  ['a name without addresses', {}, 'no such host', 'ENOTFOUND', ''],
  ['a server that fails', FAILING, 'server misbehaving', 'ESERVFAIL', 'temporary'],
  ['a server that refuses', { rcode: RCODE.REFUSED }, 'server misbehaving', 'EREFUSED', ''],
  ['a silent server', null, 'i/o timeout', 'ETIMEOUT', 'timeout temporary'],
];

for (const [name, reply, err, code, flags] of failures) {
  test(`${name}: ${err}`, options, () =>
    leavesNothing(async () => {
      using server = await NameServer.start(() => reply);
      for (const fallbackDelay of [250, -1]) {
        const own = { resolver: asking(server, { timeout: 250 }), fallbackDelay };
        const error = await opErrorOf(dial('tcp', 'host.test:1', own));
        checkForm(error);
        assert.equal(error.message, `dial tcp: lookup host.test on ${server.address}: ${err}`);
        assert.ok(error.cause instanceof DNSError);
        assert.deepEqual([error.code, error.addr, error.attempts], [code, null, undefined]);
        const set = (['timeout', 'temporary'] as const).filter((flag) => error[flag]);
        assert.equal(set.join(' '), flags);
        assert.equal(error.cause.notFound, code === 'ENOTFOUND');
      }
    }),
  );
}

test('an A that is refused and an AAAA that fails: what was tried is the error', options, async () => {
  using server = await NameServer.start(({ type }) => (type === 'A' ? records('A', '127.0.0.1') : FAILING));
  const error = await opErrorOf(dial('tcp', 'host.test:0', { resolver: asking(server) }));
  assert.ok(error instanceof OpError);
  assert.equal(error.message, 'dial tcp 127.0.0.1:0: connect: connection refused');
});
