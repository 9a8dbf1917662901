// The conn suite on `for await`: what it gives, how it ends, and that leaving it loses nothing.

import assert from 'node:assert/strict';

import type { Conn } from 'gonet';
import { failsClosed, failure, fromNow, PAST, staysPending, timesOut, upTo } from './outcome.ts';
import { type MakePair, pairTest, readFull } from './pair.ts';

/** All chunks to the end, as they came. */
async function collect(conn: Conn): Promise<Buffer[]> {
  const chunks: Buffer[] = [];
  for await (const chunk of conn) chunks.push(chunk);
  return chunks;
}

/** The chunks of the next `size` bytes, as they came. */
async function collectUpTo(conn: Conn, size: number): Promise<Buffer[]> {
  const chunks: Buffer[] = [];
  let left = size;
  for await (const chunk of conn) {
    chunks.push(chunk);
    left -= chunk.length;
    if (left <= 0) break;
  }
  return chunks;
}

/** A text that differs everywhere. */
const text = (length: number, start = 0): string =>
  upTo(length)
    .map((i) => String.fromCharCode(33 + ((start + i * 7 + (i >> 6)) % 90)))
    .join('');

export function connIteration(make: MakePair): void {
  pairTest('`for await` gives Buffers to the end of the stream, and no more', make, async ({ a, b }) => {
    const chunks = collect(b);
    const pieces = [1, 10, 1000, 100_000, 3, 40_000, 40_000, 700_000].map((size, i) => text(size, i));
    for (const piece of pieces) await a.write(piece);
    a.close();
    for (const chunk of await chunks) assert.ok(Buffer.isBuffer(chunk) && chunk.length > 0);
    assert.ok(Buffer.concat(await chunks).toString() === pieces.join(''), 'the bytes differ');
    assert.deepEqual(await collect(b), [], 'entered again at the end');
    assert.equal(await b.read(Buffer.alloc(1)), null);
  });

  pairTest('a chunk stays as it is while others come, here and elsewhere', make, async ({ a, b }) => {
    const ways = [
      [a, b],
      [b, a],
    ] as const;
    const kept: Buffer[] = [];
    const pieces: string[] = [];
    // Each piece has arrived before the next one is sent: chunks of all sizes, at both ends by turns.
    for (const [i, size] of [1, 10, 1000, 30_000, 7, 50_000, 300, 20_000, 5, 5000].entries()) {
      for (const [from, to] of ways) {
        const piece = text(size, i + pieces.length);
        const [, chunks] = await Promise.all([from.write(piece), collectUpTo(to, size)]);
        pieces.push(piece);
        kept.push(...chunks);
      }
    }
    assert.ok(Buffer.concat(kept).toString() === pieces.join(''), 'the bytes differ');
  });

  pairTest('`break` leaves the conn open, and entering again loses no byte', make, async ({ a, b }) => {
    const expected = text(200_000);
    const sent = a.write(expected).then(() => a.close());
    let received = '';
    for (let rounds = 0; received.length < expected.length; rounds++) {
      for await (const chunk of b) {
        received += chunk.toString();
        break;
      }
      if (rounds % 2 === 1 || received.length === expected.length) continue;
      received += (await readFull(b, 1)).toString();
    }
    await sent;
    assert.ok(received === expected, 'the bytes differ');
    assert.deepEqual(await collect(b), []);
  });

  pairTest('a throw in the body leaves the conn open, too', make, async ({ a, b }) => {
    const sent = a.write('1');
    const body = async (): Promise<void> => {
      for await (const chunk of b) throw new Error(`saw ${chunk.toString()}`);
    };
    await assert.rejects(body, /^Error: saw 1$/);
    const [, again] = await Promise.all([a.write('2'), readFull(b, 1), sent]);
    assert.equal(again.toString(), '2');
  });

  pairTest('return() without next() ends the iteration, not the conn', make, async ({ a, b }) => {
    const iterator = b[Symbol.asyncIterator]();
    assert.deepEqual(await iterator.return?.(), { done: true, value: undefined });
    const [, byte] = await Promise.all([a.write('x'), readFull(b, 1)]);
    assert.equal(byte.toString(), 'x');
  });

  pairTest('the read deadline is thrown into the loop, which can be entered again', make, async ({ a, b }) => {
    b.setReadDeadline(fromNow(20));
    await timesOut(collect(b), 'read');
    b.setReadDeadline(PAST);
    const sent = a.write('abc');
    await timesOut(collect(b), 'read');

    b.setReadDeadline(null);
    const chunks = collect(b);
    await sent;
    a.close();
    assert.equal(Buffer.concat(await chunks).toString(), 'abc');
  });

  pairTest('a deadline set while the loop waits reaches it', make, async ({ b }) => {
    const loop = collect(b);
    await staysPending(loop);
    b.setReadDeadline(PAST);
    await timesOut(loop, 'read');
  });

  pairTest('close() throws ClosedError into a loop that waits', make, async ({ b }) => {
    const loop = collect(b);
    await staysPending(loop);
    const ended = failsClosed(loop, 'read');
    b.close();
    await ended;
    await failsClosed(collect(b), 'read');
  });

  pairTest('close() in the body throws ClosedError at the next step', make, async ({ a, b }) => {
    const sent = a.write('x');
    const loop = async (): Promise<void> => {
      for await (const chunk of b) {
        assert.equal(chunk.toString(), 'x');
        b.close();
      }
    };
    assert.equal((await failure(loop())).code, 'ERR_NET_CLOSED');
    assert.equal(await sent, 1);
  });

  pairTest('an iteration queues with reads', make, async ({ a, b }) => {
    const into = Buffer.alloc(1);
    const read = b.read(into);
    const next = b[Symbol.asyncIterator]().next();
    await a.write('12');
    assert.equal(await read, 1);
    const { value } = await next;
    assert.deepEqual([into.toString(), value?.toString()], ['1', '2']);
  });
}
