// Random commands for a connection on a real pair of sockets, and the plain model that it is held against: every call settles,
// in order, with the reason that the model allows; what was read is what the peer sent, what the peer got is what was written.

import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';

import * as fc from 'fast-check';

import { fromFd } from '../../src/conn/adopt.ts';
import { TCPConn } from '../../src/conn/tcpconn.ts';
import { CanceledError, ClosedError, DeadlineError, OpError } from '../../src/errors.ts';
import { setWriteBuffer } from '../../src/syscall/sockopt.ts';
import { sys } from '../../src/syscall/sys.ts';
import { F_SETFL, O_NONBLOCK, SHUT_WR } from '../../src/syscall/zconst_linux.ts';
import { rawPair } from './rawpair.ts';

const PAST = 1;
const FAR = (): number => Date.now() + 3_600_000;

type Limit = 'none' | 'past' | 'near' | 'far' | 'aborted' | 'signal';
/** What can happen to a connection. */
export type Command =
  | readonly ['read' | 'write', size: number, limit: Limit]
  | readonly ['next', 0, 'none']
  | readonly ['readDeadline' | 'writeDeadline', 0, 'none' | 'past' | 'near' | 'far']
  | readonly ['send' | 'receive', size: number, 'none']
  | readonly ['abort' | 'turn' | 'shut' | 'close', 0, 'none'];

const limit = fc.constantFrom<Limit>('none', 'none', 'none', 'past', 'near', 'far', 'aborted', 'signal');
const size = fc.oneof(fc.nat(20), fc.constantFrom(0, 1000, 300_000));
export const command: fc.Arbitrary<Command> = fc.oneof(
  { weight: 6, arbitrary: fc.tuple(fc.constantFrom('read', 'write'), size, limit) },
  { weight: 2, arbitrary: fc.tuple(fc.constant('next'), fc.constant(0), fc.constant('none')) },
  {
    weight: 2,
    arbitrary: fc.tuple(
      fc.constantFrom('readDeadline', 'writeDeadline'),
      fc.constant(0),
      fc.constantFrom('none', 'past', 'near', 'far'),
    ),
  },
  { weight: 4, arbitrary: fc.tuple(fc.constantFrom('send', 'receive'), size, fc.constant('none')) },
  {
    weight: 4,
    arbitrary: fc.tuple(fc.constantFrom('abort', 'turn', 'turn', 'turn', 'shut'), fc.constant(0), fc.constant('none')),
  },
  { weight: 1, arbitrary: fc.tuple(fc.constant('close'), fc.constant(0), fc.constant('none')) },
) as fc.Arbitrary<Command>;

/** What was begun, and what has become of it. */
interface Call {
  readonly what: 'read' | 'write';
  /** What the model says it must or may fail with. */
  readonly must: 'closed' | 'canceled' | 'timeout' | null;
  readonly limited: boolean;
  settled: number;
  /** The bytes that were moved. */
  bytes: Buffer;
  error: OpError | null;
  end: boolean;
}

const counting = (from: number, size: number): Buffer =>
  Buffer.from(Uint8Array.from({ length: size }, (_, i) => from + i));

/** The connection, its peer, and the model of both. */
export class Rig {
  readonly conn: TCPConn;
  readonly #peer: number;
  readonly #calls: Call[] = [];
  readonly #promises: Promise<void>[] = [];
  readonly #sent: Buffer[] = [];
  readonly #received: Buffer[] = [];
  #controller = new AbortController();
  readonly #controllers = [this.#controller];
  #past = { read: false, write: false };
  #near = { read: false, write: false };
  #shut = false;
  #closed = false;
  #count = 0;

  constructor() {
    const [fd, peer] = rawPair();
    sys.fcntl(peer, F_SETFL, O_NONBLOCK);
    // Small, so that large writes are taken in parts.
    setWriteBuffer(fd, 8192);
    const conn = fromFd(fd);
    assert.ok(conn instanceof TCPConn);
    this.conn = conn;
    this.#peer = peer;
  }

  async run([what, size, limit]: Command): Promise<void> {
    if (what === 'read' || what === 'write') this.#begin(what, size, limit);
    else if (what === 'next') this.#begin('read', -1, 'none');
    else if (what === 'readDeadline' || what === 'writeDeadline') this.#deadline(what, limit);
    else if (what === 'send') this.#send(size);
    else if (what === 'receive') this.#receive(size);
    else if (what === 'abort') this.#abort();
    else if (what === 'shut') this.#shutPeer();
    else if (what === 'close') this.#close();
    else await new Promise((resolve) => setImmediate(resolve));
  }

  #begin(what: 'read' | 'write', size: number, limit: Limit): void {
    const signal = limit === 'aborted' ? AbortSignal.abort() : this.#controller.signal;
    const options = {
      none: undefined,
      past: { deadline: PAST },
      near: { deadline: Date.now() + 1 },
      far: { deadline: FAR() },
      aborted: { signal },
      signal: { signal },
    }[limit];
    const late = limit === 'past' || this.#past[what];
    // An empty read has nothing to be late for (Go's rule 109).
    const timeout = late && !(what === 'read' && size === 0) ? 'timeout' : null;
    const must = this.#closed ? 'closed' : limit === 'aborted' ? 'canceled' : timeout;
    const limited = limit !== 'none' && limit !== 'far';
    const call: Call = { what, must, limited, settled: 0, bytes: Buffer.alloc(0), error: null, end: false };
    this.#calls.push(call);
    if (what === 'read') {
      const into = Buffer.alloc(Math.max(size, 0));
      const reading: Promise<number | null | IteratorResult<Buffer, undefined>> =
        size < 0 ? this.conn[Symbol.asyncIterator]().next() : this.conn.read(into, options);
      this.#watch(call, reading, (value) => {
        if (value === null) call.end = true;
        else if (typeof value === 'number') call.bytes = into.subarray(0, value);
        else if (value.done === true) call.end = true;
        else call.bytes = value.value;
      });
    } else {
      const data = counting(this.#count, size);
      this.#count += size;
      this.#watch(
        call,
        this.conn.write(data, options),
        (n) => {
          assert.equal(n, size);
          call.bytes = data;
        },
        (error) => {
          call.bytes = data.subarray(0, error.bytesWritten);
        },
      );
    }
  }

  #watch<T>(call: Call, promise: Promise<T>, done: (value: T) => void, failed?: (error: OpError) => void): void {
    this.#promises.push(this.#settle(call, promise, done, failed));
  }

  async #settle<T>(
    call: Call,
    promise: Promise<T>,
    done: (value: T) => void,
    failed?: (error: OpError) => void,
  ): Promise<void> {
    let value: T;
    try {
      value = await promise;
    } catch (error) {
      assert.ok(error instanceof OpError, String(error));
      call.settled++;
      call.error = error;
      failed?.(error);
      return;
    }
    call.settled++;
    done(value);
  }

  #deadline(what: 'readDeadline' | 'writeDeadline', limit: Limit): void {
    if (this.#closed) return;
    const direction = what === 'readDeadline' ? 'read' : 'write';
    const t = limit === 'none' ? null : limit === 'past' ? PAST : limit === 'near' ? Date.now() + 1 : FAR();
    if (direction === 'read') this.conn.setReadDeadline(t);
    else this.conn.setWriteDeadline(t);
    this.#past[direction] = limit === 'past';
    if (limit === 'past' || limit === 'near') this.#near[direction] = true;
  }

  #send(size: number): void {
    if (this.#shut) return;
    const data = Buffer.alloc(size, this.#sent.length);
    const n = sys.write(this.#peer, data, 0, size);
    if (n > 0) this.#sent.push(data.subarray(0, n));
  }

  #receive(size: number): void {
    const into = Buffer.alloc(Math.max(size, 1));
    const n = sys.read(this.#peer, into, 0, into.length);
    if (n > 0) this.#received.push(into.subarray(0, n));
  }

  #abort(): void {
    this.#controller.abort();
    this.#controller = new AbortController();
    this.#controllers.push(this.#controller);
  }

  #shutPeer(): void {
    if (!this.#shut) sys.shutdown(this.#peer, SHUT_WR);
    this.#shut = true;
  }

  #close(): void {
    this.conn.close();
    this.#closed = true;
  }

  /** Sees to it that every call can end by itself, and waits until each has. */
  async finish(): Promise<void> {
    if (!this.#closed) this.conn.setDeadline(null);
    this.#shutPeer();
    while (this.#calls.some(({ settled }) => settled === 0)) {
      this.#receive(1 << 20);
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  /** Ends it all and compares. */
  async check(): Promise<void> {
    this.#close();
    await Promise.all(this.#promises);
    for (const call of this.#calls) this.#checkCall(call);
    const reads = this.#calls.filter(({ what }) => what === 'read');
    const read = Buffer.concat(reads.map(({ bytes }) => bytes));
    const sent = Buffer.concat(this.#sent);
    assert.ok(read.equals(sent.subarray(0, read.length)), 'what was read is what was sent');
    // The end is read only after everything, and again and again.
    const end = reads.findIndex((call) => call.end);
    if (end >= 0) assert.ok(this.#shut && read.length === sent.length);
    assert.ok(end < 0 || reads.slice(end).every(({ bytes }) => bytes.length === 0));
    for (const { signal } of this.#controllers) assert.equal(getEventListeners(signal, 'abort').length, 0);
    await this.#checkWritten(read.length < sent.length);
    sys.close(this.#peer);
  }

  #checkCall({ what, must, limited, settled, error }: Call): void {
    assert.equal(settled, 1, 'settled once');
    const cause = error?.cause;
    const kind =
      cause instanceof ClosedError
        ? 'closed'
        : cause instanceof CanceledError
          ? 'canceled'
          : cause instanceof DeadlineError
            ? 'timeout'
            : null;
    assert.equal(error === null, kind === null, String(error));
    // What has passed when the call begins may still have to queue, and then close() comes first.
    if (must === 'closed' || must === 'canceled') assert.equal(kind, must);
    if (must === 'timeout') assert.ok(kind === 'timeout' || kind === 'closed' || kind === 'canceled');
    if (kind === 'timeout') assert.ok(must === 'timeout' || limited || this.#near[what], 'a timeout out of nothing');
    if (kind === 'canceled') assert.ok(limited, 'a cancel out of nothing');
  }

  /** A close with unread data resets, and a reset may take with it what the peer has not read yet. */
  async #checkWritten(reset: boolean): Promise<void> {
    const written = Buffer.concat(this.#calls.filter(({ what }) => what === 'write').map(({ bytes }) => bytes));
    sys.fcntl(this.#peer, F_SETFL, 0);
    const into = Buffer.alloc(1 << 20);
    for (let n = sys.read(this.#peer, into, 0, into.length); n > 0; n = sys.read(this.#peer, into, 0, into.length)) {
      this.#received.push(Buffer.from(into.subarray(0, n)));
    }
    const received = Buffer.concat(this.#received);
    assert.ok(received.equals(written.subarray(0, received.length)), 'what the peer got is what was written');
    if (!reset) assert.equal(received.length, written.length);
    return Promise.resolve();
  }
}
