// The networks of raw sockets: which texts mean which protocol, what is wrong with others, and what dial, listenPacket and their
// typed kin make of addresses. Numbers are those of the list of Go's behaviours.

import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { test } from 'node:test';

import {
  dial,
  Dialer,
  dialIP,
  IPAddr,
  IPConn,
  ListenConfig,
  listenIP,
  listenPacket,
  resolveIPAddr,
  UDPAddr,
} from 'gonet';
import {
  IPPROTO_ICMP,
  IPPROTO_ICMPV6,
  SO_BROADCAST,
  SO_DOMAIN,
  SO_PROTOCOL,
  SO_TYPE,
  SOCK_RAW,
  SOL_SOCKET,
} from 'gonet/syscall';

import { errorOf } from './form.ts';
import { leavesNothing, withoutIPv6 } from './loopback.ts';
import { at, NEAR, withoutRaw, withoutRaw6 } from './rawip.ts';

const options = { timeout: 20_000 };
const raw = { ...options, skip: withoutRaw };
const raw6 = { ...options, skip: withoutRaw6 };

const option = (conn: IPConn, name: number): number => conn.syscallConn().getsockopt(SOL_SOCKET, name);

/** Dials and listens; both must give a raw socket of this protocol, and its names. */
async function speaks(network: string, host: string, protocol: number): Promise<void> {
  using dialed = await dial(network, host);
  using listening = await listenPacket(network, host);
  for (const conn of [dialed, listening]) {
    assert.ok(conn instanceof IPConn);
    assert.deepEqual([option(conn, SO_TYPE), option(conn, SO_PROTOCOL)], [SOCK_RAW, protocol], network);
    assert.ok(conn.localAddr instanceof IPAddr);
    assert.equal(conn.localAddr.network, 'ip');
  }
  // The kernel chooses 127.0.0.1 for whatever begins with 127.
  const from = host.startsWith('127.') ? '127.0.0.1' : host;
  assert.deepEqual([String(dialed.localAddr), String(dialed.remoteAddr)], [from, host]);
  assert.deepEqual([String(listening.localAddr), (listening as IPConn).remoteAddr], [host, null]);
}

test('ip4: protocols by number, and by name in whatever case (1, 3)', raw, async () => {
  for (const protocol of ['icmp', '1', 'ICMP', 'Icmp', '01'])
    await speaks(`ip4:${protocol}`, '127.0.0.1', IPPROTO_ICMP);
  for (const [name, number] of Object.entries({ igmp: 2, tcp: 6, udp: 17, 253: 253, 254: 254, 255: 255 })) {
    await speaks(`ip4:${name}`, NEAR, number);
  }
  await speaks('ip:icmp', '127.0.0.1', IPPROTO_ICMP);
});

test('ip6: protocols by number and by name (1, 3)', raw6, async () => {
  for (const network of ['ip6:ipv6-icmp', 'ip6:58', 'ip6:IPv6-ICMP', 'ip:58', 'ip:ipv6-icmp']) {
    await speaks(network, '::1', IPPROTO_ICMPV6);
  }
});

test('protocols of /etc/protocols, names and aliases (3)', raw, async (t) => {
  const text = existsSync('/etc/protocols') ? readFileSync('/etc/protocols', 'utf8') : '';
  if (!/^gre\s+47\s+GRE\b/m.test(text)) return t.skip('no GRE in /etc/protocols');
  await speaks('ip4:gre', NEAR, 47);
  // The name asked for is lowered and the file's are not, so that the alias finds the name.
  await speaks('ip4:GRE', NEAR, 47);
  assert.equal(String(await resolveIPAddr('ip4:gre', '127.0.0.1')), '127.0.0.1');
});

test('ip4:256 goes to the kernel, and works (4)', raw, async () => {
  using conn = await listenPacket('ip4:256', NEAR);
  assert.equal(option(conn, SO_PROTOCOL), 256);
});

/** Network, and the rest of the text behind `dial NETWORK`. */
const UNKNOWN: readonly (readonly [network: string, reason: string, code: string])[] = [
  ...[
    'ip',
    'ip4',
    'ip6',
    'IP4:icmp',
    'ip5:icmp',
    'ip4:icmp:1',
    'ip:1:1',
    'ip::',
    'tcp4:icmp',
    'unix:1',
    ':icmp',
    'udp:icmp',
  ].map((network) => [network, `unknown network ${network}`, 'ERR_NET_UNKNOWN_NETWORK'] as const),
  ...['nope', '-1', '+1', '1x', 'icmp ', '16777215', '99999999999999999999'].map(
    (name) => [`ip4:${name}`, `address ${name}: unknown IP protocol specified`, 'ERR_NET_ADDR'] as const,
  ),
  ['ip4:', 'unknown IP protocol specified', 'ERR_NET_ADDR'],
  ['ip6:', 'unknown IP protocol specified', 'ERR_NET_ADDR'],
];

for (const [network, reason, code] of UNKNOWN) {
  test(`"${network}" is no network: ${reason} (1, 2, 4)`, options, async () => {
    for (const [op, call] of [
      ['dial', () => dial(network, '127.0.0.1')],
      ['dial', () => new Dialer().dial(network, '127.0.0.1')],
      ['dial', () => dialIP(network, null, null)],
      ['listen', () => listenPacket(network, '127.0.0.1')],
      ['listen', () => new ListenConfig().listenPacket(network, '127.0.0.1')],
      ['listen', () => listenIP(network, null)],
    ] as const) {
      const error = await errorOf(call);
      assert.deepEqual([error.message, error.code, error.net], [`${op} ${network}: ${reason}`, code, network], op);
    }
    const { message } = await errorOf(() => dialIP(network, null, at('127.0.0.1')));
    assert.equal(message, `dial ${network} 127.0.0.1: ${reason}`);
  });
}

test('dialIP and listenIP are for ip networks, and look at the network before the address (5)', options, async () => {
  for (const network of ['tcp', 'udp4', 'unix', 'udp4:icmp']) {
    const reason = `${network}: unknown network ${network}`;
    assert.equal((await errorOf(() => dialIP(network, null, null))).message, `dial ${reason}`);
    assert.equal((await errorOf(() => listenIP(network, null))).message, `listen ${reason}`);
  }
  assert.equal((await errorOf(() => dialIP('ip4:icmp', null, null))).message, 'dial ip4:icmp: missing address');
  assert.equal((await errorOf(() => dial('ip4:icmp', ''))).message, 'dial ip4:icmp: missing address');
});

test('resolveIPAddr takes a protocol or none, and its errors are bare (2, 5)', options, async () => {
  for (const network of ['', 'ip', 'ip4', 'ip:icmp', 'ip4:1']) {
    const addr = await resolveIPAddr(network, '127.0.0.1');
    assert.ok(addr instanceof IPAddr && addr.equals(at('127.0.0.1')));
  }
  assert.equal(String(await resolveIPAddr('ip6:58', '::1')), '::1');
  await assert.rejects(resolveIPAddr('ip4:nope', '127.0.0.1'), {
    name: 'AddrError',
    message: 'address nope: unknown IP protocol specified',
  });
  await assert.rejects(resolveIPAddr('tcp', '127.0.0.1'), { name: 'UnknownNetworkError' });
  await assert.rejects(resolveIPAddr('ip4', '::1'), { message: 'address ::1: no suitable address found' });
});

test('an address is a host alone; a family that does not fit has none', raw, async () => {
  for (const [network, host] of [
    ['ip4:icmp', '::1'],
    ['ip6:58', '127.0.0.1'],
  ] as const) {
    const reason = `${network}: address ${host}: no suitable address found`;
    assert.equal((await errorOf(() => dial(network, host))).message, `dial ${reason}`);
    assert.equal((await errorOf(() => listenPacket(network, host))).message, `listen ${reason}`);
  }
  using named = await dial('ip4:icmp', 'localhost');
  assert.equal(String(named.remoteAddr), '127.0.0.1');
  assert.deepEqual([named.remoteAddr!.address, 'port' in named.remoteAddr!], ['127.0.0.1', false]);
});

test('what the kernel refuses: the text given, with both addresses (150)', raw, async () => {
  await leavesNothing(async () => {
    const dialed = await errorOf(() => dialIP('ip4:icmp', at('::1'), at('127.0.0.1')));
    assert.equal(dialed.message, 'dial ip4:icmp ::1->127.0.0.1: address ::1: non-IPv4 address');
    const other = await errorOf(() => dialIP('ip4:1', null, at('::1')));
    assert.equal(other.message, 'dial ip4:1 ::1: address ::1: non-IPv4 address');
    const listening = await errorOf(() => listenIP('ip4:icmp', at('::1')));
    assert.equal(listening.message, 'listen ip4:icmp ::1: address ::1: non-IPv4 address');
    const zero = await errorOf(() => dial('ip4:0', '127.0.0.1'));
    assert.equal(zero.message, 'dial ip4:0 127.0.0.1: socket: protocol not supported');
    const taken = await errorOf(() => listenPacket('ip4:253', '192.0.2.1'));
    assert.equal(taken.message, 'listen ip4:253 192.0.2.1: bind: cannot assign requested address');
    const large = await errorOf(() => dial('ip4:16777214', '127.0.0.1'));
    assert.equal(large.message, 'dial ip4:16777214 127.0.0.1: socket: invalid argument');
  });
});

test('no host at all is every address: of the family, or of IPv6 where it has none', raw, async (t) => {
  using any4 = await listenPacket('ip4:253', '');
  using none4 = await listenIP('ip4:253', null);
  assert.deepEqual([String(any4.localAddr), String(none4.localAddr)], ['0.0.0.0', '0.0.0.0']);
  if (withoutIPv6 !== false) return t.diagnostic(withoutIPv6);
  using any6 = await listenPacket('ip6:253', '');
  using any = await listenPacket('ip:253', '');
  assert.deepEqual([String(any6.localAddr), String(any.localAddr)], ['::', '::']);
  assert.equal(option(any, SO_DOMAIN), 10);
});

test('a broadcast address may be sent to at once', raw, async () => {
  using listening = await listenPacket('ip4:253', NEAR);
  using dialed = await dial('ip4:253', NEAR);
  for (const conn of [listening, dialed]) {
    assert.equal(option(conn, SO_BROADCAST), 1);
    conn.setBroadcast(false);
    assert.equal(option(conn, SO_BROADCAST), 0);
  }
});

test('wrong arguments throw at once', options, () => {
  for (const wrong of [undefined, '127.0.0.1', {}, new UDPAddr(null, 1), 1] as unknown as IPAddr[]) {
    const expected = { name: 'TypeError', message: 'Address must be an IPAddr or null' };
    assert.throws(() => dialIP('ip4:icmp', wrong, at('127.0.0.1')), expected);
    assert.throws(() => dialIP('ip4:icmp', null, wrong), expected);
    assert.throws(() => listenIP('ip4:icmp', wrong), expected);
  }
  for (const wrong of [undefined, null, 4, {}] as unknown as string[]) {
    assert.throws(() => dialIP(wrong, null, null), { name: 'TypeError' });
    assert.throws(() => listenIP(wrong, null), { name: 'TypeError' });
    assert.throws(() => listenPacket(wrong, ''), { name: 'TypeError' });
  }
  for (const wrong of [{ tos: 256 }, { control: 1 }, { ipv6Only: 1 }, { signal: {} }, null, 1] as unknown as object[]) {
    assert.throws(() => listenIP('ip4:icmp', null, wrong));
    assert.throws(() => listenPacket('ip4:icmp', '', wrong));
  }
});
