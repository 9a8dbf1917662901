// Runs a program of the tests as a process of its own, and waits for its end.

import { spawn } from 'node:child_process';

/** How a process ended, and what it said. */
export interface Outcome {
  readonly code: number | null;
  readonly signal: string | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  /** Node's own flags. */
  readonly flags?: readonly string[];
  /** A limit on open files, `ulimit -n`. */
  readonly nofile?: number;
  /** After this many milliseconds the process is killed; default 10,000. */
  readonly patience?: number;
}

/** Runs a compiled program, `run(new URL('./program.js', import.meta.url), ['argument'])`. */
export function run(program: URL, args: readonly string[], options: RunOptions = {}): Promise<Outcome> {
  const { flags = [], nofile, patience = 10_000 } = options;
  const command = [process.execPath, ...flags, program.pathname, ...args];
  const limited = nofile === undefined ? command : ['sh', '-c', `ulimit -n ${nofile}; exec "$@"`, 'sh', ...command];
  const { NODE_TEST_CONTEXT: _, NODE_OPTIONS: __, ...env } = process.env;
  const child = spawn(limited[0]!, limited.slice(1), { stdio: ['ignore', 'pipe', 'pipe'], env });
  const said = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (text: string) => {
      said[name] += text;
    });
  }
  const timer = setTimeout(() => child.kill('SIGKILL'), patience);
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      resolve({ code, signal, ...said });
    });
  });
}
