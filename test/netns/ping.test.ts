// Echo between hosts, over raw sockets and over those that need no privilege: net.ipv4.ping_group_range is each host's own. What a
// router says of a request that has passed too many is heard, too. icmp(7)

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

import type { Pinged, PingJob, PingSaid } from './child/ping.ts';
import type { Host } from './host.ts';
import { noHosts } from './probe.ts';
import { twoHosts } from './world.ts';

const options = { timeout: 40_000, skip: noHosts };

const NOBODY = 65_534;
const RANGE = 'net.ipv4.ping_group_range';
const EXAMPLE = fileURLToPath(new URL('../../../examples/ping.mjs', import.meta.url));

const RAW = { 4: ['ip4:icmp', 'ip4:1'], 6: ['ip6:ipv6-icmp', 'ip6:58'] } as const;
const FREE = { 4: ['udp4:icmp', 'udp4:1'], 6: ['udp6:ipv6-icmp', 'udp6:58'] } as const;
const KINDS = { IPConn: RAW, UDPConn: FREE } as const;

/** Pings from a host as this user, and gives what came of each. */
async function pingFrom(host: Host, uid: number, pings: readonly PingJob[]): Promise<Pinged[]> {
  await using program = host.start<PingSaid>('ping', { uid, pings });
  const all: Pinged[] = [];
  for (const _ of pings) all.push(await program.next('pinged'));
  assert.deepEqual(await program.next('done'), { event: 'done', sockets: 0, uid });
  const { code, stderr } = await program.ended;
  assert.deepEqual({ code, stderr }, { code: 0, stderr: '' });
  return all;
}

/** Pings by each network of a family, dialed and bound: all must be answered by whom they were sent to. */
async function answers(host: Host, uid: number, kind: keyof typeof KINDS, ip: string, local: string): Promise<void> {
  const networks = KINDS[kind][ip.includes(':') ? 6 : 4];
  const pings = networks.flatMap((network): PingJob[] => [
    { network, ip },
    { network, ip, local },
  ]);
  const expected: Pinged = { event: 'pinged', kind, sender: ip, data: 'same' };
  const all = await pingFrom(host, uid, pings);
  for (const [i, pinged] of all.entries()) assert.deepEqual(pinged, expected, JSON.stringify(pings[i]));
}

test('root pings over raw sockets: itself, and another host', options, async () => {
  await using world = await twoHosts();
  const { near, cable } = world;
  for (const family of ['ip4', 'ip6'] as const) await answers(near, 0, 'IPConn', cable.far[family], cable.near[family]);
  await answers(near, 0, 'IPConn', '127.0.0.1', '127.0.0.1');
  await answers(near, 0, 'IPConn', '::1', '::1');
});

for (const uid of [0, NOBODY]) {
  test(`user ${uid} pings without privilege, itself and another host, if its group is named`, options, async () => {
    await using world = await twoHosts();
    const { near, cable } = world;
    near.sysctl(RANGE, `${uid} ${uid}`);
    for (const family of ['ip4', 'ip6'] as const) {
      await answers(near, uid, 'UDPConn', cable.far[family], cable.near[family]);
    }
    await answers(near, uid, 'UDPConn', '127.0.0.1', '127.0.0.1');
    await answers(near, uid, 'UDPConn', '::1', '::1');
  });
}

test('a group that is not named is refused: EACCES; so is a raw socket: EPERM', options, async () => {
  await using world = await twoHosts();
  const { near, cable } = world;
  const { ip4, ip6 } = cable.far;
  near.sysctl(RANGE, '0 65533');
  const found = await pingFrom(near, NOBODY, [
    { network: 'udp4:icmp', ip: ip4 },
    { network: 'udp6:ipv6-icmp', ip: ip6 },
    { network: 'udp4:1', ip: ip4, local: cable.near.ip4 },
    { network: 'ip4:icmp', ip: ip4 },
    { network: 'ip6:58', ip: ip6, local: cable.near.ip6 },
  ]);
  assert.deepEqual(
    found.map(({ refused }) => refused),
    [
      `dial udp4:icmp ${ip4}:0: socket: permission denied`,
      `dial udp6:ipv6-icmp [${ip6}]:0: socket: permission denied`,
      `listen udp4:1 ${cable.near.ip4}:0: socket: permission denied`,
      `dial ip4:icmp ${ip4}: socket: operation not permitted`,
      `listen ip6:58 ${cable.near.ip6}: socket: operation not permitted`,
    ],
  );
});

test('a router says that the TTL is used up: to a raw socket, and by takeError', options, async () => {
  await using world = await twoHosts();
  const { near, far: router, cable } = world;
  const behind = await world.host('behind');
  const { far } = world.join(router, behind);
  router.sysctl('net.ipv4.ip_forward', 1);
  router.sysctl('net.ipv6.conf.all.forwarding', 1);
  near.ip(`route add 10.2.0.0/24 via ${cable.far.ip4}`, `route add 2001:db8:2::/64 via ${cable.far.ip6}`);
  behind.ip('route add 10.1.0.0/24 via 10.2.0.1', 'route add 2001:db8:1::/64 via 2001:db8:2::1');
  near.sysctl(RANGE, '0 0');
  const found = await pingFrom(near, 0, [
    { network: 'ip4:icmp', ip: far.ip4 },
    { network: 'udp6:58', ip: far.ip6 },
    { network: 'ip4:icmp', ip: far.ip4, local: cable.near.ip4, ttl: 1 },
    { network: 'ip6:58', ip: far.ip6, local: cable.near.ip6, ttl: 1 },
    { network: 'udp4:icmp', ip: far.ip4, ttl: 1 },
    { network: 'udp6:58', ip: far.ip6, ttl: 1 },
  ]);
  const EHOSTUNREACH = 113;
  const { ip4, ip6 } = cable.far;
  const event = 'pinged';
  assert.deepEqual(found, [
    { event, kind: 'IPConn', sender: far.ip4, data: 'same' },
    { event, kind: 'UDPConn', sender: far.ip6, data: 'same' },
    { event, kind: 'IPConn', sender: ip4, exceeded: [11] },
    { event, kind: 'IPConn', sender: ip6, exceeded: [3] },
    { event, kind: 'UDPConn', sender: ip4, exceeded: [11, EHOSTUNREACH], refused: 'EHOSTUNREACH' },
    { event, kind: 'UDPConn', sender: ip6, exceeded: [3, EHOSTUNREACH], refused: 'EHOSTUNREACH' },
  ]);
});

/** Runs the example on a host: its lines, and how it ended. */
function example(host: Host, args: readonly string[]): { code: number; lines: string[] } {
  const text = host.exec('sh', ['-c', '"$0" "$@" 2>&1; echo $?', process.execPath, EXAMPLE, ...args]);
  const lines = text.trim().split('\n');
  return { code: Number(lines.pop()), lines };
}

for (const range of ['0 0', '1 0']) {
  test(`examples/ping.mjs with ${RANGE} = ${range}`, options, async () => {
    await using world = await twoHosts();
    const { near, far, cable } = world;
    near.sysctl(RANGE, range);
    for (const [ip, free, raw] of [
      [cable.far.ip4, 'udp4:icmp', 'ip4:icmp'],
      [cable.far.ip6, 'udp6:ipv6-icmp', 'ip6:ipv6-icmp'],
    ] as const) {
      const { code, lines } = example(near, [ip, '3', '10']);
      assert.equal(lines[0], `PING ${ip} over ${range === '0 0' ? free : raw}`);
      for (const seq of [1, 2, 3])
        assert.match(lines[seq]!, new RegExp(`^64 bytes from ${ip}: seq=${seq} time=[\\d.]+ ms$`));
      assert.deepEqual([lines.slice(4), code], [['3 sent, 3 received'], 0]);
    }
    far.firewall.drop();
    const { code, lines } = example(near, [cable.far.ip4, '1', '10']);
    assert.deepEqual([lines.slice(1), code], [['no answer to seq=1', '1 sent, 0 received'], 1]);
  });
}
