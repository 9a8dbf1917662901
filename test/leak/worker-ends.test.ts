// Threads that end under traffic, however they do: no crash, the exit code that Node gives without us, every descriptor closed,
// and traffic of the main thread that does not notice (DESIGN D15). GONET_ROUNDS sets how many threads end in each way;
// `npm run workers` does 300.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { load } from '../../src/syscall/sys.ts';
import { run } from '../fault/child.ts';

const FEW = 8;
const MANY = 20;
const asked = process.env['GONET_ROUNDS'];
/** A thread takes 0.1 seconds, or a few times that on a busy machine. */
const patience = (rounds: number): number => 10_000 + rounds * 1000;

for (const [variant, where] of [
  ['main', 'in the main thread too'],
  ['workers', 'in workers only'],
] as const) {
  for (const [way, usual] of [
    ['terminate', MANY],
    ['exit', MANY],
    ['exit in a handler', FEW],
    ['throw', FEW],
    ['reject', FEW],
    ['close', FEW],
    ['idle', FEW],
  ] as const) {
    const rounds = asked === undefined ? usual : Number(asked);
    test(`workers end: ${way}; gonet is loaded ${where}`, { timeout: patience(rounds) + 5000 }, async (t) => {
      if (load().name !== 'native') return t.skip('needs the native backend');
      const program = new URL('./child/worker-ends.js', import.meta.url);
      const ended = await run(program, [variant, String(rounds), way], { patience: patience(rounds) });
      const stdout = `${way}: ${rounds} threads, 0 descriptors left\n`;
      assert.deepEqual(ended, { code: 0, signal: null, stdout, stderr: '' });
    });
  }
}

for (const [way, code] of [
  ['exit', 3],
  ['throw', 1],
] as const) {
  test(`the main thread ends above workers under traffic: ${way}: code ${code}`, { timeout: 60_000 }, async (t) => {
    if (load().name !== 'native') return t.skip('needs the native backend');
    // It is a race with the other threads, so each gets a few tries.
    for (let threads = 1; threads <= 4; threads++) {
      const ended = await run(new URL('./child/main-ends.js', import.meta.url), [way, String(threads)]);
      assert.deepEqual({ code: ended.code, signal: ended.signal }, { code, signal: null }, ended.stderr);
      if (way === 'throw') assert.match(ended.stderr, /Error: thrown while threads are under traffic\n/);
    }
  });
}
