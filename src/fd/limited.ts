// Work that is not an operation of ours, a name look-up or a user's hook, under the same limits: a deadline or a signal ends the
// wait for it. The work itself goes on, and nobody hears of its end.

import { CanceledError, DeadlineError } from '../errors.ts';
import { arm, disarm, earlier, fromNow, passed, type Due } from '../poll/deadline.ts';
import { hold, release } from '../poll/loop.ts';
import type { Limits } from './op.ts';
import { type Abortable, follow, unfollow } from './signals.ts';

/** What `work` settles with, or a CanceledError or DeadlineError if that comes first; keeps the process alive meanwhile. */
export async function limited<T>(work: Promise<T>, limits: Limits, keepAlive = true): Promise<T> {
  const wait = new Wait(limits, keepAlive);
  try {
    return await Promise.race([work, wait.promise]);
  } finally {
    wait.leave();
  }
}

/** Waits `ms` milliseconds, and keeps the process alive meanwhile; rejects with the limit that comes first. */
export async function pause(ms: number, limits: Limits): Promise<void> {
  const own = { deadline: earlier(fromNow(ms), limits.deadline), signal: limits.signal };
  await limited(new Promise<never>(() => {}), own).catch(() => check(limits));
}

/** Throws at once what an operation that waits would be rejected with. */
export function check({ signal, deadline }: Limits): void {
  if (signal?.aborted === true) throw new CanceledError(signal.reason);
  if (passed(deadline)) throw new DeadlineError();
}

class Wait implements Due, Abortable {
  /** Rejects when a limit is reached; never resolves. */
  readonly promise: Promise<never>;
  readonly due: number;
  at = 0;
  slot = -1;
  readonly #held: boolean;
  readonly #signal: AbortSignal | null;
  #reject!: (error: Error) => void;

  constructor({ deadline, signal }: Limits, keepAlive: boolean) {
    this.#held = keepAlive;
    this.due = deadline;
    this.#signal = signal;
    this.promise = new Promise((_resolve, reject) => {
      this.#reject = reject;
    });
    if (keepAlive) hold();
    if (signal?.aborted === true) this.abort();
    else if (signal !== null) follow(signal, this);
    arm(this);
  }

  leave(): void {
    if (this.#held) release();
    disarm(this);
    if (this.#signal !== null) unfollow(this.#signal, this);
  }

  expire(): void {
    this.#reject(new DeadlineError());
  }

  abort(): void {
    this.#reject(new CanceledError(this.#signal?.reason));
  }
}
