// A turn gathers small writes, unless the one before was slow: an answer waits for no slow neighbour.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';

import { atTurnEnd, gather, gathers } from './loop.ts';

test(
  'what a turn gathers goes out after its microtasks; after a slow turn nothing is gathered',
  { timeout: 10_000 },
  async () => {
    const seen: string[] = [];
    atTurnEnd(() => seen.push('flush'));
    const turn = async (work: () => void): Promise<boolean> => {
      seen.length = 0;
      gather(2);
      const gathered = gathers();
      void Promise.resolve()
        .then(() => seen.push('microtask'))
        .then(() => seen.push('and its follower'));
      work();
      await setImmediate();
      assert.deepEqual(seen, ['microtask', 'and its follower', 'flush']);
      assert.equal(gathers(), false);
      return gathered;
    };
    const busy = (): void => {
      for (const end = performance.now() + 20; performance.now() < end;);
    };
    assert.equal(await turn(busy), true);
    assert.equal(await turn(busy), false);
    // A turn that is quick, on a machine that lets it, makes the next one gather again.
    let gathered = false;
    while (!gathered) gathered = await turn(() => {});
  },
);
