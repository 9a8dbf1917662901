// The conn suite on errors: Go's text and fields on every failure, and wrong arguments, which throw at once.

import assert from 'node:assert/strict';

import { CanceledError, ClosedError, type Conn, DeadlineError, type IOOptions, type OpError } from 'gonet';
import { failure, fromNow, PAST, thrown } from './outcome.ts';
import { type ConnPair, HUGE, type MakePair, pairTest, readFull } from './pair.ts';

/** What the errors of one pair say of its ends. */
function namesOf({
  a,
  network,
  unnamed,
}: ErrorPair): Pick<OpError, 'net' | 'source' | 'addr'> & { own: string; both: string } {
  const net = network ?? a.localAddr.network;
  if (unnamed === true) return { net, source: null, addr: null, own: net, both: net };
  const own = `${net} ${a.localAddr}`;
  if (a.remoteAddr === null) return { net, source: null, addr: a.localAddr, own, both: own };
  return { net, source: a.localAddr, addr: a.remoteAddr, own, both: `${own}->${a.remoteAddr}` };
}
type ErrorPair = Pick<ConnPair, 'a' | 'network' | 'unnamed'>;

/** Checks the text and every field that does not depend on the cause. */
function checkFields(error: OpError, pair: ErrorPair, op: string): void {
  const { net, source, addr, both } = namesOf(pair);
  assert.equal(error.message, `${op} ${both}: ${error.cause.message}`);
  assert.deepEqual([error.name, error.op, error.net], ['OpError', op, net]);
  assert.equal(error.source, source);
  assert.equal(error.addr, addr);
  assert.deepEqual([error.address, error.port], [error.addr?.address, error.addr?.port]);
  assert.equal(error.attempts, undefined);
  const counted = op.startsWith('write');
  assert.equal(typeof error.bytesWritten, counted ? 'number' : 'undefined');
  assert.match(String(error.stack), /^OpError: /);
}

const NO_BYTES: readonly unknown[] = [
  undefined,
  null,
  1,
  {},
  [1],
  new ArrayBuffer(8),
  new DataView(new ArrayBuffer(8)),
  new Uint16Array(2),
];

const NO_OPTIONS: readonly (readonly [unknown, typeof TypeError | typeof RangeError])[] = [
  [null, TypeError],
  [1, TypeError],
  ['signal', TypeError],
  [{ signal: {} }, TypeError],
  [{ signal: null }, TypeError],
  [{ signal: new AbortController() }, TypeError],
  [{ deadline: 'soon' }, TypeError],
  [{ deadline: 1n }, TypeError],
  [{ deadline: {} }, TypeError],
  [{ deadline: Number.NaN }, RangeError],
  [{ deadline: new Date(Number.NaN) }, RangeError],
];

/** Checks that `call` throws at once, and not by a promise. */
function throwsAtOnce(call: () => unknown, type: typeof TypeError | typeof RangeError): void {
  assert.throws(
    () => {
      const answer = call();
      if (answer instanceof Promise) answer.catch(() => {});
    },
    (error) => error instanceof type,
    String(call),
  );
}

/** Both ends still work, and no byte of a refused call is on its way. */
async function inStep(a: Conn, b: Conn): Promise<void> {
  const [, read] = await Promise.all([a.write('ok'), readFull(b, 2)]);
  assert.equal(read.toString(), 'ok');
}

export function connErrors(make: MakePair): void {
  pairTest("a time-out has Go's text and fields", make, async (pair) => {
    const { a } = pair;
    a.setDeadline(PAST);
    const calls = { read: a.read(Buffer.alloc(1)), write: a.write('x'), writev: a.writev([HUGE]) };
    for (const [op, call] of Object.entries(calls)) {
      const error = await failure(call);
      checkFields(error, pair, op);
      assert.ok(error.cause instanceof DeadlineError);
      assert.match(error.message, /: i\/o timeout$/);
      assert.deepEqual([error.timeout, error.temporary, error.code], [true, true, 'ETIMEDOUT']);
      assert.deepEqual([error.errno, error.syscall], [undefined, undefined]);
    }
  });

  pairTest("a time-out of a call that waited has Go's text and fields, too", make, async (pair) => {
    const { a } = pair;
    checkFields(await failure(a.read(Buffer.alloc(1), { deadline: fromNow(20) })), pair, 'read');
    checkFields(await failure(a.write(HUGE, { deadline: fromNow(20) })), pair, 'write');
    checkFields(await failure(a.writev([HUGE], { deadline: fromNow(20) })), pair, 'writev');
  });

  pairTest("a cancelled call has Go's text and fields", make, async (pair) => {
    const { a } = pair;
    const options = { signal: AbortSignal.abort(new Error('why')) };
    const calls = {
      read: a.read(Buffer.alloc(1), options),
      write: a.write('x', options),
      writev: a.writev([HUGE], options),
    };
    for (const [op, call] of Object.entries(calls)) {
      const error = await failure(call);
      checkFields(error, pair, op);
      assert.ok(error.cause instanceof CanceledError);
      assert.match(error.message, /: operation was canceled$/);
      assert.deepEqual([error.timeout, error.temporary, error.code], [false, false, 'ABORT_ERR']);
      assert.equal((error.cause.cause as Error).message, 'why');
    }
  });

  pairTest("a call on a closed conn has Go's text and fields", make, async (pair) => {
    const { a } = pair;
    a.close();
    const calls = { read: a.read(Buffer.alloc(1)), write: a.write('x'), writev: a.writev([HUGE]) };
    for (const [op, call] of Object.entries(calls)) {
      const error = await failure(call);
      checkFields(error, pair, op);
      assert.ok(error.cause instanceof ClosedError);
      assert.match(error.message, /: use of closed network connection$/);
      assert.deepEqual([error.timeout, error.temporary, error.code], [false, false, 'ERR_NET_CLOSED']);
    }
    const { message } = thrown(() => a.setDeadline(null));
    assert.equal(message, `set ${namesOf(pair).own}: use of closed network connection`);
  });

  pairTest('wrong buffers throw at once', make, async ({ a, b }) => {
    for (const wrong of NO_BYTES) {
      throwsAtOnce(() => a.read(wrong as Uint8Array), TypeError);
      throwsAtOnce(() => a.write(wrong as Uint8Array), TypeError);
      throwsAtOnce(() => a.writev([Buffer.from('x'), wrong as Uint8Array]), TypeError);
    }
    throwsAtOnce(() => a.read('text' as unknown as Uint8Array), TypeError);
    for (const wrong of [undefined, null, 'text', Buffer.from('x'), { length: 0 }]) {
      throwsAtOnce(() => a.writev(wrong as unknown as Uint8Array[]), TypeError);
    }
    throwsAtOnce(() => a.writev(['x' as unknown as Uint8Array]), TypeError);
    await inStep(a, b);
  });

  pairTest('wrong options throw at once', make, async ({ a, b }) => {
    for (const [wrong, type] of NO_OPTIONS) {
      throwsAtOnce(() => a.read(Buffer.alloc(1), wrong as IOOptions), type);
      throwsAtOnce(() => a.read(new Uint8Array(0), wrong as IOOptions), type);
      throwsAtOnce(() => a.write('x', wrong as IOOptions), type);
      throwsAtOnce(() => a.writev([Buffer.from('x')], wrong as IOOptions), type);
    }
    await inStep(a, b);
  });

  pairTest('wrong deadlines throw at once and change nothing', make, async ({ a, b }) => {
    for (const set of [a.setDeadline, a.setReadDeadline, a.setWriteDeadline]) {
      for (const wrong of ['soon', {}, 1n, true]) throwsAtOnce(() => set.call(a, wrong as number), TypeError);
      for (const wrong of [Number.NaN, new Date(Number.NaN)]) throwsAtOnce(() => set.call(a, wrong), RangeError);
    }
    await inStep(a, b);
    await inStep(b, a);
  });

  pairTest('wrong arguments throw on a closed conn, too', make, ({ a }) => {
    a.close();
    throwsAtOnce(() => a.read('x' as unknown as Uint8Array), TypeError);
    throwsAtOnce(() => a.write('x', { deadline: Number.NaN }), RangeError);
    throwsAtOnce(() => a.setDeadline(Number.NaN), RangeError);
  });
}
