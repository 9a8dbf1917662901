// Node's loop, seen from below: what keeps the process alive, and how long one turn of work may last. The only file that
// wakes or postpones anything. Knows the backend's watch, not what is behind it.

import type { Watch } from '../syscall/backend.ts';
import { load } from '../syscall/sys.ts';
import { keepAlive } from './deadline.ts';
import type { Waiter } from './poller.ts';

let watch: Watch | null = null;
let holders = 0;
/** Ends what keeps the process alive while nothing is watched. */
let letGo: (() => void) | null = null;

/** Has `wake` called from Node's loop whenever the descriptor is readable. Throws an UnsupportedError where that cannot be. */
export function attach(fd: number, wake: () => void): void {
  watch = load().watch(fd, wake);
  if (holders > 0) watch.ref();
  letGo?.();
  letGo = null;
}

/** A waiting operation keeps the process alive, also before there is a descriptor to watch … */
export function hold(): void {
  if (++holders > 1) return;
  if (watch === null) letGo = keepAlive();
  else watch.ref();
}

/** … until it waits no more. */
export function release(): void {
  if (--holders > 0) return;
  watch?.unref();
  letGo?.();
  letGo = null;
}

/** Operations that may complete at once before the next one waits for the loop (DESIGN D5). */
export const TURN = 128;
let spent = 0;
let waiting: Waiter[] = [];

/** Counts one operation that is about to complete at once; false when this turn's share is used up. */
export function spend(): boolean {
  return ++spent <= TURN;
}

/** A new turn: Node's loop has just come round. */
export function newTurn(): void {
  spent = 0;
}

/** Wakes `waiter` in the next turn, after the loop has seen to timers and other descriptors. */
export function yieldTurn(waiter: Waiter): void {
  if (waiting.push(waiter) === 1) setImmediate(resume);
}

function resume(): void {
  newTurn();
  const woken = waiting;
  waiting = [];
  for (const waiter of woken) wake(waiter);
}

/** Wakes one waiter; what it throws becomes an uncaught exception of its own and stops nobody else. */
export function wake(waiter: Waiter): void {
  try {
    waiter.wake();
  } catch (error) {
    queueMicrotask(() => {
      throw error;
    });
  }
}

// ── gathering: what several descriptors write in one turn goes out together at its end ──────────────────────────────────────

/** Milliseconds per descriptor that a turn may take before the next ones gather nothing: an answer waits for no slow neighbour. */
const SLOW = 0.05;
const settled = Promise.resolve();
let gathering = false;
let slow = false;
let ready = 0;
let since = 0;
let flush = (): void => {};
let exits = false;

/** Whether a small write may wait for the end of this turn. */
export function gathers(): boolean {
  return gathering;
}

/** The poller is about to wake whoever waits for `count` descriptors. */
export function gather(count: number): void {
  if (!exits) {
    exits = true;
    process.on('exit', hurry);
  }
  ready = count;
  since = performance.now();
  gathering = !slow;
  void settled.then(tickAfterwards);
}

/** Has `fn` called at the end of every turn that gathers, and when the process exits before that. */
export function atTurnEnd(fn: () => void): void {
  flush = fn;
}

// A tick that is asked for here, among the microtasks, comes when they have all run.
function tickAfterwards(): void {
  process.nextTick(endTurn);
}

function endTurn(): void {
  slow = performance.now() - since > ready * SLOW;
  hurry();
}

function hurry(): void {
  gathering = false;
  flush();
}
