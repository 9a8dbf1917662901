// What is dropped without close() is closed by its finalizer, with a warning; what is still of use is not (DESIGN D12).

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { run } from '../fault/child.ts';

const TIMEOUT = { timeout: 30_000 };

for (const [name, claim] of [
  ['dropped', 'a dropped connection is closed, with a warning that names it'],
  ['dropped after a read', 'a dropped connection that has waited with a deadline is closed too'],
  ['a held promise of the close', 'the promise `closed` of a dropped connection settles'],
  ['dropped listener', 'a dropped listener is closed, with a warning that names it'],
  ['a waiting read', 'a connection with a waiting read is not dropped'],
  ['a held iterator', 'a connection with a held iterator is not dropped'],
  ['closed', 'a closed connection is no cause for a warning'],
] as const) {
  test(claim, TIMEOUT, async () => {
    const program = new URL('./child/dropped.js', import.meta.url);
    const { code, signal, stdout, stderr } = await run(program, [name], { flags: ['--expose-gc'] });
    assert.deepEqual({ code, signal, stdout }, { code: 0, signal: null, stdout: 'done\n' }, stderr);
  });
}
