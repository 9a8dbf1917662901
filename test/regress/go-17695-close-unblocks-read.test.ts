// golang/go#17695: a read that waits is woken by a close, of the peer's side or of its own.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { noLeak } from '../fault/descriptors.ts';
import { failure, pair } from '../fault/pair.ts';

const TIMEOUT = { timeout: 10_000 };

test("the peer's close wakes a read with the end of the stream", TIMEOUT, () =>
  noLeak(async () => {
    using ends = await pair();
    const reading = ends.client.read(Buffer.alloc(1));
    ends.server.close();
    assert.equal(await reading, null);
    assert.equal(await ends.client.read(Buffer.alloc(1)), null);
  }),
);

test('its own close wakes every read that waits or is queued, in order', TIMEOUT, () =>
  noLeak(async () => {
    using ends = await pair();
    const order: number[] = [];
    const readings = [1, 2, 3].map(async (i) => {
      assert.equal((await failure(ends.client.read(Buffer.alloc(1)))).code, 'ERR_NET_CLOSED');
      order.push(i);
    });
    ends.client.close();
    await Promise.all(readings);
    assert.deepEqual(order, [1, 2, 3]);
  }),
);
