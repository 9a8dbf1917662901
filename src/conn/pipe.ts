// A connection in memory: two ends, no kernel. What one end writes goes straight into what the other one reads into.
//
// What differs from other conns, and from Go's net.Pipe:
//  - A write resolves when readers have taken all of it; there is no buffer in which bytes could wait.
//  - An empty write or read gives 0 in its turn and reaches nobody. (In Go it waits for the other end, and a read gets 0 bytes from
//    it, where Conn promises at least one.)
//  - After close() a call rejects with ClosedError, after the peer's a write with EPIPE, as on any conn, and not with
//    "io: read/write on closed pipe" for both. Setting a deadline after the peer's close is no error.

import type { Addr } from '../addr/addr.ts';
import { ClosedError } from '../errors.ts';
import type { Conn, Deadline, IOOptions } from './conn.ts';
import { toLimits, toMonotonic } from './limits.ts';
import { wantBytes } from './netconn.ts';
import { ownEndError } from './operror.ts';
import { ENDS } from './pipeop.ts';
import { Way } from './pipeway.ts';

/**
 * Two ends of one connection in memory, without a descriptor and on every system. A write waits until the other end has read all
 * of it, a read until the other end writes; `bytesWritten` of an error tells what the other end has got. Both addresses are
 * `pipe`.
 *
 * As on every conn, a waiting call keeps the process alive, also one that nobody is left to answer: close the ends, or unref()
 * them. An end that is dropped costs nothing and is not closed.
 *
 * @see Go's net.Pipe
 */
export function pipe(): [Conn, Conn] {
  const there = new Way();
  const back = new Way();
  return [new PipeConn(back, there), new PipeConn(there, back)];
}

const ADDR: Addr = Object.freeze({ network: 'pipe', toString: () => 'pipe' });

/** One end. */
class PipeConn implements Conn {
  readonly #in: Way;
  readonly #out: Way;

  constructor(incoming: Way, outgoing: Way) {
    this.#in = incoming;
    this.#out = outgoing;
  }

  read(into: Uint8Array, options?: IOOptions): Promise<number | null> {
    wantBytes(into, 'Buffer');
    return this.#in.read(into, toLimits(options));
  }

  write(data: Uint8Array | string, options?: IOOptions): Promise<number> {
    const bytes = typeof data === 'string' ? Buffer.from(data) : data;
    wantBytes(bytes, 'Data');
    return this.#out.write('write', [bytes], toLimits(options));
  }

  writev(chunks: readonly Uint8Array[], options?: IOOptions): Promise<number> {
    if (!Array.isArray(chunks)) throw new TypeError('Chunks must be an array');
    for (const chunk of chunks) wantBytes(chunk, 'Chunk');
    return this.#out.write('writev', chunks, toLimits(options));
  }

  get localAddr(): Addr {
    return ADDR;
  }

  get remoteAddr(): Addr {
    return ADDR;
  }

  setDeadline(t: Deadline): void {
    const at = this.#toMonotonic(t);
    this.#in.setDeadline(this.#in.reading, at);
    this.#out.setDeadline(this.#out.writing, at);
  }

  setReadDeadline(t: Deadline): void {
    this.#in.setDeadline(this.#in.reading, this.#toMonotonic(t));
  }

  setWriteDeadline(t: Deadline): void {
    this.#out.setDeadline(this.#out.writing, this.#toMonotonic(t));
  }

  #toMonotonic(t: Deadline): number {
    const at = toMonotonic(t);
    if (this.#in.reading.closed) throw ownEndError(ENDS, new ClosedError());
    return at;
  }

  close(): void {
    if (this.#in.reading.closed) return;
    this.#in.close(this.#in.reading);
    this.#out.close(this.#out.writing);
  }

  get closed(): Promise<void> {
    // Both ways end together: what comes in from a closed peer is as over as what goes out to it.
    return this.#in.over;
  }

  ref(): this {
    return this.#ref(true);
  }

  unref(): this {
    return this.#ref(false);
  }

  #ref(on: boolean): this {
    this.#in.ref(this.#in.reading, on);
    this.#out.ref(this.#out.writing, on);
    return this;
  }

  [Symbol.asyncIterator](): AsyncIterator<Buffer, undefined> {
    return new Chunks(this.#in);
  }

  [Symbol.dispose](): void {
    this.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.close();
    return Promise.resolve();
  }
}

/** One iteration. It holds nothing but the way, so leaving it costs nothing and loses nothing. */
class Chunks implements AsyncIterator<Buffer, undefined> {
  readonly #way: Way;

  constructor(way: Way) {
    this.#way = way;
  }

  next(): Promise<IteratorResult<Buffer, undefined>> {
    return this.#way.next();
  }

  return(): Promise<IteratorResult<Buffer, undefined>> {
    return Promise.resolve({ done: true, value: undefined });
  }
}
