// Programs in Python at the other end of a socket: they say lines, and hear lines. Where python3 is missing their tests are skipped.

import assert from 'node:assert/strict';
import { type ChildProcessByStdio, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';

/** For `skip`: the reason, or false. */
export const withoutPython: string | false =
  spawnSync('python3', ['--version']).status === 0 ? false : 'no python3 on this machine';

/** One program. Disposing of it kills it, and waits for its end. */
export class Python implements AsyncDisposable {
  readonly pid: number;
  readonly #child: ChildProcessByStdio<Writable, Readable, null>;
  readonly #lines: AsyncIterator<string>;

  constructor(script: string, ...args: readonly string[]) {
    this.#child = spawn('python3', ['-uc', script, ...args], { stdio: ['pipe', 'pipe', 'inherit'] });
    this.pid = this.#child.pid!;
    this.#lines = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]();
  }

  /** The next line that it says. */
  async line(): Promise<string> {
    const next = await this.#lines.next();
    return next.done === true ? assert.fail('the Python program has ended') : next.value;
  }

  /** The next line, which must be JSON. */
  async json<T>(): Promise<T> {
    return JSON.parse(await this.line()) as T;
  }

  /** Has it hear a line. */
  say(line: string): void {
    this.#child.stdin.write(`${line}\n`);
  }

  /** Waits until it ends by itself; its exit code. */
  async ended(): Promise<number | null> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) await once(this.#child, 'exit');
    return this.#child.exitCode;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.ended();
  }
}
