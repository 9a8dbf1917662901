// One address, on a network that is in the way: routes that refuse, firewalls that refuse or say nothing, a peer that is not there,
// a link that is slow. Errors come at once and by their names, and what waits can be ended.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { at, best, dialFrom, failureFrom, reachFrom, serve, within } from './peers.ts';
import { noHosts, noRelay } from './probe.ts';
import { twoHosts } from './world.ts';

const options = { timeout: 40_000, skip: noHosts };

/** Well below what an attempt waits for the next one. */
const AT_ONCE = 200;

test('a host is reached on both families', options, async () => {
  await using world = await twoHosts();
  await using server = await serve(world.far);
  const { ip4, ip6 } = world.cable.far;
  for (const ip of [ip4, ip6]) {
    const address = at(ip, server.port);
    const { ms } = await reachFrom(world.near, { address, options: { timeout: 60_000 } }, address);
    within(ms, 0, 1000);
  }
  assert.equal(await server.settled(0), 2);
});

test('a slow link: the dial takes one round trip', { ...options, skip: noRelay }, async () => {
  await using world = await twoHosts();
  await using server = await serve(world.far);
  const { far } = await world.relay({ delay: 100 });
  for (const ip of [far.ip4, far.ip6]) {
    const all = await dialFrom(world.near, { address: at(ip, server.port), tries: 3 });
    for (const { reached, ms } of all) {
      assert.equal(reached, at(ip, server.port));
      assert.ok(ms >= 199, `${ms}`);
    }
    within(best(all), 199, 300);
  }
});

/** What a local route says: routes are asked before there is a packet. */
const ROUTES: [route: string, code4: string, code6: string][] = [
  ['blackhole', 'EINVAL', 'EINVAL'],
  ['unreachable', 'EHOSTUNREACH', 'EHOSTUNREACH'],
  ['prohibit', 'EACCES', 'EACCES'],
];

test('a route that refuses fails the dial at once', options, async () => {
  await using world = await twoHosts();
  const { near } = world;
  for (const [i, [route, code4, code6]] of ROUTES.entries()) {
    near.ip(`route add ${route} 10.9${i}.0.0/16`, `route add ${route} 2001:db8:9${i}::/64`);
    for (const [address, code] of [
      [`10.9${i}.0.1:80`, code4],
      [`[2001:db8:9${i}::1]:80`, code6],
    ] as const) {
      const { ms, error } = await failureFrom(near, { address });
      assert.equal(error.code, code, `${route}: ${error.message}`);
      assert.ok(error.message.startsWith(`dial tcp ${address}: connect: `), error.message);
      within(ms, 0, AT_ONCE);
    }
  }
});

test('no route at all fails the dial at once', options, async () => {
  await using world = await twoHosts();
  for (const address of ['10.99.0.1:80', '[2001:db8:99::1]:80']) {
    const { ms, error } = await failureFrom(world.near, { address });
    assert.equal(error.message, `dial tcp ${address}: connect: network is unreachable`);
    assert.equal(error.code, 'ENETUNREACH');
    within(ms, 0, AT_ONCE);
  }
});

test('an interface that is down is no route', options, async () => {
  await using world = await twoHosts();
  const { near, cable } = world;
  near.ip(`link set ${cable.device} down`);
  for (const ip of [cable.far.ip4, cable.far.ip6]) {
    const { ms, error } = await failureFrom(near, { address: at(ip, 80) });
    assert.equal(error.code, 'ENETUNREACH', error.message);
    within(ms, 0, AT_ONCE);
  }
});

/** What a firewall says of the first packet. */
const REFUSALS = [
  ['tcp reset', 'ECONNREFUSED', 'ECONNREFUSED'],
  ['port-unreachable', 'ECONNREFUSED', 'ECONNREFUSED'],
  ['host-unreachable', 'EHOSTUNREACH', 'EHOSTUNREACH'],
  ['no-route', 'ENETUNREACH', 'ENETUNREACH'],
  ['admin-prohibited', 'EHOSTUNREACH', 'EACCES'],
] as const;

// Over a link that takes its time: an ICMP message that is there before connect(2) has returned is lost on the kernel, which then
// waits for the next one (tcp_v4_err() in net/ipv4/tcp_ipv4.c, where the socket is in use).
test('a refusal by the peer’s firewall fails the dial at once', { ...options, skip: noRelay }, async () => {
  await using world = await twoHosts();
  await using server = await serve(world.far);
  const { near, far } = world;
  const link = await world.relay({ delay: 5 });
  for (const [how, code4, code6] of REFUSALS) {
    far.firewall.reject(how, { syn: true });
    for (const [ip, code] of [
      [link.far.ip4, code4],
      [link.far.ip6, code6],
    ] as const) {
      const { ms, error } = await failureFrom(near, { address: at(ip, server.port) });
      assert.equal(error.code, code, `${how}: ${error.message}`);
      within(ms, 0, AT_ONCE);
    }
    far.firewall.clear();
  }
  const address = at(link.far.ip4, server.port);
  await reachFrom(near, { address }, address);
});

test('a black hole: a timeout ends the dial in time', options, async () => {
  await using world = await twoHosts();
  const { near, far, cable } = world;
  far.firewall.drop();
  for (const ip of [cable.far.ip4, cable.far.ip6]) {
    const { ms, error } = await failureFrom(near, { address: at(ip, 80), options: { timeout: 300 } });
    assert.equal(error.message, `dial tcp ${at(ip, 80)}: i/o timeout`);
    assert.deepEqual([error.code, error.timeout, error.cause], ['ETIMEDOUT', true, 'DeadlineError']);
    within(ms, 299, 600);
  }
  assert.ok(far.firewall.hits >= 2);
});

test('a black hole: a signal ends the dial at once', options, async () => {
  await using world = await twoHosts();
  const { near, far, cable } = world;
  far.firewall.drop();
  for (const ip of [cable.far.ip4, cable.far.ip6]) {
    const job = { address: at(ip, 80), abortAfter: 300, options: { timeout: 30_000 } };
    const { ms, error } = await failureFrom(near, job);
    assert.deepEqual([error.code, error.timeout, error.cause], ['ABORT_ERR', false, 'AbortError']);
    within(ms, 299, 600);
  }
});

describe('the kernel gives up', { concurrency: true }, () => {
  for (const family of ['ip4', 'ip6'] as const) {
    test(`a black hole without a deadline, tcp_syn_retries 1: ETIMEDOUT after 3 s, ${family}`, options, async () => {
      await using world = await twoHosts();
      const { near, far, cable } = world;
      near.sysctl('net.ipv4.tcp_syn_retries', 1);
      far.firewall.drop();
      const address = at(cable.far[family], 80);
      const { ms, error } = await failureFrom(near, { address });
      assert.equal(error.message, `dial tcp ${address}: connect: connection timed out`);
      assert.deepEqual([error.code, error.timeout, error.cause], ['ETIMEDOUT', true, 'SyscallError']);
      within(ms, 2900, 4500);
    });
  }

  for (const address of ['10.1.0.77:80', '[2001:db8:1::77]:80']) {
    test(`nobody has the address ${address}: EHOSTUNREACH after some seconds`, options, async () => {
      await using world = await twoHosts();
      const { ms, error } = await failureFrom(world.near, { address });
      assert.equal(error.message, `dial tcp ${address}: connect: no route to host`);
      assert.equal(error.code, 'EHOSTUNREACH');
      within(ms, 1000, 8000);
    });
  }
});
