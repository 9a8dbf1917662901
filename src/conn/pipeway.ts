// One way of a pipe: whoever writes at one end meets whoever reads at the other, and the bytes go from the one's memory into the
// other's. There is nothing in between.
//
// What it promises:
//  - Writes have their turns: one is through, or has failed, before the next one gives a byte.
//  - A read takes from one write only, at least one byte and at most what is left of it; one write may feed many reads.
//  - Order of the checks, as on a descriptor: closed, signal, deadline, and then what the peer has done.
//  - Calls that need nobody (an empty one, one after the peer's close) settle when their turn comes.

import { ClosedError, DeadlineError } from '../errors.ts';
import type { Limits } from '../fd/op.ts';
import { arm, passed } from '../poll/deadline.ts';
import { EFAULT, EPIPE } from '../syscall/zconst_linux.ts';
import { PipeOp, Side } from './pipeop.ts';
import { Source } from './pipesource.ts';

/** What one step of an iteration takes at most. */
const CHUNK = 65_536;

const END: IteratorReturnResult<undefined> = Object.freeze({ done: true, value: undefined });

/** The way. */
export class Way {
  readonly writing: Side = new Side();
  readonly reading: Side = new Side();
  #over: Promise<void> | null = null;
  #mourn: (() => void) | null = null;

  read(into: Uint8Array, limits: Limits | null): Promise<number | null> {
    const op = new PipeOp(this, this.reading, 'read', into, limits);
    // An empty one is no matter of deadlines, unless it has to queue.
    const idle = op.wantsNothing && this.reading.first === null && !this.reading.closed && !op.aborted;
    return idle ? Promise.resolve(0) : this.#begin(this.reading, op);
  }

  /** One step of an iteration. */
  next(): Promise<IteratorResult<Buffer, undefined>> {
    return this.#begin(this.reading, new PipeOp(this, this.reading, 'read', null, null));
  }

  /** One write of all `chunks`; `name` is what the caller called. */
  write(name: string, chunks: readonly Uint8Array[], limits: Limits | null): Promise<number> {
    return this.#begin(this.writing, new PipeOp(this, this.writing, name, new Source(chunks), limits));
  }

  #begin<T>(side: Side, op: PipeOp): Promise<T> {
    const first = side.enter(op);
    if (side.closed) op.reject(new ClosedError());
    else if (op.aborted) op.abort();
    else if (first) this.flow();
    else op.limit();
    return op.promise as Promise<T>;
  }

  /** Goes on, call by call, until one of each side has to wait. */
  flow(): void {
    while (this.#step());
    this.writing.first?.park();
    this.reading.first?.park();
  }

  #step(): boolean {
    const writer = this.writing.turn();
    const reader = this.reading.turn();
    if (writer !== null && this.reading.closed) writer.fail(EPIPE);
    else if (writer?.source?.left === 0) writer.resolve(writer.source.taken);
    else if (reader?.wantsNothing === true) reader.resolve(0);
    else if (reader !== null && this.writing.closed) reader.resolve(reader.into === null ? END : null);
    else if (writer === null || reader === null) return false;
    else handOver(writer, reader);
    return true;
  }

  /** Closes one end of it: its calls reject with ClosedError, in order, and those of the other end hear that nobody is there. */
  close(side: Side): void {
    side.closed = true;
    while (side.first !== null) side.first.reject(new ClosedError());
    this.#mourn?.();
    this.flow();
  }

  /** Resolves when either end is closed; made on first use. */
  get over(): Promise<void> {
    if (this.writing.closed || this.reading.closed) return Promise.resolve();
    this.#over ??= new Promise((resolve) => {
      this.#mourn = resolve;
    });
    return this.#over;
  }

  /** Moves the deadline of one side, for calls that wait too. `at` is on the monotonic clock. */
  setDeadline(side: Side, at: number): void {
    side.deadline = at;
    for (let op = side.first; op !== null;) {
      const { next } = op;
      if (passed(op.due)) op.reject(new DeadlineError());
      else arm(op);
      op = next;
    }
    this.flow();
  }

  /** The waiting call of one side keeps the process alive, or does not, from now on. */
  ref(side: Side, on: boolean): void {
    side.refd = on;
    side.first?.keep(on);
  }
}

/** Moves bytes from the write to the read, which is then done. Memory that was transferred away meanwhile fails its own call. */
function handOver(writer: PipeOp, reader: PipeOp): void {
  const source = writer.source!;
  const into = reader.into ?? Buffer.allocUnsafe(Math.min(source.left, CHUNK));
  // 0 bytes would be a promise broken.
  if (into.byteLength === 0) return reader.fail(EFAULT);
  const n = source.moveTo(into);
  if (n < 0) writer.fail(n);
  else if (reader.into !== null) reader.resolve(n);
  else reader.resolve({ done: false, value: n === into.byteLength ? into : into.subarray(0, n) });
}
