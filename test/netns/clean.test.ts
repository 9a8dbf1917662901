// These tests leave nothing on the machine, whatever becomes of them: no namespace, no process and no device, not when all goes well,
// not when a test fails, not when its process is killed.

import assert from 'node:assert/strict';
import { readdirSync, readlinkSync } from 'node:fs';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

import type { DoomedSaid } from './child/doomed.ts';
import { noHosts, noRelay } from './probe.ts';
import { Program } from './program.ts';
import { twoHosts } from './world.ts';

const options = { timeout: 40_000, skip: noHosts };

/** How long what is orphaned may take to go, in milliseconds. */
const GRACE = 10_000;

/** The processes whose network namespace is one of these. */
function inside(namespaces: readonly string[]): string[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return pids.filter((pid) => {
    try {
      return namespaces.includes(readlinkSync(`/proc/${pid}/ns/net`));
    } catch {
      return false; // gone in the meantime
    }
  });
}

/** Resolves once nobody is in these namespaces; a namespace that has no name lasts no longer than that. */
async function empty(namespaces: readonly string[]): Promise<void> {
  const end = performance.now() + GRACE;
  while (inside(namespaces).length > 0 && performance.now() < end) await setImmediate();
  assert.deepEqual(inside(namespaces), [], 'processes left');
}

function doomed(): Program<DoomedSaid> {
  const path = fileURLToPath(new URL('./child/doomed.js', import.meta.url));
  return new Program('doomed', process.execPath, [path, '{}'], 30_000);
}

for (const how of ['killed', 'left'] as const) {
  test(`a process that is ${how} takes its world with it`, options, async () => {
    await using program = doomed();
    const { namespaces } = await program.next('living');
    const own = readlinkSync('/proc/self/ns/net');
    assert.ok(namespaces.length === 2 && !namespaces.includes(own));
    assert.ok(inside(namespaces).length >= 4, 'holders, a server and a client');
    await (how === 'killed' ? program.kill() : program.leave());
    await empty(namespaces);
  });
}

test('a test that fails takes its world with it', options, async () => {
  const namespaces: string[] = [];
  await assert.rejects(async () => {
    await using world = await twoHosts();
    if (noRelay === false) await world.relay({});
    namespaces.push(...[world.near, world.far].map(({ pid }) => readlinkSync(`/proc/${pid}/ns/net`)));
    assert.ok(inside(namespaces).length >= 2);
    world.far.ip('nonsense');
  }, /ip -batch -: .*"nonsense"/);
  assert.equal(namespaces.length, 2);
  await empty(namespaces);
});

test('nothing is named: neither a namespace nor a device of the machine', options, async () => {
  const named = (): string[] => [...readdirSync('/sys/class/net'), ...runNetns()];
  const before = named();
  await using world = await twoHosts();
  if (noRelay === false) await world.relay({});
  const ours = named().filter((name) => !before.includes(name) && /^(?:gonet|cable|relay)/.test(name));
  assert.deepEqual(ours, []);
});

function runNetns(): string[] {
  try {
    return readdirSync('/run/netns');
  } catch {
    return [];
  }
}
