// A pipe against a plain model, under random writes, reads, iterations, aborts, deadlines and closes of both ends.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';

import * as fc from 'fast-check';
import { type Conn, OpError, pipe } from 'gonet';

import { type Outcome, PipeModel } from './pipemodel.ts';

type Command =
  | readonly ['write', end: 0 | 1, size: number]
  | readonly ['writev', end: 0 | 1, sizes: readonly number[]]
  | readonly ['read', end: 0 | 1, room: number]
  | readonly ['next', end: 0 | 1]
  | readonly ['abort', call: number]
  | readonly ['deadline', end: 0 | 1, write: boolean, late: boolean]
  | readonly ['close', end: 0 | 1];

const END = fc.constantFrom<0 | 1>(0, 1);
/** What one step of an iteration takes at most. */
const CHUNK = 65_536;
// Now and then more than one step of an iteration takes.
const SIZE = fc.oneof({ weight: 20, arbitrary: fc.nat(5) }, fc.constant(100_000));

const command: fc.Arbitrary<Command> = fc.oneof(
  { weight: 6, arbitrary: fc.tuple(fc.constant('write' as const), END, SIZE) },
  { weight: 2, arbitrary: fc.tuple(fc.constant('writev' as const), END, fc.array(SIZE, { maxLength: 4 })) },
  { weight: 8, arbitrary: fc.tuple(fc.constant('read' as const), END, SIZE) },
  { weight: 2, arbitrary: fc.tuple(fc.constant('next' as const), END) },
  { weight: 3, arbitrary: fc.tuple(fc.constant('abort' as const), fc.nat(20)) },
  { weight: 2, arbitrary: fc.tuple(fc.constant('deadline' as const), END, fc.boolean(), fc.boolean()) },
  { weight: 1, arbitrary: fc.tuple(fc.constant('close' as const), END) },
);

/** The pipe and its model, which hear the same. */
class Twins {
  readonly #conns: readonly [Conn, Conn] = pipe();
  readonly #model: PipeModel = new PipeModel();
  readonly #outcomes: Outcome[] = [];
  readonly #controllers: AbortController[] = [];
  readonly #iterations: Set<number> = new Set();
  #sent = 0;

  run(command: Command): void {
    const controller = new AbortController();
    const { signal } = controller;
    const [name] = command;
    if (name === 'abort') {
      const call = command[1];
      // A step of an iteration takes no signal.
      if (this.#iterations.has(call)) return;
      this.#controllers[call]?.abort();
      return this.#model.abort(call);
    }
    const end = command[1];
    const conn = this.#conns[end];
    if (name === 'close') {
      conn.close();
      return this.#model.close(end);
    }
    if (name === 'deadline') {
      const [, , write, late] = command;
      // On a closed end it throws, which the conformance suite looks at.
      if (this.#model.isClosed(end)) return;
      if (write) conn.setWriteDeadline(late ? 1 : null);
      else conn.setReadDeadline(late ? 1 : null);
      return this.#model.deadline(end, write, late);
    }
    this.#controllers.push(controller);
    if (name === 'read') {
      const into = Buffer.alloc(command[2]);
      const read = conn.read(into, { signal });
      this.#watch(read.then((n) => (n === null ? 'end' : `<${into.toString('latin1', 0, n)}>`)));
      this.#model.read(end, command[2]);
    } else if (name === 'next') {
      this.#iterations.add(this.#outcomes.length);
      const next = conn[Symbol.asyncIterator]().next();
      this.#watch(next.then(({ value }) => (value === undefined ? 'end' : `<${value.toString('latin1')}>`)));
      this.#model.read(end, CHUNK);
    } else {
      const chunks = (name === 'write' ? [command[2]] : command[2]).map((size) => this.#bytes(size));
      this.#watch(
        (name === 'write' ? conn.write(chunks[0]!, { signal }) : conn.writev(chunks, { signal })).then(String),
      );
      this.#model.write(end, Buffer.concat(chunks).toString('latin1'));
    }
  }

  /** Closes what a failure has left open. */
  stop(): void {
    for (const conn of this.#conns) conn.close();
  }

  /** Bytes that differ from those around them. */
  #bytes(size: number): Buffer {
    const bytes = Buffer.alloc(size);
    for (let i = 0; i < size; i++) bytes[i] = this.#sent++ % 251;
    return bytes;
  }

  #watch(promise: Promise<Outcome>): void {
    const at = this.#outcomes.push('pending') - 1;
    const note = (outcome: Outcome): void => {
      this.#outcomes[at] = outcome;
    };
    promise.then(note, (error: unknown) => {
      const known = error instanceof OpError ? [error.code, error.bytesWritten] : [String(error)];
      note(known.filter((part) => part !== undefined).join(' '));
    });
  }

  async check(): Promise<void> {
    // A call that is put off to the next turn of the loop has that turn, too.
    for (let i = 0; i < 2; i++) await turn();
    const expected = this.#model.calls.map(({ outcome }) => outcome);
    const wrong = this.#outcomes.findIndex((outcome, i) => outcome !== expected[i]);
    assert.ok(wrong === -1, `call ${wrong}: ${brief(this.#outcomes[wrong])}, not ${brief(expected[wrong])}`);
  }
}

const brief = (outcome: Outcome | undefined): string => JSON.stringify(outcome?.slice(0, 40));

test('a pipe does what its model does', { timeout: 60_000 }, async () => {
  const property = fc.asyncProperty(fc.array(command, { maxLength: 40, size: 'max' }), async (script) => {
    const twins = new Twins();
    try {
      for (const each of [...script, ['close', 0], ['close', 1]] as const) {
        twins.run(each);
        await twins.check();
      }
    } finally {
      twins.stop();
    }
  });
  await fc.assert(property, { numRuns: 300 });
});
