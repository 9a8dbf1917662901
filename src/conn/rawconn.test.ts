// A borrowed descriptor: what its callbacks may do to the connection while they run. (That its calls wait, end and fail as
// those of a connection do is tested from outside.)

import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';

import { rawPair } from '../../test/fuzz/rawpair.ts';
import { ClosedError, DeadlineError, OpError } from '../errors.ts';
import { sys } from '../syscall/sys.ts';
import { F_GETFD } from '../syscall/zconst_linux.ts';
import { fromFd } from './adopt.ts';
import { TCPConn } from './tcpconn.ts';

const options = { timeout: 10_000 };
let conn: TCPConn;
let peer: number;
beforeEach(() => {
  const [own, other] = rawPair();
  peer = other;
  const adopted = fromFd(own);
  assert.ok(adopted instanceof TCPConn);
  conn = adopted;
});
afterEach(() => {
  conn.close();
  sys.close(peer);
});

const has = (cause: typeof ClosedError | typeof DeadlineError) => (error: unknown) =>
  error instanceof OpError && error.cause instanceof cause;

test('read calls until it hears true, and waits for readiness in between', options, async () => {
  const into = Buffer.alloc(8);
  const counts: number[] = [];
  const reading = conn.syscallConn().read((fd) => {
    counts.push(sys.read(fd, into, 0, 8));
    return counts.at(-1)! > 0;
  });
  sys.write(peer, Buffer.from('four'), 0, 4);
  await reading;
  assert.equal(into.toString('utf8', 0, counts.at(-1)), 'four');
  assert.ok(counts.slice(0, -1).every((n) => n < 0));
});

test('write has the turn of the writes, read that of the reads', options, async () => {
  const raw = conn.syscallConn();
  const order: string[] = [];
  const into = Buffer.alloc(3);
  const first = raw.read(() => order.push('raw') > 1);
  const second = conn.read(into).then(() => order.push('read'));
  await raw.write((fd) => sys.write(fd, Buffer.from('out'), 0, 3) === 3);
  sys.write(peer, Buffer.from('in!'), 0, 3);
  await Promise.all([first, second]);
  assert.deepEqual(order, ['raw', 'raw', 'read']);
  assert.equal(into.toString(), 'in!');
});

test('what a callback throws is the cause, and the next call has its turn', options, async () => {
  const boom = new Error('boom');
  const raw = conn.syscallConn();
  const throws = (): never => {
    throw boom;
  };
  await assert.rejects(raw.read(throws), (error) => error instanceof OpError && error.cause === boom);
  assert.throws(() => raw.control(throws), boom);
  await raw.read(() => true);
});

test('a descriptor that is closed inside a callback is open until the callback returns', options, async () => {
  let inside = -1;
  const reading = conn.syscallConn().read((fd) => {
    conn.close();
    inside = sys.fcntl(fd, F_GETFD, 0);
    return true;
  });
  await assert.rejects(reading, has(ClosedError));
  assert.ok(inside >= 0);
});

test('closed inside control', options, () => {
  let number = -1;
  conn.syscallConn().control((fd) => {
    conn.close();
    number = fd;
    assert.ok(sys.fcntl(fd, F_GETFD, 0) >= 0);
  });
  assert.ok(sys.fcntl(number, F_GETFD, 0) < 0);
});

test('a past deadline never calls', options, async () => {
  conn.setReadDeadline(1);
  await assert.rejects(
    conn.syscallConn().read(() => assert.fail('called')),
    has(DeadlineError),
  );
});

test('a callback that ends its own call and begins another one settles only its own', options, async () => {
  for (const answer of [true, false]) {
    let next: Promise<number | null> | undefined;
    const into = Buffer.alloc(4);
    const reading = conn.syscallConn().read(() => {
      conn.setReadDeadline(1);
      conn.setReadDeadline(null);
      next ??= conn.read(into);
      return answer;
    });
    await assert.rejects(reading, has(DeadlineError));
    sys.write(peer, Buffer.from('next'), 0, 4);
    assert.equal(await next, 4);
    assert.equal(into.toString(), 'next');
  }
});
