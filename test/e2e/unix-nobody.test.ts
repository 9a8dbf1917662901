// Credentials that are somebody else's, sent by a user who has no privilege: the kernel refuses them. unix(7)

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { run } from '../fault/child.ts';

const skip = process.getuid?.() === 0 ? false : 'needs root to become somebody else';

test('nobody may send the credentials of nobody, and of nobody else', { timeout: 20_000, skip }, async () => {
  const { code, stdout, stderr } = await run(new URL('./child/unix-nobody.js', import.meta.url), []);
  assert.equal(code, 0, stderr);
  const refused = 'write sendmsg: operation not permitted';
  assert.deepEqual(
    stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as string),
    ['told as they are', refused, refused, refused],
  );
});
