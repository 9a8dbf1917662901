// A file that is parsed again only when it has changed.

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

import { Reread } from './reread.ts';

test('no file, a file, the same file, a change, a folder, no file again', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'gonet-reread-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'file');
  let parsed = 0;
  const file = new Reread(path, (text) => {
    parsed++;
    return text;
  });
  assert.equal(parsed, 0, 'nothing is read before it is asked for');
  assert.equal(file.get(), null);
  writeFileSync(path, 'one');
  assert.equal(file.get(), 'one');
  const times = parsed;
  assert.equal(file.get(), 'one');
  assert.equal(parsed, times);
  writeFileSync(path, 'three');
  assert.equal(file.get(), 'three');
  rmSync(path);
  assert.equal(file.get(), null);
  assert.equal(new Reread(folder, (text) => text).get(), null);
});
