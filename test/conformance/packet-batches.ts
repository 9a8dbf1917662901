// The packet suite on batches: many datagrams in one call, with the same promises for each.

import assert from 'node:assert/strict';

import { PacketBatch } from 'gonet';
import { failsClosed, failure, isCanceled, PAST, staysPending, timesOut, upTo } from './outcome.ts';
import { BURST, type Datagrams, inStep, type Kind, noBatches, packetTest, type Scene, take } from './packet-pair.ts';

/** Sends `texts` in one batch from `a` to `b`. */
async function sendAll({ a, atB }: Scene, texts: readonly string[]): Promise<void> {
  const batch = new PacketBatch();
  for (const text of texts) assert.ok(batch.add(Buffer.from(text), atB));
  assert.equal(await a.writeBatch!(batch), texts.length);
  assert.equal(batch.sent, texts.length);
}

const textsOf = (batch: PacketBatch, head: number): string[] =>
  upTo(batch.length).map((i) => batch.data(i).subarray(head).toString());

/** The texts of the next `n` datagrams, in batches of `capacity`. */
async function takeAll(conn: Datagrams, n: number, head: number, capacity = 64): Promise<string[]> {
  const batch = new PacketBatch({ capacity });
  const texts: string[] = [];
  while (texts.length < n) {
    const got = await conn.readBatch!(batch);
    assert.ok(got > 0 && got <= capacity && got === batch.length, `readBatch gave ${got}`);
    texts.push(...textsOf(batch, head));
  }
  return texts;
}

export function packetBatches(kind: Kind): void {
  const { header = {}, empty = true, largest } = kind.traits;
  const head = header.readBatch ?? 0;
  const skip = noBatches(kind);
  const batchTest = (name: string, body: (scene: Scene) => Promise<void>, why: string | false = false): void =>
    packetTest(name, kind, body, skip === false ? why : skip);

  batchTest('a batch arrives whole, in order, with its senders', async (scene) => {
    const { b, atA } = scene;
    const texts = upTo(BURST).map((i) => `number ${i}`);
    await sendAll(scene, texts);
    const batch = new PacketBatch();
    assert.equal(await b.readBatch!(batch), BURST);
    assert.deepEqual(textsOf(batch, head), texts);
    for (const i of upTo(BURST)) {
      assert.deepEqual([String(batch.addr(i)), batch.truncated(i)], [String(atA), false]);
    }
    await inStep(scene);
  });

  batchTest('a full batch and more than one arrive, too', async (scene) => {
    const { a, b, atB } = scene;
    const texts = upTo(64).map((i) => `number ${i}`);
    const taken = takeAll(b, 3 * 64, head, 5);
    const batch = new PacketBatch({ size: 20 });
    for (const text of texts) assert.ok(batch.add(Buffer.from(text), atB));
    assert.equal(batch.add(Buffer.from('no slot left'), atB), false);
    for (const _ of upTo(3)) assert.equal(await a.writeBatch!(batch), 64);
    assert.deepEqual(await taken, [...texts, ...texts, ...texts]);
    await inStep(scene);
  });

  batchTest('a read waits for the first, and takes no more than there is room for', async (scene) => {
    const { b } = scene;
    const batch = new PacketBatch({ capacity: 3 });
    const waiting = b.readBatch!(batch);
    await staysPending(waiting);
    await sendAll(scene, ['1', '2', '3', '4', '5']);
    const first = await waiting;
    assert.ok(first >= 1 && first <= 3);
    const texts = textsOf(batch, head);
    assert.deepEqual([...texts, ...(await takeAll(b, 5 - first, head, 3))], ['1', '2', '3', '4', '5']);
    await inStep(scene);
  });

  batchTest('what is larger than a slot is cut, and says so', async (scene) => {
    const { b } = scene;
    await sendAll(scene, ['abcdef', 'gh', 'ijk']);
    const batch = new PacketBatch({ size: head + 2 });
    assert.equal(await b.readBatch!(batch), 3);
    assert.deepEqual(textsOf(batch, head), ['ab', 'gh', 'ij']);
    assert.deepEqual(
      upTo(3).map((i) => batch.truncated(i)),
      [true, false, true],
    );
    await inStep(scene);
  });

  batchTest(
    'what was received goes back as it is, or changed in place',
    async (scene) => {
      const { a, b } = scene;
      await sendAll(scene, ['one', 'two']);
      const batch = new PacketBatch();
      assert.equal(await b.readBatch!(batch), 2);
      batch.data(1).write('TWO');
      assert.equal(await b.writeBatch!(batch), 2);
      assert.deepEqual([await take(a), await take(a)], ['one', 'TWO']);
      await inStep(scene);
    },
    head === 0 ? false : 'what is received begins with a header here',
  );

  batchTest('one batch for several receivers', async (scene) => {
    const { a, b, atA, atB } = scene;
    const batch = new PacketBatch();
    for (const [text, addr] of [
      ['b1', atB],
      ['a1', atA],
      ['b2', atB],
      ['b3', atB],
      ['a2', atA],
    ] as const) {
      batch.add(Buffer.from(text), addr);
    }
    assert.equal(await a.writeBatch!(batch), 5);
    assert.deepEqual([await take(b), await take(b), await take(b)], ['b1', 'b2', 'b3']);
    assert.deepEqual([await take(a), await take(a)], ['a1', 'a2']);
    await inStep(scene);
  });

  batchTest('an empty batch sends nothing, at once', async (scene) => {
    const { a, atB } = scene;
    const batch = new PacketBatch();
    assert.equal(await a.writeBatch!(batch), 0);
    batch.add(Buffer.from('forgotten'), atB);
    batch.clear();
    assert.equal(await a.writeBatch!(batch), 0);
    await inStep(scene);
  });

  batchTest(
    'empty datagrams are datagrams',
    async (scene) => {
      await sendAll(scene, ['', 'x', '']);
      assert.deepEqual(await takeAll(scene.b, 3, head), ['', 'x', '']);
      await inStep(scene);
    },
    empty ? false : 'this kind has no empty datagrams',
  );

  batchTest(
    'one that is refused ends the batch: those before it have gone, those after it have not',
    async (scene) => {
      const { a, b, atB } = scene;
      const batch = new PacketBatch({ capacity: 4, size: 65_535 });
      for (const data of [Buffer.from('1'), Buffer.from('2'), Buffer.alloc(largest + 1), Buffer.from('4')]) {
        batch.add(data, atB);
      }
      const error = await failure(a.writeBatch!(batch), 'write');
      assert.deepEqual([error.code, error.syscall, batch.sent], ['EMSGSIZE', 'sendmmsg', 2]);
      assert.deepEqual([await take(b), await take(b)], ['1', '2']);
      await inStep(scene);
    },
    largest < 65_535 ? false : 'no slot holds more than the largest datagram here',
  );

  batchTest('a batch that does not begin has sent nothing, whatever it had before', async (scene) => {
    const { a, b, atB } = scene;
    const batch = new PacketBatch({ capacity: 2 });
    batch.add(Buffer.from('1'), atB);
    batch.add(Buffer.from('2'), atB);
    assert.equal(await a.writeBatch!(batch), 2);
    assert.deepEqual([await take(b), await take(b)], ['1', '2']);
    await timesOut(a.writeBatch!(batch, { deadline: PAST }), 'write');
    assert.equal(batch.sent, 0, 'past its deadline');
    assert.equal(await a.writeBatch!(batch), 2);
    assert.deepEqual([await take(b), await take(b)], ['1', '2']);
    await isCanceled(a.writeBatch!(batch, { signal: AbortSignal.abort('no') }), 'no', 'write');
    assert.equal(batch.sent, 0, 'aborted');
    await inStep(scene);
    assert.equal(await a.writeBatch!(batch), 2);
    a.close();
    await failsClosed(a.writeBatch!(batch), 'write');
    assert.equal(batch.sent, 0, 'closed');
  });

  batchTest('a read that fails leaves datagrams where they are', async (scene) => {
    const { b, send } = scene;
    const batch = new PacketBatch();
    await send('kept');
    await timesOut(b.readBatch!(batch, { deadline: PAST }), 'read');
    await isCanceled(b.readBatch!(batch, { signal: AbortSignal.abort('no') }), 'no', 'read');
    assert.equal(await b.readBatch!(batch), 1);
    assert.deepEqual(textsOf(batch, head), ['kept']);
  });
}
