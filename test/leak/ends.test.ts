// What keeps the process alive, and what does not (DESIGN D11): each a process of its own, which ends by itself.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { run } from '../fault/child.ts';

const TIMEOUT = { timeout: 30_000 };
const ALIVE = 'still alive';

const programs: readonly (readonly [name: string, ...said: string[]])[] = [
  ['idle'],
  ['reading', ALIVE, 'rejected ERR_NET_CLOSED'],
  ['writing', ALIVE, 'rejected ERR_NET_CLOSED'],
  ['iterating', ALIVE, 'rejected ERR_NET_CLOSED'],
  ['accepting', ALIVE, 'rejected ERR_NET_CLOSED'],
  ['dialing', ALIVE, 'rejected ABORT_ERR'],
  ['unrefd, then reading'],
  ['reading, then unrefd'],
  ['unrefd and refd again', ALIVE, 'rejected ERR_NET_CLOSED'],
  ['unrefd, accepting'],
  ['unrefd, iterating without a free descriptor'],
  ['closed', 'rejected ERR_NET_CLOSED'],
  ['read on, with a deadline', 'rejected ETIMEDOUT'],
  ['deadlines that did not come'],
  ['dials that were ended', 'ABORT_ERR', 'ETIMEDOUT'],
  ['dialed with hooks', 'rejected EHOOK', ...Array<string>(6).fill('resolved undefined')],
  ['reading a pipe', ALIVE, 'rejected ERR_NET_CLOSED'],
  ['reading a pipe, with a deadline', 'rejected ETIMEDOUT'],
  ['a pipe, unrefd and idle'],
  ['waiting for the peer to go'],
];

for (const [name, ...said] of programs) {
  const stays = said.includes(ALIVE) ? 'stays until the call ends' : 'ends by itself';
  test(`a process: ${name}: ${stays}`, TIMEOUT, async () => {
    const { code, signal, stdout, stderr } = await run(new URL('./child/ends.js', import.meta.url), [name]);
    assert.equal(stdout, said.map((line) => `${line}\n`).join(''), stderr);
    assert.deepEqual({ code, signal }, { code: 0, signal: null }, stderr);
  });
}
