// The conn suite on bytes: what is written arrives, whole and in order, and the stream ends once.

import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';

import type { Conn } from 'gonet';
import { failsClosed, orderOf, PAST, timesOut, upTo } from './outcome.ts';
import { drain, fill, type MakePair, pairTest, readFull } from './pair.ts';

const EMPTY = new Uint8Array(0);
const MEGABYTE = 1 << 20;

/** Writes `data` in pieces of all sizes. */
async function send(conn: Conn, data: Buffer): Promise<void> {
  const sizes = [1, 1000, 65_536, 3, 300_000, MEGABYTE + 1];
  for (let at = 0, i = 0; at < data.length; i++) {
    const piece = data.subarray(at, at + sizes[i % sizes.length]!);
    assert.equal(await conn.write(piece), piece.length);
    at += piece.length;
  }
}

/** The digest of the next `size` bytes, read as they come. */
async function receive(conn: Conn, size: number): Promise<string> {
  const hash = createHash('sha1');
  const into = Buffer.alloc(100_000);
  for (let left = size; left > 0;) {
    const n = await conn.read(into.subarray(0, Math.min(left, into.length)));
    assert.ok(n !== null && n > 0, `read gave ${n}`);
    hash.update(into.subarray(0, n));
    left -= n;
  }
  return hash.digest('hex');
}

const digest = (data: Buffer): string => createHash('sha1').update(data).digest('hex');

export function connIO(make: MakePair): void {
  pairTest('8 MB go both ways at once', make, async ({ a, b }) => {
    const [there, back] = [randomBytes(8 * MEGABYTE), randomBytes(8 * MEGABYTE)];
    const [, , atB, atA] = await Promise.all([
      send(a, there),
      send(b, back),
      receive(b, there.length),
      receive(a, back.length),
    ]);
    assert.equal(atB, digest(there));
    assert.equal(atA, digest(back));
  });

  pairTest('1 MB in pieces of 1 KB, then the end', make, async ({ a, b }) => {
    const data = randomBytes(MEGABYTE);
    const sent = (async () => {
      for (let at = 0; at < data.length; at += 1024) await a.write(data.subarray(at, at + 1024));
      a.close();
    })();
    assert.equal(await receive(b, data.length), digest(data));
    assert.equal(await b.read(Buffer.alloc(1)), null);
    await sent;
  });

  pairTest('ping-pong to 1,000', make, async ({ a, b }) => {
    const bounce = async (conn: Conn): Promise<void> => {
      for (;;) {
        const ball = await readFull(conn, 8);
        const n = ball.readBigUInt64LE();
        if (n >= 1000n) return;
        ball.writeBigUInt64LE(n + 1n);
        await conn.write(ball);
        if (n + 1n >= 1000n) return;
      }
    };
    const players = [bounce(a), bounce(b)];
    await a.write(Buffer.alloc(8));
    await Promise.all(players);
  });

  pairTest('a read takes at most what fits, and the rest stays', make, async ({ a, b }) => {
    const sent = a.write('abcdef');
    assert.equal((await readFull(b, 2)).toString(), 'ab');
    assert.equal((await readFull(b, 4)).toString(), 'cdef');
    assert.equal(await sent, 6);
  });

  pairTest('a view is read into and written from within its bounds', make, async ({ a, b }) => {
    const from = Uint8Array.from([1, 2, 3, 4, 5, 6]);
    const into = new Uint8Array(6).fill(9);
    const sent = a.write(from.subarray(2, 4));
    for (let at = 2; at < 4;) at += (await b.read(into.subarray(at, 4)))!;
    assert.equal(await sent, 2);
    assert.deepEqual([...into], [9, 9, 3, 4, 9, 9]);
  });

  pairTest('a string is written as UTF-8, and counted in bytes', make, async ({ a, b }) => {
    const text = 'grüße, 世界 🎈';
    const size = Buffer.byteLength(text);
    const [written, read] = await Promise.all([a.write(text), readFull(b, size)]);
    assert.equal(written, size);
    assert.equal(read.toString(), text);
  });

  pairTest('reads that wait finish in the order in which they began', make, async ({ a, b }) => {
    const bufs = upTo(10).map(() => Buffer.alloc(1));
    const reads = bufs.map((buf) => b.read(buf));
    const order = orderOf(reads);
    await a.write('0123456789');
    assert.deepEqual(await Promise.all(reads), Array(10).fill(1));
    assert.deepEqual(await order, upTo(10));
    assert.equal(Buffer.concat(bufs).toString(), '0123456789');
  });

  pairTest('what was written before close() still arrives', make, async ({ a, b }) => {
    const reading = drain(b);
    assert.equal(await a.write(Buffer.alloc(300_000)), 300_000);
    a.close();
    assert.equal(await reading, 300_000);
  });

  pairTest('the end of the stream is null, again and again', make, async ({ a, b }) => {
    const waiting = [a.read(Buffer.alloc(8)), a.read(Buffer.alloc(8))];
    b.close();
    assert.deepEqual(await Promise.all(waiting), [null, null]);
    for (let i = 0; i < 3; i++) assert.equal(await a.read(Buffer.alloc(8)), null);
    assert.equal(await a.read(Buffer.alloc(8), { deadline: Date.now() + 60_000 }), null);
  });

  pairTest('an empty read gives 0 and takes nothing', make, async ({ a, b }) => {
    assert.equal(await a.read(EMPTY), 0);
    const sent = b.write('x');
    assert.equal(await a.read(EMPTY), 0);
    assert.equal((await readFull(a, 1)).toString(), 'x');
    await sent;

    a.setReadDeadline(PAST);
    assert.equal(await a.read(EMPTY), 0, 'past the deadline');
    assert.equal(await a.read(EMPTY, { signal: new AbortController().signal }), 0, 'past the deadline, with a signal');
    a.setReadDeadline(null);

    b.close();
    assert.equal(await a.read(Buffer.alloc(1)), null);
    assert.equal(await a.read(EMPTY), 0, 'at the end');
    a.close();
    await failsClosed(a.read(EMPTY), 'read');
  });

  pairTest('an empty read waits for its turn', make, async ({ a, b }) => {
    const first = a.read(Buffer.alloc(1));
    const order = orderOf([first, a.read(EMPTY)]);
    await b.write('x');
    assert.deepEqual(await order, [0, 1]);
    assert.equal(await first, 1);
  });

  pairTest('an empty write gives 0 and sends nothing', make, async ({ a, b }) => {
    const arrived = readFull(b, 1);
    assert.equal(await a.write(EMPTY), 0);
    assert.equal(await a.write(''), 0);
    assert.equal(await a.writev([]), 0);
    assert.equal(await a.writev([EMPTY, EMPTY]), 0);
    await a.write('x');
    assert.equal((await arrived).toString(), 'x');

    a.setWriteDeadline(PAST);
    await timesOut(a.write(EMPTY), 'write');
    await timesOut(a.writev([]), 'writev');
    a.setWriteDeadline(null);
    assert.equal(await a.write(EMPTY), 0);

    a.close();
    await failsClosed(a.write(EMPTY), 'write');
    await failsClosed(a.writev([]), 'writev');
  });

  pairTest('an empty write needs no room', make, async ({ a }) => {
    await fill(a);
    assert.equal(await a.writev([EMPTY]), 0);
    assert.equal(await a.write(EMPTY, { deadline: Date.now() + 5000 }), 0);
  });

  pairTest('calls that complete at once still let the loop turn', make, async ({ a, b }) => {
    const sent = a.write(Buffer.alloc(2000));
    const into = Buffer.alloc(1);
    let turns = 0;
    const turn = (): void => {
      turns++;
      next = setImmediate(turn);
    };
    let next = setImmediate(turn);
    for (let i = 0; i < 2000; i++) await b.read(into);
    clearImmediate(next);
    await sent;
    assert.ok(turns >= 10, `${turns} turns in 2,000 reads`);
  });
}
