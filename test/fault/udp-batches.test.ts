// Batches of datagrams that the kernel takes in parts, sendmmsg(2): none is lost, none is sent twice, and an error tells how many have
// gone.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { EAGAIN, EINTR, EINVAL, EIO, EMSGSIZE, ENOBUFS } from '../../src/syscall/zconst_linux.ts';
import { noLeak } from './descriptors.ts';
import { failure, fdOf } from './pair.ts';
import { nth, Plan } from './plan.ts';
import { PacketBatch, type UDPAddr, type UDPConn } from 'gonet';
import { batchOf, growing, listening, texts } from './udp.ts';

const TIMEOUT = { timeout: 15_000 };

test('a batch that is taken in parts goes on where it stopped', TIMEOUT, () =>
  noLeak(async () => {
    using plan = new Plan();
    using conn = await listening();
    const parts: number[] = [];
    plan.swap(
      'sendmmsg',
      () => true,
      (real, fd, space, rows, at, count, ...more) => {
        parts.push(count);
        return real(fd, space, rows, at, Math.min(count, 3), ...more);
      },
    );
    const batch = batchOf(10, conn.localAddr);
    assert.equal(await conn.writeBatch(batch), 10);
    assert.equal(batch.sent, 10);
    assert.deepEqual(parts, [10, 7, 4, 1]);
    assert.deepEqual(await texts(conn, 10), growing(10));
  }),
);

test('a batch without room in the middle waits, and then sends the rest', TIMEOUT, () =>
  noLeak(async () => {
    using plan = new Plan();
    using conn = await listening();
    let calls = 0;
    plan.swap(
      'sendmmsg',
      () => true,
      (real, fd, space, rows, at, count, ...more) => {
        calls++;
        if (calls === 2 || calls === 3) return -EAGAIN;
        if (calls === 4) return -EINTR;
        return real(fd, space, rows, at, Math.min(count, 4), ...more);
      },
    );
    const batch = batchOf(10, conn.localAddr);
    const writing = conn.writeBatch(batch);
    assert.deepEqual([calls, batch.sent], [2, 4]);
    const queued = conn.writeTo('after', conn.localAddr);
    // Two events may come as one, so there is another until the third call has been let through.
    const written = { yet: false };
    void writing.then(() => (written.yet = true));
    while (!written.yet) {
      plan.rearm(fdOf(conn));
      await new Promise((resolve) => setImmediate(resolve));
    }
    assert.equal(await writing, 10);
    assert.equal(await queued, 5);
    assert.deepEqual(await texts(conn, 11), [...growing(10), 'after']);
  }),
);

test('a batch that fails in the middle tells how many have gone', TIMEOUT, () =>
  noLeak(async () => {
    using plan = new Plan();
    using conn = await listening();
    plan.swap('sendmmsg', nth(1), (real, fd, space, rows, at, _count, ...more) =>
      real(fd, space, rows, at, 2, ...more),
    );
    plan.fail('sendmmsg', nth(1), -ENOBUFS);
    const batch = batchOf(5, conn.localAddr);
    const error = await failure(conn.writeBatch(batch));
    assert.deepEqual([error.code, error.syscall, batch.sent, error.bytesWritten], ['ENOBUFS', 'sendmmsg', 2, 4]);
    await conn.writeTo('after', conn.localAddr);
    assert.deepEqual(await texts(conn, 3), [...growing(2), 'after']);
  }),
);

// ── one message for several datagrams ───────────────────────────────────────────────────────────────────────────────────────

const equals = Array.from({ length: 10 }, (_, i) => `datagram ${i}`);

function equalBatch(addr: UDPAddr, texts = equals): PacketBatch {
  const batch = new PacketBatch();
  for (const each of texts) batch.add(Buffer.from(each), addr);
  return batch;
}

/** How many messages each sendmmsg(2) was given. */
function counted(plan: Plan): number[] {
  const counts: number[] = [];
  plan.swap(
    'sendmmsg',
    () => true,
    (real, fd, space, rows, at, count, ...more) => {
      counts.push(count);
      return real(fd, space, rows, at, count, ...more);
    },
  );
  return counts;
}

test('equal datagrams to one place leave as one message, and a shorter one ends it', TIMEOUT, () =>
  noLeak(async () => {
    using plan = new Plan();
    using conn = await listening();
    using other = await listening();
    const counts = counted(plan);
    assert.equal(await conn.writeBatch(equalBatch(conn.localAddr, [...equals, 'end', 'x', 'y'])), 13);
    assert.deepEqual(await texts(conn, 13), [...equals, 'end', 'x', 'y']);
    const batch = equalBatch(conn.localAddr, ['a', 'b']);
    for (const to of [other, conn, conn]) batch.add(Buffer.from('c'), to.localAddr);
    batch.add(Buffer.alloc(0), conn.localAddr);
    assert.equal(await conn.writeBatch(batch), 6);
    assert.deepEqual([await texts(conn, 5), await texts(other, 1)], [['a', 'b', 'c', 'c', ''], ['c']]);
    assert.deepEqual(counts, [2, 4]);
  }),
);

for (const [name, errno] of Object.entries({ EINVAL, EIO, EMSGSIZE })) {
  test(`${name}, which is the answer where nobody cuts messages up: they go one by one, from then on`, TIMEOUT, () =>
    noLeak(async () => {
      using plan = new Plan();
      using conn = await listening();
      plan.fail('sendmmsg', nth(1), -errno);
      const counts = counted(plan);
      assert.equal(await conn.writeBatch(equalBatch(conn.localAddr)), 10);
      assert.equal(await conn.writeBatch(equalBatch(conn.localAddr)), 10);
      assert.deepEqual(await texts(conn, 20), [...equals, ...equals]);
      assert.deepEqual(counts.slice(-2), [10, 10]);
    }),
  );
}

// ── bursts: datagrams that are written without waiting for each other ───────────────────────────────────────────────────────

/** Until the socket is known for its bursts: the first ones are looked at now and then only. */
async function burst(conn: UDPConn, texts: readonly string[]): Promise<number[]> {
  return Promise.all(texts.map((each) => conn.writeTo(each, conn.localAddr)));
}

async function warm(conn: UDPConn): Promise<void> {
  await burst(
    conn,
    Array.from({ length: 40 }, () => 'x'),
  );
  await texts(conn, 40);
}

test('a burst: the first leaves at once, the others together; order and counts stay', TIMEOUT, () =>
  noLeak(async () => {
    using plan = new Plan();
    using conn = await listening();
    await warm(conn);
    const counts = counted(plan);
    const mixed = [...equals, 'longer than that', '', 'short', ...equals];
    assert.deepEqual(
      await burst(conn, mixed),
      mixed.map((each) => each.length),
    );
    assert.deepEqual(await texts(conn, mixed.length), mixed);
    assert.ok(counts.length > 0 && counts.length < mixed.length / 2, String(counts));
  }),
);

test('a burst that fails: each write tells its own error, and those after it go on', TIMEOUT, () =>
  noLeak(async () => {
    using plan = new Plan();
    using conn = await listening();
    await warm(conn);
    plan.fail('sendmmsg', nth(1), -ENOBUFS);
    const outcomes = await Promise.allSettled(['one', 'two', 'six'].map((each) => conn.writeTo(each, conn.localAddr)));
    assert.deepEqual(
      outcomes.map(({ status }) => status),
      ['fulfilled', 'rejected', 'fulfilled'],
    );
    assert.deepEqual(await texts(conn, 2), ['one', 'six']);
  }),
);

test('a burst without room waits, and close ends what waits', TIMEOUT, () =>
  noLeak(async () => {
    using plan = new Plan();
    using conn = await listening();
    await warm(conn);
    let full = true;
    for (const call of ['sendto', 'sendmmsg'] as const) plan.fail(call, () => full, -EAGAIN);
    const first = burst(conn, equals);
    await new Promise((resolve) => setImmediate(resolve));
    full = false;
    plan.rearm(fdOf(conn));
    await first;
    assert.deepEqual(await texts(conn, 10), equals);
    full = true;
    const outcomes = Promise.allSettled([...equals, 'x'].map((each) => conn.writeTo(each, conn.localAddr)));
    conn.close();
    assert.ok((await outcomes).every(({ status }) => status === 'rejected'));
  }),
);

test('a burst before close() goes out, and datagrams of two sockets keep their order', TIMEOUT, () =>
  noLeak(async () => {
    using to = await listening();
    const [a, b] = [await listening(), await listening()];
    await warm(a);
    const sent: string[] = [];
    const writes = Array.from({ length: 20 }, (_, i) => {
      sent.push(`${i}`);
      return (i % 4 < 2 ? a : b).writeTo(`${i}`, to.localAddr);
    });
    a.close();
    b.close();
    await Promise.all(writes);
    assert.deepEqual(await texts(to, 20), sent);
  }),
);
