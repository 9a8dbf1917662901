// How a race ends that nobody wins: which addresses were tried, when, and why each of them failed; and what a signal or a timeout
// in the middle leaves behind, which is nothing. Then dials one after another, which share the time.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import type { Told } from './child/dial.ts';
import { at, failureFrom, reachFrom, serve, within } from './peers.ts';
import { noHosts, noRelay } from './probe.ts';
import { twoHosts } from './world.ts';

const options = { timeout: 60_000, skip: noHosts };

const DELAY = 250;
/** How far a time may be off on a busy machine. */
const SLACK = 200;
/** A timer may be early by less than this. */
const EARLY = 10;

/** The attempts, by the address of each. */
function attemptsOf({ message, attempts }: Told, ips: readonly string[]): Told[] {
  assert.ok(attempts !== undefined, `no attempts: ${message}`);
  for (const ip of ips) assert.ok(message.includes(ip), `no ${ip} in "${message}"`);
  return ips.map((ip) => {
    const attempt = attempts.find(({ address }) => address === ip);
    assert.ok(attempt !== undefined, `no attempt for ${ip}: ${message}`);
    return attempt;
  });
}

test('all refuse: the error names every address with its reason, and comes at once', options, async () => {
  await using world = await twoHosts();
  const { ip4, ip6 } = world.cable.far;
  const { ms, error } = await failureFrom(world.near, { address: 'both.test:1', ips: [ip6, ip4] });
  within(ms, 0, DELAY - EARLY);
  assert.deepEqual([error.code, error.timeout], ['ECONNREFUSED', false]);
  for (const { message, code, cause, start, duration } of attemptsOf(error, [ip6, ip4])) {
    assert.deepEqual([code, cause], ['ECONNREFUSED', 'SyscallError']);
    assert.match(message, /connection refused$/);
    within(start ?? -1, 0, ms, 'the start');
    within(duration ?? -1, 0, ms, 'the attempt');
  }
  for (const ip of [ip6, ip4]) assert.ok(error.message.includes(at(ip, 1)), error.message);
});

test('each for a reason of its own', { ...options, skip: noRelay }, async () => {
  await using world = await twoHosts();
  const { near, far } = world;
  const { far: end, device } = await world.relay({ delay: 5 });
  const [hidden, silent] = ['2001:db8:2::3', '10.2.0.3'];
  far.ip(`address add ${hidden}/64 dev ${device} nodad`, `address add ${silent}/24 dev ${device}`);
  far.firewall.reject('host-unreachable', { to: hidden });
  far.firewall.drop({ to: silent });
  const ips = [end.ip6, hidden, end.ip4, silent];
  const { ms, error } = await failureFrom(near, { address: 'all.test:1', ips, options: { timeout: 700 } });
  within(ms, 700 - EARLY, 700 + SLACK);
  const attempts = attemptsOf(error, ips);
  assert.deepEqual(
    attempts.map(({ code }) => code),
    ['ECONNREFUSED', 'EHOSTUNREACH', 'ECONNREFUSED', 'ETIMEDOUT'],
  );
  for (const [i, { start, duration }] of attempts.entries()) {
    within(start ?? -1, 0, DELAY, `the start of attempt ${i}`);
    if (i === 3) within((start ?? 0) + (duration ?? 0), 700 - EARLY, 700 + SLACK, 'the last attempt');
    else within(duration ?? -1, 9, DELAY, `attempt ${i}`);
  }
});

test('nobody answers: a timeout ends all attempts, which began one delay after another', options, async () => {
  await using world = await twoHosts();
  const { near, far, cable } = world;
  const extra = ['10.1.0.3', '2001:db8:1::3'] as const;
  far.ip(`address add ${extra[0]}/24 dev ${cable.device}`, `address add ${extra[1]}/64 dev ${cable.device} nodad`);
  far.firewall.drop();
  const ips = [cable.far.ip6, cable.far.ip4, extra[1], extra[0]];
  const { ms, error } = await failureFrom(near, { address: 'all.test:80', ips, options: { timeout: 1100 } });
  within(ms, 1100 - EARLY, 1100 + SLACK);
  assert.deepEqual([error.code, error.timeout], ['ETIMEDOUT', true]);
  for (const [i, { code, timeout, start, duration }] of attemptsOf(error, ips).entries()) {
    assert.deepEqual([code, timeout], ['ETIMEDOUT', true]);
    within(start ?? -1, i * DELAY - EARLY, i * DELAY + SLACK, `the start of attempt ${i}`);
    within((start ?? 0) + (duration ?? 0), 1100 - EARLY, 1100 + SLACK, `attempt ${i}, from the start of the dial,`);
  }
});

test('a signal in the middle ends all attempts at once', options, async () => {
  await using world = await twoHosts();
  const { near, far, cable } = world;
  far.firewall.drop();
  const ips = [cable.far.ip6, cable.far.ip4];
  for (const [abortAfter, fallbackDelay] of [
    [400, DELAY], // both are under way
    [100, DELAY], // the second still waits for its turn
    [100, -1], // there is no race
  ] as const) {
    const job = { address: 'both.test:80', ips, abortAfter, options: { timeout: 60_000, fallbackDelay } };
    const { ms, error } = await failureFrom(near, job);
    within(ms, abortAfter - EARLY, abortAfter + SLACK);
    assert.deepEqual([error.code, error.timeout], ['ABORT_ERR', false], error.message);
  }
});

test('a timeout before the second attempt begins', options, async () => {
  await using world = await twoHosts();
  const { near, far, cable } = world;
  const { ip4, ip6 } = cable.far;
  far.firewall.drop();
  const job = { address: 'both.test:80', ips: [ip6, ip4], options: { timeout: 100 } };
  const { ms, error } = await failureFrom(near, job);
  within(ms, 100 - EARLY, 100 + SLACK);
  assert.deepEqual([error.code, error.timeout], ['ETIMEDOUT', true]);
});

describe('one after another', { concurrency: true }, () => {
  /** Rule 28: with k addresses and time t left, an attempt gets max(t/k, 2 s), at most t. */
  for (const [timeout, share] of [
    [2500, 2000],
    [3000, 2000],
    [6000, 3000],
  ] as const) {
    test(`fallbackDelay -1, timeout ${timeout}: a black hole gets ${share} ms`, options, async () => {
      await using world = await twoHosts();
      await using server = await serve(world.far);
      const { near, far, cable } = world;
      const { ip4, ip6 } = cable.far;
      far.firewall.drop({ to: ip6 });
      const job = { address: `both.test:${server.port}`, ips: [ip6, ip4], options: { timeout, fallbackDelay: -1 } };
      const { ms } = await reachFrom(near, job, at(ip4, server.port));
      within(ms, share - EARLY, share + 400);
    });
  }

  test('fallbackDelay -1: the second does not begin while the first is under way', options, async () => {
    await using world = await twoHosts();
    const { near, far, cable } = world;
    const { ip4, ip6 } = cable.far;
    far.firewall.drop();
    const job = { address: 'both.test:80', ips: [ip6, ip4], options: { timeout: 3000, fallbackDelay: -1 } };
    const { ms, error } = await failureFrom(near, job);
    within(ms, 3000 - EARLY, 3000 + SLACK);
    const [first, second] = attemptsOf(error, [ip6, ip4]);
    assert.deepEqual(
      [error.code, error.timeout, first?.code, second?.code],
      ['ETIMEDOUT', true, 'ETIMEDOUT', 'ETIMEDOUT'],
    );
    within(second?.start ?? -1, 2000 - EARLY, 2000 + SLACK, 'the start of the second attempt');
  });
});
