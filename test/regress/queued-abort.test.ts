// One signal for a write that waits and one that is queued behind it: neither goes out after the signal was aborted.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { listenPacket } from 'gonet';

test('a queued write does not go out after its signal was aborted', { timeout: 15_000 }, async () => {
  using full = await listenPacket('unixgram', '');
  using empty = await listenPacket('unixgram', '');
  using sender = await listenPacket('unixgram', '');
  const filled = { yet: false };
  while (!filled.yet) {
    await sender.writeTo('x', full.localAddr, { deadline: Date.now() + 20 }).catch(() => (filled.yet = true));
  }
  const ending = new AbortController();
  const { signal } = ending;
  const writes = Promise.allSettled([
    sender.writeTo('1', full.localAddr, { signal }),
    sender.writeTo('2', empty.localAddr, { signal }),
  ]);
  ending.abort();
  for (const outcome of await writes) {
    assert.equal(outcome.status === 'rejected' && (outcome.reason as { code: string }).code, 'ABORT_ERR');
  }
  await assert.rejects(empty.read(Buffer.alloc(9), { deadline: Date.now() + 20 }), { code: 'ETIMEDOUT' });
});
