// Data over links that lose packets: it takes longer, and every byte arrives, once and in order.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { TransferSaid } from './child/transfer.ts';
import type { Host } from './host.ts';
import { at, serve } from './peers.ts';
import { noHosts, noRelay } from './probe.ts';
import { twoHosts } from './world.ts';

const options = { timeout: 90_000, skip: noHosts };
const BYTES = 200_000;

/** Sends `BYTES` and gets their echo. */
async function transfer(host: Host, address: string): Promise<void> {
  await using program = host.start<TransferSaid>('transfer', { address, bytes: BYTES }, 80_000);
  const { bytes, intact } = await program.next('echoed');
  assert.deepEqual({ bytes, intact }, { bytes: BYTES, intact: true });
  const { code, signal, stderr } = await program.ended;
  assert.deepEqual({ code, signal, stderr }, { code: 0, signal: null, stderr: '' });
}

test('10 % of all packets are lost each way, on a slow link', { ...options, skip: noRelay }, async () => {
  await using world = await twoHosts();
  await using server = await serve(world.far);
  const { far } = await world.relay({ delay: 5, loss: 10 });
  for (const ip of [far.ip4, far.ip6]) await transfer(world.near, at(ip, server.port));
});

test('10 % of all packets are dropped by the firewall of each host', options, async () => {
  await using world = await twoHosts();
  await using server = await serve(world.far);
  const { near, far, cable } = world;
  for (const host of [near, far]) {
    // One packet is one segment: a rule would see the kernel's bundles otherwise, and they would be few.
    host.ip(`link set ${cable.device} gso_max_segs 1`);
    host.firewall.drop({ percent: 10 });
  }
  await transfer(near, at(cable.far.ip4, server.port));
  assert.ok(near.firewall.hits > 0 && far.firewall.hits > 0);
});
