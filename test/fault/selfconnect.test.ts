// A socket that is connected to itself: a kernel that picks the port it is to connect to makes one (golang/go#2690).

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { dial, dialTCP, listen, type TCPConn } from 'gonet';

import { selfConnected } from '../../src/conn/tcp.ts';
import { Ends } from '../../src/fd/ends.ts';
import { SOL_SOCKET, SO_LINGER, SO_REUSEADDR } from '../../src/syscall/zconst_linux.ts';
import { noLeak } from './descriptors.ts';
import { closedPort, failure, readAll, talk } from './pair.ts';
import { every, first, Plan, type When } from './plan.ts';

const TIMEOUT = { timeout: 10_000 };

function sameEnds({ localAddr, remoteAddr }: TCPConn): boolean {
  const ends = new Ends('tcp');
  ends.local = localAddr;
  ends.remote = remoteAddr;
  return selfConnected({ ends });
}

/** Makes the kernel pick the port that is dialed. A reset instead of TIME_WAIT lets it do so again. */
function reachItself(plan: Plan, when: When): void {
  plan.swap('connect', when, (real, fd, addr, length) => {
    const one = Uint8Array.of(1, 0, 0, 0, 0, 0, 0, 0);
    assert.equal(plan.real('setsockopt')(fd, SOL_SOCKET, SO_REUSEADDR, one, 4), 0);
    assert.equal(plan.real('setsockopt')(fd, SOL_SOCKET, SO_LINGER, one, 8), 0);
    assert.equal(plan.real('bind')(fd, addr, length), 0);
    return real(fd, addr, length);
  });
}

test('asked for, it is had: the caller chose the port', TIMEOUT, () =>
  noLeak(async () => {
    using plan = new Plan();
    const addr = await closedPort();
    using conn = await dialTCP('tcp', addr, addr);
    assert.equal(conn.localAddr.toString(), addr.toString());
    assert.equal(conn.remoteAddr.toString(), addr.toString());
    assert.equal(sameEnds(conn), true);
    assert.equal(plan.count('connect'), 1);
    await conn.write('hello, me');
    assert.equal((await readAll(conn, 9)).toString(), 'hello, me');
    conn.setLinger(0);
  }),
);

test('picked by the kernel, it is closed and the dial tried again', TIMEOUT, () =>
  noLeak(async () => {
    using plan = new Plan();
    const addr = await closedPort();
    const closes = plan.count('close');
    reachItself(plan, first(2));
    const error = await failure(dial('tcp', addr.toString()));
    assert.equal(error.message, `dial tcp ${addr.toString()}: connect: connection refused`);
    assert.equal(plan.count('connect'), 3);
    assert.equal(plan.count('close') - closes, 3);
  }),
);

test('after three tries it is given out, as in Go', TIMEOUT, () =>
  noLeak(async () => {
    using plan = new Plan();
    const addr = await closedPort();
    const closes = plan.count('close');
    reachItself(plan, every);
    using conn = await dial('tcp', addr.toString());
    assert.equal(sameEnds(conn), true);
    assert.equal(plan.count('connect'), 3);
    assert.equal(plan.count('close') - closes, 2);
  }),
);

test('the third try may succeed', TIMEOUT, () =>
  noLeak(async () => {
    using plan = new Plan();
    using listener = await listen('tcp', '127.0.0.1:0');
    // It only looks as if it had reached itself: its own name is the peer's.
    plan.swap('getsockname', first(2), (_real, fd, addr, length) => plan.real('getpeername')(fd, addr, length));
    using client = await dial('tcp', listener.addr.toString());
    assert.equal(sameEnds(client), false);
    assert.equal(plan.count('connect'), 3);
    // The first two were closed at once, and wait in the backlog all the same.
    for (let i = 0; i < 2; i++) {
      using given = await listener.accept();
      assert.equal(await given.read(Buffer.alloc(1)), null);
    }
    using server = await listener.accept();
    await talk({ client, server });
  }),
);
