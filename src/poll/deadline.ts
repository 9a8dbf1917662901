// Deadlines: every one of them on one timer, and none of them costs anything until its call has to wait. The only file that
// owns timers. Times are on the monotonic clock once they are set, so later jumps of the wall clock do not matter.
//
// A member may stay in the heap longer than it is needed, or with an earlier time than its true one: when that time comes it
// is asked, and says what it is due for now. So a deadline that each read pushes ahead touches the heap once in a while only.

import { Heap, type Timed } from './heap.ts';

/** No deadline. Not Infinity: a small integer takes no object of its own in every idle connection. */
export const NEVER = 0;
/** The longest that setTimeout can wait; we ask again then. */
const LONGEST = 2 ** 31 - 1;

/** Somebody with a deadline. */
export interface Due extends Timed {
  /** The deadline that counts now; NEVER for none. */
  readonly due: number;
  /** `due` has passed. Called outside the heap; must not throw. */
  expire(): void;
}

/** The monotonic clock, in milliseconds. */
export const now = (): number => performance.now();

/** A span of milliseconds from now as a time on the monotonic clock; a negative one has passed. */
export const fromNow = (span: number): number => Math.max(now() + span, Number.MIN_VALUE);

/** A wall-clock time in epoch milliseconds as a time on the monotonic clock; never early. */
export const fromWall = (epoch: number): number => fromNow(epoch - Date.now());

/** The earlier of two deadlines, either of which may be none. */
export const earlier = (a: number, b: number): number => (a === NEVER || (b !== NEVER && b < a) ? b : a);

/** Whether a deadline has passed; none never does. */
export const passed = (deadline: number): boolean => deadline !== NEVER && deadline <= now();

const heap = new Heap<Due>();
let timer: NodeJS.Timeout | null = null;
/** When the timer fires; Infinity while there is none. */
let timerAt = Infinity;

/** Sees to it that `item.expire()` is called once `item.due` has passed. Call it again when `due` moves ahead or comes nearer. */
export function arm(item: Due): void {
  const { due } = item;
  if (due === NEVER) return;
  if (item.slot < 0) {
    item.at = due;
    heap.add(item);
  } else if (due < item.at) {
    item.at = due;
    heap.moved(item);
  }
  if (heap.first!.at < timerAt) schedule();
}

/** Forgets `item` at once, and the timer too if nobody else needs it. */
export function disarm(item: Due): void {
  heap.remove(item);
  if (heap.first === undefined && timer !== null) schedule();
}

/** Keeps the process alive until the function that this returns is called. */
export function keepAlive(): () => void {
  const anchor = setInterval(() => undefined, LONGEST);
  return () => clearInterval(anchor);
}

function schedule(): void {
  if (timer !== null) clearTimeout(timer);
  const first = heap.first;
  if (first === undefined) {
    timer = null;
    timerAt = Infinity;
    return;
  }
  timerAt = first.at;
  // It is the waiting operation that keeps the process alive, not its deadline.
  timer = setTimeout(fire, Math.min(Math.max(Math.ceil(first.at - now()), 0), LONGEST)).unref();
}

function fire(): void {
  timer = null;
  timerAt = Infinity;
  const time = now();
  for (let first = heap.first; first !== undefined && first.at <= time; first = heap.first) {
    heap.remove(first);
    const { due } = first;
    if (due !== NEVER && due <= time) first.expire();
    else arm(first);
  }
  if (heap.first !== undefined && heap.first.at < timerAt) schedule();
}
