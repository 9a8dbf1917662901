// When is a descriptor ready: the contract between the fd floor and whatever tells readiness (epoll.ts). Must not know what a
// waiter does with the news.
//
// What a poller promises:
//  1. register(desc) adds the descriptor once, for both directions, edge-triggered; it is never modified.
//  2. After registration every change to readable or writable becomes one event. Readiness that nobody waits for is remembered
//     in the Desc. A Desc starts as ready both ways, so the first try is a system call.
//  3. An event sets flags first and then wakes whoever waits, out of Node's loop, never inside a call of the fd floor.
//  4. A waiter that throws loses no other waiter's event; the exception comes out as an uncaught one afterwards.
//  5. After unregister(desc) no event reaches it, even if the kernel has one queued, or the number is already in use again.
// What it does not promise: that a woken waiter will succeed. Wake-ups may be spurious; try again and wait again.

import type { Desc } from './desc.ts';

/** Somebody who waits for one direction of a descriptor. */
export interface Waiter {
  /** The direction may be ready. The waiter has been taken off the Desc and parks itself again if it was not. */
  wake(): void;
}

/** A waiter that wants bytes, so that the poller may read for several of them in one crossing. */
export interface Reader extends Waiter {
  /** How many bytes; 0: do not read, wake me. */
  readonly room: number;
  /** Wakes the waiter with what recv(2) has answered; the bytes are in `space` at `at` until the call returns. */
  wakeWith(n: number, space: Buffer, at: number): void;
}

/** One thread's source of readiness. */
export interface Poller {
  /** Makes sure that the poller runs: 0 or -errno. Throws an UnsupportedError where this system or thread cannot. */
  open(): number;
  /** Starts watching; 0 or -errno. */
  register(desc: Desc): number;
  /** Stops watching. Must come before the descriptor is closed. */
  unregister(desc: Desc): void;
}
