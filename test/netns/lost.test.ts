// A peer that vanishes from an open connection: who finds out, and when. A waiting read must wake by itself, with no deadline of
// ours, and the conn must settle: the kernel gives the connection up, and epoll says so. tcp(7)

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import type { LostJob, LostSaid } from './child/lost.ts';
import type { Host } from './host.ts';
import { at, serve, within } from './peers.ts';
import { noHosts } from './probe.ts';
import type { Program } from './program.ts';
import { twoHosts } from './world.ts';

const options = { timeout: 40_000, skip: noHosts };

/** Connects, and has a read waiting. */
async function connected(host: Host, job: LostJob): Promise<Program<LostSaid>> {
  const program = host.start<LostSaid>('lost', job);
  await program.next('connected');
  return program;
}

/** The read fails within these bounds with this code, the conn settles, and the process ends. */
async function loses(program: Program<LostSaid>, code: string, from: number, to: number): Promise<void> {
  const read = await program.next('read');
  assert.equal(read.code, code, read.message);
  within(read.ms, from, to, 'the read');
  const closed = await program.next('closed');
  within(closed.ms, from, to, 'closed');
  const { stderr, ...ended } = await program.ended;
  assert.deepEqual(ended, { code: 0, signal: null }, stderr);
}

describe('a peer that vanishes', { concurrency: true }, () => {
  for (const family of ['ip4', 'ip6'] as const) {
    test(`TCP_USER_TIMEOUT wakes a waiting read after a write, ${family}`, options, async () => {
      await using world = await twoHosts();
      await using server = await serve(world.far);
      const { near, far, cable } = world;
      const address = at(cable.far[family], server.port);
      await using program = await connected(near, { address, userTimeout: 1000, write: true });
      far.firewall.drop();
      program.tell('write');
      await program.next('written');
      await loses(program, 'ETIMEDOUT', 900, 5000);
    });
  }

  test('keep-alive wakes a waiting read on an idle connection', options, async () => {
    await using world = await twoHosts();
    await using server = await serve(world.far);
    const { near, far, cable } = world;
    const keepAlive = { idle: 1000, interval: 1000, count: 2 };
    const address = at(cable.far.ip4, server.port);
    await using program = await connected(near, { address, keepAlive, write: false });
    far.firewall.drop();
    program.tell('the peer is gone');
    await loses(program, 'ETIMEDOUT', 1500, 7000);
    assert.ok(far.firewall.hits >= 2, 'probes were sent');
  });

  test('a link that goes down is found the same way', options, async () => {
    await using world = await twoHosts();
    await using server = await serve(world.far);
    const { near, cable, far } = world;
    const address = at(cable.far.ip4, server.port);
    await using program = await connected(near, { address, userTimeout: 1000, write: true });
    far.ip(`link set ${cable.device} down`);
    program.tell('write');
    await program.next('written');
    await loses(program, 'ETIMEDOUT', 900, 6000);
  });
});

test('a reset by the peer’s firewall wakes a waiting read', options, async () => {
  await using world = await twoHosts();
  await using server = await serve(world.far);
  const { near, far, cable } = world;
  await using program = await connected(near, { address: at(cable.far.ip6, server.port), write: true });
  far.firewall.reject('tcp reset');
  program.tell('write');
  await program.next('written');
  await loses(program, 'ECONNRESET', 0, 2000);
});

test('an ICMP message does not end an open connection: RFC 1122, section 4.2.3.9', options, async () => {
  await using world = await twoHosts();
  await using server = await serve(world.far);
  const { near, far, cable } = world;
  for (const ip of [cable.far.ip4, cable.far.ip6]) {
    await using program = await connected(near, { address: at(ip, server.port), write: true });
    far.firewall.reject('host-unreachable', { to: ip });
    program.tell('write');
    await program.next('written');
    await far.firewall.struck(1);
    far.firewall.clear();
    const { code, message } = await program.next('read');
    assert.deepEqual([code, message], ['none', 'are you there?']);
    assert.equal((await program.ended).code, 0);
  }
});

test('a short break is survived: what was written arrives when the link is back', options, async () => {
  await using world = await twoHosts();
  await using server = await serve(world.far);
  const { near, far, cable } = world;
  await using program = await connected(near, { address: at(cable.far.ip4, server.port), write: true });
  far.firewall.drop();
  program.tell('write');
  await program.next('written');
  await far.firewall.struck(2);
  far.firewall.clear();
  const { code, message } = await program.next('read');
  assert.deepEqual([code, message], ['none', 'are you there?']);
});
