// The conn suite on writes: they do not interleave, writev is one of them, and a write that fails tells how far it came.

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';

import type { Conn, OpError } from 'gonet';
import { failsClosed, fromNow, isCanceled, orderOf, staysPending, timesOut, upTo } from './outcome.ts';
import { drain, fill, HUGE, type MakePair, pairTest, readFull } from './pair.ts';

const BLOCK = 400_000;

/** Reads `count` blocks and checks that each is of one value; the values in their order. */
async function readBlocks(conn: Conn, count: number): Promise<number[]> {
  const tags: number[] = [];
  for (let i = 0; i < count; i++) {
    const block = await readFull(conn, BLOCK);
    tags.push(block[0]!);
    assert.equal(block.compare(Buffer.alloc(BLOCK, block[0]!)), 0, `block ${i} is mixed`);
  }
  return tags;
}

/** `size` bytes in which every place differs from those around it. */
function patterned(size: number): Buffer {
  return Buffer.alloc(size, randomBytes(1021));
}

/** Closes `a` and checks that `b` gets the bytes that the failed writes and no others had counted. */
async function checkArrived(a: Conn, b: Conn, counts: readonly (number | undefined)[]): Promise<void> {
  const expected = counts.reduce<number>((sum, n) => sum + n!, 0);
  a.close();
  assert.equal(await drain(b), expected);
}

export function connWrites(make: MakePair): void {
  pairTest('big writes that are begun together do not interleave', make, async ({ a, b }) => {
    const writes = upTo(16).map((i) => a.write(Buffer.alloc(BLOCK, i)));
    const order = orderOf(writes);
    assert.deepEqual(await readBlocks(b, 16), upTo(16));
    assert.deepEqual(await Promise.all(writes), Array(16).fill(BLOCK));
    assert.deepEqual(await order, upTo(16));
  });

  pairTest('write, writev and text together do not interleave', make, async ({ a, b }) => {
    const writes = upTo(12).map((i) => {
      const part = Buffer.alloc(BLOCK / 4, i);
      if (i % 3 === 0) return a.writev([part, part, new Uint8Array(0), part, part]);
      return a.write(i % 3 === 1 ? Buffer.alloc(BLOCK, i) : String.fromCharCode(i).repeat(BLOCK));
    });
    assert.deepEqual(await readBlocks(b, 12), upTo(12));
    assert.deepEqual(await Promise.all(writes), Array(12).fill(BLOCK));
  });

  pairTest('writev writes all of its chunks in order', make, async ({ a, b }) => {
    const chunks = upTo(3000).map((i) => Buffer.from(`${i},`));
    const expected = Buffer.concat(chunks);
    const [written, read] = await Promise.all([a.writev(chunks), readFull(b, expected.length)]);
    assert.equal(written, expected.length);
    assert.equal(read.compare(expected), 0);
  });

  pairTest('writev goes on in the middle of a chunk', make, async ({ a, b }) => {
    const data = patterned(12_000_003);
    const cuts = [0, 1, 5_000_000, 5_000_000, 5_000_007, 11_999_999, data.length];
    const chunks = cuts.slice(1).map((end, i) => data.subarray(cuts[i], end));
    const [written, read] = await Promise.all([a.writev(chunks), readFull(b, data.length)]);
    assert.equal(written, data.length);
    assert.equal(read.compare(data), 0);
  });

  pairTest('a write that timed out tells how many bytes the peer will get', make, async ({ a, b }) => {
    const first = await timesOut(a.write(HUGE, { deadline: fromNow(50) }), 'write');
    const second = await timesOut(a.write(HUGE, { deadline: fromNow(50) }), 'write');
    assert.ok(first.bytesWritten! < HUGE.length);
    await checkArrived(a, b, [first.bytesWritten, second.bytesWritten]);
  });

  pairTest('a writev that timed out tells how many bytes the peer will get', make, async ({ a, b }) => {
    const chunks = upTo(64).map((i) => HUGE.subarray(i << 20, (i << 20) + 777_777));
    a.setWriteDeadline(fromNow(50));
    const first = await timesOut(a.writev(chunks), 'writev');
    const second = await timesOut(a.writev(chunks), 'writev');
    assert.ok(first.bytesWritten! < 64 * 777_777);
    assert.equal(second.bytesWritten, 0, 'the deadline had passed before');
    await checkArrived(a, b, [first.bytesWritten, second.bytesWritten]);
  });

  pairTest('a write that timed out has written the front of its data', make, async ({ a, b }) => {
    const data = patterned(HUGE.length);
    const { bytesWritten } = await timesOut(a.write(data, { deadline: fromNow(50) }));
    const read = await readFull(b, bytesWritten!);
    assert.equal(read.compare(data.subarray(0, bytesWritten)), 0);
    const [written, more] = await Promise.all([a.write('more'), readFull(b, 4)]);
    assert.equal(written, 4);
    assert.equal(more.toString(), 'more');
  });

  pairTest('a write that a signal ended tells its count, too', make, async ({ a, b }) => {
    const controller = new AbortController();
    const write = a.write(HUGE, { signal: controller.signal });
    await staysPending(write);
    controller.abort('enough');
    const { bytesWritten } = await isCanceled(write, 'enough', 'write');
    await checkArrived(a, b, [bytesWritten]);
  });

  pairTest('writes that close() ended tell their counts, too', make, async ({ a, b }) => {
    const writes = [a.write(HUGE), a.writev([HUGE, HUGE]), a.write('x')];
    await staysPending(writes[0]!);
    const ended = writes.map((write, i) => failsClosed(write, i === 1 ? 'writev' : 'write'));
    a.close();
    const [first, second, third] = (await Promise.all(ended)) as [OpError, OpError, OpError];
    assert.deepEqual([second.bytesWritten, third.bytesWritten], [0, 0], 'queued');
    assert.equal(await drain(b), first.bytesWritten);
  });

  pairTest('a write that begins with no room waits for it', make, async ({ a, b }) => {
    const under = await fill(a);
    const write = a.write('last');
    await staysPending(write);
    const reading = drain(b);
    assert.equal(await write, 4);
    a.close();
    assert.equal(await reading, under + 4);
  });

  pairTest('a queued write obeys its own deadline and signal, and then sends nothing', make, async ({ a, b }) => {
    const first = a.write(HUGE);
    const controller = new AbortController();
    const late = a.write('late', { deadline: fromNow(30) });
    const canceled = isCanceled(a.write('canceled', { signal: controller.signal }), 'no', 'write');
    const last = a.write('last');
    assert.equal((await timesOut(late, 'write')).bytesWritten, 0);
    controller.abort('no');
    assert.equal((await canceled).bytesWritten, 0);
    await staysPending(last);

    const arrived = readFull(b, HUGE.length + 4);
    assert.equal(await first, HUGE.length);
    assert.equal(await last, 4);
    assert.equal((await arrived).subarray(HUGE.length).toString(), 'last');
    a.close();
    assert.equal(await b.read(Buffer.alloc(1)), null);
  });
}
