// One descriptor's readiness and its waiters: a pure machine, with no system call, timer or promise inside.
//
//   state of a direction   ready flag   waiter   leaves it by
//   try                    true         none     EAGAIN or a drained read → idle; a call that has to wait → (never parks here)
//   idle                   false        none     event → try; a call that has to wait → waiting
//   waiting                false        one      event → try, and the waiter is woken; cancel, deadline, close → idle
//
// IN, RDHUP, HUP and ERR make the reading direction ready, OUT, HUP and ERR the writing one.

import { EPOLLERR, EPOLLHUP, EPOLLIN, EPOLLOUT, EPOLLRDHUP } from '../syscall/zconst_linux.ts';
import type { Reader, Waiter } from './poller.ts';

const READ_EVENTS = EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR;
const WRITE_EVENTS = EPOLLOUT | EPOLLHUP | EPOLLERR;

/** A descriptor as the poller knows it. It refers to whoever waits, and to nobody else, so an unused owner can be collected. */
export class Desc {
  readonly fd: number;
  /** Which registration of this number it is; 0 while it is not registered. */
  generation = 0;
  /** A read may succeed. */
  readable = true;
  /** A write may succeed. */
  writable = true;
  /** The peer has shut its side, or worse: a short read then says nothing about what is left. */
  hungUp = false;
  /** The peer is gone: reset, or both ways shut. */
  gone = false;
  /** A socket of datagrams has no peer that could go: what the poller reports then is an error of one of them. */
  connectionless = false;
  /** The last read was of few bytes, so the next one probably is. */
  brief = false;
  /** A short read has emptied the socket. Set once, by whoever knows what kind of socket it is. */
  drains = true;
  /** Each read takes one packet, and what does not fit is lost; each write is one. Set once, too. */
  packets = false;
  reader: Reader | null = null;
  writer: Waiter | null = null;
  /** Woken once when `gone` becomes true. */
  mourner: Waiter | null = null;
  /** What to call the descriptor in a warning. */
  readonly label: { toString(): string };

  constructor(fd: number, label: { toString(): string }) {
    this.fd = fd;
    this.label = label;
  }

  /** Takes in one event's bits. */
  mark(bits: number): void {
    if ((bits & READ_EVENTS) !== 0) this.readable = true;
    if ((bits & WRITE_EVENTS) !== 0) this.writable = true;
    if ((bits & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) !== 0) this.hungUp = true;
    if ((bits & (EPOLLHUP | EPOLLERR)) !== 0 && !this.connectionless) this.gone = true;
  }

  /** The reader that may go on now, taken off; null for none. */
  takeReader(): Reader | null {
    if (!this.readable) return null;
    const waiter = this.reader;
    this.reader = null;
    return waiter;
  }

  /** The writer that may go on now, taken off; null for none. */
  takeWriter(): Waiter | null {
    if (!this.writable) return null;
    const waiter = this.writer;
    this.writer = null;
    return waiter;
  }

  /** Whoever waits for the peer to go, taken off once it has; null for none. */
  takeMourner(): Waiter | null {
    if (!this.gone) return null;
    const waiter = this.mourner;
    this.mourner = null;
    return waiter;
  }
}
