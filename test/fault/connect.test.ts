// The ways in which a connect can end: at once, after waits that were in vain, with an error. Behaviour as in Go's
// netFD.connect.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { CanceledError, DeadlineError, dial, dialTCP, listen, type TCPListener } from 'gonet';

import {
  EALREADY,
  ECONNRESET,
  EINPROGRESS,
  EINTR,
  EISCONN,
  ENETUNREACH,
  ENOBUFS,
  ENOMEM,
  ENOTCONN,
  SOL_SOCKET,
  SO_ERROR,
} from '../../src/syscall/zconst_linux.ts';
import { noLeak } from './descriptors.ts';
import { failure, loopback, talk } from './pair.ts';
import { every, first, nth, Plan } from './plan.ts';

const TIMEOUT = { timeout: 10_000 };

/** Has SO_ERROR answer `errno` for the first `times` calls, and the kernel report the socket again each time. */
function soError(plan: Plan, errno: number, times: number): void {
  plan.swap(
    'getsockopt',
    first(times),
    (_real, fd, _level, _name, value, room) => {
      new DataView(value.buffer, value.byteOffset).setInt32(0, errno, true);
      room[0] = 4;
      plan.rearm(fd);
      return 0;
    },
    { where: (_fd, level, name) => level === SOL_SOCKET && name === SO_ERROR },
  );
}

/** Has connect answer `result` once the connection is there, as a kernel that finished at once would. */
function atOnce(plan: Plan, result: number, meanwhile: () => void = () => {}): void {
  plan.swap('connect', every, (real, fd, addr, length) => {
    assert.equal(real(fd, addr, length), -EINPROGRESS);
    const name = new Uint8Array(128);
    const connected = (): boolean => plan.real('getpeername')(fd, name, Uint32Array.of(128)) === 0;
    for (let i = 0; i < 1000 && !connected(); i++);
    assert.ok(connected(), 'loopback needs no turn of the loop to connect');
    meanwhile();
    return result;
  });
}

/** Dials the listener and talks. */
async function works(listener: TCPListener): Promise<void> {
  using client = await dial('tcp', listener.addr.toString());
  using server = await listener.accept();
  assert.equal(client.remoteAddr.toString(), listener.addr.toString());
  assert.equal(client.localAddr.toString(), server.remoteAddr.toString());
  await talk({ client, server });
}

for (const [name, result] of [
  ['0', 0],
  ['EISCONN', -EISCONN],
] as const) {
  test(`connect answers ${name}: connected, without a wait`, TIMEOUT, () =>
    noLeak(async () => {
      using plan = new Plan();
      using listener = await listen('tcp', '127.0.0.1:0');
      atOnce(plan, result);
      await works(listener);
      assert.equal(plan.count('getsockopt'), 0);
    }),
  );

  test(`connect answers ${name}: a signal that was aborted meanwhile wins`, TIMEOUT, () =>
    noLeak(async () => {
      using plan = new Plan();
      using listener = await listen('tcp', '127.0.0.1:0');
      const reason = new Error('changed my mind');
      const controller = new AbortController();
      atOnce(plan, result, () => controller.abort(reason));
      const error = await failure(dialTCP('tcp', null, listener.addr, { signal: controller.signal }));
      assert.ok(error.cause instanceof CanceledError);
      assert.equal(error.cause.cause, reason);
      assert.equal(plan.count('connect'), 1);
    }),
  );

  test(`connect answers ${name}: a deadline that has passed wins`, TIMEOUT, () =>
    noLeak(async () => {
      using plan = new Plan();
      using listener = await listen('tcp', '127.0.0.1:0');
      atOnce(plan, result);
      const error = await failure(dialTCP('tcp', null, listener.addr, { deadline: Date.now() - 1 }));
      assert.ok(error.cause instanceof DeadlineError);
    }),
  );
}

test('connect answers EALREADY: the dial waits', TIMEOUT, () =>
  noLeak(async () => {
    using plan = new Plan();
    using listener = await listen('tcp', '127.0.0.1:0');
    plan.fail('connect', nth(1), -EALREADY, { after: true });
    await works(listener);
    assert.equal(plan.count('connect'), 1);
  }),
);

test('connect answers another errno: an error that names it', TIMEOUT, () =>
  noLeak(async () => {
    using plan = new Plan();
    plan.fail('connect', nth(1), -ENETUNREACH);
    const error = await failure(dial('tcp', '127.0.0.1:9'));
    assert.equal(error.message, 'dial tcp 127.0.0.1:9: connect: network is unreachable');
    assert.equal(error.syscall, 'connect');
  }),
);

test('SO_ERROR 0 without a peer: waits again, then connects', TIMEOUT, () =>
  noLeak(async () => {
    using plan = new Plan();
    using listener = await listen('tcp', '127.0.0.1:0');
    plan.swap('getpeername', first(3), (_real, fd) => {
      plan.rearm(fd);
      return -ENOTCONN;
    });
    await works(listener);
    assert.equal(plan.count('getpeername'), 4);
  }),
);

for (const [name, errno] of [
  ['EINPROGRESS', EINPROGRESS],
  ['EALREADY', EALREADY],
  ['EINTR', EINTR],
] as const) {
  test(`SO_ERROR ${name}: waits again, then connects`, TIMEOUT, () =>
    noLeak(async () => {
      using plan = new Plan();
      using listener = await listen('tcp', '127.0.0.1:0');
      soError(plan, errno, 3);
      await works(listener);
      assert.equal(plan.count('getsockopt'), 4);
      assert.equal(plan.count('connect'), 1);
    }),
  );
}

test('a deadline ends a dial that waits again and again', TIMEOUT, () =>
  noLeak(async () => {
    using plan = new Plan();
    using listener = await listen('tcp', '127.0.0.1:0');
    soError(plan, EINPROGRESS, Infinity);
    const error = await failure(dial('tcp', listener.addr.toString(), { timeout: 50 }));
    assert.equal(error.timeout, true);
    assert.ok(plan.count('getsockopt') > 1);
  }),
);

test('SO_ERROR EISCONN: connected, even where the peer cannot be named', TIMEOUT, () =>
  noLeak(async () => {
    using plan = new Plan();
    using listener = await listen('tcp', '127.0.0.1:0');
    soError(plan, EISCONN, 1);
    await works(listener);
    soError(plan, EISCONN, 1);
    plan.fail('getpeername', every, -ENOTCONN);
    await works(listener);
  }),
);

test('SO_ERROR another errno: an error of connect', TIMEOUT, () =>
  noLeak(async () => {
    using plan = new Plan();
    using listener = await listen('tcp', '127.0.0.1:0');
    soError(plan, ECONNRESET, 1);
    const error = await failure(dial('tcp', listener.addr.toString()));
    assert.equal(error.message, `dial tcp ${listener.addr.toString()}: connect: connection reset by peer`);
    assert.equal(error.code, 'ECONNRESET');
  }),
);

test('SO_ERROR cannot be had: an error of getsockopt', TIMEOUT, () =>
  noLeak(async () => {
    using plan = new Plan();
    using listener = await listen('tcp', '127.0.0.1:0');
    plan.fail('getsockopt', nth(1), -ENOBUFS);
    const error = await failure(dial('tcp', listener.addr.toString()));
    assert.equal(error.message, `dial tcp ${listener.addr.toString()}: getsockopt: no buffer space available`);
  }),
);

test('a socket that cannot join the poller: an error of epoll_ctl', TIMEOUT, () =>
  noLeak(async () => {
    using plan = new Plan();
    using listener = await listen('tcp', '127.0.0.1:0');
    plan.fail('epoll_ctl', nth(1), -ENOMEM);
    const error = await failure(dial('tcp', listener.addr.toString()));
    assert.equal(error.message, `dial tcp ${listener.addr.toString()}: epoll_ctl: cannot allocate memory`);
  }),
);

test('a port that no socket address holds is an error of connect, and no call', TIMEOUT, () =>
  noLeak(async () => {
    using plan = new Plan();
    const error = await failure(dialTCP('tcp', null, loopback(70_000)));
    assert.match(error.message, /: connect: invalid argument$/);
    assert.equal(plan.count('connect'), 0);
  }),
);
