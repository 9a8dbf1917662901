// What listeners of every stream network do: accept, and the iteration that outlives a lack of descriptors.

import type { Addr } from '../addr/addr.ts';
import { ClosedError, OpError } from '../errors.ts';
import type { NetFD } from '../fd/netfd.ts';
import { limited } from '../fd/limited.ts';
import type { Limits } from '../fd/op.ts';
import { fromNow } from '../poll/deadline.ts';
import type { Conn, Deadline, IOOptions, Listener } from './conn.ts';
import { toLimits, toMonotonic } from './limits.ts';
import { duplicate } from './netconn.ts';
import { ownEndError, opError } from './operror.ts';
import { RawConn } from './rawconn.ts';
import { accepting } from '../trace.ts';

/** What accept answers when a resource of the process or of the system is used up: wait and try again. */
const EXHAUSTED: ReadonlySet<string> = new Set(['EMFILE', 'ENFILE', 'ENOBUFS', 'ENOMEM', 'ENOSPC']);
/** How long an iteration waits then, in milliseconds, doubled each time: Go's http server does the same. */
const FIRST_PAUSE = 5;
const LONGEST_PAUSE = 1000;

/** A listener on a descriptor. */
export abstract class StreamListener<C extends Conn> implements Listener<C> {
  /** @internal */
  protected readonly fd: NetFD;
  readonly #wrap: (fd: NetFD) => C;

  /** @internal */
  constructor(fd: NetFD, wrap: (fd: NetFD) => C) {
    this.fd = fd;
    this.#wrap = wrap;
  }

  accept(options?: IOOptions): Promise<C> {
    return this.#accept(toLimits(options));
  }

  #accept(limits: Limits | null): Promise<C> {
    if (!accepting.hasSubscribers) return this.fd.accept(limits, this.#wrap);
    const { network, local: addr } = this.fd.ends;
    return accepting.tracePromise(() => this.fd.accept(limits, this.#wrap), { network, addr });
  }

  get addr(): Addr {
    return this.fd.ends.local!;
  }

  setDeadline(t: Deadline): void {
    const at = toMonotonic(t);
    if (this.fd.closed) throw ownEndError(this.fd.ends, new ClosedError());
    this.fd.setDeadline(this.fd.reading, at);
  }

  close(): void {
    this.fd.close();
  }

  ref(): this {
    this.fd.ref(true);
    return this;
  }

  unref(): this {
    this.fd.ref(false);
    return this;
  }

  /** The descriptor for what this package has no method for; its read and write do not work on a listener. */
  syscallConn(): RawConn {
    return new RawConn(this.fd, true);
  }

  /** A duplicate of the descriptor, close-on-exec, which is the caller's. Throws an OpError. */
  dup(): number {
    return duplicate(this.fd);
  }

  /** Gives the descriptor away, still listening, and closes this listener. Throws an OpError if it is closed already. */
  detach(): number {
    if (this.fd.closed) throw opError(this.fd.ends, 'detach', new ClosedError());
    return this.fd.detach();
  }

  [Symbol.asyncIterator](): AsyncIterator<C, undefined> {
    return {
      next: () => this.#next(),
      return: () => Promise.resolve({ done: true, value: undefined }),
    };
  }

  async #next(): Promise<IteratorResult<C, undefined>> {
    for (let pause = FIRST_PAUSE; ; pause = Math.min(2 * pause, LONGEST_PAUSE)) {
      try {
        return { done: false, value: await this.#accept(null) };
      } catch (error) {
        if (!(error instanceof OpError)) throw error;
        if (error.cause instanceof ClosedError) return { done: true, value: undefined };
        if (!EXHAUSTED.has(error.code)) throw error;
        if (pause === FIRST_PAUSE) warn(error);
        await this.#pause(pause);
      }
    }
  }

  /** Waits, but not beyond close(). */
  async #pause(ms: number): Promise<void> {
    try {
      await limited(this.fd.gone(), { deadline: fromNow(ms), signal: null }, this.fd.refd);
    } catch {
      // The time is over.
    }
  }

  [Symbol.dispose](): void {
    this.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.close();
    return Promise.resolve();
  }
}

function warn(error: OpError): void {
  process.emitWarning(`${error.message}; clients wait in the backlog, trying again`, {
    type: 'ResourceWarning',
    code: 'GONET_ACCEPT',
  });
}
