// golang/go#16523: a signal that comes just when a connect is done must either end the dial or leave the connection alone; there,
// the connection was given out with a deadline in the past.

import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { test } from 'node:test';

import { dial, listen } from 'gonet';

import { noLeak } from '../fault/descriptors.ts';
import { talk } from '../fault/pair.ts';

const TIMEOUT = { timeout: 10_000 };

test('a signal that is aborted right after the dial does not hurt the connection', TIMEOUT, () =>
  noLeak(async () => {
    using listener = await listen('tcp', '127.0.0.1:0');
    for (let round = 0; round < 20; round++) {
      const controller = new AbortController();
      const { signal } = controller;
      using client = await dial('tcp', listener.addr.toString(), { signal, timeout: 60_000 });
      assert.equal(getEventListeners(signal, 'abort').length, 0);
      controller.abort();
      using server = await listener.accept();
      await talk({ client, server });
    }
  }),
);
