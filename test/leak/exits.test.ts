// A process that exits or dies while the poller has events pending keeps its exit code and is not aborted (DESIGN D2, D15).

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { run } from '../fault/child.ts';

const TIMEOUT = { timeout: 30_000 };

for (const [name, expected] of [
  ['exit', 3],
  ['exit after a read', 3],
  ['exit in a beforeExit', 3],
  ['exit in an exit handler', 3],
  ['traffic in an exit handler', 3],
  ['exit in an immediate', 3],
  ['exit in a timer', 3],
  ['nothing left to wait for', 3],
  ['throw', 1],
  ['reject', 1],
  ['throw in the handler of an uncaught exception', 7],
] as const) {
  test(`a process with events pending: ${name}: code ${expected}`, TIMEOUT, async () => {
    // It is a race with the thread that polls, so each gets a few tries.
    for (let i = 0; i < 3; i++) {
      const { code, signal, stderr } = await run(new URL('./child/exits.js', import.meta.url), [name]);
      assert.deepEqual({ code, signal }, { code: expected, signal: null }, stderr);
    }
  });
}
