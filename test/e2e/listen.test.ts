// listen, seen from outside: which texts it takes, what the address becomes, what closing does, and its options.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import {
  AddrError,
  ClosedError,
  dial,
  DNSError,
  listen,
  ListenConfig,
  listenTCP,
  TCPAddr,
  UnknownNetworkError,
} from 'gonet';
import { Addr } from 'gonet/netip';
import { getsockopt, SO_REUSEPORT, SOL_SOCKET } from 'gonet/syscall';

import { leavesNothing, opErrorOf, pass, withoutIPv6 } from './loopback.ts';

const options = { timeout: 10_000 };

type Kind = typeof AddrError | typeof DNSError | typeof UnknownNetworkError;

/** Every one of these fails before there is a socket. */
const BAD: [network: string, address: string, message: string, cause: Kind, code: string][] = [
  ['foo', '', 'listen foo: unknown network foo', UnknownNetworkError, 'ERR_NET_UNKNOWN_NETWORK'],
  ['bar', 'baz', 'listen bar: unknown network bar', UnknownNetworkError, 'ERR_NET_UNKNOWN_NETWORK'],
  [
    'datakit',
    'mh/astro/r70',
    'listen datakit: unknown network datakit',
    UnknownNetworkError,
    'ERR_NET_UNKNOWN_NETWORK',
  ],
  ['tcp', '127.0.0.1:☺', 'listen tcp: lookup tcp/☺: unknown port', DNSError, 'ENOTFOUND'],
  ['tcp', 'mh/astro/r70:http', 'listen tcp: lookup mh/astro/r70: no such host', DNSError, 'ENOTFOUND'],
  ['tcp', '127.1:0', 'listen tcp: lookup 127.1: no such host', DNSError, 'ENOTFOUND'],
  ['tcp', '127.0.0.1:-1', 'listen tcp: address -1: invalid port', AddrError, 'ERR_NET_ADDR'],
  ['tcp', '127.0.0.1:123456789', 'listen tcp: address 123456789: invalid port', AddrError, 'ERR_NET_ADDR'],
  ['tcp', '127.0.0.1', 'listen tcp: address 127.0.0.1: missing port in address', AddrError, 'ERR_NET_ADDR'],
  ['tcp4', '[::1]:0', 'listen tcp4: address ::1: no suitable address found', AddrError, 'ERR_NET_ADDR'],
  ['tcp6', '127.0.0.1:0', 'listen tcp6: address 127.0.0.1: no suitable address found', AddrError, 'ERR_NET_ADDR'],
  ['tcp6', '0.0.0.0:0', 'listen tcp6: address 0.0.0.0: no suitable address found', AddrError, 'ERR_NET_ADDR'],
  ['udp', '127.0.0.1:0', 'listen udp: address 127.0.0.1:0: unexpected address type', AddrError, 'ERR_NET_ADDR'],
];

for (const [network, address, message, cause, code] of BAD) {
  test(`listen(${JSON.stringify(network)}, ${JSON.stringify(address)})`, options, () =>
    leavesNothing(async () => {
      const error = await opErrorOf(listen(network, address));
      assert.equal(error.message, message);
      assert.ok(error.cause instanceof cause);
      assert.deepEqual(
        [error.op, error.net, error.source, error.addr, error.code],
        ['listen', network, null, null, code],
      );
    }),
  );
}

test('typed addresses that cannot be listened on', options, () =>
  leavesNothing(async () => {
    const rows: [network: string, local: TCPAddr | null, message: string][] = [
      ['tcp', new TCPAddr(null, 65_536), 'listen tcp :65536: bind: invalid argument'],
      ['tcp4', new TCPAddr(Addr.parse('::1'), 0), 'listen tcp4 [::1]:0: address ::1: non-IPv4 address'],
      ['tcp4', new TCPAddr(Addr.parse('::'), 0), 'listen tcp4 [::]:0: address ::: non-IPv4 address'],
      ['udp', null, 'listen udp: unknown network udp'],
      // RFC 5737: an address of no machine.
      [
        'tcp',
        new TCPAddr(Addr.parse('198.51.100.1'), 0),
        'listen tcp 198.51.100.1:0: bind: cannot assign requested address',
      ],
    ];
    for (const [network, local, message] of rows) {
      assert.equal((await opErrorOf(listenTCP(network, local))).message, message);
    }
  }),
);

test('a port that is taken: Go’s text, Node’s fields', options, () =>
  leavesNothing(async () => {
    using first = await listen('tcp', '127.0.0.1:0');
    const { port } = first.addr;
    const error = await opErrorOf(listen('tcp', `127.0.0.1:${port}`));
    assert.equal(error.message, `listen tcp 127.0.0.1:${port}: bind: address already in use`);
    const { code, errno, syscall, address, source, temporary } = error;
    assert.deepEqual(
      [code, errno, syscall, address, source, temporary],
      ['EADDRINUSE', -98, 'bind', '127.0.0.1', null, false],
    );
    assert.equal(error.port, port);
  }),
);

test('what the address becomes (rules 15, 58)', { ...options, skip: withoutIPv6 }, async () => {
  const rows: [network: string, address: string, host: string][] = [
    ['tcp', '', '::'],
    ['tcp', ':', '::'],
    ['tcp', ':0', '::'],
    ['tcp', '0.0.0.0:0', '::'],
    ['tcp', '[::]:0', '::'],
    ['tcp', '[::ffff:0.0.0.0]:0', '::'],
    ['tcp', '127.0.0.1:0', '127.0.0.1'],
    ['tcp', '[::ffff:127.0.0.1]:0', '127.0.0.1'],
    ['tcp', '[::1]:0', '::1'],
    ['tcp4', '', '0.0.0.0'],
    ['tcp4', ':0', '0.0.0.0'],
    ['tcp4', '0.0.0.0:0', '0.0.0.0'],
    ['tcp4', '[::]:0', '0.0.0.0'],
    ['tcp4', '127.0.0.1:0', '127.0.0.1'],
    ['tcp6', ':0', '::'],
    ['tcp6', '[::]:0', '::'],
    ['tcp6', '[::1]:0', '::1'],
  ];
  for (const [network, address, host] of rows) {
    using listener = await listen(network, address);
    const addr = listener.addr as TCPAddr;
    assert.equal(addr.toString(), host.includes(':') ? `[${host}]:${addr.port}` : `${host}:${addr.port}`);
    assert.deepEqual([addr.network, addr.port > 0], ['tcp', true], `${network} ${address}`);
  }
  for (const local of [null, new TCPAddr(null, 0), new TCPAddr(Addr.parse('0.0.0.0'), 0)]) {
    using listener = await listenTCP('tcp', local);
    assert.equal(listener.addr.address, '::');
  }
});

test('localhost, and an address in parts', options, async () => {
  using named = await listen('tcp', 'localhost:0');
  assert.ok(['127.0.0.1', '::1'].includes(named.addr.address));
  using parts = await listen('tcp', { host: '127.0.0.1', port: 0 });
  assert.equal(parts.addr.address, '127.0.0.1');
});

test('closed with an accept waiting, the address is free at once (Go’s TestClosingListener)', options, async () => {
  const first = await listen('tcp', '127.0.0.1:0');
  const accepting = opErrorOf(first.accept());
  first.close();
  using second = await listen('tcp', first.addr.toString());
  const error = await accepting;
  assert.ok(error.cause instanceof ClosedError);
  assert.equal(error.message, `accept tcp ${second.addr}: use of closed network connection`);
});

test('after close no queued connection is accepted (Go’s TestTCPListenAfterClose)', options, () =>
  leavesNothing(async () => {
    using listener = await listen('tcp', '127.0.0.1:0');
    using first = await dial('tcp', listener.addr.toString());
    using second = await dial('tcp', listener.addr.toString());
    using accepted = await listener.accept();
    listener.close();
    listener.close();
    assert.ok((await opErrorOf(listener.accept())).cause instanceof ClosedError);
    await pass(first, accepted);
    // The kernel resets the one in the queue.
    assert.equal((await opErrorOf(second.read(Buffer.alloc(1)))).code, 'ECONNRESET');
  }),
);

test('a signal ends the listening itself, not the listener', options, async () => {
  const error = await opErrorOf(listen('tcp', '127.0.0.1:0', { signal: AbortSignal.abort('enough') }));
  assert.equal(error.message, 'listen tcp: operation was canceled');
  assert.deepEqual([error.code, error.cause.name, error.cause.cause], ['ABORT_ERR', 'AbortError', 'enough']);
  const controller = new AbortController();
  using listener = await new ListenConfig().listen('tcp', '127.0.0.1:0', { signal: controller.signal });
  controller.abort();
  using client = await dial('tcp', listener.addr.toString());
  using server = await listener.accept();
  await pass(client, server);
});

test('reusePort: two listeners on one port, if both say so', options, async () => {
  const config = new ListenConfig({ reusePort: true });
  using first = await config.listen('tcp', '127.0.0.1:0');
  const address = first.addr.toString();
  using second = await config.listen('tcp', address);
  for (const listener of [first, second]) assert.equal(listener.syscallConn().getsockopt(SOL_SOCKET, SO_REUSEPORT), 1);
  assert.equal((await opErrorOf(listen('tcp', address))).code, 'EADDRINUSE');
  // Whichever of the two gets it, somebody does.
  using client = await dial('tcp', address);
  const both = [first, second].map((listener) => listener.accept());
  using server = await Promise.race(both);
  await pass(client, server);
  for (const listener of [first, second]) listener.close();
  await Promise.allSettled(both);
});

test('without reusePort the option is off', options, async () => {
  using listener = await listen('tcp', '127.0.0.1:0', { reusePort: false });
  listener.syscallConn().control((fd) => assert.equal(getsockopt(fd, SOL_SOCKET, SO_REUSEPORT), 0));
});

test('ipv6Only: a wildcard that leaves IPv4 to others', { ...options, skip: withoutIPv6 }, async () => {
  for (const address of [':0', '0.0.0.0:0', '[::]:0']) {
    using six = await listen('tcp', address, { ipv6Only: true });
    assert.equal(six.addr.address, '::');
    const { port } = six.addr;
    using client = await dial('tcp', { host: '::1', port });
    using server = await six.accept();
    await pass(client, server);
    const refused = await opErrorOf(dial('tcp', { host: '127.0.0.1', port }));
    assert.equal(refused.code, 'ECONNREFUSED');
  }
  // Where there is no choice of family it means nothing.
  using four = await listen('tcp', '127.0.0.1:0', { ipv6Only: true });
  assert.equal(four.addr.address, '127.0.0.1');
});

test('backlog: of 0, one client fits, and the next has to wait until it is accepted', options, async () => {
  using listener = await listen('tcp', '127.0.0.1:0', { backlog: 0 });
  const address = listener.addr.toString();
  using first = await dial('tcp', address);
  assert.ok((await opErrorOf(dial('tcp', address, { timeout: 50 }))).timeout);
  using accepted = await listener.accept();
  await pass(first, accepted);
  using second = await dial('tcp', address);
  using last = await listener.accept();
  await pass(second, last);
});
