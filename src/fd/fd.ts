// A descriptor with a life: who may use it now, what happens when a call has to wait, and when it is closed at last.
//
// What it promises to every operation:
//  - Operations of one direction run one at a time, in the order in which they were begun; the two directions are apart.
//  - Order of the checks: closed, signal, deadline; a deadline in the past fails before any system call, data or no data.
//  - close() makes every operation fail with ClosedError, in order, before it returns; the number is given back to the kernel
//    last, and after that no call uses it.
//  - A settled operation leaves nothing behind: no waiter, no follower of its signal, no hold on the process.

import { CanceledError, ClosedError, DeadlineError } from '../errors.ts';
import { NEVER, arm, disarm, passed } from '../poll/deadline.ts';
import type { Desc } from '../poll/desc.ts';
import { poller } from '../poll/epoll.ts';
import { hold, release, spend, yieldTurn } from '../poll/loop.ts';
import { syscallError } from '../syscall/errno.ts';
import * as sockopt from '../syscall/sockopt.ts';
import { disown, sys } from '../syscall/sys.ts';
import { closing } from '../trace.ts';
import { forget } from './dropped.ts';
import type { Describe, Ends } from './ends.ts';
import { Line } from './line.ts';
import * as outbox from './outbox.ts';
import { follow, unfollow } from './signals.ts';
import { BLOCKED, DONE, IDLE, type Limits, NONE, Op, QUEUED, SPENT, type Step, WAITING } from './op.ts';

/** The descriptor. */
export class FD {
  readonly desc: Desc;
  readonly ends: Ends;
  readonly describe: Describe;
  readonly reading: Line<Op> = new Line();
  readonly writing: Line<Op> = new Line();
  closed = false;
  /** Whether a waiting operation keeps the process alive. */
  refd = true;
  /** Whether close(2) could block, because SO_LINGER is positive (socket(7)). */
  lingers = false;
  /** Calls that use the number right now: user code in a RawConn's callback. */
  #users = 0;
  /** Whether the number is still ours to close. */
  #owned = true;

  constructor(desc: Desc, ends: Ends, describe: Describe) {
    this.desc = desc;
    this.ends = ends;
    this.describe = describe;
  }

  /** An operation, ready to begin: the line's spare one if it has one. */
  op(line: Line<Op>, name: string, step: Step, subject: unknown, limits: Limits | null): Op {
    const op = line.spare ?? new Op();
    line.spare = null;
    op.fd = this;
    op.line = line;
    op.name = name;
    op.step = step;
    op.subject = subject;
    op.position = 0;
    op.written = 0;
    op.answer = NONE;
    op.appetite = 0;
    op.deadline = limits === null ? NEVER : limits.deadline;
    op.signal = limits === null ? null : limits.signal;
    return op;
  }

  /** Begins an operation; the promise settles with what its step resolves or rejects. */
  begin<T>(op: Op): Promise<T> {
    const promise = op.promise<T>();
    const line = op.line!;
    op.state = QUEUED;
    const first = line.enter(op);
    if (this.closed) this.cancel(op, new ClosedError());
    else if (op.signal?.aborted === true) this.cancel(op, new CanceledError(op.signal.reason));
    else if (first) this.advance(line);
    else this.#limit(op);
    return promise;
  }

  /** Whether an operation of one direction would be alone, with no limit but its own. */
  isFree(line: Line<Op>): boolean {
    return line.first === null && line.deadline === NEVER && !this.closed;
  }

  /** Begins an operation without limits, in a free line, when the direction is known not to be ready. */
  wait<T>(op: Op): Promise<T> {
    if (this.desc.generation === 0) return this.begin(op);
    const promise = op.promise<T>();
    op.line!.enter(op);
    op.state = WAITING;
    this.#park(op, BLOCKED);
    return promise;
  }

  /** Begins a small write, in a free line: its bytes go out at the end of the turn. */
  post(op: Op, data: Uint8Array, size: number): Promise<number> {
    const promise = op.promise<number>();
    op.appetite = size;
    op.line!.enter(op);
    op.state = WAITING;
    outbox.post(this.desc.fd, op, data, size);
    return promise;
  }

  /** Puts an operation into its line without beginning it; `advance` does. */
  enqueue<T>(op: Op): Promise<T> {
    const promise = op.promise<T>();
    op.state = QUEUED;
    op.line!.enter(op);
    return promise;
  }

  /** Gives the turn to one operation after the other, until one has to wait. */
  advance(line: Line<Op>): void {
    for (let op = line.first; op !== null && op.state === QUEUED; op = line.first) this.#go(op);
  }

  /** First try of the operation that has just got the turn. */
  #go(op: Op): void {
    op.state = WAITING;
    if (op.signal?.aborted === true) this.reject(op, new CanceledError(op.signal.reason));
    else if (passed(op.due)) this.reject(op, new DeadlineError());
    else if (!spend()) this.#park(op, SPENT);
    else this.#try(op);
  }

  #try(op: Op): void {
    const how = op.step!(this, op);
    if (how !== DONE) this.#park(op, how);
  }

  /** Woken by the poller or by a new turn. */
  resume(op: Op): void {
    const line = op.line!;
    this.#try(op);
    this.advance(line);
  }

  #park(op: Op, how: typeof BLOCKED | typeof SPENT): void {
    if (how === SPENT) yieldTurn(op);
    else if (this.desc.generation === 0) {
      // In a Control hook, before the descriptor has joined the poller.
      this.reject(op, new Error('waiting for unsupported file type'));
      return;
    } else if (op.line === this.reading) this.desc.reader = op;
    else this.desc.writer = op;
    if (!op.held && this.refd) {
      op.held = true;
      hold();
    }
    this.#limit(op);
  }

  /** From here on the operation's deadline and signal are watched. */
  #limit(op: Op): void {
    if (op.due !== NEVER) arm(op);
    if (op.signal?.aborted === true) this.cancel(op, new CanceledError(op.signal.reason));
    else if (op.signal !== null) follow(op.signal, op);
  }

  /** Ends an operation from outside; whoever is next gets the turn. */
  cancel(op: Op, cause: Error): void {
    const line = op.line!;
    this.reject(op, cause);
    if (!this.closed) this.advance(line);
  }

  /** Settles an operation with an error, given its context. */
  reject(op: Op, cause: Error): void {
    const { reject, name, written, subject } = op;
    this.#settle(op);
    const writes = name === 'write' || name === 'writev';
    reject(this.describe(this.ends, name, cause, writes ? written : undefined, subject));
  }

  /** Settles an operation with the error of a system call that answered `-errno`. */
  fail(op: Op, syscall: string, errno: number): typeof DONE {
    this.reject(op, syscallError(syscall, errno));
    return DONE;
  }

  /** Settles an operation with a value. */
  resolve<T>(op: Op, value: T): typeof DONE {
    const resolve = op.resolve as (value: T) => void;
    this.#settle(op);
    resolve(value);
    return DONE;
  }

  /** Takes an operation out of everything that knows it. */
  #settle(op: Op): void {
    const line = op.line!;
    const { desc } = this;
    if (desc.reader === op) desc.reader = null;
    if (desc.writer === op) desc.writer = null;
    if (op.held) {
      op.held = false;
      release();
    }
    if (op.signal !== null) {
      unfollow(op.signal, op);
      op.signal = null;
    }
    line.leave(op);
    op.state = IDLE;
    op.subject = null;
    // An operation that stays in the heap of deadlines must keep neither the descriptor nor the promise from being collected.
    op.fd = null;
    op.line = null;
    op.resolve = op.reject = nothing;
    if (line.spare === null && !this.closed) line.spare = op;
    else disarm(op);
  }

  /** The number, for a call of one's own: small writes that wait for the end of the turn go out first. */
  number(): number {
    outbox.flush();
    return this.desc.fd;
  }

  /** Moves the sticky deadline of one direction, for waiting operations too. `at` is on the monotonic clock. */
  setDeadline(line: Line<Op>, at: number): void {
    outbox.flush();
    line.deadline = at;
    for (let op = line.first; op !== null;) {
      const { next } = op;
      if (passed(op.due)) this.cancel(op, new DeadlineError());
      else if (op.state !== IDLE) arm(op);
      op = next;
    }
  }

  /** Waiting operations keep the process alive, or do not, from now on. */
  ref(on: boolean): void {
    this.refd = on;
    for (const op of [this.reading.first, this.writing.first]) {
      if (op === null || op.state !== WAITING || op.held === on) continue;
      op.held = on;
      (on ? hold : release)();
    }
  }

  /** Runs `fn` with the number, which stays valid meanwhile even if `fn` closes the descriptor. */
  use<T>(fn: (fd: number) => T): T {
    this.#users++;
    try {
      return fn(this.number());
    } finally {
      if (--this.#users === 0 && this.closed) this.#destroy();
    }
  }

  /** Ends every operation with ClosedError and gives the number back. A second call does nothing. */
  close(): void {
    if (this.closed) return;
    // What was never bound nor connected is no connection to tell of.
    if (!closing.hasSubscribers || this.ends.local === null) return this.#close();
    const { network, local: localAddr, remote: remoteAddr } = this.ends;
    closing.traceSync(() => this.#close(), { network, localAddr, remoteAddr });
  }

  #close(): void {
    this.#evict();
    if (this.#users === 0) this.#destroy();
  }

  /** Like close, but the number lives on and is the caller's. */
  detach(): number {
    this.#evict();
    this.#owned = false;
    poller.unregister(this.desc);
    disown(this.desc.fd);
    return this.desc.fd;
  }

  #evict(): void {
    outbox.flush();
    this.closed = true;
    forget(this);
    for (const line of [this.reading, this.writing]) {
      while (line.first !== null) line.first.close();
      if (line.spare !== null) disarm(line.spare);
      line.spare = null;
    }
    const { mourner } = this.desc;
    this.desc.mourner = null;
    mourner?.wake();
  }

  #destroy(): void {
    if (!this.#owned) return;
    this.#owned = false;
    poller.unregister(this.desc);
    // A positive linger makes close(2) wait for unsent data, and does nothing else: the kernel sends it all the same (socket(7)).
    if (this.lingers) sockopt.setLinger(this.desc.fd, -1);
    sys.close(this.desc.fd);
  }
}

const nothing = (): void => {};
