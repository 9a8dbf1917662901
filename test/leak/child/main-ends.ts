// The main thread ends while its threads are under traffic: `node main-ends.js <exit|throw> <threads>`.

import { once } from 'node:events';
import { Worker } from 'node:worker_threads';

import type { Ending } from './ending.ts';

const [way, count] = process.argv.slice(2);

/** A thread that goes on until it is ended; resolves when its traffic does. */
async function thread(_: unknown, round: number): Promise<void> {
  const workerData: Ending = { way: 'terminate', round, after: 20 + 7 * round, code: 0, port: null };
  const worker = new Worker(new URL('./ending.js', import.meta.url), { workerData });
  for (const expected of ['begun', 'now']) {
    const [said] = (await once(worker, 'message')) as [unknown];
    if (said !== expected) throw new Error(`A thread says ${String(said)}`);
  }
}

await Promise.all(Array.from({ length: Number(count) }, thread));
if (way === 'exit') process.exit(3);
throw new Error('thrown while threads are under traffic');
