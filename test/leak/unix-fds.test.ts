// Descriptors that come in messages of Unix sockets are never lost: not when there is no room for all of them, not when they are
// ignored; and those that are being sent are not closed too early.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { run } from '../fault/child.ts';

const TIMEOUT = { timeout: 60_000 };

for (const [name, claim, nofile] of [
  ['EMFILE', 'no room for all descriptors: ControlTruncatedError, and those that came are closed', 300],
  ['dropped', 'descriptors that nobody holds are closed'],
  ['detached', 'a descriptor that was given away stays open'],
  ['in a write that waits', 'a descriptor that is being sent is held'],
  ['random messages', 'random messages, read by any way, closed, ignored, given away: as many descriptors as before'],
] as const) {
  for (const network of ['unix', 'unixpacket', 'unixgram']) {
    test(`${network}: ${claim}`, TIMEOUT, async () => {
      const program = new URL('./child/unix-fds.js', import.meta.url);
      const limits = nofile === undefined ? {} : { nofile };
      const outcome = await run(program, [name, network], { flags: ['--expose-gc'], patience: 50_000, ...limits });
      const { code, signal, stdout, stderr } = outcome;
      assert.deepEqual({ code, signal, stdout }, { code: 0, signal: null, stdout: 'done\n' }, stderr);
    });
  }
}
