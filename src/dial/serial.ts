// Addresses one after another: how the time is shared, and which of them are still tried.

import type { Addr } from '../addr/addr.ts';
import { CanceledError, DeadlineError } from '../errors.ts';
import type { Limits } from '../fd/op.ts';
import { NEVER, now, passed } from '../poll/deadline.ts';
import type { Attempts } from './attempt.ts';
import type { Candidate } from './candidate.ts';

/** What an address gets at least, in milliseconds, if so much is left. */
const SANE_MINIMUM = 2000;

/** The deadline of one try, with `left` addresses to go: its share of what is left, but 2 s if so much is there. */
export function partialDeadline(time: number, deadline: number, left: number): number {
  if (deadline === NEVER) return NEVER;
  const remaining = deadline - time;
  return time + Math.max(remaining / left, Math.min(remaining, SANE_MINIMUM));
}

/** Dials one candidate after another until one connects. Rejects with an OpError that tells of every one that was tried. */
export async function dialSerial<A extends Addr, C>(
  candidates: readonly Candidate<A>[],
  attempts: Attempts<A, C>,
  limits: Limits,
): Promise<C> {
  const { signal, deadline } = limits;
  let cut: DeadlineError | null = null;
  for (const [i, candidate] of candidates.entries()) {
    if (signal?.aborted === true) {
      const canceled = new CanceledError(signal.reason);
      throw attempts.errors.length === 0 ? attempts.untried(candidate, canceled) : attempts.error(canceled);
    }
    if (passed(deadline)) {
      if (attempts.errors.length === 0) throw attempts.untried(candidate, new DeadlineError());
      cut = new DeadlineError();
      break;
    }
    try {
      const own = { signal, deadline: partialDeadline(now(), deadline, candidates.length - i) };
      return await attempts.try(candidate, own);
    } catch {
      // Kept by the attempts.
    }
  }
  throw attempts.error(cut ?? attempts.outOfTime(deadline));
}
