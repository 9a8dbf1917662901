// One call on a pipe, from its beginning until its promise settles: its own entry among the deadlines and its own follower of a
// signal, as fd/op.ts is on a descriptor.
//
//   state       where it is                               leaves it by
//   QUEUED      in its line, behind others                its turn comes → POSTPONED, TURN or SETTLED
//   POSTPONED   has the turn, from Node's next one on     the next turn → TURN
//   TURN        has the turn and has not waited           matched → SETTLED; else → WAITING
//   WAITING     has the turn; waits for the other end     matched → SETTLED
//   every one                                             deadline, signal, close → SETTLED

import { CanceledError, DeadlineError } from '../errors.ts';
import { Ends } from '../fd/ends.ts';
import { type InLine, Line } from '../fd/line.ts';
import type { Limits } from '../fd/op.ts';
import { type Abortable, follow, unfollow } from '../fd/signals.ts';
import { NEVER, arm, disarm, type Due, earlier, passed } from '../poll/deadline.ts';
import { hold, release, spend, yieldTurn } from '../poll/loop.ts';
import type { Waiter } from '../poll/poller.ts';
import { syscallError } from '../syscall/errno.ts';
import { opError } from './operror.ts';
import type { Source } from './pipesource.ts';
import type { Way } from './pipeway.ts';

const QUEUED = 0;
const POSTPONED = 1;
const TURN = 2;
const WAITING = 3;
const SETTLED = 4;

/** Both ends have the same name, which tells nothing: errors leave it out, as Go's do. */
export const ENDS: Ends = new Ends('pipe');

/** What one end of a pipe does in one direction: its calls, in turns, and the deadline over all of them. */
export class Side extends Line<PipeOp> {
  /** Whether the end is closed; no call is in the line then. */
  closed = false;
  /** Whether a call that waits keeps the process alive. */
  refd = true;

  /** The call whose turn it is, if it may go on in this turn of Node's loop. */
  turn(): PipeOp | null {
    for (let op = this.first; op !== null; op = this.first) {
      op.begin();
      if (op.state !== SETTLED) return op.state === POSTPONED ? null : op;
    }
    return null;
  }
}

/** The call. */
export class PipeOp implements Due, Abortable, InLine<PipeOp>, Waiter {
  next: PipeOp | null = null;
  state: number = QUEUED;
  at = 0;
  slot = -1;
  /** `read`, `write` or `writev`. */
  readonly name: string;
  /** What a write offers; null for a read. */
  readonly source: Source | null;
  /** Where a read goes; null for a step of an iteration. The caller's until the promise settles. */
  readonly into: Uint8Array | null;
  readonly promise: Promise<unknown>;
  /** Whether a read was given an empty buffer. */
  readonly wantsNothing: boolean;
  readonly #way: Way;
  readonly #side: Side;
  readonly #deadline: number;
  readonly #signal: AbortSignal | null;
  #resolve!: (value: unknown) => void;
  #reject!: (error: Error) => void;
  #held = false;

  constructor(way: Way, side: Side, name: string, subject: Source | Uint8Array | null, limits: Limits | null) {
    this.#way = way;
    this.#side = side;
    this.name = name;
    this.source = subject instanceof Uint8Array ? null : subject;
    this.into = subject instanceof Uint8Array ? subject : null;
    this.wantsNothing = this.into?.byteLength === 0;
    this.#deadline = limits === null ? NEVER : limits.deadline;
    this.#signal = limits === null ? null : limits.signal;
    this.promise = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  /** The deadline that counts: the call's own or its side's, the earlier. */
  get due(): number {
    return earlier(this.#deadline, this.#side.deadline);
  }

  /** Whether the signal was aborted before the call. */
  get aborted(): boolean {
    return this.#signal?.aborted === true;
  }

  /** Its turn has come, if it has not before. */
  begin(): void {
    if (this.state !== QUEUED) return;
    if (passed(this.due)) this.reject(new DeadlineError());
    else if (spend()) this.state = TURN;
    else {
      this.state = POSTPONED;
      yieldTurn(this);
    }
  }

  /** A new turn of Node's loop. */
  wake(): void {
    if (this.state !== POSTPONED) return;
    this.state = TURN;
    this.#way.flow();
  }

  /** It has the turn and must wait. */
  park(): void {
    if (this.state === TURN) this.state = WAITING;
    this.keep(this.#side.refd);
    this.limit();
  }

  /** From here on its deadline and its signal are watched. */
  limit(): void {
    arm(this);
    if (this.#signal !== null) follow(this.#signal, this);
  }

  /** Keeps the process alive, or does not. */
  keep(on: boolean): void {
    if (this.#held === on) return;
    this.#held = on;
    if (on) hold();
    else release();
  }

  /** The deadline has passed. */
  expire(): void {
    this.#cancel(new DeadlineError());
  }

  /** The signal was aborted. */
  abort(): void {
    this.#cancel(new CanceledError(this.#signal?.reason));
  }

  #cancel(cause: Error): void {
    if (this.state === SETTLED) return;
    this.reject(cause);
    this.#way.flow();
  }

  resolve(value: unknown): void {
    this.#settle();
    this.#resolve(value);
  }

  reject(cause: Error): void {
    this.#settle();
    this.#reject(opError(ENDS, this.name, cause, this.source?.taken));
  }

  /** Rejects as the system call of a socket would. */
  fail(errno: number): void {
    this.reject(syscallError(this.name, errno));
  }

  #settle(): void {
    this.state = SETTLED;
    this.#side.leave(this);
    this.keep(false);
    disarm(this);
    if (this.#signal !== null) unfollow(this.#signal, this);
  }
}
