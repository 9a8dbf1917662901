// The packet suite on two sockets that are connected to each other: they need no address, and take none.

import assert from 'node:assert/strict';

import { PacketBatch, WriteToConnectedError } from 'gonet';
import { failsClosed, failure, fromNow, isCanceled, PAST, staysPending, timesOut, upTo } from './outcome.ts';
import { checkFields } from './packet-errors.ts';
import { BURST, inStep, type Kind, noBatches, noMessages, packetTest, reads, take, writes } from './packet-pair.ts';

export function packetConnected(kind: Kind): void {
  const { header = {}, empty = true } = kind.traits;

  packetTest('both have a peer, and say so', kind, async (scene) => {
    const { a, b, atA, atB } = scene;
    assert.deepEqual([String(a.remoteAddr), String(b.remoteAddr)], [String(atB), String(atA)]);
    await inStep(scene);
  });

  packetTest('every way to send reaches the peer, and readFrom still tells who it was', kind, async (scene) => {
    const { a, b, atA } = scene;
    for (const write of Object.values(writes(kind, null))) {
      await write(a);
      const into = Buffer.alloc(100);
      const { n, addr } = await b.readFrom(into);
      assert.equal(into.toString('utf8', header.readFrom ?? 0, n), 'x');
      assert.equal(String(addr), String(atA));
    }
    await inStep(scene);
  });

  packetTest('writev sends its chunks as one datagram', kind, async (scene) => {
    const { a, b } = scene;
    const chunks = upTo(50).map((i) => Buffer.from(`${i},`));
    const text = upTo(50).join(',').concat(',');
    assert.equal(await a.writev(chunks), text.length);
    assert.equal(await take(b), text);
    assert.equal(await a.writev([Buffer.from('a'), new Uint8Array(0), Buffer.from('b')]), 2);
    assert.equal(await take(b), 'ab');
    if (empty) {
      assert.equal(await a.writev([]), 0);
      assert.equal((await b.readFrom(Buffer.alloc(100))).n, header.readFrom ?? 0);
    }
    await inStep(scene);
  });

  packetTest('datagrams go both ways in order, read and written plainly', kind, async (scene) => {
    const { a, b } = scene;
    const head = header.read ?? 0;
    const into = Buffer.alloc(2000);
    for (let round = 0; round < 20; round++) {
      for (const [from, to] of [
        [a, b],
        [b, a],
      ] as const) {
        const texts = upTo(BURST).map((i) => `${round}.${i}`.repeat(1 + ((round * i) % 50)));
        for (const text of texts) assert.equal(await from.write(text), text.length);
        for (const text of texts) assert.equal(into.toString('utf8', head, (await to.read(into))!), text);
      }
    }
    await inStep(scene);
  });

  packetTest('an address is refused, even the peer’s', kind, async (scene) => {
    const { a, atB } = scene;
    for (const [way, write] of Object.entries(writes(kind, atB))) {
      const error = await failure(write(a), 'write');
      assert.ok(error.cause instanceof WriteToConnectedError, way);
      checkFields(error, scene, 'write', way === 'writeBatch' ? a.remoteAddr : atB);
      assert.equal(error.code, 'ERR_NET_WRITE_TO_CONNECTED');
      assert.match(error.message, /: use of WriteTo with pre-connected connection$/);
    }
    await inStep(scene);
  });

  packetTest(
    'messages and batches without an address',
    kind,
    async (scene) => {
      const { a, b, atA } = scene;
      assert.equal(await a.writeMsg!('one'), 3);
      const into = Buffer.alloc(100);
      const { n, addr } = await b.readMsg!(into);
      assert.equal(into.toString('utf8', header.readMsg ?? 0, n!), 'one');
      assert.equal(String(addr), String(atA));
      const batch = new PacketBatch();
      for (const text of ['two', 'three']) batch.add(Buffer.from(text));
      assert.equal(await a.writeBatch!(batch), 2);
      assert.deepEqual([await take(b), await take(b)], ['two', 'three']);
      await inStep(scene);
    },
    noMessages(kind) === false ? noBatches(kind) : noMessages(kind),
  );

  packetTest(
    'a batch that was received goes back to the peer as it is',
    kind,
    async (scene) => {
      const { a, b } = scene;
      for (const text of ['one', 'two']) await a.write(text);
      const batch = new PacketBatch();
      assert.equal(await b.readBatch!(batch), 2);
      assert.equal(await b.writeBatch!(batch), 2);
      assert.deepEqual([await take(a), await take(a)], ['one', 'two']);
      await inStep(scene);
    },
    (header.readBatch ?? 0) > 0 ? 'what is received begins with a header here' : noBatches(kind),
  );

  packetTest("errors have Go's text and fields, with both ends", kind, async (scene) => {
    const { a } = scene;
    const to = a.remoteAddr;
    for (const read of Object.values(reads(kind))) {
      checkFields(await timesOut(read(a, { deadline: PAST }), 'read'), scene, 'read', to);
      checkFields(await timesOut(read(a, { deadline: fromNow(5) }), 'read'), scene, 'read', to);
      checkFields(await isCanceled(read(a, { signal: AbortSignal.abort('no') }), 'no', 'read'), scene, 'read', to);
    }
    for (const write of Object.values(writes(kind, null))) {
      checkFields(await timesOut(write(a, { deadline: PAST }), 'write'), scene, 'write', to);
    }
    await inStep(scene);
    a.close();
    for (const write of Object.values(writes(kind, null))) {
      checkFields(await failsClosed(write(a), 'write'), scene, 'write', to);
    }
  });

  packetTest('`closed` is pending while the socket is open, whatever the peer does', kind, async (scene) => {
    const { a, b } = scene;
    const { closed } = a;
    await inStep(scene);
    b.close();
    await a.write('nobody there').catch(() => 0);
    await a.write('still nobody').catch(() => 0);
    await staysPending(closed);
    a.close();
    assert.equal(await closed, undefined);
  });
}
