// Faults that loopback never gives to datagrams: calls interrupted, full queues, a lack of memory. Each datagram is one call that
// is made again whole, or fails whole.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { dialUDP, PacketBatch, type UDPConn } from 'gonet';

import { EAGAIN, EINTR, ENOBUFS, ENOMEM } from '../../src/syscall/zconst_linux.ts';
import { noLeak } from './descriptors.ts';
import { failure, fdOf } from './pair.ts';
import { first, type Name, nth, Plan } from './plan.ts';
import { batchOf, listening, texts } from './udp.ts';

const TIMEOUT = { timeout: 15_000 };
const later = (): { deadline: number } => ({ deadline: Date.now() + 10_000 });

/** Every call that takes a datagram, by the name of its system call; `limits` keeps it from the short way. */
const READS: readonly (readonly [Name, (conn: UDPConn, limits?: { deadline: number }) => Promise<unknown>])[] = [
  ['recv', (conn, limits) => conn.read(Buffer.alloc(9), limits)],
  ['recvfrom', (conn, limits) => conn.readFrom(Buffer.alloc(9), limits)],
  ['recvfrom', (conn) => conn.packets().next()],
  ['recvmsg', (conn, limits) => conn.readMsg(Buffer.alloc(9), limits)],
  ['recvmmsg', (conn, limits) => conn.readBatch(new PacketBatch({ capacity: 1 }), limits)],
];

const WRITES: readonly (readonly [Name, string, (conn: UDPConn, limits?: { deadline: number }) => Promise<unknown>])[] =
  [
    ['send', 'write', (conn, limits) => conn.write('x', limits)],
    ['sendmsg', 'sendmsg', (conn, limits) => conn.writeMsg('x', {}, limits)],
    ['sendmmsg', 'sendmmsg', (conn, limits) => conn.writeBatch(batchOf(1, null), limits)],
  ];

for (const [name, read] of READS) {
  test(`an interrupted ${name} is made again, and nothing is lost`, TIMEOUT, () =>
    noLeak(async () => {
      using plan = new Plan();
      using conn = await listening();
      for (const limits of [undefined, later()]) {
        await conn.writeTo('x', conn.localAddr);
        const before = plan.count(name);
        plan.fail(name, first(3), -EINTR);
        await read(conn, limits);
        assert.equal(plan.count(name) - before, 4);
      }
    }),
  );

  test(`${name} that says EAGAIN in vain waits for the next event`, TIMEOUT, () =>
    noLeak(async () => {
      using plan = new Plan();
      using conn = await listening();
      const storm = { calls: 0 };
      plan.fail(name, () => ++storm.calls <= 5, -EAGAIN);
      await conn.writeTo('x', conn.localAddr);
      const reading = read(conn, later());
      while (storm.calls < 6) {
        await new Promise((resolve) => setImmediate(resolve));
        plan.rearm(fdOf(conn));
      }
      await reading;
      assert.equal(storm.calls, 6);
    }),
  );

  test(`an error of ${name} is the read's, and the next one reads on`, TIMEOUT, () =>
    noLeak(async () => {
      using plan = new Plan();
      using conn = await listening();
      for (const limits of [undefined, later()]) {
        await conn.writeTo('x', conn.localAddr);
        plan.fail(name, nth(1), -ENOMEM);
        const error = await failure(read(conn, limits));
        assert.deepEqual([error.op, error.code, error.addr], ['read', 'ENOMEM', null]);
        await read(conn, limits);
      }
    }),
  );
}

for (const [name, syscall, write] of WRITES) {
  test(`an interrupted ${name} is made again`, TIMEOUT, () =>
    noLeak(async () => {
      using plan = new Plan();
      using server = await listening();
      using conn = await dialUDP('udp', null, server.localAddr);
      for (const limits of [undefined, later()]) {
        plan.fail(name, first(3), -EINTR);
        await write(conn, limits);
      }
      assert.deepEqual(await texts(server, 2), name === 'sendmmsg' ? ['0', '0'] : ['x', 'x']);
      assert.equal(plan.count(name), 8);
    }),
  );

  test(`ENOBUFS of ${name} is the write's, with nothing sent`, TIMEOUT, () =>
    noLeak(async () => {
      using plan = new Plan();
      using server = await listening();
      using conn = await dialUDP('udp', null, server.localAddr);
      for (const limits of [undefined, later()]) {
        plan.fail(name, nth(1), -ENOBUFS);
        const error = await failure(write(conn, limits));
        assert.equal(
          error.message,
          `write udp ${conn.localAddr}->${server.localAddr}: ${syscall}: no buffer space available`,
        );
        assert.deepEqual([error.code, error.bytesWritten, error.temporary], ['ENOBUFS', 0, false]);
      }
      await write(conn);
      assert.equal((await texts(server, 1)).length, 1);
    }),
  );

  test(`${name} without room waits for it`, TIMEOUT, () =>
    noLeak(async () => {
      using plan = new Plan();
      using server = await listening();
      using conn = await dialUDP('udp', null, server.localAddr);
      for (const limits of [undefined, later()]) {
        plan.fail(name, nth(1), -EAGAIN);
        const writing = write(conn, limits);
        plan.rearm(fdOf(conn));
        await writing;
      }
      assert.equal((await texts(server, 2)).length, 2);
    }),
  );
}

test('an interrupted sendto is made again, and one without room waits', TIMEOUT, () =>
  noLeak(async () => {
    using plan = new Plan();
    using conn = await listening();
    for (const limits of [undefined, later()]) {
      plan.fail('sendto', first(3), -EINTR);
      assert.equal(await conn.writeTo('x', conn.localAddr, limits), 1);
      plan.fail('sendto', nth(1), -EAGAIN);
      const writing = conn.writeTo('y', conn.localAddr, limits);
      plan.rearm(fdOf(conn));
      assert.equal(await writing, 1);
    }
    assert.deepEqual(await texts(conn, 4), ['x', 'y', 'x', 'y']);
  }),
);

test('a write that waits for room holds those after it back, and a deadline ends it alone', TIMEOUT, () =>
  noLeak(async () => {
    using plan = new Plan();
    using conn = await listening();
    let full = true;
    for (const call of ['sendto', 'sendmmsg'] as const) plan.fail(call, () => full, -EAGAIN);
    const late = failure(conn.writeTo('late', conn.localAddr, { deadline: Date.now() + 20 }));
    const next = conn.writeTo('next', conn.localAddr);
    assert.equal((await late).code, 'ETIMEDOUT');
    full = false;
    plan.rearm(fdOf(conn));
    assert.equal(await next, 4);
    assert.deepEqual(await texts(conn, 1), ['next']);
  }),
);
