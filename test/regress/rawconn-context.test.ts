// A RawConn's callback ran in the AsyncLocalStorage store of whoever had yielded the turn first.

import assert from 'node:assert/strict';
import { AsyncLocalStorage } from 'node:async_hooks';
import { test } from 'node:test';

import { pair } from '../fault/pair.ts';

test('a callback that waits for its turn keeps the context of its own call', { timeout: 10_000 }, async () => {
  const storage = new AsyncLocalStorage<string>();
  using busy = await pair();
  using other = await pair();
  const seen: unknown[] = [];
  // More than a turn has room for, so the rest waits for the next one.
  const writes = storage.run('busy', () => Array.from({ length: 200 }, () => busy.server.write('x')));
  await other.server.syscallConn().write(() => seen.push(storage.getStore()) > 0);
  await storage.run('own', () => other.server.syscallConn().write(() => seen.push(storage.getStore()) > 0));
  await Promise.all(writes);
  assert.deepEqual(seen, [undefined, 'own']);
});
