// What only a pipe promises: the hand-over is synchronous, in both directions. (That it is a Conn is the conformance suite's.)

import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';

import { CanceledError, DeadlineError, OpError, SyscallError } from '../errors.ts';
import type { Conn } from './conn.ts';
import { pipe } from './pipe.ts';

const options = { timeout: 10_000 };
const PAST = 1;
let a: Conn;
let b: Conn;
beforeEach(() => {
  [a, b] = pipe();
});
afterEach(() => {
  a.close();
  b.close();
});

/** Up to `n` bytes as text; null at the end. */
async function text(conn: Conn, n: number): Promise<string | null> {
  const into = Buffer.alloc(n);
  const got = await conn.read(into);
  return got === null ? null : into.toString('utf8', 0, got);
}

async function failure(promise: Promise<unknown>): Promise<OpError> {
  const error = await promise.then(
    (value) => assert.fail(`resolved with ${String(value)}`),
    (error: unknown) => error,
  );
  assert.ok(error instanceof OpError, String(error));
  return error;
}

/** Notes when a promise has settled, well or not. */
function watch(promise: Promise<unknown>): { settled: boolean } {
  const state = { settled: false };
  const note = (): void => {
    state.settled = true;
  };
  promise.then(note, note);
  return state;
}

test('both addresses are `pipe`', options, () => {
  for (const { localAddr, remoteAddr } of [a, b]) {
    assert.deepEqual([localAddr.network, String(localAddr), remoteAddr?.network], ['pipe', 'pipe', 'pipe']);
  }
});

test('a write is not done before its last byte is read', options, async () => {
  const write = a.write('abc');
  const state = watch(write);
  for (const byte of 'abc') {
    await turn();
    assert.equal(state.settled, false);
    assert.equal(await text(b, 1), byte);
  }
  assert.equal(await write, 3);
});

test('a read takes from one write only, even with room for more', options, async () => {
  const writes = [a.write('ab'), a.writev([Buffer.from('c'), Buffer.from('de')]), a.write('f')];
  assert.deepEqual([await text(b, 9), await text(b, 9), await text(b, 9)], ['ab', 'cde', 'f']);
  assert.deepEqual(await Promise.all(writes), [2, 3, 1]);
});

test('one write feeds the reads that wait, in order, and then the iteration', options, async () => {
  const reads = [text(b, 2), text(b, 1)];
  const next = b[Symbol.asyncIterator]().next();
  const after = text(b, 1);
  assert.equal(await a.write('abcdef'), 6);
  assert.deepEqual(await Promise.all(reads), ['ab', 'c']);
  assert.equal(String((await next).value), 'def');
  const [, last] = await Promise.all([a.write('g'), after]);
  assert.equal(last, 'g');
});

test("the bytes are the writer's until they are read: there is no copy", options, async () => {
  const data = Buffer.from('old');
  const write = a.write(data);
  data.write('new');
  assert.equal(await text(b, 3), 'new');
  await write;
});

test('both ends may use the same memory', options, async () => {
  const memory = Buffer.from('abcdef..');
  const [, n] = await Promise.all([a.write(memory.subarray(0, 6)), b.read(memory.subarray(2))]);
  assert.deepEqual([n, memory.toString()], [6, 'ababcdef']);
});

test('a chunk of an iteration is a copy, of 64 KiB at most', options, async () => {
  const data = Buffer.alloc(150_000, 1);
  const write = a.write(data);
  const sizes: number[] = [];
  const chunks: Buffer[] = [];
  for await (const chunk of b) {
    sizes.push(chunk.length);
    chunks.push(chunk);
    if (sizes.length === 3) break;
  }
  assert.equal(await write, 150_000);
  data.fill(2);
  assert.deepEqual(sizes, [65_536, 65_536, 18_928]);
  assert.ok(Buffer.concat(chunks).every((byte) => byte === 1));
});

test('`break` in the middle of a write leaves the rest to whoever comes next', options, async () => {
  const write = a.write(Buffer.alloc(70_000));
  for await (const chunk of b) {
    assert.equal(chunk.length, 65_536);
    break;
  }
  assert.equal((await text(b, 1000))?.length, 1000);
  for await (const chunk of b) {
    assert.equal(chunk.length, 70_000 - 65_536 - 1000);
    break;
  }
  assert.equal(await write, 70_000);
});

test('an empty write and an empty read meet nobody', options, async () => {
  const read = text(b, 8);
  const state = watch(read);
  assert.deepEqual([await a.write(''), await a.writev([])], [0, 0]);
  await turn();
  assert.equal(state.settled, false);
  const write = a.write('x');
  assert.deepEqual([await write, await read], [1, 'x']);

  const waits = a.write('y');
  assert.equal(await b.read(Buffer.alloc(0)), 0);
  await turn();
  assert.equal(watch(waits).settled, false);
  assert.equal(await text(b, 1), 'y');
  assert.equal(await waits, 1);
});

test('a write deadline in the middle tells how much was read, and the rest is gone', options, async () => {
  const write = failure(a.write('abcdef', { deadline: Date.now() + 30 }));
  assert.equal(await text(b, 2), 'ab');
  const error = await write;
  assert.ok(error.cause instanceof DeadlineError);
  assert.deepEqual([error.bytesWritten, error.message], [2, 'write pipe: i/o timeout']);
  const [, read] = await Promise.all([a.write('next'), text(b, 8)]);
  assert.equal(read, 'next');
});

test('an abort in the middle of a writev tells how much was read', options, async () => {
  const controller = new AbortController();
  const chunks = [Buffer.from('ab'), Buffer.from('cd')];
  const write = failure(a.writev(chunks, { signal: controller.signal }));
  assert.equal(await text(b, 3), 'abc');
  controller.abort('enough');
  const error = await write;
  assert.ok(error.cause instanceof CanceledError);
  assert.deepEqual([error.op, error.bytesWritten, error.cause.cause], ['writev', 3, 'enough']);
  const [, read] = await Promise.all([a.write('next'), text(b, 8)]);
  assert.equal(read, 'next');
});

test('a deadline in the past fails both ways, with somebody there', options, async () => {
  const write = a.write('x');
  const read = text(a, 1);
  b.setDeadline(PAST);
  assert.equal((await failure(text(b, 1))).message, 'read pipe: i/o timeout');
  assert.equal((await failure(b.write('y'))).bytesWritten, 0);
  b.setDeadline(null);
  assert.equal(await text(b, 1), 'x');
  assert.deepEqual([await write, await b.write('y'), await read], [1, 1, 'y']);
});

test('a write that fails gives its turn to the next one', options, async () => {
  const controller = new AbortController();
  const first = failure(a.write('lost', { signal: controller.signal }));
  const second = a.write('kept');
  assert.equal(await text(b, 1), 'l');
  controller.abort();
  assert.equal((await first).bytesWritten, 1);
  assert.equal(await text(b, 8), 'kept');
  assert.equal(await second, 4);
});

test('close() in the middle of writes: ClosedError here, EPIPE there, each with its count', options, async () => {
  const own = [failure(a.write('abc')), failure(a.writev([Buffer.from('x')]))];
  const theirs = [failure(b.write('def')), failure(b.write('ghi'))];
  assert.deepEqual([await text(b, 1), await text(a, 2)], ['a', 'de']);
  a.close();
  const told = (error: OpError): unknown => [error.op, error.code, error.bytesWritten];
  assert.deepEqual((await Promise.all(own)).map(told), [
    ['write', 'ERR_NET_CLOSED', 1],
    ['writev', 'ERR_NET_CLOSED', 0],
  ]);
  assert.deepEqual((await Promise.all(theirs)).map(told), [
    ['write', 'EPIPE', 2],
    ['write', 'EPIPE', 0],
  ]);
  assert.equal(await text(b, 1), null);
});

test('a peer that has closed: null again and again, EPIPE, and deadlines may still be set', options, async () => {
  const waiting = [text(a, 1), text(a, 1)];
  b.close();
  assert.deepEqual(await Promise.all(waiting), [null, null]);
  assert.equal(await text(a, 1), null);
  assert.deepEqual(await a[Symbol.asyncIterator]().next(), { done: true, value: undefined });
  assert.equal(await a.read(Buffer.alloc(0)), 0);
  for (const [name, write] of [
    ['write', a.write('x')],
    ['write', a.write('')],
    ['writev', a.writev([Buffer.from('x')])],
  ] as const) {
    const error = await failure(write);
    assert.ok(error.cause instanceof SyscallError);
    assert.deepEqual([error.code, error.syscall, error.bytesWritten], ['EPIPE', name, 0]);
    assert.equal(error.message, `${name} pipe: ${name}: broken pipe`);
  }
  a.setDeadline(PAST);
  assert.equal((await failure(text(a, 1))).timeout, true);
});

test('memory that is transferred away fails its own call, and no byte is lost', options, async () => {
  const into = new Uint8Array(4);
  const read = failure(b.read(into));
  structuredClone(into.buffer, { transfer: [into.buffer] });
  const write = a.write('kept');
  assert.equal((await read).code, 'EFAULT');
  assert.equal(await text(b, 8), 'kept');
  assert.equal(await write, 4);

  const data = Uint8Array.from([65, 66]);
  const failed = failure(a.write(data));
  assert.equal(await text(b, 1), 'A');
  structuredClone(data.buffer, { transfer: [data.buffer] });
  const next = text(b, 8);
  const error = await failed;
  assert.deepEqual([error.code, error.bytesWritten], ['EFAULT', 1]);
  const after = a.write('next');
  assert.equal(await next, 'next');
  await after;
});

test('two loops that feed each other let the loop of Node turn', options, async () => {
  let turns = 0;
  const count = (): void => {
    turns++;
    next = setImmediate(count);
  };
  let next = setImmediate(count);
  const rounds = 2000;
  await Promise.all([
    (async () => {
      for (let i = 0; i < rounds; i++) await a.write('x');
    })(),
    (async () => {
      const into = Buffer.alloc(1);
      for (let i = 0; i < rounds; i++) await b.read(into);
    })(),
  ]);
  clearImmediate(next);
  // Each hand-over completes two calls of the 128 in a turn.
  assert.ok(turns >= (2 * rounds) / 128 - 2, `${turns} turns`);
});
