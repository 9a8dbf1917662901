// Where a socket of datagrams is bound, and with what: families, wildcards, the options that Go sets, groups, hooks, and the errors of
// a listen. Numbers are those of the list of Go's behaviours.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import {
  type Addr,
  AddrError,
  CanceledError,
  type Control,
  dialUDP,
  listen,
  ListenConfig,
  listenMulticastUDP,
  listenPacket,
  listenUDP,
  OpError,
  UDPAddr,
  UnknownNetworkError,
} from 'gonet';
import { Addr as IP } from 'gonet/netip';
import * as c from 'gonet/syscall';

import { leavesNothing, opErrorOf, withoutIPv6 } from './loopback.ts';
import { at, bound, LO, option, reached, told } from './udp.ts';

const options = { timeout: 15_000 };
const GROUP = '239.255.77.1';
const GROUP6 = 'ff05::77:1';

test('a socket of datagrams tells its port, and has no peer', options, async () => {
  for (const conn of [
    await listenPacket('udp', '127.0.0.1:0'),
    await listenUDP('udp', at('127.0.0.1')),
    await new ListenConfig().listenPacket('udp', { host: '127.0.0.1', port: 0 }),
  ]) {
    using socket = conn;
    assert.ok(socket.localAddr instanceof UDPAddr);
    assert.ok(socket.localAddr.port > 0);
    assert.deepEqual([String(socket.localAddr.ip), socket.localAddr.network], ['127.0.0.1', 'udp']);
    assert.equal(socket.remoteAddr, null);
  }
});

describe('the options that Go sets', { skip: withoutIPv6 }, () => {
  /** IPV6_V6ONLY, or null on IPv4; SO_BROADCAST; SO_REUSEADDR; SO_REUSEPORT. Seen in a hook: bind(2) to an address sets the first. */
  const watching = (): { seen: (number | null)[]; control: Control } => {
    const seen: (number | null)[] = [];
    const control: Control = (network, _address, raw) => {
      seen.push(network === 'udp4' ? null : raw.getsockopt(c.IPPROTO_IPV6, c.IPV6_V6ONLY));
      for (const name of [c.SO_BROADCAST, c.SO_REUSEADDR, c.SO_REUSEPORT]) {
        seen.push(raw.getsockopt(c.SOL_SOCKET, name));
      }
    };
    return { seen, control };
  };

  for (const [network, host, expected] of [
    ['udp', '', [0, 1, 0, 0]],
    ['udp', '0.0.0.0', [0, 1, 0, 0]],
    ['udp', '::', [0, 1, 0, 0]],
    ['udp', '::1', [0, 1, 0, 0]],
    ['udp6', '', [1, 1, 0, 0]],
    ['udp6', '::1', [1, 1, 0, 0]],
    ['udp', '127.0.0.1', [null, 1, 0, 0]],
    ['udp4', '', [null, 1, 0, 0]],
    ['udp', GROUP, [null, 1, 1, 0]],
    ['udp6', GROUP6, [1, 1, 1, 0]],
  ] as const) {
    const where = host === '' ? 'everywhere' : host;
    test(`${network} ${where}: V6ONLY, BROADCAST, REUSEADDR, REUSEPORT (63, 64)`, options, async () => {
      const { seen, control } = watching();
      using _ = await listenPacket(network, { host, port: 0 }, { control });
      assert.deepEqual(seen, expected);
    });
  }

  test('a dial has the same, without the reuse (63, 64)', options, async () => {
    for (const [network, host, v6only] of [
      ['udp', '127.0.0.1', null],
      ['udp', '::1', 0],
      ['udp6', '::1', 1],
      ['udp4', '127.0.0.1', null],
    ] as const) {
      const { seen, control } = watching();
      using _ = await dialUDP(network, null, at(host, 9), { control });
      assert.deepEqual(seen, [v6only, 1, 0, 0]);
    }
  });
});

test('a wildcard of udp hears both families, of udp4 and udp6 one', { ...options, skip: withoutIPv6 }, async () => {
  using four = await bound('127.0.0.1');
  using six = await bound('::1');
  for (const [network, host, hears4, hears6] of [
    ['udp', '', true, true],
    ['udp', '0.0.0.0', true, true],
    ['udp', '::', true, true],
    ['udp4', '', true, false],
    ['udp6', '', false, true],
  ] as const) {
    using conn = await listenPacket(network, { host, port: 0 });
    for (const [from, to, hears] of [
      [four, '127.0.0.1', hears4],
      [six, '::1', hears6],
    ] as const) {
      await from.writeTo('x', reached(conn, to));
      if (hears) assert.deepEqual(await told(conn), ['x', String(from.localAddr)]);
      else await assert.rejects(conn.readFrom(Buffer.alloc(1), { deadline: Date.now() + 20 }), /i\/o timeout$/);
    }
  }
});

test(
  'a group binds the wildcard of its family with its port, and joins nothing (66)',
  { ...options, skip: withoutIPv6 },
  async () => {
    for (const [network, group, wildcard] of [
      ['udp', GROUP, '0.0.0.0'],
      ['udp4', GROUP, '0.0.0.0'],
      ['udp', GROUP6, '::'],
      ['udp6', GROUP6, '::'],
    ] as const) {
      using conn = await listenPacket(network, { host: group, port: 0 });
      assert.equal(String(conn.localAddr.ip), wildcard);
      assert.throws(
        () => conn.leaveGroup(IP.parse(group)),
        (error) => error instanceof OpError && error.code === 'EADDRNOTAVAIL' && error.op === 'set',
      );
      // Somebody else may have the same port for the same group.
      using again = await listenPacket(network, { host: group, port: conn.localAddr.port });
      assert.equal(again.localAddr.port, conn.localAddr.port);
    }
  },
);

test('listenMulticastUDP joins, turns the loop off, and shares its port (67)', options, async () => {
  using conn = await listenMulticastUDP('udp4', 'lo', at(GROUP));
  const { port } = conn.localAddr;
  assert.equal(option(conn, c.IPPROTO_IP, c.IP_MULTICAST_LOOP), 0);
  using other = await listenMulticastUDP('udp', LO, at(GROUP, port));
  using sender = await bound();
  sender.setMulticastInterface('lo');
  await sender.writeTo('to all', at(GROUP, port));
  for (const each of [conn, other]) assert.deepEqual(await told(each), ['to all', String(sender.localAddr)]);
  const leave = (): void => conn.leaveGroup(IP.parse(GROUP), { interface: 'lo' });
  leave();
  assert.throws(leave, /setsockopt: cannot assign requested address$/);
});

test('the same for IPv6, as far as there are routes to send by', { ...options, skip: withoutIPv6 }, async () => {
  using conn = await listenMulticastUDP('udp6', 'lo', at(GROUP6));
  assert.equal(option(conn, c.IPPROTO_IPV6, c.IPV6_MULTICAST_LOOP), 0);
  assert.equal(option(conn, c.IPPROTO_IPV6, c.IPV6_MULTICAST_IF), LO);
  conn.leaveGroup(IP.parse(GROUP6), { interface: 'lo' });
});

test('listenMulticastUDP of what is no group fails, and closes its socket (67)', options, () =>
  leavesNothing(async () => {
    const error = await opErrorOf(listenMulticastUDP('udp', 'lo', at('127.0.0.1')));
    assert.equal(error.message, 'listen udp 127.0.0.1:0: setsockopt: invalid argument');
    const unknown = await opErrorOf(listenMulticastUDP('udp', 'nowhere', at(GROUP)));
    assert.equal(unknown.message, `listen udp ${GROUP}:0: if_nametoindex: no such device`);
    assert.throws(() => void listenMulticastUDP('udp', 'lo', null as unknown as UDPAddr), TypeError);
  }),
);

test('a zone names the interface of a group, as a name or as a number', { ...options, skip: withoutIPv6 }, async () => {
  for (const zone of ['lo', String(LO)]) {
    using conn = await listenMulticastUDP('udp6', null, at(`ff02::77:1%${zone}`));
    conn.leaveGroup(IP.parse('ff02::77:1'), { interface: 'lo' });
  }
});

test(
  'a hook sees the concrete network and the address, the wildcard for a group (69)',
  { ...options, skip: withoutIPv6 },
  async () => {
    for (const [network, host, seen] of [
      ['udp', '127.0.0.1', ['udp4', '127.0.0.1:0']],
      ['udp4', '127.0.0.1', ['udp4', '127.0.0.1:0']],
      ['udp', '::1', ['udp6', '[::1]:0']],
      ['udp', '', ['udp6', ':0']],
      ['udp', GROUP, ['udp4', '0.0.0.0:0']],
      ['udp', GROUP6, ['udp6', '[::]:0']],
    ] as const) {
      const calls: (string | number)[][] = [];
      using conn = await listenPacket(
        network,
        { host, port: 0 },
        {
          // After the default options and before bind (68).
          control: (net, address, raw) => void calls.push([net, address, raw.getsockopt(c.SOL_SOCKET, c.SO_BROADCAST)]),
        },
      );
      assert.deepEqual(calls, [[...seen, 1]]);
      assert.ok(conn.localAddr.port > 0);
    }
  },
);

test('a hook that throws refuses, its error is the cause, and the socket is closed (70)', options, () =>
  leavesNothing(async () => {
    const boom = new Error('boom');
    for (const control of [() => Promise.reject(boom), () => assert.fail(boom)]) {
      const error = await opErrorOf(listenPacket('udp', '127.0.0.1:0', { control }));
      assert.equal(error.message, 'listen udp 127.0.0.1:0: boom');
      assert.equal(error.cause, boom);
    }
  }),
);

test('a stream and datagrams are not taken for each other', options, async () => {
  for (const call of [
    listen('udp', '127.0.0.1:0'),
    listen('udp4', '127.0.0.1:0'),
    new ListenConfig().listen('udp6', '[::1]:0'),
    listenPacket('tcp', '127.0.0.1:0'),
    listenPacket('tcp6', '[::1]:0'),
    new ListenConfig().listenPacket('tcp4', '127.0.0.1:0'),
  ]) {
    const error = await opErrorOf(call as Promise<unknown>);
    assert.ok(error.cause instanceof AddrError);
    assert.match(error.message, /^listen (udp|tcp)[46]?: address (127\.0\.0\.1|\[::1\]):0: unexpected address type$/);
  }
});

test('what is wrong with an address is said as Go says it', options, async () => {
  const rows: [network: string, address: string, message: string][] = [
    ['udp', '127.0.0.1', 'listen udp: address 127.0.0.1: missing port in address'],
    ['udp', '127.0.0.1:70000', 'listen udp: address 70000: invalid port'],
    ['udp4', '[::1]:0', 'listen udp4: address ::1: no suitable address found'],
    ['udp6', '127.0.0.1:0', 'listen udp6: address 127.0.0.1: no suitable address found'],
    ['udp5', '127.0.0.1:0', 'listen udp5: unknown network udp5'],
    ['udp', '192.0.2.1:0', 'listen udp 192.0.2.1:0: bind: cannot assign requested address'],
  ];
  for (const [network, address, message] of rows) {
    await leavesNothing(async () => {
      assert.equal((await opErrorOf(listenPacket(network, address))).message, message);
    });
  }
  using taken = await bound();
  const again = await opErrorOf(listenUDP('udp', taken.localAddr));
  assert.equal(again.message, `listen udp ${taken.localAddr}: bind: address already in use`);
  assert.ok((await opErrorOf(listenUDP('tcp', null))).cause instanceof UnknownNetworkError);
});

test('a signal ends the making of a socket, and nothing later', options, () =>
  leavesNothing(async () => {
    const error = await opErrorOf(listenPacket('udp', '127.0.0.1:0', { signal: AbortSignal.abort('no') }));
    assert.ok(error.cause instanceof CanceledError);
    const controller = new AbortController();
    const slow = listenPacket('udp', '127.0.0.1:0', {
      signal: controller.signal,
      control: () => new Promise(() => {}),
    });
    setImmediate(() => controller.abort('no'));
    assert.ok((await opErrorOf(slow)).cause instanceof CanceledError);
    const late = new AbortController();
    using conn = await new ListenConfig().listenPacket('udp', '127.0.0.1:0', { signal: late.signal });
    late.abort();
    await conn.writeTo('still there', conn.localAddr);
    assert.equal((await told(conn))[0], 'still there');
  }),
);

test('wrong arguments throw at once', options, () => {
  const wrong = '127.0.0.1:0' as unknown as UDPAddr;
  assert.throws(() => void listenUDP('udp', wrong), TypeError);
  assert.throws(() => void dialUDP('udp', wrong, at('127.0.0.1', 1)), TypeError);
  assert.throws(() => void dialUDP('udp', null, wrong as Addr as UDPAddr), TypeError);
  assert.throws(() => void listenUDP(1 as unknown as string, null), TypeError);
  assert.throws(() => void listenMulticastUDP('udp', {} as string, at(GROUP)), TypeError);
  assert.throws(() => void listenMulticastUDP('udp', -1, at(GROUP)), RangeError);
  assert.throws(() => void listenPacket('udp', ':0', { control: 1 as unknown as () => void }), TypeError);
  assert.throws(() => void listenPacket('udp', ':0', { ipv6Only: 1 as unknown as boolean }), TypeError);
});
