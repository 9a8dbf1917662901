// Echo over loopback: raw sockets, and the ones that need no privilege where net.ipv4.ping_group_range allows them. In namespaces
// of their own, where it always does, they are in test/netns/ping.test.ts.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

import { dial, IPConn, listenPacket, UDPConn } from 'gonet';

import { run } from '../fault/child.ts';
import { errorOf } from './form.ts';
import { ECHO, idOf, parse, ping, request, type Version } from './icmp.ts';
import { withoutIPv6 } from './loopback.ts';
import { NEAR, withoutRaw, withoutRaw6 } from './rawip.ts';

const options = { timeout: 20_000 };

test('a request as bytes', () => {
  const packet = request(4, 0x1234, 1, 'abc');
  assert.equal(packet.toString('hex'), `0800216812340001${Buffer.from('abc').toString('hex')}`);
  assert.deepEqual(parse(packet), { type: 8, code: 0, id: 0x1234, seq: 1, data: 'abc' });
});

/** Pings some times over, by a connected socket and by one that is not. */
async function pings(
  network: string,
  host: string,
  local: string,
  kind: typeof IPConn | typeof UDPConn,
): Promise<void> {
  const version: Version = host.includes(':') ? 6 : 4;
  for (const conn of [await dial(network, host), await listenPacket(network, local)]) {
    assert.ok(conn instanceof kind);
    using socket: IPConn | UDPConn = conn;
    for (const seq of [1, 2, 0xffff]) {
      const { sender, ...reply } = await ping(socket, host, seq, `number ${seq}`);
      assert.deepEqual(reply, { type: ECHO[version][1], code: 0, id: idOf(socket), seq, data: `number ${seq}` });
      assert.equal(sender, host);
    }
  }
}

for (const network of ['ip4:icmp', 'ip4:1', 'ip:icmp']) {
  test(`${network}: 127.0.0.1 answers`, { ...options, skip: withoutRaw }, () =>
    pings(network, '127.0.0.1', NEAR, IPConn),
  );
}

for (const network of ['ip6:ipv6-icmp', 'ip6:58', 'ip:58']) {
  test(`${network}: ::1 answers`, { ...options, skip: withoutRaw6 }, () => pings(network, '::1', '::1', IPConn));
}

/** For `skip`: why this user may have no such sockets, or false. */
function withoutGroup(): string | false {
  const range = readFileSync('/proc/sys/net/ipv4/ping_group_range', 'utf8').trim();
  const [low, high] = range.split(/\s+/).map(Number);
  const mine = [process.getegid!(), ...process.getgroups!()];
  const allowed = mine.some((group) => group >= low! && group <= high!);
  return allowed ? false : `net.ipv4.ping_group_range is ${range.replace(/\s+/, ' ')}, without a group of this user`;
}

const refused = withoutGroup();
const FREE = [
  ['udp4:icmp', '127.0.0.1', false],
  ['udp4:1', '127.0.0.1', false],
  ['udp6:ipv6-icmp', '::1', withoutIPv6],
  ['udp6:58', '::1', withoutIPv6],
] as const;

for (const [network, host, without] of FREE) {
  test(
    `${network}: ${host} answers, without privilege`,
    { ...options, skip: without === false ? refused : without },
    () => pings(network, host, host, UDPConn),
  );

  const allowed = refused === false && 'net.ipv4.ping_group_range allows it here';
  test(
    `${network}: EACCES for groups that are not named`,
    { ...options, skip: without === false ? allowed : without },
    async () => {
      const text = `${network} ${host.includes(':') ? `[${host}]` : host}:0: socket: permission denied`;
      const dialed = await errorOf(() => dial(network, host));
      assert.deepEqual([dialed.message, dialed.code], [`dial ${text}`, 'EACCES']);
      const listening = await errorOf(() => listenPacket(network, host));
      assert.deepEqual([listening.message, listening.code], [`listen ${text}`, 'EACCES']);
    },
  );
}

for (const network of [
  'udp:icmp',
  'udp4:ICMP',
  'udp4:17',
  'udp4:',
  'udp4:ipv6-icmp',
  'udp4:58',
  'udp6:icmp',
  'udp6:1',
]) {
  test(`"${network}" is no network`, options, async () => {
    const reason = `${network}: unknown network ${network}`;
    assert.equal((await errorOf(() => dial(network, '127.0.0.1'))).message, `dial ${reason}`);
    assert.equal((await errorOf(() => listenPacket(network, '127.0.0.1'))).message, `listen ${reason}`);
  });
}

const example = new URL('../../../examples/ping.mjs', import.meta.url);

test('the example pings', { ...options, skip: refused === false ? false : withoutRaw }, async () => {
  const { code, stdout, stderr } = await run(example, ['127.0.0.1', '2', '10']);
  assert.equal(code, 0, stderr);
  const lines = stdout.trimEnd().split('\n');
  assert.match(lines[0]!, /^PING 127\.0\.0\.1 over (?:udp4|ip4):icmp$/);
  for (const seq of [1, 2])
    assert.match(lines[seq]!, new RegExp(`^64 bytes from 127\\.0\\.0\\.1: seq=${seq} time=[\\d.]+ ms$`));
  assert.deepEqual(lines.slice(3), ['2 sent, 2 received']);
});
