// The packet suite on datagrams: each arrives whole, once, in order and with its sender, or not at all.

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';

import { failure, orderOf, staysPending, upTo } from './outcome.ts';
import { BURST, inStep, type Kind, packetTest, reads, take, takeBytes } from './packet-pair.ts';

const EMPTY = new Uint8Array(0);

export function packetIO(kind: Kind): void {
  const { traits } = kind;
  const { largest, empty = true, header = {}, aimless = 'EDESTADDRREQ' } = traits;
  const noEmpty = empty ? false : 'this kind has no empty datagrams';

  packetTest('datagrams of all sizes go both ways, whole and in order', kind, async ({ a, b, send, back }) => {
    for (let round = 0; round < 20; round++) {
      const sizes = [1, 2, 100, 1000, 1400, 9000, 3, 1].map((size) => Math.min(size + round, largest));
      for (const [from, to] of [
        [send, b],
        [back, a],
      ] as const) {
        const sent = sizes.map((size) => randomBytes(size));
        for (const each of sent) assert.equal(await from(each), each.length);
        for (const each of sent) assert.equal((await takeBytes(to)).compare(each), 0);
      }
    }
  });

  packetTest('each tells its sender, who can be answered', kind, async ({ a, b, atA, atB }) => {
    const into = Buffer.alloc(100);
    await a.writeTo('question', atB);
    const { n, addr } = await b.readFrom(into);
    assert.deepEqual([into.toString('utf8', 0, n), String(addr)], ['question', String(atA)]);
    await b.writeTo('answer', addr!);
    const answer = await a.readFrom(into);
    assert.deepEqual([into.toString('utf8', 0, answer.n), String(answer.addr)], ['answer', String(atB)]);
    await a.writeTo('to itself', atA);
    const own = await a.readFrom(into);
    assert.deepEqual([into.toString('utf8', 0, own.n), String(own.addr)], ['to itself', String(atA)]);
  });

  packetTest('the largest datagram arrives; of a larger one nothing does', kind, async (scene) => {
    const { a, b, atB } = scene;
    const data = randomBytes(largest);
    const into = Buffer.alloc(largest + 100);
    assert.equal(await a.writeTo(data, atB), largest);
    const { n } = await b.readFrom(into);
    assert.equal(into.subarray(0, n).compare(data), 0);
    const error = await failure(a.writeTo(Buffer.alloc(largest + 1), atB), 'write');
    assert.deepEqual([error.code, error.bytesWritten, error.timeout], ['EMSGSIZE', 0, false]);
    assert.equal(String(error.addr), String(atB));
    await inStep(scene);
  });

  packetTest(
    'an empty datagram arrives with its sender and is no end',
    kind,
    async (scene) => {
      const { a, b, atA, atB } = scene;
      const into = Buffer.alloc(100);
      for (const data of [EMPTY, '']) {
        assert.equal(await a.writeTo(data, atB), 0);
        const { n, addr } = await b.readFrom(into);
        assert.deepEqual([n, String(addr)], [header.readFrom ?? 0, String(atA)]);
      }
      await a.writeTo(EMPTY, atB);
      assert.equal(await b.read(into), header.read ?? 0);
      const waiting = b.readFrom(into);
      await a.writeTo(EMPTY, atB);
      assert.equal((await waiting).n, header.readFrom ?? 0);
      await inStep(scene);
    },
    noEmpty,
  );

  packetTest('a short buffer gets the front, and the rest is lost', kind, async (scene) => {
    const { a, b, atA, atB } = scene;
    for (const data of ['abcdef', 'ghijkl', 'mnopqr']) await a.writeTo(data, atB);
    const size = 2 + (header.readFrom ?? 0);
    const into = Buffer.alloc(size);
    const { n, addr } = await b.readFrom(into);
    assert.deepEqual([n, into.toString('latin1', size - 2), String(addr)], [size, 'ab', String(atA)]);
    const short = Buffer.alloc(3 + (header.read ?? 0));
    assert.equal(await b.read(short), short.length);
    assert.equal(short.toString('latin1', header.read ?? 0), 'ghi');
    assert.equal(await take(b), 'mnopqr');
    await inStep(scene);
  });

  packetTest('an empty buffer: read takes nothing and never waits, readFrom takes a datagram', kind, async (scene) => {
    const { a, b, atA, atB } = scene;
    assert.equal(await b.read(EMPTY), 0);
    await a.writeTo('first', atB);
    assert.equal(await b.read(EMPTY), 0);
    assert.equal(await take(b), 'first');
    const waiting = b.readFrom(EMPTY);
    await staysPending(waiting);
    await a.writeTo('second', atB);
    const { n, addr } = await waiting;
    assert.deepEqual([n, String(addr)], [0, String(atA)]);
    await inStep(scene);
  });

  packetTest('a view is read into and sent from within its bounds', kind, async ({ a, b, atB }) => {
    const from = Uint8Array.from([1, 2, 3, 4, 5, 6]);
    assert.equal(await a.writeTo(from.subarray(2, 4), atB), 2);
    const off = header.readFrom ?? 0;
    const into = new Uint8Array(off + 6).fill(9);
    assert.equal((await b.readFrom(into.subarray(2, off + 6))).n, off + 2);
    assert.deepEqual([...into.subarray(0, 2), ...into.subarray(off + 2)], [9, 9, 3, 4, 9, 9]);
  });

  packetTest('a string is sent as UTF-8, and counted in bytes', kind, async ({ a, b, atB }) => {
    const text = 'grüße, 世界 🎈';
    assert.equal(await a.writeTo(text, atB), Buffer.byteLength(text));
    assert.equal(await take(b), text);
  });

  packetTest('a buffer is its owner’s again when the write is done', kind, async ({ a, b, atB }) => {
    const data = Buffer.from('before');
    await a.writeTo(data, atB);
    data.fill('x');
    assert.equal(await take(b), 'before');
  });

  packetTest('reads that wait, by whatever way, get one each in the order in which they began', kind, async (scene) => {
    const { a, b, atB } = scene;
    const ways = Object.values(reads(kind));
    const waiting = upTo(BURST).map((i) => ways[i % ways.length]!(b));
    const order = orderOf(waiting);
    await staysPending(Promise.race(waiting));
    for (const i of upTo(BURST)) await a.writeTo('x'.repeat(i + 1), atB);
    const results = await Promise.all(waiting);
    assert.deepEqual(await order, upTo(BURST));
    const { readFrom = 0, read = 0, readMsg = 0 } = header;
    const heads = [readFrom, read, readMsg, 0];
    for (const [i, result] of results.entries()) {
      const at = i % ways.length;
      const n = typeof result === 'number' ? result : (result as { n: number }).n;
      // A batch tells how many came, not how long they are.
      assert.equal(n, at === 3 ? 1 : heads[at]! + i + 1);
    }
    await inStep(scene);
  });

  packetTest('writes that are begun together arrive whole and in order', kind, async (scene) => {
    const { a, b, atB } = scene;
    const size = Math.min(8000, largest);
    for (let round = 0; round < 20; round++) {
      const sent = upTo(BURST).map((i) => a.writeTo(Buffer.alloc(size, i), atB));
      for (const i of upTo(BURST)) assert.equal((await takeBytes(b)).compare(Buffer.alloc(size, i)), 0);
      assert.deepEqual(await Promise.all(sent), Array(BURST).fill(size));
    }
    await inStep(scene);
  });

  packetTest('without a receiver nothing is sent', kind, async (scene) => {
    const { a, b, network } = scene;
    assert.deepEqual([a.remoteAddr, b.remoteAddr], [null, null]);
    for (const [syscall, call] of [
      ['write', a.write('x')],
      ['write', a.writev([Buffer.from('x')])],
      ...(traits.messages === false ? [] : [['sendmsg', a.writeMsg!('x')] as const]),
    ] as const) {
      const error = await failure(call, 'write');
      assert.deepEqual([error.code, error.syscall, error.addr, error.bytesWritten], [aimless, syscall, null, 0]);
      assert.equal(error.message, `write ${network} ${a.localAddr}: ${error.cause.message}`);
    }
    await inStep(scene);
  });
}
