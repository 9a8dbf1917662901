// Batches of datagrams that the kernel takes in parts, sendmmsg(2): none is lost, none is sent twice, and an error tells how many have
// gone.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { EAGAIN, EINTR, ENOBUFS } from '../../src/syscall/zconst_linux.ts';
import { noLeak } from './descriptors.ts';
import { failure, fdOf } from './pair.ts';
import { nth, Plan } from './plan.ts';
import { batchOf, listening, texts } from './udp.ts';

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
        parts.push(at);
        return real(fd, space, rows, at, Math.min(count, 3), ...more);
      },
    );
    const batch = batchOf(10, conn.localAddr);
    assert.equal(await conn.writeBatch(batch), 10);
    assert.equal(batch.sent, 10);
    assert.deepEqual(parts, [0, 3, 6, 9]);
    assert.deepEqual(
      await texts(conn, 10),
      Array.from({ length: 10 }, (_, i) => `${i}`),
    );
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
    assert.deepEqual(await texts(conn, 11), [...Array.from({ length: 10 }, (_, i) => `${i}`), 'after']);
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
    assert.deepEqual([error.code, error.syscall, batch.sent], ['ENOBUFS', 'sendmmsg', 2]);
    await conn.writeTo('after', conn.localAddr);
    assert.deepEqual(await texts(conn, 3), ['0', '1', 'after']);
  }),
);
