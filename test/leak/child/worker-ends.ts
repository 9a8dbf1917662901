// Threads with traffic that end, again and again: `node worker-ends.js <main|workers> <rounds> <way>…`. With `main` this thread
// has traffic of its own, with `workers` it never loads the package. Prints a line for each way, and ends with an error if a
// thread ended otherwise than it should, or left a descriptor behind.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readdirSync, readlinkSync } from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';

import type { Ending, Way } from './ending.ts';

/** Threads at a time. */
const LANES = 3;
/** How long descriptors may take to go, in milliseconds. */
const GRACE = 5000;

const [variant, count, ...ways] = process.argv.slice(2);
const rounds = Number(count);
assert.ok(variant === 'main' || variant === 'workers');
assert.ok(Number.isInteger(rounds) && rounds > 0);

/**
 * Every descriptor of the process, and what it is. Without source files: Node 20 leaves those open that a thread was about to
 * import when it was terminated, whatever it imports.
 */
function open(): string[] {
  return readdirSync('/proc/self/fd').flatMap((fd) => {
    try {
      const what = readlinkSync(`/proc/self/fd/${fd}`);
      return what.endsWith('.js') ? [] : [`${fd} ${what}`];
    } catch {
      // The descriptor with which the folder itself was read.
      return [];
    }
  });
}

/** What is open and was not before, once that is nothing or the time is up. */
async function left(before: readonly string[]): Promise<string[]> {
  const end = performance.now() + GRACE;
  for (;;) {
    const more = open().filter((each) => !before.includes(each));
    if (more.length === 0 || performance.now() > end) return more;
    await setImmediate();
  }
}

/** What the thread should say at its end: its exit code, and its uncaught exception. */
function expected({ way, code }: Ending): { code: number; error: string | null } {
  if (way === 'throw' || way === 'reject') return { code: 1, error: 'thrown under traffic' };
  if (way === 'close' || way === 'idle') return { code: 0, error: null };
  return { code: way === 'terminate' ? 1 : code, error: null };
}

/** Ends a thread from outside at one of many moments: before it runs, while it loads, while it connects, under traffic. */
async function terminate(worker: Worker, round: number): Promise<void> {
  const moment = round % 10;
  if (moment === 1) await once(worker, 'online');
  if (moment > 1) await once(worker, 'message');
  // The second message comes with the traffic: it may be on its way already.
  if (moment > 3) await once(worker, 'message');
  for (let turn = 0; turn < round % 7; turn++) await setImmediate();
  await worker.terminate();
}

async function one(ending: Ending): Promise<void> {
  const worker = new Worker(new URL('./ending.js', import.meta.url), { workerData: ending });
  let error: string | null = null;
  worker.on('error', (thrown: Error) => {
    error = thrown.message;
  });
  const exited = new Promise<number>((resolve) => worker.on('exit', resolve));
  if (ending.way === 'terminate') await terminate(worker, ending.round);
  const code = await exited;
  // One that was terminated before it ran says 0 or 1, as the version has it.
  if (ending.way === 'terminate' && code === 0 && ending.round % 10 < 2) return;
  assert.deepEqual({ code, error }, expected(ending), `round ${ending.round}`);
}

const traffic = variant === 'main' ? await (await import('./bystander.ts')).bystander() : null;

async function run(way: Way, rounds: number): Promise<void> {
  let next = 0;
  const lane = async (): Promise<void> => {
    for (let round = next++; round < rounds; round = next++) {
      // What is to end by itself must have begun: 20 steps are after the last connection.
      const after = (way === 'close' || way === 'idle' ? 20 : 0) + ((round * 37) % 200);
      await one({ way, round, after, code: 2 + (round % 200), port: traffic?.port ?? null });
      await traffic?.echoed();
    }
  };
  await Promise.all(Array.from({ length: LANES }, lane));
}

// Node itself keeps a few descriptors of its first thread's.
await run('close', 1);
const before = open();
for (const way of ways as Way[]) {
  await run(way, rounds);
  const leaked = await left(before);
  console.log(`${way}: ${rounds} threads, ${leaked.length} descriptors left`);
  assert.deepEqual(leaked, []);
}
await traffic?.end();
