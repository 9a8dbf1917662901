// Importing the package opens no descriptor and loads no library (DESIGN D13).

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { run } from '../fault/child.ts';

test('an import opens no descriptor, and koffi stays away', { timeout: 30_000 }, async () => {
  const { code, stdout, stderr } = await run(new URL('./child/imports.js', import.meta.url), []);
  assert.equal(code, 0, stderr);
  assert.deepEqual(JSON.parse(stdout), { opened: [], loaded: [] });
});
