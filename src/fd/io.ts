// Reads and writes on a socket, recv(2), send(2) and writev(2), which Go and its errors call read and write: try first, wait only
// when the kernel says so. The hot path of the package: what completes at once builds nothing but its promise.

import { AsyncResource } from 'node:async_hooks';
import { spend } from '../poll/loop.ts';
import { syscallError } from '../syscall/errno.ts';
import { sys } from '../syscall/sys.ts';
import { EAGAIN, EFAULT, EINPROGRESS, EINTR, MSG_NOSIGNAL, MSG_PEEK, MSG_TRUNC } from '../syscall/zconst_linux.ts';
import type { Desc } from '../poll/desc.ts';
import type { FD } from './fd.ts';
import { BLOCKED, DONE, type Limits, NONE, type Op, SPENT, type Step, delivery } from './op.ts';
import * as outbox from './outbox.ts';

/** The most that one call moves (Go's maxRW): a round number below what recv(2) takes. */
const MAX_RW = 1 << 30;
/** The most that the poller reads for one operation, when it reads for many; a stream's next bytes come with the next read. */
const BRIEF = 2048;
/** Buffers in one writev(2). */
const MAX_IOV = 1024;

// ── read ────────────────────────────────────────────────────────────────────────────────────────────────────────────────────

/** Reads into `into`: the count, or null at end of stream. An empty `into` reads nothing. */
export function read(fd: FD, into: Uint8Array, limits: Limits | null): Promise<number | null> {
  const { reading, desc } = fd;
  const size = into.byteLength;
  if (size === 0) return readNothing(fd, limits);
  const free = limits === null && fd.isFree(reading);
  if (free && desc.readable && spend()) {
    const n = sys.recv(desc.fd, into, 0, size > MAX_RW ? MAX_RW : size, 0);
    if (n > 0) {
      drained(desc, n, size);
      return Promise.resolve(n);
    }
    if (n === 0) return Promise.resolve(null);
    if (n === -EAGAIN) desc.readable = false;
    else if (n !== -EINTR) return Promise.reject(fd.describe(fd.ends, 'read', syscallError('read', n)));
  }
  const op = fd.op(reading, 'read', readStep, into, limits);
  if (desc.brief) op.appetite = size > BRIEF ? BRIEF : size;
  return free && !desc.readable ? fd.wait(op) : fd.begin(op);
}

/**
 * A read of at most `size` bytes gave `n`. On TCP, one that was not filled has drained the socket (epoll(7)), unless the peer has
 * hung up. The size of a packet tells nothing of the next one.
 */
function drained(desc: Desc, n: number, size: number): void {
  if (desc.packets) return;
  desc.brief = n < BRIEF;
  if (n < size && desc.drains && !desc.hungUp) desc.readable = false;
}

/** One recv(2) of a stream as far as an operation is concerned: the count, -EAGAIN for wait, or another -errno. */
function tryRead(fd: FD, into: Uint8Array): number {
  const { desc } = fd;
  const size = into.byteLength > MAX_RW ? MAX_RW : into.byteLength;
  // Transferred away while the read waited: 0 bytes would look like the end of the stream.
  if (size === 0) return -EFAULT;
  while (desc.readable) {
    const n = sys.recv(desc.fd, into, 0, size, 0);
    if (n > 0) drained(desc, n, size);
    if (n === -EAGAIN) desc.readable = false;
    else if (n !== -EINTR) return n;
  }
  return -EAGAIN;
}

/** The same for a call that the poller has made in a batch; NONE where it has made none. */
function batched(fd: FD, op: Op): number {
  const n = op.answer;
  if (n === NONE) return NONE;
  op.answer = NONE;
  if (n > 0) drained(fd.desc, n, op.appetite);
  else if (n === -EAGAIN) fd.desc.readable = false;
  else if (n === -EINTR) return NONE;
  return n;
}

const readStep: Step = (fd, op) => {
  const into = op.subject as Uint8Array;
  let n = batched(fd, op);
  if (n === NONE) n = tryRead(fd, into);
  else if (n > 0) into.set(delivery.subarray(op.position, op.position + n));
  if (n >= 0) return fd.resolve(op, n === 0 ? null : n);
  return n === -EAGAIN ? BLOCKED : fd.fail(op, 'read', n);
};

const nothingStep: Step = (fd, op) => fd.resolve(op, 0);

/** A read into nothing, which takes nothing; its turn comes all the same. */
export function readNothing(fd: FD, limits: Limits | null): Promise<number> {
  const idle = fd.reading.first === null && !fd.closed && limits?.signal?.aborted !== true;
  return idle && spend() ? Promise.resolve(0) : fd.begin(fd.op(fd.reading, 'read', nothingStep, null, limits));
}

// ── next: one step of an iteration ──────────────────────────────────────────────────────────────────────────────────────────

/** What one step of an iteration reads at most. */
const CHUNK = 65_536;
/** Chunks at least this large are handed out as they are; smaller ones are copied, and the space is used again. */
const WORTH_KEEPING = CHUNK / 2;

// One space for all connections, so that a waiting iteration holds none. Filled and handed out without a turn in between.
let space = Buffer.allocUnsafeSlow(CHUNK);

function take(n: number): Buffer {
  const chunk = space.subarray(0, n);
  if (n < WORTH_KEEPING) return Buffer.from(chunk);
  space = Buffer.allocUnsafeSlow(CHUNK);
  return chunk;
}

const END: IteratorReturnResult<undefined> = Object.freeze({ done: true, value: undefined });

/** What comes next of a stream, or the next packet, as a step of an iteration. */
export function next(fd: FD): Promise<IteratorResult<Buffer, undefined>> {
  const op = fd.op(fd.reading, 'read', fd.desc.packets ? packetStep : nextStep, null, null);
  if (fd.desc.brief) op.appetite = BRIEF;
  return !fd.desc.readable && fd.isFree(fd.reading) ? fd.wait(op) : fd.begin(op);
}

const nextStep: Step = (fd, op) => {
  let n = batched(fd, op);
  if (n > 0) {
    const value = Buffer.from(delivery.subarray(op.position, op.position + n));
    return fd.resolve(op, { done: false, value });
  }
  if (n === NONE) n = tryRead(fd, space);
  if (n > 0) return fd.resolve(op, { done: false, value: take(n) });
  if (n === 0) return fd.resolve(op, END);
  return n === -EAGAIN ? BLOCKED : fd.fail(op, 'read', n);
};

/** A packet is taken whole, however large: the first call asks for its size, the second one takes it. */
const packetStep: Step = (fd, op) => {
  const { desc } = fd;
  while (desc.readable) {
    const size = sys.recv(desc.fd, space, 0, 0, MSG_PEEK | MSG_TRUNC);
    const value = Buffer.allocUnsafe(Math.max(size, 0));
    const n = size < 0 ? size : sys.recv(desc.fd, value, 0, size, 0);
    if (n > 0) return fd.resolve(op, { done: false, value: n < size ? value.subarray(0, n) : value });
    if (n === 0) return fd.resolve(op, END);
    if (n === -EAGAIN) desc.readable = false;
    else if (n !== -EINTR) return fd.fail(op, 'read', n);
  }
  return BLOCKED;
};

// The first write on a connection that is to be opened by it (fastOpen) answers EINPROGRESS while the handshake is under way.

// ── write ───────────────────────────────────────────────────────────────────────────────────────────────────────────────────

/** Writes all of `data`; the count. */
export function write(fd: FD, data: Uint8Array, limits: Limits | null): Promise<number> {
  const { writing, desc } = fd;
  const size = data.byteLength;
  if (limits === null && fd.isFree(writing) && desc.writable && size > 0 && size <= MAX_RW && spend()) {
    if (outbox.takes(size)) return fd.post(fd.op(writing, 'write', writeStep, data, null), data, size);
    outbox.flush();
    const n = sys.send(desc.fd, data, 0, size, MSG_NOSIGNAL);
    if (n === size) return Promise.resolve(n);
    if (n === -EAGAIN || n === -EINPROGRESS) desc.writable = false;
    else if (n >= 0) {
      const op = fd.op(writing, 'write', writeStep, data, null);
      op.written = op.position = n;
      return fd.begin(op);
    } else if (n !== -EINTR) return Promise.reject(fd.describe(fd.ends, 'write', syscallError('write', n), 0));
  }
  return fd.begin(fd.op(writing, 'write', writeStep, data, limits));
}

const writeStep: Step = (fd, op) => {
  // All of it in a batch, which is the usual case.
  if (op.answer === op.appetite) return fd.resolve(op, op.answer);
  const data = op.subject as Uint8Array;
  const { desc } = fd;
  const size = data.byteLength;
  for (;;) {
    // An empty write needs no room, unless it is an empty packet.
    if (!desc.writable && (size > 0 || desc.packets)) return BLOCKED;
    const left = size - op.position;
    let n = op.answer;
    op.answer = NONE;
    if (n === NONE) n = sys.send(desc.fd, data, op.position, left > MAX_RW ? MAX_RW : left, MSG_NOSIGNAL);
    if (n > 0 || size === 0) {
      if (n > 0) op.written = op.position += n;
      if (op.position >= size && n >= 0) return fd.resolve(op, op.written);
      if (n > 0 && !spend()) return SPENT;
    }
    if (n === 0 && size > 0) return rejectShort(fd, op);
    if (n === -EAGAIN || n === -EINPROGRESS) desc.writable = false;
    else if (n < 0 && n !== -EINTR) return fd.fail(op, 'write', n);
  }
};

/** The kernel took nothing of something, which it must not do. */
function rejectShort(fd: FD, op: Op): typeof DONE {
  fd.reject(op, new Error('unexpected EOF'));
  return DONE;
}

/** Writes all of `chunks` in order, as one write; the count. */
export function writev(fd: FD, chunks: readonly Uint8Array[], limits: Limits | null): Promise<number> {
  let filled = chunks.filter((chunk) => chunk.byteLength > 0);
  // One write is one packet.
  if (fd.desc.packets && filled.length > MAX_IOV) filled = [Buffer.concat(filled)];
  return fd.begin(fd.op(fd.writing, 'writev', writevStep, { chunks: filled, skip: 0 } satisfies Vector, limits));
}

/** The chunks of a writev; `op.position` is the one to go on with, from `skip` on. */
interface Vector {
  readonly chunks: readonly Uint8Array[];
  skip: number;
}

const writevStep: Step = (fd, op) => {
  const vector = op.subject as Vector;
  const { desc } = fd;
  for (;;) {
    const count = Math.min(vector.chunks.length - op.position, MAX_IOV);
    if (count === 0) return fd.resolve(op, op.written);
    if (!desc.writable) return BLOCKED;
    const n = sys.writev(desc.fd, vector.chunks, op.position, count, vector.skip);
    if (n > 0) {
      advance(vector, op, n);
      if (op.position < vector.chunks.length && !spend()) return SPENT;
    } else if (n === 0) return rejectShort(fd, op);
    else if (n === -EAGAIN || n === -EINPROGRESS) desc.writable = false;
    else if (n !== -EINTR) return fd.fail(op, 'writev', n);
  }
};

/** Moves past `n` bytes that are written. */
function advance(vector: Vector, op: Op, n: number): void {
  op.written += n;
  let left = n + vector.skip;
  for (let chunk = vector.chunks[op.position]; chunk !== undefined && left >= chunk.byteLength;) {
    left -= chunk.byteLength;
    chunk = vector.chunks[++op.position];
  }
  vector.skip = left;
}

// ── raw ─────────────────────────────────────────────────────────────────────────────────────────────────────────────────────

/** Has the turn of one direction to itself and calls `fn` until it says that it is done, waiting in between. */
export function raw(fd: FD, direction: 'read' | 'write', fn: (fd: number) => boolean): Promise<void> {
  const line = direction === 'read' ? fd.reading : fd.writing;
  // The poller, a timer or the next turn may call it: in the context of this call, whoever wakes it.
  return fd.begin(fd.op(line, `raw-${direction}`, rawStep, AsyncResource.bind(fn), null));
}

const rawStep: Step = (fd, op) => {
  const fn = op.subject as (fd: number) => boolean;
  const { resolve } = op;
  let done: boolean;
  try {
    done = fd.use(fn);
  } catch (error) {
    if (op.resolve === resolve) fd.reject(op, error instanceof Error ? error : new Error(String(error)));
    return DONE;
  }
  // The callback may have settled the operation, by closing the descriptor or by a deadline, and begun another one in it.
  if (op.resolve !== resolve) return DONE;
  if (done) return fd.resolve(op, undefined);
  if (op.line === fd.reading) fd.desc.readable = false;
  else fd.desc.writable = false;
  return BLOCKED;
};
