// A batch with a datagram that cannot be sent goes on behind it, and the socket still sends several as one message afterwards.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { listenPacket, PacketBatch, UDPAddr } from 'gonet';
import { Addr } from 'gonet/netip';

test('port 0 in the middle of a batch: the others go, and no more is changed', { timeout: 15_000 }, async () => {
  using conn = await listenPacket('udp4', '127.0.0.1:0');
  using to = await listenPacket('udp4', '127.0.0.1:0');
  const nowhere = new UDPAddr(Addr.parse('127.0.0.1'), 0);
  const batch = new PacketBatch();
  for (const [text, addr] of [
    ['a', to.localAddr],
    ['b', nowhere],
    ['c', nowhere],
    ['d', to.localAddr],
  ] as const) {
    batch.add(Buffer.from(text), addr);
  }
  const failed: number[] = [];
  for (let from = 0; from < batch.length; from = batch.sent + 1) {
    await conn.writeBatch(batch, { from }).catch((error: { code: string }) => {
      assert.equal(error.code, 'EINVAL');
      failed.push(batch.sent);
    });
  }
  assert.deepEqual(failed, [1, 2]);
  const texts: string[] = [];
  for await (const { data } of to.packets()) if (texts.push(data.toString()) === 2) break;
  assert.deepEqual(texts, ['a', 'd']);
  assert.throws(() => conn.writeBatch(batch, { from: 5 }), RangeError);
  to.setReceive({ segmentSize: true });
  batch.clear();
  for (const text of ['ee', 'ff']) batch.add(Buffer.from(text), to.localAddr);
  await conn.writeBatch(batch);
  const { n, control } = await to.readMsg(Buffer.alloc(9));
  assert.deepEqual([n, control.segmentSize], [4, 2]);
});
