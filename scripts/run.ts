// What every script here needs: the repository's root, a command run to its end, and the counts of a test run.

import { spawn } from 'node:child_process';
import { delimiter } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The repository. */
export const root: string = fileURLToPath(new URL('../../', import.meta.url));

/** How a command ended, and all that it said. */
export interface Ended {
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly output: string;
}

export interface RunOptions {
  readonly cwd: string;
  /** A folder in which commands are looked for first. */
  readonly path?: string;
  /** More environment variables. */
  readonly env?: Readonly<Record<string, string>>;
  /** In milliseconds; the command is terminated then. */
  readonly timeLimit?: number;
}

/** Runs a command to its end. */
export function run(command: string, args: readonly string[], options: RunOptions): Promise<Ended> {
  const { cwd, path = '', timeLimit = 180_000 } = options;
  const env: NodeJS.ProcessEnv = {
    ...process.env,
    ...options.env,
    PATH: `${path}${delimiter}${process.env['PATH'] ?? ''}`,
  };
  delete env['NODE_TEST_CONTEXT'];
  const stdio = ['ignore', 'pipe', 'pipe'] as const;
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd, env, stdio: [...stdio], timeout: timeLimit });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => (output += text));
    }
    child.on('error', reject).on('close', (status, signal) => resolve({ status, signal, output }));
  });
}

/** One of the counts that the test runner closes with, in its TAP form. */
export function count(output: string, word: string): number {
  return Number(new RegExp(`^# ${word} (\\d+)$`, 'm').exec(output)?.[1] ?? 0);
}
