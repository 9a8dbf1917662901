// Small writes that follow reads of the same turn, handed to the kernel together at its end: one crossing for all, and the peers
// are woken by a burst (docs/decisions/0004). Nothing else changes: a write settles when the kernel has all of it, and before
// any other call on a descriptor, or a write that does not wait, those that wait go out.

import { atTurnEnd, gathers, wake } from '../poll/loop.ts';
import { sendBatch } from '../syscall/sys.ts';
import type { Batch } from '../syscall/backend.ts';
import { MSG_NOSIGNAL } from '../syscall/zconst_linux.ts';
import { NONE, type Op } from './op.ts';

/** Bytes up to which a write is worth copying into the batch. */
const SMALL = 2048;

let batch: Batch | null = null;
let count = 0;
let used = 0;
const ops: Op[] = [];
/** Answers are being handed out, which may run code of the user's; what that writes goes out by itself. */
let flushing = false;
let others = (): void => {};

/** Whether a write of `size` bytes may wait for the end of this turn. */
export function takes(size: number): boolean {
  return gathers() && size <= SMALL && !flushing && sendBatch() !== null;
}

/** Takes the `size` bytes of a write that has the turn of its descriptor `fd`; the operation is resumed with the answer. */
export function post(fd: number, op: Op, data: Uint8Array, size: number): void {
  batch ??= sendBatch();
  const { rows, space } = batch!;
  if (3 * count === rows.length || used + size > space.length) flush();
  space.set(data, used);
  rows[3 * count] = fd;
  rows[3 * count + 1] = used;
  rows[3 * count + 2] = size;
  ops[count++] = op;
  used += size;
}

/** Has `fn` called too when what waits must go out. */
export function alsoFlush(fn: () => void): void {
  others = fn;
}

/** Hands over what waits. */
export function flush(): void {
  others();
  if (count === 0) return;
  const n = count;
  count = used = 0;
  const { rows } = batch!;
  batch!.call(n, MSG_NOSIGNAL);
  flushing = true;
  for (let i = 0; i < n; i++) ops[i]!.answer = rows[3 * i + 2]!;
  for (let i = 0; i < n; i++) {
    const op = ops[i]!;
    // Not if an operation that was resumed before has closed its descriptor.
    if (op.answer !== NONE) wake(op);
  }
  flushing = false;
}

atTurnEnd(flush);
