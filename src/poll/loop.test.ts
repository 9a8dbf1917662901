import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';

import { TURN, hold, newTurn, release, spend, wake, yieldTurn } from './loop.ts';

const options = { timeout: 10_000 };

/** Uses up this turn's share; how much was left. */
function spendAll(): number {
  let n = 0;
  while (spend()) n++;
  return n;
}

test('a turn is 128 operations', options, () => {
  newTurn();
  assert.equal(TURN, 128);
  assert.equal(spendAll(), 128);
  assert.equal(spend(), false);
  newTurn();
  assert.equal(spendAll(), 128);
});

test('whoever yields is woken later, in order, with a new share', options, async () => {
  newTurn();
  spendAll();
  const woken: string[] = [];
  let share = 0;
  await new Promise<void>((resolve) => {
    yieldTurn({ wake: () => void woken.push('first') });
    yieldTurn({ wake: () => void (share = spendAll()) });
    yieldTurn({
      wake: () => {
        woken.push('last');
        resolve();
      },
    });
    assert.deepEqual(woken, []);
  });
  assert.deepEqual(woken, ['first', 'last']);
  assert.equal(share, TURN);
});

test('whoever yields while it is woken has to wait for one more turn', options, async () => {
  const turns: number[] = [];
  let turn = 0;
  await new Promise<void>((resolve) => {
    const again = {
      wake(): void {
        turns.push(turn);
        setImmediate(() => turn++);
        if (turns.length < 4) yieldTurn(again);
        else resolve();
      },
    };
    yieldTurn(again);
  });
  assert.deepEqual(
    turns,
    turns.toSorted((a, b) => a - b),
  );
  assert.equal(new Set(turns).size, turns.length, 'two wake-ups in one turn');
});

test('hold and release need no poller', options, () => {
  hold();
  hold();
  release();
  release();
});

test('wake does not throw what a waiter throws', options, () => {
  wake({ wake: () => undefined });
});

test('a waiter that throws stops nobody, and its exception comes out uncaught', options, () => {
  const loop = new URL('loop.js', import.meta.url).href;
  const program = `
    import { wake, yieldTurn } from ${JSON.stringify(loop)};
    process.on('uncaughtException', (error) => console.log('uncaught', error.message));
    const bad = (text) => ({ wake() { throw new Error(text); } });
    const good = (text) => ({ wake() { console.log(text); } });
    wake(bad('one'));
    wake(good('two'));
    yieldTurn(bad('three'));
    yieldTurn(good('four'));
    yieldTurn(bad('five'));
    yieldTurn(good('six'));`;
  const { stdout, stderr, status } = spawnSync(process.execPath, ['--input-type=module', '-e', program], {
    encoding: 'utf8',
    timeout: 9000,
  });
  assert.equal(stderr, '');
  assert.equal(status, 0);
  assert.deepEqual(stdout.trim().split('\n'), [
    'two',
    'uncaught one',
    'four',
    'six',
    'uncaught three',
    'uncaught five',
  ]);
});
