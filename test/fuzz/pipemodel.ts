// A pipe as it is meant, in the plainest way: two lists of calls for each way, and one rule after the other until none applies.

/** How a call has ended so far: `pending`, `3` for bytes written, `<text>` for bytes read, `end`, or a code with the count. */
export type Outcome = string;

interface Call {
  outcome: Outcome;
  readonly write: boolean;
  /** What is left to be read of a write. */
  bytes: string;
  /** What has been read of a write. */
  taken: number;
  /** The room of a read. */
  readonly room: number;
}

interface Side {
  calls: Call[];
  closed: boolean;
  late: boolean;
}

const newSide = (): Side => ({ calls: [], closed: false, late: false });

/** The pipe; its ends are 0 and 1. */
export class PipeModel {
  /** Of each end, by number. */
  readonly #writing: readonly [Side, Side] = [newSide(), newSide()];
  readonly #reading: readonly [Side, Side] = [newSide(), newSide()];
  readonly calls: Call[] = [];

  write(end: 0 | 1, bytes: string): void {
    this.#begin(this.#writing[end], { outcome: 'pending', write: true, bytes, taken: 0, room: 0 });
  }

  read(end: 0 | 1, room: number): void {
    this.#begin(this.#reading[end], { outcome: 'pending', write: false, bytes: '', taken: 0, room });
  }

  #begin(side: Side, call: Call): void {
    this.calls.push(call);
    if (side.closed) fail(call, 'ERR_NET_CLOSED');
    // An empty read has to do with the deadline only where it queues.
    else if (!call.write && call.room === 0 && side.calls.length === 0) call.outcome = '<>';
    else if (side.late) fail(call, 'ETIMEDOUT');
    else side.calls.push(call);
    this.#run();
  }

  abort(call: number): void {
    const each = this.calls[call];
    if (each?.outcome === 'pending') fail(each, 'ABORT_ERR');
    this.#run();
  }

  /** Sets the deadline of one direction into the past, or takes it away. */
  deadline(end: 0 | 1, write: boolean, late: boolean): void {
    const side = (write ? this.#writing : this.#reading)[end];
    side.late = late;
    if (late) for (const call of side.calls) fail(call, 'ETIMEDOUT');
    this.#run();
  }

  isClosed(end: 0 | 1): boolean {
    return this.#reading[end].closed;
  }

  close(end: 0 | 1): void {
    for (const side of [this.#reading[end], this.#writing[end]]) {
      side.closed = true;
      for (const call of side.calls) fail(call, 'ERR_NET_CLOSED');
    }
    this.#run();
  }

  #run(): void {
    for (const end of [0, 1] as const) while (step(this.#writing[end], this.#reading[end === 0 ? 1 : 0]));
  }
}

function fail(call: Call, code: string): void {
  if (call.outcome === 'pending') call.outcome = call.write ? `${code} ${call.taken}` : code;
}

/** Applies one rule to the first calls of one way; false if there is none. */
function step(writing: Side, reading: Side): boolean {
  for (const side of [writing, reading]) side.calls = side.calls.filter(({ outcome }) => outcome === 'pending');
  const [write] = writing.calls;
  const [read] = reading.calls;
  if (write !== undefined && reading.closed) fail(write, 'EPIPE');
  else if (write?.bytes === '') write.outcome = String(write.taken);
  else if (read?.room === 0) read.outcome = '<>';
  else if (read !== undefined && writing.closed) read.outcome = 'end';
  else if (write === undefined || read === undefined) return false;
  else {
    const part = write.bytes.slice(0, read.room);
    write.bytes = write.bytes.slice(part.length);
    write.taken += part.length;
    read.outcome = `<${part}>`;
  }
  return true;
}
