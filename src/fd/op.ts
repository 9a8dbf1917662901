// One operation on a descriptor, from the call until its promise settles. It is its own waiter in the poller, its own entry
// among the deadlines and its own follower of a signal: nothing else is built for a call that has to wait.
//
//   state     where it is                              leaves it by
//   idle      spare, or not yet begun                  begin
//   queued    in its line, behind others               its turn comes → waiting or settled; deadline, signal, close → settled
//   waiting   has the turn; parked in the poller, or   woken and done → settled; woken in vain → waiting;
//             until the next turn of Node's loop       deadline, signal, close → settled

import { CanceledError, ClosedError, DeadlineError } from '../errors.ts';
import { NEVER, earlier, type Due } from '../poll/deadline.ts';
import type { Reader } from '../poll/poller.ts';
import type { FD } from './fd.ts';
import type { InLine, Line } from './line.ts';
import type { Abortable } from './signals.ts';

/** How one try of an operation ended. */
export const DONE = 0;
/** It would block: wait for the poller. */
export const BLOCKED = 1;
/** This turn's share of work is used up: go on in the next. */
export const SPENT = 2;
/** Tries an operation once. What settles it is its own call of `op.resolve` or `op.reject`, by way of `fd.settle`. */
export type Step = (fd: FD, op: Op) => typeof DONE | typeof BLOCKED | typeof SPENT;

/** What a call may bring along; each ends this call only. */
export interface Limits {
  /** On the monotonic clock; NEVER for none. */
  deadline: number;
  signal: AbortSignal | null;
}

/** No system call has been made for the operation. */
export const NONE = -0x4000_0000;
/** The space of the batch whose answers are being handed out. */
export let delivery: Buffer = Buffer.alloc(0);

export const IDLE = 0;
export const QUEUED = 1;
export const WAITING = 2;
type State = typeof IDLE | typeof QUEUED | typeof WAITING;

const nothing = (): void => {};

/** The operation. */
export class Op implements Reader, Due, Abortable, InLine<Op> {
  state: State = IDLE;
  fd: FD | null = null;
  line: Line<Op> | null = null;
  next: Op | null = null;
  /** What it is called in an error: `read`, `write`, `accept` … */
  name = '';
  step: Step | null = null;
  /** The buffer, buffers or function that it works on; the caller's until the promise settles. */
  subject: unknown = null;
  /** Where in the buffer to go on, or which buffer; of a read in a batch, where its bytes are. */
  position = 0;
  /** Bytes written so far. */
  written = 0;
  /** What a system call has answered that was made for it in a batch. */
  answer: number = NONE;
  /** Bytes that a batch may read for it, or that it writes in one; 0 for none. */
  appetite = 0;
  resolve: (value: never) => void = nothing;
  reject: (error: Error) => void = nothing;
  deadline: number = NEVER;
  signal: AbortSignal | null = null;
  /** Whether it keeps the process alive. */
  held = false;
  at = 0;
  slot = -1;

  /** The deadline that counts: this call's own or its direction's, the earlier. */
  get due(): number {
    return this.line === null ? NEVER : earlier(this.deadline, this.line.deadline);
  }

  /** The promise of its outcome. */
  promise<T>(): Promise<T> {
    subject = this;
    return new Promise<T>(executor);
  }

  /** The poller, or the next turn: go on. */
  wake(): void {
    if (this.state === WAITING) this.fd!.resume(this);
  }

  /** What the poller may read for it; nothing where the next operation may be the user's own code. */
  get room(): number {
    if (this.next !== null) return 0;
    // Transferred away or shrunk while it waited: the read itself says so.
    const { subject } = this;
    return subject instanceof Uint8Array && subject.byteLength < this.appetite ? 0 : this.appetite;
  }

  /** The poller has made the call. */
  wakeWith(n: number, space: Buffer, at: number): void {
    this.answer = n;
    this.position = at;
    delivery = space;
    this.wake();
  }

  /** The deadline has passed. */
  expire(): void {
    if (this.state !== IDLE) this.fd!.cancel(this, new DeadlineError());
  }

  /** The signal was aborted. */
  abort(): void {
    if (this.state !== IDLE) this.fd!.cancel(this, new CanceledError(this.signal?.reason));
  }

  /** The descriptor was closed. */
  close(): void {
    this.fd!.cancel(this, new ClosedError());
  }
}

// One executor for all promises instead of a closure for each: it runs inside the constructor, before anything else can.
let subject: Op | null = null;
function executor(resolve: (value: never) => void, reject: (error: Error) => void): void {
  subject!.resolve = resolve;
  subject!.reject = reject;
  subject = null;
}
