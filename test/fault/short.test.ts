// Reads and writes that move a byte at a time, and a write that moves none.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { TCPConn } from 'gonet';

import { ECONNRESET, EPIPE, MSG_NOSIGNAL } from '../../src/syscall/zconst_linux.ts';
import { noLeak } from './descriptors.ts';
import { failure, fdOf, pair, pattern, readAll } from './pair.ts';
import { every, nth, Plan } from './plan.ts';

const TIMEOUT = { timeout: 20_000 };
const SIZE = 8000;

/** A short read means that the socket is drained (DESIGN D4), so after a shortened one the kernel is to report it again. */
function shortenReads(plan: Plan): void {
  plan.swap('recv', every, (real, fd, buf, off, len, flags) => {
    const n = real(fd, buf, off, Math.min(len, 1), flags);
    if (n > 0 && n < len) plan.rearm(fd);
    return n;
  });
}

function shortenWrites(plan: Plan): void {
  plan.swap('send', every, (real, fd, buf, off, len, flags) => real(fd, buf, off, Math.min(len, 1), flags));
  plan.swap('writev', every, (_real, fd, bufs, first, _count, skip) =>
    plan.real('send')(fd, bufs[first]!, skip, 1, MSG_NOSIGNAL),
  );
}

async function echo(conn: TCPConn): Promise<void> {
  for await (const chunk of conn) await conn.write(chunk);
  conn.closeWrite();
}

test('an echo in one-byte reads and one-byte writes comes through whole', TIMEOUT, () =>
  noLeak(async () => {
    using plan = new Plan();
    using ends = await pair();
    shortenReads(plan);
    shortenWrites(plan);
    const data = pattern(SIZE);
    const served = echo(ends.server);
    const read = readAll(ends.client, SIZE);
    assert.equal(await ends.client.write(data), SIZE);
    ends.client.closeWrite();
    assert.deepEqual(await read, data);
    assert.equal(await ends.client.read(Buffer.alloc(9)), null);
    await served;
    assert.ok(plan.count('recv') >= 2 * SIZE && plan.count('send') >= 2 * SIZE);
  }),
);

test('a writev that takes one byte at a time writes every chunk in order', TIMEOUT, () =>
  noLeak(async () => {
    using plan = new Plan();
    using ends = await pair();
    shortenWrites(plan);
    const data = pattern(SIZE);
    const cuts = [0, 1, 1, 3, 1000, 1001, SIZE - 1, SIZE];
    const chunks = cuts.slice(1).map((end, i) => data.subarray(cuts[i], end));
    const read = readAll(ends.server, SIZE);
    assert.equal(await ends.client.writev(chunks), SIZE);
    assert.deepEqual(await read, data);
  }),
);

test('writes of one byte at a time do not interleave', TIMEOUT, () =>
  noLeak(async () => {
    using plan = new Plan();
    using ends = await pair();
    shortenWrites(plan);
    const words = ['first ', 'second ', 'third'];
    const written = Promise.all(words.map((word) => ends.client.write(word)));
    assert.equal((await readAll(ends.server, 18)).toString(), words.join(''));
    assert.deepEqual(await written, [6, 7, 5]);
  }),
);

for (const how of ['write', 'writev'] as const) {
  test(`a ${how} that takes nothing of something is an error`, TIMEOUT, () =>
    noLeak(async () => {
      using plan = new Plan();
      using ends = await pair();
      plan.fail(how === 'write' ? 'send' : 'writev', every, 0);
      const { client } = ends;
      const error = await failure(how === 'write' ? client.write('data') : client.writev([Buffer.from('data')]));
      assert.match(error.message, new RegExp(`^${how} tcp 127.0.0.1:\\d+->127.0.0.1:\\d+: unexpected EOF$`));
      assert.equal(error.bytesWritten, 0);
    }),
  );
}

test('an error in the middle of a write tells how much the kernel has', TIMEOUT, () =>
  noLeak(async () => {
    using plan = new Plan();
    using ends = await pair();
    const fd = fdOf(ends.client);
    const where = (each: number): boolean => each === fd;
    plan.fail('send', nth(4), -EPIPE, { where });
    plan.swap('send', every, (real, to, buf, off, len, flags) => real(to, buf, off, Math.min(len, 10), flags), {
      where,
    });
    const error = await failure(ends.client.write(pattern(100)));
    assert.equal(error.code, 'EPIPE');
    assert.equal(error.bytesWritten, 30);
    assert.deepEqual(await readAll(ends.server, 30), pattern(100).subarray(0, 30));
  }),
);

test('an error of a read is told, and the connection can be read on', TIMEOUT, () =>
  noLeak(async () => {
    using plan = new Plan();
    using ends = await pair();
    const fd = fdOf(ends.server);
    plan.fail('recv', nth(1), -ECONNRESET, { where: (each) => each === fd });
    await ends.client.write('data');
    const error = await failure(ends.server.read(Buffer.alloc(4)));
    assert.match(error.message, /^read tcp \S+: read: connection reset by peer$/);
    assert.equal(error.bytesWritten, undefined);
    assert.equal((await readAll(ends.server, 4)).toString(), 'data');
  }),
);
