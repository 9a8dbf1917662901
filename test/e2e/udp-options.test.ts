// The options that a dial or a listen of datagrams names: set before the hook and before bind, those of TCP alone without effect, and
// refused at once where no kernel could take them. What two sockets share, and what a device lets through.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import {
  dial,
  Dialer,
  type DialOptions,
  dialUDP,
  ListenConfig,
  listenPacket,
  listenUDP,
  OpError,
  type PacketListenOptions,
  type UDPConn,
} from 'gonet';
import * as c from 'gonet/syscall';

import { leavesNothing, opErrorOf, withoutIPv6 } from './loopback.ts';
import { at, bound, option, reached, told, text } from './udp.ts';

const options = { timeout: 15_000 };
const root = process.geteuid?.() === 0;

/** An option, what it is set to, and what the kernel has then. */
const ROWS: readonly (readonly [PacketListenOptions, level: number, name: number, reads: number])[] = [
  [{ reuseAddr: true }, c.SOL_SOCKET, c.SO_REUSEADDR, 1],
  [{ reusePort: true }, c.SOL_SOCKET, c.SO_REUSEPORT, 1],
  [{ readBuffer: 10_000 }, c.SOL_SOCKET, c.SO_RCVBUF, 20_000],
  [{ writeBuffer: 10_000 }, c.SOL_SOCKET, c.SO_SNDBUF, 20_000],
  [{ priority: 3 }, c.SOL_SOCKET, c.SO_PRIORITY, 3],
  [{ tos: 0x28 }, c.IPPROTO_IP, c.IP_TOS, 0x28],
  [{ freebind: true }, c.IPPROTO_IP, c.IP_FREEBIND, 1],
  ...(root ? ([[{ mark: 7 }, c.SOL_SOCKET, c.SO_MARK, 7]] as const) : []),
];

for (const [own, level, name, reads] of ROWS) {
  test(`${Object.keys(own)[0]} is set before the hook, and stays`, options, async () => {
    const seen: number[] = [];
    const all = {
      ...own,
      control: (_n: string, _a: string, raw: { getsockopt(l: number, n: number): number }): void =>
        void seen.push(raw.getsockopt(level, name)),
    };
    using listened = await listenPacket('udp', '127.0.0.1:0', all);
    using also = await new ListenConfig(all).listenPacket('udp', '127.0.0.1:0');
    using dialed = await dial('udp', listened.localAddr.toString(), all);
    using direct = await dialUDP('udp', null, listened.localAddr, all);
    assert.deepEqual(seen, [reads, reads, reads, reads]);
    for (const conn of [listened, also, dialed, direct]) assert.equal(option(conn, level, name), reads);
    await dialed.write('works');
    assert.equal(await text(listened), 'works');
  });
}

test('the DSCP byte of a socket of both families is that of both', { ...options, skip: withoutIPv6 }, async () => {
  using conn = await bound('', { tos: 0x20 });
  assert.deepEqual([option(conn, c.IPPROTO_IP, c.IP_TOS), option(conn, c.IPPROTO_IPV6, c.IPV6_TCLASS)], [0x20, 0x20]);
});

test('what only TCP has means nothing here', options, async () => {
  using server = await bound('127.0.0.1', { userTimeout: 1000, congestion: 'cubic', multipath: true });
  using other = await new ListenConfig({
    backlog: 1,
    noDelay: false,
    keepAlive: false,
    fastOpen: true,
    userTimeout: 1000,
    congestion: 'nosuch',
  }).listenPacket('udp', '127.0.0.1:0');
  const own: DialOptions = {
    noDelay: false,
    keepAlive: { idle: 1000 },
    userTimeout: 1000,
    synRetries: 2,
    congestion: 'nosuch',
    quickAck: true,
    fastOpen: true,
    multipath: true,
    fallbackDelay: 1,
  };
  using conn = await dial('udp', server.localAddr.toString(), own);
  await conn.write('x');
  await other.writeTo('y', server.localAddr);
  assert.deepEqual([await text(server), await text(server)], ['x', 'y']);
});

test('but it is checked all the same', options, () => {
  for (const wrong of [{ userTimeout: -1 }, { readBuffer: -1 }, { tos: 256 }, { bindToDevice: '' }]) {
    assert.throws(() => void listenPacket('udp', ':0', wrong), RangeError);
    assert.throws(() => void listenUDP('udp', null, wrong), RangeError);
    assert.throws(() => void dialUDP('udp', null, at('127.0.0.1', 1), wrong), RangeError);
    assert.throws(() => void dial('udp', '127.0.0.1:1', wrong), RangeError);
    assert.throws(() => new Dialer(wrong), RangeError);
  }
  for (const wrong of [{ reusePort: 1 }, { congestion: 1 }, { tos: '1' }, { signal: 1 }]) {
    assert.throws(() => void listenPacket('udp', ':0', wrong as object), TypeError);
    assert.throws(() => void dialUDP('udp', null, at('127.0.0.1', 1), wrong as object), TypeError);
  }
  assert.throws(() => void listenPacket('udp', ':0', null as unknown as object), TypeError);
});

describe('sharing a port', () => {
  test('without a word about it, a port has one owner', options, async () => {
    using first = await bound();
    const error = await opErrorOf(listenUDP('udp', first.localAddr));
    assert.equal(error.message, `listen udp ${first.localAddr}: bind: address already in use`);
  });

  test('with reusePort for all of them, each datagram goes to one', options, async () => {
    using first = await bound('127.0.0.1', { reusePort: true });
    using second = await listenUDP('udp', first.localAddr, { reusePort: true });
    let heard = 0;
    const listen = async (conn: UDPConn): Promise<void> => {
      for await (const _ of conn.packets()) if (++heard === 40) [first, second].forEach((each) => each.close());
    };
    const both = [listen(first), listen(second)].map((each) =>
      each.catch((error: unknown) => assert.ok(error instanceof OpError && error.code === 'ERR_NET_CLOSED')),
    );
    for (let i = 0; i < 40; i++) {
      using client = await dialUDP('udp', null, first.localAddr);
      await client.write(`${i}`);
    }
    await Promise.all(both);
    assert.equal(heard, 40);
  });
});

test('ipv6Only keeps IPv4 out', { ...options, skip: withoutIPv6 }, async () => {
  using six = await listenPacket('udp', ':0', { ipv6Only: true });
  assert.equal(option(six, c.IPPROTO_IPV6, c.IPV6_V6ONLY), 1);
  using four = await listenPacket('udp4', `0.0.0.0:${six.localAddr.port}`);
  using client = await bound('127.0.0.1');
  using client6 = await bound('::1');
  await client.writeTo('4', reached(six, '127.0.0.1'));
  await client6.writeTo('6', reached(six, '::1'));
  assert.deepEqual(
    [await told(four), await told(six)],
    [
      ['4', String(client.localAddr)],
      ['6', String(client6.localAddr)],
    ],
  );
  // On an IPv4 socket it has no meaning.
  using plain = await bound('127.0.0.1', { ipv6Only: true });
  assert.ok(plain.localAddr.ip.is4());
});

test('a device lets through what comes by it', options, async () => {
  using server = await bound('127.0.0.1', { bindToDevice: 'lo' });
  using client = await dial('udp', server.localAddr.toString(), { bindToDevice: 'lo' });
  const name = client.syscallConn().getsockopt(c.SOL_SOCKET, c.SO_BINDTODEVICE, 16);
  assert.equal(name.toString('latin1', 0, 2), 'lo');
  await client.write('x');
  assert.equal(await text(server), 'x');
});

test('a device that is not there is an error that names it', options, () =>
  leavesNothing(async () => {
    const error = await opErrorOf(bound('127.0.0.1', { bindToDevice: 'nowhere0' }));
    assert.equal(error.message, 'listen udp 127.0.0.1:0: setsockopt: no such device (bindToDevice)');
    const dialed = await opErrorOf(dial('udp', '127.0.0.1:9', { bindToDevice: 'nowhere0' }));
    assert.equal(dialed.message, 'dial udp 127.0.0.1:9: setsockopt: no such device (bindToDevice)');
  }),
);

test('broadcast is on at first, and can be turned off', options, async () => {
  using conn = await bound('0.0.0.0');
  assert.equal(option(conn, c.SOL_SOCKET, c.SO_BROADCAST), 1);
  // Loopback has a broadcast address, too.
  const everybody = at('127.255.255.255', conn.localAddr.port);
  await conn.writeTo('to all', everybody);
  assert.equal(await text(conn), 'to all');
  conn.setBroadcast(false);
  const error = await opErrorOf(conn.writeTo('to all', everybody));
  assert.equal(error.message, `write udp ${conn.localAddr}->${everybody}: sendto: permission denied`);
  conn.setBroadcast(true);
  await conn.writeTo('again', everybody);
  assert.equal(await text(conn), 'again');
});

test('setters set, and on a closed socket say so', options, async () => {
  const conn = await bound();
  const setters: Record<string, () => void> = {
    setReadBuffer: () => conn.setReadBuffer(5000),
    setWriteBuffer: () => conn.setWriteBuffer(5000),
    setTTL: () => conn.setTTL(9),
    setBroadcast: () => conn.setBroadcast(false),
    setMulticastTTL: () => conn.setMulticastTTL(0),
    setMulticastLoop: () => conn.setMulticastLoop(false),
    setMulticastInterface: () => conn.setMulticastInterface('lo'),
    setSegmentSize: () => conn.setSegmentSize(100),
    setReceive: () => conn.setReceive({ ttl: true }),
  };
  for (const set of Object.values(setters)) set();
  assert.deepEqual(
    [c.SO_RCVBUF, c.SO_SNDBUF, c.SO_BROADCAST].map((name) => option(conn, c.SOL_SOCKET, name)),
    [10_000, 10_000, 0],
  );
  assert.deepEqual(
    [c.IP_TTL, c.IP_MULTICAST_TTL, c.IP_MULTICAST_LOOP].map((name) => option(conn, c.IPPROTO_IP, name)),
    [9, 0, 0],
  );
  conn.close();
  const text = `set udp ${conn.localAddr}: use of closed network connection`;
  for (const [name, set] of Object.entries(setters)) {
    assert.throws(set, (error) => error instanceof OpError && error.message === text, name);
  }
});

test('wrong settings throw at once', options, async () => {
  using conn = await bound();
  for (const wrong of [256, -1, 1.5, Number.NaN]) {
    assert.throws(() => conn.setTTL(wrong), RangeError);
    assert.throws(() => conn.setMulticastTTL(wrong), RangeError);
  }
  assert.throws(() => conn.setTTL('9' as unknown as number), TypeError);
  assert.throws(() => conn.setBroadcast(1 as unknown as boolean), TypeError);
  assert.throws(() => conn.setMulticastLoop('yes' as unknown as boolean), TypeError);
  assert.throws(() => conn.setMulticastInterface(null as unknown as string), TypeError);
  assert.throws(() => conn.setMulticastInterface(-1), RangeError);
  assert.throws(() => conn.setSegmentSize(65_536), RangeError);
  assert.throws(() => conn.joinGroup('239.1.1.1' as never), TypeError);
  const unknown = (error: unknown): boolean =>
    error instanceof OpError && error.code === 'ENODEV' && error.op === 'set';
  assert.throws(() => conn.setMulticastInterface('nowhere0'), unknown);
});
