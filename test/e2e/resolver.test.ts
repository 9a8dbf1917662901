// Names without a name server: resolvers of one's own, this machine's names, and the names that listen and the resolve functions
// take.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { test } from 'node:test';

import {
  AddrError,
  CanceledError,
  defaultResolver,
  dial,
  Dialer,
  DNSError,
  listen,
  resolveIPAddr,
  resolveTCPAddr,
  resolveUDPAddr,
  Resolver,
  type HostResolver,
} from 'gonet';
import { Addr } from 'gonet/netip';

import { checkForm } from './form.ts';
import { leavesNothing, opErrorOf, pass, refusing, withoutIPv6 } from './loopback.ts';
import { fixed, lonely, ofNetwork, uneven } from './names.ts';

const options = { timeout: 10_000 };

test('a resolver of one’s own is asked, with a signal that ends with the look-up', options, async () => {
  using listener = await listen('tcp', '127.0.0.1:0');
  const asked: unknown[] = [];
  const signals: AbortSignal[] = [];
  const resolver: HostResolver = {
    lookupNetIP(network, host, { signal }) {
      assert.equal(this, resolver);
      asked.push([network, host, signal.aborted]);
      signals.push(signal);
      return Promise.resolve(ofNetwork(network, ['127.0.0.1']));
    },
  };
  const dialer = new Dialer({ resolver });
  for (const network of ['tcp', 'tcp4']) {
    using conn = await dialer.dial(network, `x.test:${listener.addr.port}`);
    assert.equal(String(conn.remoteAddr), listener.addr.toString());
  }
  assert.deepEqual(asked, [
    ['ip', 'x.test', false],
    ['ip4', 'x.test', false],
  ]);
  assert.ok(signals.every(({ aborted }) => aborted));
});

test('a literal and the empty host are nobody’s question', options, async () => {
  using listener = await listen('tcp', ':0');
  const resolver: HostResolver = { lookupNetIP: () => assert.fail('was asked') };
  for (const host of ['', '127.0.0.1', '0.0.0.0']) {
    (await dial('tcp', { host, port: listener.addr.port }, { resolver })).close();
  }
});

test('a resolver of one’s own hears of names that the system would refuse', options, async () => {
  using listener = await listen('tcp', '127.0.0.1:0');
  const hosts: string[] = [];
  const resolver: HostResolver = {
    lookupNetIP: (_network, host) => {
      hosts.push(host);
      return Promise.resolve([Addr.parse('127.0.0.1')]);
    },
  };
  const names = ['a_b', 'service.onion', 'ä.test', 'localhost', 'x.test.'];
  for (const host of names) (await dial('tcp', { host, port: listener.addr.port }, { resolver })).close();
  assert.deepEqual(hosts, names);
});

test('a resolver that says nothing useful', options, () =>
  leavesNothing(async () => {
    const broken = new Error('no idea');
    const rows: readonly (readonly [string, HostResolver, string])[] = [
      ['tcp', fixed(), 'address x.test: no suitable address found'],
      ['tcp6', fixed('127.0.0.1'), 'address x.test: no suitable address found'],
      ['tcp', { lookupNetIP: () => Promise.reject(broken) }, 'no idea'],
      [
        'tcp',
        {
          lookupNetIP: () => {
            throw broken;
          },
        },
        'no idea',
      ],
    ];
    for (const [network, resolver, reason] of rows) {
      for (const fallbackDelay of [250, -1]) {
        const error = await opErrorOf(dial(network, 'x.test:1', { resolver, fallbackDelay }));
        assert.equal(error.message, `dial ${network}: ${reason}`);
        assert.ok(error.cause === broken || error.cause instanceof AddrError);
        assert.deepEqual([error.addr, error.attempts], [null, undefined]);
      }
    }
  }),
);

test('a resolver that is none throws at once', options, () => {
  for (const wrong of [null, {}, 'x', 5, { lookupNetIP: true }]) {
    const resolver = wrong as unknown as HostResolver;
    assert.throws(() => dial('tcp', 'x.test:1', { resolver }), TypeError);
    assert.throws(() => new Dialer({ resolver }), TypeError);
  }
});

test('the order of a resolver of one’s own is kept', options, async () => {
  using addresses = await uneven();
  const tried: string[] = [];
  const control = (_network: string, address: string): void => void tried.push(address);
  const dialed = [addresses.silent, addresses.listener.addr.toString()];
  const own = { resolver: fixed('127.0.0.1', '127.0.0.2'), control };
  (await dial('tcp', `x.test:${addresses.port}`, { ...own, fallbackDelay: 10 })).close();
  assert.deepEqual(tried.splice(0), dialed);
  const back = { resolver: fixed('127.0.0.2', '127.0.0.1'), control };
  (await dial('tcp', `x.test:${addresses.port}`, back)).close();
  assert.deepEqual(tried, [dialed[1]]);
});

test('an abort ends the wait for a resolver that does not listen', options, async () => {
  using _poller = await refusing();
  const controller = new AbortController();
  let asked!: () => void;
  const called = new Promise<void>((resolve) => (asked = resolve));
  const resolver: HostResolver = {
    lookupNetIP: () => {
      asked();
      return new Promise(() => {});
    },
  };
  const pending = opErrorOf(dial('tcp', 'x.test:1', { resolver, signal: controller.signal }));
  await called;
  controller.abort('enough');
  const error = await pending;
  checkForm(error);
  assert.equal(error.message, 'dial tcp: lookup x.test: operation was canceled');
  assert.ok(error.cause instanceof DNSError && error.cause.cause instanceof CanceledError);
});

// ── this machine ────────────────────────────────────────────────────────────────────────────────────────────────────────────

/** The names of /etc/hosts and their addresses, in the order of the file. */
function hostsFile(): Map<string, string[]> {
  const names = new Map<string, string[]>();
  let text = '';
  try {
    text = readFileSync('/etc/hosts', 'utf8');
  } catch {
    // A machine without the file has none.
  }
  for (const line of text.split('\n')) {
    const [ip = '', ...all] = line.replace(/#.*/, '').trim().split(/\s+/);
    const addr = Addr.tryParse(ip);
    if (addr === null || (addr.is6() && withoutIPv6 !== false)) continue;
    for (const name of all) names.set(name, [...(names.get(name) ?? []), addr.unmap().toString()]);
  }
  return names;
}

const hosts = hostsFile();
/** Names of this machine: every address of theirs is of loopback. */
const own = [...hosts].filter(([, ips]) => ips.every((ip) => Addr.parse(ip).isLoopback())).map(([name]) => name);

test('localhost, and whatever ends so', options, async () => {
  using listener = await listen('tcp', ':0');
  for (const name of ['localhost', 'LOCALHOST', 'localhost.']) {
    using conn = await dial('tcp', `${name}:${listener.addr.port}`);
    using accepted = await listener.accept();
    assert.ok(conn.remoteAddr.ip.isLoopback());
    await pass(conn, accepted);
  }
});

test('localhost when only one family listens', { ...options, skip: withoutIPv6 }, async () => {
  const resolver = fixed('::1', '127.0.0.1');
  for (const [host, other] of [
    ['127.0.0.1', '::1'],
    ['::1', '127.0.0.1'],
  ] as const) {
    using listener = await lonely(host, other);
    using conn = await dial('tcp', `localhost:${listener.addr.port}`, { resolver });
    assert.equal(conn.remoteAddr.address, host);
  }
});

test(
  'the machine’s own name, where /etc/hosts has it',
  { ...options, skip: hosts.has(hostname()) ? false : `"${hostname()}" is not in /etc/hosts` },
  async () => {
    using listener = await listen('tcp', ':0');
    using conn = await dial('tcp', `${hostname()}:${listener.addr.port}`);
    assert.ok(hosts.get(hostname())?.includes(conn.remoteAddr.address));
  },
);

test(
  'every name of this machine in /etc/hosts',
  { ...options, skip: own.length === 0 && 'no name of /etc/hosts is of loopback' },
  async () => {
    using listener = await listen('tcp', ':0');
    for (const name of own) {
      for (const resolver of [
        defaultResolver,
        new Resolver({ method: 'dns' }),
        new Resolver({ method: 'getaddrinfo' }),
      ]) {
        using conn = await dial('tcp', `${name}:${listener.addr.port}`, { resolver });
        assert.ok(conn.remoteAddr.ip.isLoopback(), name);
      }
    }
  },
);

test('listen by name, and what it is resolved to: IPv4 first', options, async () => {
  using listener = await listen('tcp', 'localhost:0');
  assert.ok(listener.addr.ip.isLoopback());
  (await dial('tcp', `localhost:${listener.addr.port}`)).close();
  using four = await listen('tcp4', 'localhost:0');
  assert.equal(four.addr.address, '127.0.0.1');
  if (hosts.get('localhost')?.includes('127.0.0.1') ?? true) assert.equal(listener.addr.address, '127.0.0.1');
  for (const name of own) (await listen('tcp', { host: name, port: 0 })).close();
});

test('listen and resolve by a name that cannot be', options, () =>
  leavesNothing(async () => {
    const rows = [
      ['a..b:0', 'lookup a..b: no such host', 'ENOTFOUND'],
      ['127.1:0', 'lookup 127.1: no such host', 'ENOTFOUND'],
      ['x.onion:0', 'address x.onion: no suitable address found', 'ERR_NET_ADDR'],
    ] as const;
    for (const [text, reason, code] of rows) {
      const error = await opErrorOf(listen('tcp', text));
      assert.deepEqual([error.message, error.code], [`listen tcp: ${reason}`, code]);
      for (const resolve of [resolveTCPAddr, resolveUDPAddr] as const) {
        const network = resolve === resolveTCPAddr ? 'tcp' : 'udp';
        await assert.rejects(resolve(network, text), { message: reason, code });
      }
    }
  }),
);

test('resolveTCPAddr, resolveUDPAddr and resolveIPAddr by name', options, async () => {
  const { address, port, network } = await resolveTCPAddr('tcp4', 'localhost:http');
  assert.deepEqual([address, port, network], ['127.0.0.1', 80, 'tcp']);
  const udp = await resolveUDPAddr('udp4', { host: 'localhost', port: 53 });
  assert.deepEqual([udp.address, udp.port, udp.network], ['127.0.0.1', 53, 'udp']);
  assert.equal(String(await resolveIPAddr('ip4', 'localhost')), '127.0.0.1');
  assert.ok((await resolveTCPAddr('', 'localhost:1')).ip.isLoopback());
  await assert.rejects(resolveTCPAddr('tcp', 'localhost:1', { signal: AbortSignal.abort() }), { code: 'ABORT_ERR' });
});
