// A write that waits for a full receiver keeps the process alive, unless it is told not to (DESIGN D11).

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { run } from '../fault/child.ts';

for (const kind of ['connected', 'free']) {
  for (const [how, expected] of [
    ['ref', 'ETIMEDOUT\n'],
    ['unref', ''],
  ] as const) {
    test(`a write that waits, ${kind}, after ${how}()`, { timeout: 30_000 }, async () => {
      const outcome = await run(new URL('./child/unixgram-ends.js', import.meta.url), [kind, how]);
      const { code, signal, stdout, stderr } = outcome;
      assert.deepEqual({ code, signal, stdout }, { code: 0, signal: null, stdout: expected }, stderr);
    });
  }
}
