// A datagram that nobody takes: the kernel of the receiver says so, and who is told, when and how often (rule 132); and the queue
// of errors, for those who ask for it. IPv4 and IPv6.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setImmediate } from 'node:timers/promises';

import { dialUDP, listenUDP, OpError, type UDPConn } from 'gonet';
import { ECONNREFUSED, SO_EE_ORIGIN_ICMP, SO_EE_ORIGIN_ICMP6 } from 'gonet/syscall';

import { leavesNothing, opErrorOf, withoutIPv6 } from './loopback.ts';
import { batchOf, bound, message, NOBODY, text } from './udp.ts';

const options = { timeout: 15_000 };

/** Every call that may be told, by the name of its system call. */
const CALLS: Readonly<Record<string, (conn: UDPConn) => Promise<unknown>>> = {
  read: (conn) => conn.read(Buffer.alloc(9)),
  recvfrom: (conn) => conn.readFrom(Buffer.alloc(9)),
  recvmsg: (conn) => message(conn),
  recvmmsg: (conn) => conn.readBatch(batchOf([], null)),
  write: (conn) => conn.write('y'),
  sendmsg: (conn) => conn.writeMsg('y'),
  sendmmsg: (conn) => conn.writeBatch(batchOf(['y'], null)),
};

for (const host of ['127.0.0.1', '::1'] as const) {
  describe(host, { skip: host === '::1' && withoutIPv6 }, () => {
    for (const [syscall, call] of Object.entries(CALLS)) {
      test(`${syscall} is told once that the datagram before was refused`, options, () =>
        leavesNothing(async () => {
          using conn = await dialUDP('udp', null, NOBODY[host]);
          await conn.write('x');
          const error = await opErrorOf(call(conn));
          const op = syscall.startsWith('r') ? 'read' : 'write';
          const ends = `${conn.localAddr}->${conn.remoteAddr}`;
          assert.equal(error.message, `${op} udp ${ends}: ${syscall}: connection refused`);
          assert.deepEqual(
            [error.code, error.syscall, error.timeout, error.temporary],
            ['ECONNREFUSED', syscall, false, false],
          );
          // Told once; and what it was to send was not sent, so there is no second refusal.
          const late = await opErrorOf(conn.read(Buffer.alloc(9), { deadline: Date.now() + 20 }));
          assert.equal(late.code, 'ETIMEDOUT');
        }),
      );
    }

    test('a read that waits is told', options, async () => {
      using conn = await dialUDP('udp', null, NOBODY[host]);
      for (const _ of [1, 2, 3]) {
        const read = opErrorOf(conn.read(Buffer.alloc(9)));
        await setImmediate();
        await conn.write('x');
        assert.equal((await read).code, 'ECONNREFUSED');
      }
    });

    test('the socket stays usable, and is not closed', options, async () => {
      const first = await bound(host);
      using conn = await dialUDP('udp', null, first.localAddr);
      let closed = false;
      void conn.closed.then(() => (closed = true));
      first.close();
      await conn.write('lost');
      assert.equal((await opErrorOf(conn.read(Buffer.alloc(9)))).code, 'ECONNREFUSED');
      using second = await listenUDP('udp', first.localAddr);
      await conn.write('heard');
      assert.equal(await text(second), 'heard');
      await second.writeTo('answer', conn.localAddr);
      assert.equal(await text(conn), 'answer');
      assert.equal(closed, false);
    });

    test('an unconnected socket is told nothing', options, async () => {
      using conn = await bound(host);
      await conn.writeTo('x', NOBODY[host]);
      assert.equal((await opErrorOf(conn.readFrom(Buffer.alloc(9), { deadline: Date.now() + 20 }))).code, 'ETIMEDOUT');
      assert.equal(await conn.writeTo('x', NOBODY[host]), 1);
      assert.equal(conn.takeError(), null);
    });

    test('with its errors asked for, takeError tells who refused what', options, async () => {
      using conn = await bound(host);
      conn.setReceive({ errors: true });
      assert.equal(conn.takeError(), null);
      await conn.writeTo('x', NOBODY[host]);
      const taken = conn.takeError();
      assert.equal(String(taken?.addr), String(NOBODY[host]));
      const { error } = taken!.control;
      assert.ok(error !== undefined);
      const origin = host === '::1' ? SO_EE_ORIGIN_ICMP6 : SO_EE_ORIGIN_ICMP;
      assert.deepEqual([error.errno, error.origin], [ECONNREFUSED, origin]);
      assert.deepEqual([error.type, error.code], host === '::1' ? [1, 4] : [3, 3]);
      assert.equal(String(error.offender), host);
      assert.equal(conn.takeError(), null);
      await conn.writeTo('to itself', conn.localAddr);
      assert.equal(await text(conn), 'to itself', 'what was taken fails no other call');
    });

    test('with its errors asked for, an unconnected socket fails too, once', options, async () => {
      using conn = await bound(host);
      conn.setReceive({ errors: true });
      const read = opErrorOf(conn.readFrom(Buffer.alloc(9)));
      await setImmediate();
      await conn.writeTo('x', NOBODY[host]);
      const error = await read;
      assert.equal(error.message, `read udp ${conn.localAddr}: recvfrom: connection refused`);
      assert.equal(String(conn.takeError()?.addr), String(NOBODY[host]));
      await conn.writeTo('to itself', conn.localAddr);
      assert.equal(await text(conn), 'to itself');
    });

    test('an iteration is told, and can be entered again', options, async () => {
      using conn = await dialUDP('udp', null, NOBODY[host]);
      await conn.write('x');
      const loop = async (): Promise<void> => {
        for await (const _ of conn.packets());
      };
      assert.equal((await opErrorOf(loop())).code, 'ECONNREFUSED');
      const again = opErrorOf(loop());
      await setImmediate();
      await conn.write('x');
      assert.equal((await again).code, 'ECONNREFUSED');
    });
  });
}

test('takeError on a closed socket throws', options, async () => {
  const conn = await bound();
  conn.close();
  assert.throws(
    () => conn.takeError(),
    (error) =>
      error instanceof OpError && error.message === `read udp ${conn.localAddr}: use of closed network connection`,
  );
});
