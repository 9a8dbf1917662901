// dial, seen from outside: which address texts reach whom, and what the others are told. The tables are Go's.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import {
  AddrError,
  DNSError,
  Dialer,
  dial,
  dialTCP,
  listen,
  TCPAddr,
  UnknownNetworkError,
  type TCPListener,
} from 'gonet';
import { Addr } from 'gonet/netip';

import { connect, leavesNothing, opErrorOf, openSockets, pass, refusing, withoutIPv6 } from './loopback.ts';

const options = { timeout: 10_000 };

type Kind = typeof AddrError | typeof DNSError | typeof UnknownNetworkError;

/** Every one of these fails before there is a socket; the error tells the network and no address (rule 24). */
const BAD: [network: string, address: string, reason: string, cause: Kind, code: string][] = [
  ['foo', '', 'unknown network foo', UnknownNetworkError, 'ERR_NET_UNKNOWN_NETWORK'],
  ['bar', 'baz', 'unknown network bar', UnknownNetworkError, 'ERR_NET_UNKNOWN_NETWORK'],
  ['datakit', 'mh/astro/r70', 'unknown network datakit', UnknownNetworkError, 'ERR_NET_UNKNOWN_NETWORK'],
  ['TCP', '127.0.0.1:80', 'unknown network TCP', UnknownNetworkError, 'ERR_NET_UNKNOWN_NETWORK'],
  ['tcp5', '127.0.0.1:80', 'unknown network tcp5', UnknownNetworkError, 'ERR_NET_UNKNOWN_NETWORK'],
  ['tcp:80', '127.0.0.1', 'unknown network tcp:80', UnknownNetworkError, 'ERR_NET_UNKNOWN_NETWORK'],
  ['ip', '127.0.0.1', 'unknown network ip', UnknownNetworkError, 'ERR_NET_UNKNOWN_NETWORK'],
  ['ip::', '127.0.0.1', 'unknown network ip::', UnknownNetworkError, 'ERR_NET_UNKNOWN_NETWORK'],
  ['', '127.0.0.1:80', 'unknown network ', UnknownNetworkError, 'ERR_NET_UNKNOWN_NETWORK'],
  ['ip4:no-such', '127.0.0.1', 'address no-such: unknown IP protocol specified', AddrError, 'ERR_NET_ADDR'],
  ['tcp', '', 'missing address', AddrError, 'ERR_NET_ADDR'],
  ['tcp', '127.0.0.1', 'address 127.0.0.1: missing port in address', AddrError, 'ERR_NET_ADDR'],
  ['tcp', '::1:80', 'address ::1:80: too many colons in address', AddrError, 'ERR_NET_ADDR'],
  ['tcp', '[::1]', 'address [::1]: missing port in address', AddrError, 'ERR_NET_ADDR'],
  ['tcp', '[::1:80', "address [::1:80: missing ']' in address", AddrError, 'ERR_NET_ADDR'],
  ['tcp', '127.0.0.1:-1', 'address -1: invalid port', AddrError, 'ERR_NET_ADDR'],
  ['tcp', '127.0.0.1:65536', 'address 65536: invalid port', AddrError, 'ERR_NET_ADDR'],
  ['tcp', '127.0.0.1:123456789', 'address 123456789: invalid port', AddrError, 'ERR_NET_ADDR'],
  ['tcp', '127.0.0.1:☺', 'lookup tcp/☺: unknown port', DNSError, 'ENOTFOUND'],
  ['tcp4', '127.0.0.1:no-such', 'lookup tcp/no-such: unknown port', DNSError, 'ENOTFOUND'],
  ['tcp', 'mh/astro/r70:http', 'lookup mh/astro/r70: no such host', DNSError, 'ENOTFOUND'],
  ['tcp', '127.1:80', 'lookup 127.1: no such host', DNSError, 'ENOTFOUND'],
  ['tcp', '010.0.0.1:80', 'lookup 010.0.0.1: no such host', DNSError, 'ENOTFOUND'],
  ['tcp', '2130706433:80', 'lookup 2130706433: no such host', DNSError, 'ENOTFOUND'],
  ['tcp', '127.0.0.1%lo:80', 'lookup 127.0.0.1%lo: no such host', DNSError, 'ENOTFOUND'],
  ['tcp4', '[::1]:80', 'address ::1: no suitable address found', AddrError, 'ERR_NET_ADDR'],
  ['tcp6', '127.0.0.1:80', 'address 127.0.0.1: no suitable address found', AddrError, 'ERR_NET_ADDR'],
  ['tcp6', '0.0.0.0:80', 'address 0.0.0.0: no suitable address found', AddrError, 'ERR_NET_ADDR'],
  ['tcp6', '[::ffff:127.0.0.1]:80', 'address ::ffff:127.0.0.1: no suitable address found', AddrError, 'ERR_NET_ADDR'],
];

for (const [network, address, reason, cause, code] of BAD) {
  test(`dial(${JSON.stringify(network)}, ${JSON.stringify(address)}): ${reason}`, options, () =>
    leavesNothing(async () => {
      const error = await opErrorOf(dial(network, address));
      assert.equal(error.message, `dial${network === '' ? '' : ` ${network}`}: ${reason}`);
      assert.ok(error.cause instanceof cause);
      assert.deepEqual([error.op, error.net, error.source, error.addr], ['dial', network, null, null]);
      assert.deepEqual([error.code, error.errno, error.timeout], [code, undefined, false]);
    }),
  );
}

test('a refused dial: its address, the call, and Node’s fields', options, () =>
  leavesNothing(async () => {
    using refused = await refusing();
    const before = openSockets();
    const { port } = refused;
    const error = await opErrorOf(dial('tcp', `127.0.0.1:${port}`));
    assert.equal(error.message, `dial tcp 127.0.0.1:${port}: connect: connection refused`);
    const { code, errno, syscall, address, source, attempts } = error;
    assert.deepEqual([code, errno, syscall, address], ['ECONNREFUSED', -111, 'connect', '127.0.0.1']);
    assert.deepEqual([source, attempts], [null, undefined]);
    assert.equal(error.port, port);
    assert.ok(error.addr instanceof TCPAddr);
    assert.deepEqual(openSockets(), before);
  }),
);

test('port 0 is dialed, and refused by the kernel (rule 55)', options, async () => {
  const error = await opErrorOf(dial('tcp', '127.0.0.1:0'));
  assert.equal(error.message, 'dial tcp 127.0.0.1:0: connect: connection refused');
});

test('a service name and localhost: refused at port 80 of this machine', options, async (t) => {
  const reached = await dial('tcp', 'localhost:http').catch((error: unknown) => error);
  if (!(reached instanceof Error)) {
    (reached as Disposable)[Symbol.dispose]();
    return t.skip('somebody serves port 80 here');
  }
  assert.match(reached.message, /^dial tcp:? (?:127\.0\.0\.1|\[::1\]):80: connect: connection refused/);
});

describe('a listener of each family', () => {
  let four: TCPListener;
  let six: TCPListener | undefined;
  before(async () => {
    four = await listen('tcp4', '127.0.0.1:0');
    six = withoutIPv6 === false ? await listen('tcp6', '[::1]:0') : undefined;
  });
  after(() => {
    four.close();
    six?.close();
  });

  const reaches = async (network: string, address: Parameters<typeof dial>[1], remote: string): Promise<void> => {
    using conn = await dial(network, address);
    assert.equal(String(conn.remoteAddr), remote);
    assert.equal(conn.localAddr.network, 'tcp');
  };

  test('is reached by every text that means it', options, async () => {
    const { port } = four.addr;
    const remote = `127.0.0.1:${port}`;
    for (const address of [remote, `:${port}`, `[::ffff:127.0.0.1]:${port}`, `127.0.0.1:+${port}`, `0.0.0.0:${port}`]) {
      await reaches('tcp', address, remote);
      await reaches('tcp4', address, remote);
    }
    await reaches('tcp4', `[::]:${port}`, remote);
    await reaches('tcp4', `localhost:${port}`, remote);
    await reaches('tcp', { host: '127.0.0.1', port }, remote);
    await reaches('tcp', { port: String(port) }, remote);
  });

  test('is reached by every text that means it, on IPv6', { ...options, skip: withoutIPv6 }, async () => {
    const { port } = six!.addr;
    const remote = `[::1]:${port}`;
    for (const network of ['tcp', 'tcp6']) {
      for (const host of ['::1', '::', '0:0:0:0:0:0:0:1']) await reaches(network, { host, port }, remote);
    }
    await reaches('tcp', `[::1]:${port}`, remote);
    await reaches('tcp6', `:${port}`, remote);
  });

  test(
    'tcp6 keeps out of IPv4, typed too (Go’s TestProhibitionaryDialArg, rule 16)',
    { ...options, skip: withoutIPv6 },
    async () => {
      using both = await listen('tcp', ':0');
      const { port } = both.addr;
      for (const host of ['127.0.0.1', '::ffff:127.0.0.1']) {
        const error = await opErrorOf(dial('tcp6', { host, port }));
        assert.equal(error.message, `dial tcp6: address ${host}: no suitable address found`);
        const typed = await opErrorOf(dialTCP('tcp6', null, new TCPAddr(Addr.parse(host), port)));
        assert.equal(typed.message, `dial tcp6 127.0.0.1:${port}: connect: network is unreachable`);
      }
    },
  );
});

test('typed addresses (Go’s TestDialAddrError and TestProtocolDialError)', options, () =>
  leavesNothing(async () => {
    const rows: [network: string, remote: TCPAddr | null, message: string][] = [
      ['tcp4', new TCPAddr(Addr.parse('::1'), 0), 'dial tcp4 [::1]:0: address ::1: non-IPv4 address'],
      ['tcp', new TCPAddr(null, 65_536), 'dial tcp :65536: connect: invalid argument'],
      ['tcp', new TCPAddr(Addr.parse('127.0.0.1'), -1), 'dial tcp 127.0.0.1:-1: connect: invalid argument'],
      ['tcp', null, 'dial tcp: missing address'],
      ['udp', null, 'dial udp: unknown network udp'],
      ['', new TCPAddr(null, 80), 'dial :80: unknown network '],
    ];
    for (const [network, remote, message] of rows) {
      assert.equal((await opErrorOf(dialTCP(network, null, remote))).message, message);
    }
  }),
);

test('a dialed connection carries data both ways, and knows both names', options, () =>
  leavesNothing(async () => {
    using pair = await connect();
    const { client, server, listener } = pair;
    await pass(client, server);
    await pass(server, client);
    assert.equal(client.remoteAddr.toString(), listener.addr.toString());
    assert.equal(client.localAddr.toString(), server.remoteAddr.toString());
    assert.equal(client.remoteAddr.toString(), server.localAddr.toString());
  }),
);

test('many dials at once leave nothing behind (Go’s TestDialerDualStackFDLeak)', options, () =>
  leavesNothing(async () => {
    using listener = await listen('tcp', 'localhost:0');
    const dialer = new Dialer({ timeout: 5000 });
    const conns = await Promise.all(
      Array.from({ length: 10 }, async () => [
        await dialer.dial('tcp', `localhost:${listener.addr.port}`),
        await listener.accept(),
      ]),
    );
    for (const conn of conns.flat()) conn.close();
  }),
);
