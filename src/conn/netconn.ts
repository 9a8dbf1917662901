// What every connection on a descriptor does: the Conn interface on a NetFD. Networks add what only they have.

import { isUint8Array } from 'node:util/types';
import type { Addr } from '../addr/addr.ts';
import { ClosedError, type OpError } from '../errors.ts';
import * as io from '../fd/io.ts';
import type { NetFD } from '../fd/netfd.ts';
import type { Op } from '../fd/op.ts';
import type { Line } from '../fd/line.ts';
import { syscallError } from '../syscall/errno.ts';
import * as sockopt from '../syscall/sockopt.ts';
import { sys } from '../syscall/sys.ts';
import { F_DUPFD_CLOEXEC } from '../syscall/zconst_linux.ts';
import type { Conn, Deadline, IOOptions } from './conn.ts';
import { toLimits, toMonotonic, wantInt } from './limits.ts';
import { opError, ownEndError } from './operror.ts';
import { RawConn } from './rawconn.ts';

/** Throws a TypeError for what is no bytes. */
export function wantBytes(value: unknown, name: string): asserts value is Uint8Array {
  if (!isUint8Array(value)) throw new TypeError(`${name} must be a Uint8Array`);
}

/** A connection on a descriptor. */
export abstract class NetConn implements Conn {
  /** @internal */
  protected readonly fd: NetFD;

  /** @internal */
  constructor(fd: NetFD) {
    this.fd = fd;
  }

  read(into: Uint8Array, options?: IOOptions): Promise<number | null> {
    wantBytes(into, 'Buffer');
    return io.read(this.fd, into, options === undefined ? null : toLimits(options));
  }

  write(data: Uint8Array | string, options?: IOOptions): Promise<number> {
    const bytes = typeof data === 'string' ? Buffer.from(data) : data;
    wantBytes(bytes, 'Data');
    return io.write(this.fd, bytes, options === undefined ? null : toLimits(options));
  }

  writev(chunks: readonly Uint8Array[], options?: IOOptions): Promise<number> {
    if (!Array.isArray(chunks)) throw new TypeError('Chunks must be an array');
    for (const chunk of chunks) wantBytes(chunk, 'Chunk');
    return io.writev(this.fd, chunks, options === undefined ? null : toLimits(options));
  }

  get localAddr(): Addr {
    return this.fd.ends.local!;
  }

  get remoteAddr(): Addr | null {
    return this.fd.ends.remote;
  }

  setDeadline(t: Deadline): void {
    this.#setDeadline(t, [this.fd.reading, this.fd.writing]);
  }

  setReadDeadline(t: Deadline): void {
    this.#setDeadline(t, [this.fd.reading]);
  }

  setWriteDeadline(t: Deadline): void {
    this.#setDeadline(t, [this.fd.writing]);
  }

  #setDeadline(t: Deadline, lines: readonly Line<Op>[]): void {
    const at = toMonotonic(t);
    if (this.fd.closed) throw ownEndError(this.fd.ends, new ClosedError());
    for (const line of lines) this.fd.setDeadline(line, at);
  }

  /** SO_RCVBUF: bytes, which the kernel doubles. */
  setReadBuffer(bytes: number): void {
    wantInt('Read buffer', bytes, 0);
    this.ownOption((fd) => sockopt.setReadBuffer(fd, bytes));
  }

  /** SO_SNDBUF: bytes, which the kernel doubles. */
  setWriteBuffer(bytes: number): void {
    wantInt('Write buffer', bytes, 0);
    this.ownOption((fd) => sockopt.setWriteBuffer(fd, bytes));
  }

  close(): void {
    this.fd.close();
  }

  get closed(): Promise<void> {
    return this.fd.gone();
  }

  ref(): this {
    this.fd.ref(true);
    return this;
  }

  unref(): this {
    this.fd.ref(false);
    return this;
  }

  /** The descriptor for what this package has no method for. */
  syscallConn(): RawConn {
    return new RawConn(this.fd);
  }

  /** A duplicate of the descriptor, close-on-exec, which is the caller's; it and the conn are closed apart. Throws an OpError. */
  dup(): number {
    return duplicate(this.fd);
  }

  /**
   * Gives the descriptor away: it leaves the poller, waiting calls reject with ClosedError, and the conn is closed. The
   * descriptor is non-blocking and the caller's to close. Throws an OpError if the conn is closed already.
   */
  detach(): number {
    if (this.fd.closed) throw opError(this.fd.ends, 'detach', new ClosedError());
    return this.fd.detach();
  }

  [Symbol.asyncIterator](): AsyncIterator<Buffer, undefined> {
    return new Chunks(this.fd);
  }

  [Symbol.dispose](): void {
    this.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.close();
    return Promise.resolve();
  }

  /** Applies an option of both ends. Throws an OpError. */
  protected option(set: (fd: number) => number): void {
    this.#set(set, (cause) => opError(this.fd.ends, 'set', cause));
  }

  /** Applies an option of this end alone. Throws an OpError. */
  protected ownOption(set: (fd: number) => number): void {
    this.#set(set, (cause) => ownEndError(this.fd.ends, cause));
  }

  #set(set: (fd: number) => number, describe: (cause: Error) => Error | OpError): void {
    if (this.fd.closed) throw describe(new ClosedError());
    const n = set(this.fd.number());
    if (n < 0) throw describe(syscallError('setsockopt', n));
  }

  /** shutdown(2); the op of a failure is `close`, as in Go. */
  protected shutdown(how: number): void {
    if (this.fd.closed) throw opError(this.fd.ends, 'close', new ClosedError());
    const n = sys.shutdown(this.fd.number(), how);
    if (n < 0) throw opError(this.fd.ends, 'close', syscallError('shutdown', n));
  }
}

/** F_DUPFD_CLOEXEC of fcntl(2). */
export function duplicate(fd: NetFD): number {
  if (fd.closed) throw opError(fd.ends, 'dup', new ClosedError());
  const n = sys.fcntl(fd.number(), F_DUPFD_CLOEXEC, 0);
  if (n < 0) throw opError(fd.ends, 'dup', syscallError('fcntl', n));
  return n;
}

/** One iteration over a conn. It holds nothing but the descriptor, so leaving it costs nothing and loses nothing. */
class Chunks implements AsyncIterator<Buffer, undefined> {
  readonly #fd: NetFD;

  constructor(fd: NetFD) {
    this.#fd = fd;
  }

  next(): Promise<IteratorResult<Buffer, undefined>> {
    return io.next(this.#fd);
  }

  return(): Promise<IteratorResult<Buffer, undefined>> {
    return Promise.resolve({ done: true, value: undefined });
  }
}
