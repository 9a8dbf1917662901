// Work that is not an operation of ours, a name look-up or a user's hook, under the same limits: a deadline or a signal ends the
// wait for it. The work itself goes on, and nobody hears of its end.

import { CanceledError, DeadlineError } from '../errors.ts';
import { NEVER, arm, disarm, passed, type Due } from '../poll/deadline.ts';
import { hold, release } from '../poll/loop.ts';
import type { Limits } from './op.ts';
import { type Abortable, follow, unfollow } from './signals.ts';

/** What `work` settles with, or a CanceledError or DeadlineError if that comes first. Keeps the process alive meanwhile. */
export function limited<T>(work: Promise<T>, limits: Limits): Promise<T> {
  return new Promise((resolve, reject) => {
    const wait = new Wait(limits, reject);
    work.then(
      (value) => {
        wait.leave();
        resolve(value);
      },
      (error: unknown) => {
        wait.leave();
        reject(error as Error);
      },
    );
  });
}

/** Throws at once what an operation that waits would be rejected with. */
export function check({ signal, deadline }: Limits): void {
  if (signal?.aborted === true) throw new CanceledError(signal.reason);
  if (passed(deadline)) throw new DeadlineError();
}

class Wait implements Due, Abortable {
  readonly due: number;
  at = 0;
  slot = -1;
  readonly #signal: AbortSignal | null;
  readonly #reject: (error: Error) => void;
  #waits = true;

  constructor({ deadline, signal }: Limits, reject: (error: Error) => void) {
    this.due = deadline;
    this.#signal = signal;
    this.#reject = reject;
    hold();
    if (signal?.aborted === true) {
      this.abort();
      return;
    }
    if (deadline !== NEVER) arm(this);
    if (signal !== null) follow(signal, this);
  }

  leave(): void {
    if (!this.#waits) return;
    this.#waits = false;
    release();
    disarm(this);
    if (this.#signal !== null) unfollow(this.#signal, this);
  }

  expire(): void {
    this.leave();
    this.#reject(new DeadlineError());
  }

  abort(): void {
    this.leave();
    this.#reject(new CanceledError(this.#signal?.reason));
  }
}
