// The race of RFC 8305 between two hosts: a dead address costs a quarter of a second and no more, a slow one is waited for, a
// refusal is passed at once, and exactly one connection comes of it.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { at, best, dialFrom, reachFrom, serve, within } from './peers.ts';
import { noHosts, noRelay } from './probe.ts';
import { twoHosts } from './world.ts';

const options = { timeout: 60_000, skip: noHosts };
const slow = { ...options, skip: noRelay };

/** What one attempt waits for the next one, where nobody says otherwise. */
const DELAY = 250;
/** A timer may be early by less than this. */
const EARLY = 10;
/** What the best of some tries may take longer. */
const SLACK = 100;
const TRIES = 4;

test('IPv6 is a black hole, IPv4 lives: connected within 250 ms, a round trip and 100 ms', options, async () => {
  await using world = await twoHosts();
  await using server = await serve(world.far);
  const { near, far, cable } = world;
  const { ip4, ip6 } = cable.far;
  far.firewall.drop({ to: ip6 });
  const job = { address: `both.test:${server.port}`, ips: [ip6, ip4], tries: TRIES, options: { timeout: 60_000 } };
  const all = await dialFrom(near, job);
  for (const { reached, ms, error } of all) {
    assert.equal(reached, at(ip4, server.port), error?.message);
    assert.ok(ms >= DELAY - EARLY, `the IPv4 attempt began too early: ${ms} ms`);
  }
  within(best(all), DELAY - EARLY, DELAY + SLACK);
  assert.ok(far.firewall.hits >= TRIES);
  assert.equal(await server.settled(0), TRIES);
});

test('IPv4 is a black hole, IPv6 lives: connected at once', options, async () => {
  await using world = await twoHosts();
  await using server = await serve(world.far);
  const { near, far, cable } = world;
  const { ip4, ip6 } = cable.far;
  far.firewall.drop({ to: ip4 });
  const all = await dialFrom(near, { address: `both.test:${server.port}`, ips: [ip6, ip4], tries: TRIES });
  for (const { reached } of all) assert.equal(reached, at(ip6, server.port));
  within(best(all), 0, SLACK);
});

test('fallbackDelay is what one attempt waits for the next', options, async () => {
  await using world = await twoHosts();
  await using server = await serve(world.far);
  const { near, far, cable } = world;
  const { ip4, ip6 } = cable.far;
  far.firewall.drop({ to: ip6 });
  for (const fallbackDelay of [50, 600]) {
    const job = { address: `both.test:${server.port}`, ips: [ip6, ip4], tries: 2, options: { fallbackDelay } };
    const all = await dialFrom(near, job);
    for (const { reached } of all) assert.equal(reached, at(ip4, server.port));
    within(best(all), fallbackDelay - EARLY, fallbackDelay + SLACK);
  }
});

test('families take turns: many dead IPv6 addresses cost one wait', options, async () => {
  await using world = await twoHosts();
  await using server = await serve(world.far);
  const { near, far, cable } = world;
  const dead = [cable.far.ip6, '2001:db8:1::3', '2001:db8:1::4'];
  far.ip(...dead.slice(1).map((ip) => `address add ${ip}/64 dev ${cable.device} nodad`));
  for (const to of dead) far.firewall.drop({ to });
  const job = { address: `both.test:${server.port}`, ips: [...dead, cable.far.ip4], tries: 2 };
  const all = await dialFrom(near, job);
  for (const { reached } of all) assert.equal(reached, at(cable.far.ip4, server.port));
  within(best(all), DELAY - EARLY, DELAY + SLACK);
});

test('every address gets its turn: the last of four lives', options, async () => {
  await using world = await twoHosts();
  await using server = await serve(world.far);
  const { near, far, cable } = world;
  const { ip4, ip6 } = cable.far;
  far.ip(`address add 10.1.0.3/24 dev ${cable.device}`, `address add 2001:db8:1::3/64 dev ${cable.device} nodad`);
  for (const to of [ip4, ip6, '2001:db8:1::3']) far.firewall.drop({ to });
  const job = { address: `both.test:${server.port}`, ips: [ip6, '2001:db8:1::3', ip4, '10.1.0.3'], tries: 2 };
  const all = await dialFrom(near, job);
  for (const { reached } of all) assert.equal(reached, at('10.1.0.3', server.port));
  within(best(all), 3 * DELAY - EARLY, 3 * DELAY + 2 * SLACK);
});

test('one slow address: connected although it takes longer than the delay', slow, async () => {
  await using world = await twoHosts();
  await using server = await serve(world.far);
  const { far } = await world.relay({ delay: 200 });
  for (const ip of [far.ip6, far.ip4]) {
    const address = at(ip, server.port);
    const { ms } = await reachFrom(world.near, { address: `one.test:${server.port}`, ips: [ip] }, address);
    within(ms, 399, 800);
  }
  assert.equal(await server.settled(0), 2);
});

test('two slow addresses: the first attempt is not given up, and one connection comes of it', slow, async () => {
  await using world = await twoHosts();
  await using server = await serve(world.far);
  const { far } = await world.relay({ delay: 200 });
  const job = { address: `both.test:${server.port}`, ips: [far.ip6, far.ip4], tries: 2 };
  const all = await dialFrom(world.near, job, async () => {
    await server.settled(1);
  });
  for (const { reached } of all) assert.equal(reached, at(far.ip6, server.port));
  within(best(all), 399, 400 + SLACK);
  assert.equal(await server.settled(0), 2, 'the loser was accepted');
});

test('a slow address and a fast one: the fast one wins, the slow one is closed', slow, async () => {
  await using world = await twoHosts();
  await using server = await serve(world.far);
  const link = await world.relay({ delay: 300 });
  const ips = [link.far.ip6, world.cable.far.ip4];
  const all = await dialFrom(world.near, { address: `both.test:${server.port}`, ips, tries: 2 }, async () => {
    await server.settled(1);
  });
  for (const { reached } of all) assert.equal(reached, at(world.cable.far.ip4, server.port));
  within(best(all), DELAY - EARLY, DELAY + SLACK);
  await server.settled(0);
});

test('both connect at the same time: one of them stays open, whichever it is', slow, async () => {
  await using world = await twoHosts();
  await using server = await serve(world.far);
  const link = await world.relay({ delay: 15 });
  const ips = [link.far.ip6, world.cable.far.ip4];
  for (const fallbackDelay of [29, 30, 31]) {
    const job = { address: `both.test:${server.port}`, ips, tries: 5, options: { fallbackDelay, timeout: 60_000 } };
    const all = await dialFrom(world.near, job, async () => {
      await server.settled(1);
    });
    for (const { reached, error } of all) assert.ok(reached !== undefined, error?.message);
  }
  await server.settled(0);
});

test('a refusal is passed at once, whoever says it', slow, async () => {
  await using world = await twoHosts();
  await using server = await serve(world.far);
  const { near, far } = world;
  const link = await world.relay({ delay: 5 });
  const { ip4, ip6 } = link.far;
  for (const how of ['tcp reset', 'port-unreachable', 'host-unreachable', 'no-route', 'admin-prohibited'] as const) {
    far.firewall.reject(how, { to: ip6 });
    const all = await dialFrom(near, { address: `both.test:${server.port}`, ips: [ip6, ip4], tries: 3 });
    for (const { reached, error } of all) assert.equal(reached, at(ip4, server.port), error?.message);
    within(best(all), 10, DELAY / 2, how);
    assert.ok(far.firewall.hits >= 3, `${how}: nothing was refused`);
    far.firewall.clear();
  }
});

test('a route that refuses, or none, is passed at once', options, async () => {
  await using world = await twoHosts();
  await using server = await serve(world.far);
  const { near, cable } = world;
  const { ip4 } = cable.far;
  near.ip(...['blackhole', 'unreachable', 'prohibit'].map((how, i) => `route add ${how} 2001:db8:9${i}::/64`));
  for (const dead of ['2001:db8:90::1', '2001:db8:91::1', '2001:db8:92::1', '2001:db8:99::1']) {
    const all = await dialFrom(near, { address: `both.test:${server.port}`, ips: [dead, ip4], tries: 3 });
    for (const { reached, error } of all) assert.equal(reached, at(ip4, server.port), error?.message);
    within(best(all), 0, DELAY / 2, dead);
  }
});
