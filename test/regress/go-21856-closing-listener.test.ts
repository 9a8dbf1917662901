// golang/go#21856: once close() has returned, the address is free, although an accept was waiting.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { listen } from 'gonet';

import { noLeak } from '../fault/descriptors.ts';
import { failure } from '../fault/pair.ts';

test('an address can be listened on right after the close of a listener that was accepting', { timeout: 10_000 }, () =>
  noLeak(async () => {
    let address = '127.0.0.1:0';
    for (let round = 0; round < 20; round++) {
      using listener = await listen('tcp', address);
      address = listener.addr.toString();
      const accepting = failure(listener.accept());
      listener.close();
      using next = await listen('tcp', address);
      assert.equal(next.addr.toString(), address);
      assert.equal((await accepting).code, 'ERR_NET_CLOSED');
    }
  }),
);
