// The system's own tools, called with argument arrays: what they say comes back, what they complain of is the error.

import { execFileSync } from 'node:child_process';

/** The environment of every process here: without the test runner's, and with the folders in which `ip` and `nft` are. */
export function environment(): NodeJS.ProcessEnv {
  const { NODE_TEST_CONTEXT: _, NODE_OPTIONS: __, ...env } = process.env;
  return { ...env, PATH: `${env['PATH'] ?? ''}:/usr/sbin:/sbin:/usr/bin:/bin` };
}

/** Runs a command to its end and gives what it said; throws an Error with the command and its complaint. */
export function command(file: string, args: readonly string[], input = ''): string {
  const options = { input, encoding: 'utf8', stdio: 'pipe', timeout: 20_000, env: environment() } as const;
  try {
    return execFileSync(file, args, options);
  } catch (error) {
    const { stderr = '', message } = error as Error & { stderr?: string };
    const reason = stderr.trim() === '' ? message : stderr.trim();
    throw new Error(`${[file, ...args].join(' ')}: ${reason}${input === '' ? '' : ` (told: ${input})`}`, {
      cause: error,
    });
  }
}

/** The complaint of a command, or false where there is none. */
export function complaint(file: string, args: readonly string[], input = ''): string | false {
  try {
    command(file, args, input);
    return false;
  } catch (error) {
    return (error as Error).message;
  }
}
