// EMFILE for real, in a process that has used up its descriptors.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { run } from './child.ts';

test(
  'a process without a free descriptor keeps its clients waiting and serves them later',
  { timeout: 30_000 },
  async () => {
    const { code, signal, stdout, stderr } = await run(new URL('./exhausted.js', import.meta.url), [], { nofile: 100 });
    assert.deepEqual({ code, signal }, { code: 0, signal: null }, stderr);
    const said = ['dial: EMFILE', 'accept: EMFILE', 'warning: GONET_ACCEPT', 'served'];
    assert.equal(stdout, said.map((line) => `${line}\n`).join(''), stderr);
  },
);
