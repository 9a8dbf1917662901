// The interfaces of connections and listeners, with every promise that they make. What implements them says only what differs.

import type { Addr } from '../addr/addr.ts';
import type { Packet, Received } from '../fd/packet.ts';

/** A point in time: a Date or epoch milliseconds; null for none. One in the past, or now, has passed. */
export type Deadline = Date | number | null;

/** Limits of one call; they never reach the next one. Where the conn has a deadline of its own too, the earlier counts. */
export interface IOOptions {
  readonly signal?: AbortSignal | undefined;
  readonly deadline?: Deadline | undefined;
}

/**
 * A connection.
 *
 * Every call that waits does so without holding up the process. Calls of one direction queue and finish in the order in which
 * they were begun; the two directions do not touch each other.
 *
 * - A **deadline** that passes, sticky or of the call, rejects with an OpError whose cause is a DeadlineError; the conn stays
 *   usable. It is looked at when the call's turn comes, before any system call, and while it waits; it moves the waiting call's
 *   limit too. It never fires early.
 * - A **signal** rejects with an OpError whose cause is a CanceledError, and leaves the conn usable.
 * - **close()** rejects every waiting and queued call with an OpError whose cause is a ClosedError.
 * - A **buffer** is the conn's until the promise settles.
 * - Wrong arguments throw a TypeError or RangeError at once.
 *
 * @see Go's net.Conn
 */
export interface Conn extends AsyncIterable<Buffer>, Disposable, AsyncDisposable {
  /**
   * Reads what is there, at least one byte, at most what fits: the count, or null at the end of the stream, again and again.
   * An empty buffer gives 0 and takes nothing. recv(2)
   */
  read(into: Uint8Array, options?: IOOptions): Promise<number | null>;

  /**
   * Writes all of `data`, a string as UTF-8, and resolves with the count of bytes when the kernel has them. On an error,
   * `bytesWritten` tells how many it has. Writes never interleave. Where many conns are ready at once, a small write may leave
   * at the end of the turn, before any later call on it; whoever must know that the kernel has the bytes awaits it. send(2)
   */
  write(data: Uint8Array | string, options?: IOOptions): Promise<number>;

  /** Writes all of `chunks` in order, as one write. writev(2) */
  writev(chunks: readonly Uint8Array[], options?: IOOptions): Promise<number>;

  readonly localAddr: Addr;
  readonly remoteAddr: Addr | null;

  /** Sets both deadlines. They stay until they are set again. */
  setDeadline(t: Deadline): void;
  setReadDeadline(t: Deadline): void;
  setWriteDeadline(t: Deadline): void;

  /** Gives the descriptor back; what was written is still sent. A second call does nothing. close(2) */
  close(): void;

  /**
   * Settles on close(), or when the peer is seen to be gone (reset, or both ways shut), without reading; never rejects. Does not
   * keep the process alive.
   */
  readonly closed: Promise<void>;

  /** A waiting call keeps the process alive: so it is at first. */
  ref(): this;
  /** A waiting call does not keep the process alive. */
  unref(): this;

  /**
   * Iterates over what is read, as it comes, until the end of the stream. `break` leaves the conn open and loses no byte. While
   * the loop waits it holds no buffer. Obeys the read deadline; an error, a ClosedError too, is thrown into the loop.
   */
  [Symbol.asyncIterator](): AsyncIterator<Buffer, undefined>;
}

/**
 * A socket of datagrams.
 *
 * Each call moves one whole datagram. Deadlines, signals, close and the order of calls are those of {@link Conn}.
 *
 * @see Go's net.PacketConn
 */
export interface PacketConn extends Disposable, AsyncDisposable {
  /**
   * Reads one datagram with its sender. What does not fit into `into` is lost without a word; `readMsg` tells. `addr` is null for a
   * sender without a name. recvfrom(2)
   */
  readFrom(into: Uint8Array, options?: IOOptions): Promise<Received>;

  /**
   * Sends `data`, a string as UTF-8, as one datagram to `addr`; resolves with its length when the kernel has it. Rejects with a
   * cause of WriteToConnectedError on a connected socket. sendto(2)
   */
  writeTo(data: Uint8Array | string, addr: Addr, options?: IOOptions): Promise<number>;

  /** Iterates over datagrams with their senders, each in a buffer of its own. `break` leaves the socket open and loses none. */
  packets(): AsyncIterableIterator<Packet, undefined>;

  readonly localAddr: Addr;

  setDeadline(t: Deadline): void;
  setReadDeadline(t: Deadline): void;
  setWriteDeadline(t: Deadline): void;
  close(): void;
  /** Settles on close(); a socket of datagrams has no peer that could go. */
  readonly closed: Promise<void>;
  ref(): this;
  unref(): this;
}

/**
 * A listener of stream connections.
 *
 * Calls of accept queue and are served in order. Iteration ends when the listener is closed. Where the process or the system has
 * no descriptor left, accept rejects (`EMFILE`, `ENFILE`), the iteration warns, waits a little and tries again, and clients
 * stay in the backlog either way.
 *
 * @see Go's net.Listener
 */
export interface Listener<C extends Conn = Conn> extends AsyncIterable<C>, Disposable, AsyncDisposable {
  /** The next connection. A client that has gone again before it was accepted is passed over. accept4(2) */
  accept(options?: IOOptions): Promise<C>;
  /** The address that is listened on. */
  readonly addr: Addr;
  /** The deadline of accept; past, it fails even with a client waiting. */
  setDeadline(t: Deadline): void;
  /** Stops listening; clients in the backlog are reset. Waiting accepts reject with ClosedError, an iteration ends. */
  close(): void;
  ref(): this;
  unref(): this;
}
