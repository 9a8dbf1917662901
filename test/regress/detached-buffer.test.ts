// A buffer that is transferred away while a read waits for it: an error, not the end of the stream, and no byte is lost.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { dial, listen, OpError } from 'gonet';

test('a read into a buffer that was transferred fails with EFAULT', { timeout: 10_000 }, async () => {
  using listener = await listen('tcp', '127.0.0.1:0');
  using client = await dial('tcp', listener.addr.toString());
  using server = await listener.accept();
  const into = new Uint8Array(8);
  const read = client.read(into);
  structuredClone(into.buffer, { transfer: [into.buffer] });
  await server.write('kept');
  await assert.rejects(read, (error) => error instanceof OpError && error.code === 'EFAULT');
  const again = Buffer.alloc(8);
  assert.equal(await client.read(again), 4);
  assert.equal(again.toString('utf8', 0, 4), 'kept');
});
