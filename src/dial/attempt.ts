// The attempts of one dial: each with its time and its error, and the one error that tells of them all.

import type { Addr } from '../addr/addr.ts';
import { CanceledError, DNSError, DeadlineError, OpError, SyscallError } from '../errors.ts';
import type { Limits } from '../fd/op.ts';
import { now, passed } from '../poll/deadline.ts';
import { attempting } from '../trace.ts';
import type { Candidate } from './candidate.ts';

/** One system call after the other, from socket to connection. Rejects with the bare reason. */
export type Connect<A extends Addr, C> = (local: A | null, remote: A, limits: Limits) => Promise<C>;

/** The attempts. */
export class Attempts<A extends Addr, C> {
  readonly network: string;
  readonly errors: OpError[] = [];
  readonly #connect: Connect<A, C>;
  /** When the dial began. */
  readonly #began: number;

  constructor(network: string, began: number, connect: Connect<A, C>) {
    this.network = network;
    this.#began = began;
    this.#connect = connect;
  }

  /** Tries one candidate; a failure is kept, and thrown. */
  async try({ local, remote }: Candidate<A>, limits: Limits): Promise<C> {
    const began = now();
    try {
      if (!attempting.hasSubscribers) return await this.#connect(local, remote, limits);
      const message = { network: this.network, localAddr: local, remoteAddr: remote };
      return await attempting.tracePromise(() => this.#connect(local, remote, limits), message);
    } catch (cause) {
      const times = { start: began - this.#began, duration: now() - began };
      const error = new OpError({ op: 'dial', net: this.network, source: local, addr: remote, cause, ...times });
      this.errors.push(error);
      throw error;
    }
  }

  /** The failure of a candidate that was not even tried; it is not kept. */
  untried({ local, remote }: Candidate<A>, cause: Error): OpError {
    return new OpError({ op: 'dial', net: this.network, source: local, addr: remote, cause });
  }

  /** What has ended the dial, if one of them has met its deadline and not only its own share of the time. */
  outOfTime(deadline: number): DeadlineError | null {
    const late = passed(deadline) && this.errors.some(({ cause }) => cause instanceof DeadlineError);
    return late ? new DeadlineError() : null;
  }

  /**
   * The error of them all: the only one, or one that has the reason of the most telling and names every address. What ended the
   * dial after they had failed, or the look-up that still went on, is the reason instead.
   */
  error(end?: unknown): OpError {
    const attempts = this.errors.toSorted((a, b) => a.start! - b.start!);
    const limit = end instanceof DNSError ? end.cause : end;
    const ended = limit instanceof CanceledError || limit instanceof DeadlineError;
    const telling = mostTelling(attempts, ended);
    if (ended && weight(telling, ended) < ENDED) {
      return new OpError({ op: 'dial', net: this.network, cause: end, attempts });
    }
    if (attempts.length === 1) return telling;
    const { source, addr, cause } = telling;
    return new OpError({ op: 'dial', net: this.network, source, addr, cause, attempts });
  }
}

/** The weight from which on an error is what ended the dial. */
const ENDED = 4;
const SILENCE = 2;

/** What ended the dial comes first, then what came from the far end, then what says that there was no way to it. */
function weight({ cause }: OpError, ended: boolean): number {
  if (cause instanceof CanceledError) return ENDED + 1;
  // If the dial has not ended with it, it was one address that had used up its share of the time.
  if (cause instanceof DeadlineError) return ended ? ENDED : SILENCE;
  if (!(cause instanceof SyscallError)) return 1;
  if (cause.code === 'ECONNREFUSED' || cause.code === 'ECONNRESET') return 3;
  return cause.code === 'ETIMEDOUT' ? SILENCE : 0;
}

/** The error whose code is the whole dial's, which has ended by a limit or not: of equals, the first. */
export function mostTelling(errors: readonly OpError[], ended = true): OpError {
  return errors.reduce((best, each) => (weight(each, ended) > weight(best, ended) ? each : best));
}
