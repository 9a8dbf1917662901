// Many look-ups at once, all of which wait: they hold up nothing else, and one signal ends them all.

import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';

import { LIMIT, backTo, descriptors, failureOf, resolverOf } from './expect.ts';
import { NameServer, zone } from './nameserver.ts';

const MINUTE = 60_000;

test('a thousand look-ups that wait leave the thread pool to files, and end together', LIMIT, async ({ signal }) => {
  using server = await NameServer.start(() => null);
  const resolver = resolverOf(server, { timeout: MINUTE });
  const before = descriptors();
  const controller = new AbortController();
  let ended = 0;
  const pending = Array.from({ length: 1000 }, async (_, i) => {
    const error = await failureOf(resolver.lookupHost(`host${i}.test`, { signal: controller.signal }));
    ended++;
    return error.code;
  });
  await server.reached(4, signal);
  const file = new URL(import.meta.url);
  await Promise.all(Array.from({ length: 16 }, () => readFile(file, { signal })));
  assert.equal(ended, 0);
  assert.equal(getEventListeners(controller.signal, 'abort').length, 1);
  controller.abort();
  assert.deepEqual(new Set(await Promise.all(pending)), new Set(['ABORT_ERR']));
  await backTo(before, signal);
});

test('many look-ups that are answered', LIMIT, async ({ signal }) => {
  const names = Array.from({ length: 100 }, (_, i) => `host${i}.test`);
  using server = await NameServer.start(
    zone(Object.fromEntries(names.map((name, i) => [`${name}.`, { A: [`192.0.2.${i}`] }]))),
  );
  const resolver = resolverOf(server);
  const before = descriptors();
  const found = await Promise.all(names.map((name) => resolver.lookupHost(name, { signal })));
  assert.deepEqual(
    found.flat(),
    names.map((_, i) => `192.0.2.${i}`),
  );
  await backTo(before, signal);
});
