// A process inside a host: it is told lines and says JSON lines, under a time limit. Its standard input is what it lives by:
// every program here goes when that closes, so that none outlives the test that started it, however the test ends.

import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { createInterface } from 'node:readline';

import { environment } from './command.ts';

/** What a program says: which of its messages this is, and the rest. */
export interface Line {
  readonly event: string;
}

/** How a program ended. */
export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stderr: string;
}

/** A running program whose messages are of type `Said`. Disposing of it kills it, where it still runs, and waits for its end. */
export class Program<Said extends Line> implements AsyncDisposable {
  readonly name: string;
  /** How it ended; never rejects. */
  readonly ended: Promise<Ended>;
  readonly #process: ChildProcessWithoutNullStreams;
  readonly #lines: AsyncIterator<string>;

  /** Starts a command; after `patience` milliseconds it is killed, and whoever waits for it is told so. */
  constructor(name: string, file: string, args: readonly string[], patience: number) {
    this.name = name;
    const child = spawn(file, args, { stdio: 'pipe', env: environment() });
    this.#process = child;
    this.#lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    child.stdin.on('error', () => {}); // told something when it had gone
    let stderr = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    const timer = setTimeout(() => {
      stderr += `killed after ${patience} ms`;
      child.kill('SIGKILL');
    }, patience);
    this.ended = new Promise((resolve) => {
      child.on('error', (error) => {
        stderr += error.message;
        resolve({ code: null, signal: null, stderr });
      });
      child.on('close', (code, signal) => {
        clearTimeout(timer);
        resolve({ code, signal, stderr });
      });
    });
  }

  get pid(): number {
    return this.#process.pid ?? -1;
  }

  /** Its next message, which must be this one. */
  async next<E extends Said['event']>(event: E): Promise<Extract<Said, { event: E }>> {
    const line = await this.#lines.next();
    if (line.done === true) {
      const { code, signal, stderr } = await this.ended;
      throw new Error(`"${this.name}" ended (${signal ?? code}) before it said "${event}": ${stderr}`);
    }
    const said = JSON.parse(line.value) as Said;
    if (said.event !== event) throw new Error(`"${this.name}" said ${line.value} instead of "${event}"`);
    return said as Extract<Said, { event: E }>;
  }

  tell(line: string): void {
    this.#process.stdin.write(`${line}\n`);
  }

  /** Lets it go: closes its standard input, and resolves with how it ended. */
  leave(): Promise<Ended> {
    this.#process.stdin.end();
    return this.ended;
  }

  kill(): Promise<Ended> {
    this.#process.kill('SIGKILL');
    return this.ended;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
  }
}
