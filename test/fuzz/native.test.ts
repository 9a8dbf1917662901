// The addon with anything for arguments, in processes of their own: a wrong type is a TypeError, a wrong value -errno, nothing
// is written beside its buffer, no descriptor is lost or closed, and nothing ends the process.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { run } from '../fault/child.ts';
import { missing } from './addon.ts';

/** Generous: a sanitizer makes the addon slow. */
const PATIENCE = 60_000;
const options = { timeout: PATIENCE + 10_000, skip: missing };

const NATIVE: Readonly<Record<string, string>> = {
  right: 'the table of functions is whole, and right arguments are right',
  types: 'every wrong type in every place is a TypeError',
  values: 'every wrong number, length and buffer in every place is -errno',
  random: 'random arguments are a TypeError, -errno or an answer',
  vectors: 'vectors longer than the kernel takes',
  batches: 'random rows of a batch stay inside its memory',
  getters: 'arrays whose getters throw, detach buffers, or call again',
  constructed: 'functions called as what they are not',
  numbers: 'the memory of the numbers, taken away',
};

const WATCH: readonly string[] = [
  'what cannot be polled',
  'what libuv has already',
  'twice, and by two instances',
  'a wake that throws, ends the watch, or begins another',
  'a descriptor that is closed while it is watched',
  'the process ends with a watch',
  'threads end with a watch',
  'what a thread has closed is not closed again',
];

for (const [program, name] of Object.entries(NATIVE)) {
  test(name, options, async (t) => {
    const { stdout, ...ended } = await run(new URL('./child/native.js', import.meta.url), [program], {
      patience: PATIENCE,
    });
    assert.deepEqual(ended, { code: 0, signal: null, stderr: '' });
    assert.match(stdout, /^\d+ calls\n$/);
    t.diagnostic(stdout.trim());
  });
}

for (const program of WATCH) {
  test(`watch: ${program}`, options, async () => {
    const ended = await run(new URL('./child/watch.js', import.meta.url), [program], { patience: PATIENCE });
    assert.deepEqual(ended, { code: 0, signal: null, stdout: 'ended\n', stderr: '' });
  });
}
