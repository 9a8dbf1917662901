// golang/go#24808: a reset is no temporary error: whoever tries again on it never ends.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { noLeak } from '../fault/descriptors.ts';
import { failure, pair } from '../fault/pair.ts';

test('a reset is told by a read, and is not temporary', { timeout: 10_000 }, () =>
  noLeak(async () => {
    using ends = await pair();
    ends.server.setLinger(0);
    const reading = failure(ends.client.read(Buffer.alloc(1)));
    ends.server.close();
    const error = await reading;
    assert.equal(error.code, 'ECONNRESET');
    assert.equal(error.temporary, false);
    assert.equal(error.timeout, false);
    // After it was told once, the stream has ended.
    assert.equal(await ends.client.read(Buffer.alloc(1)), null);
  }),
);
