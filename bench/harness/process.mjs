// The life of the programs under test: started, waited for, and ended by their own pid only.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

/** Starts a program and waits for its first line that matches. Rejects, with the program ended, when the time is over. */
export async function startUntil(command, pattern, { milliseconds = 10_000, stdin = false, ipc = false } = {}) {
  const stdio = [stdin ? 'pipe' : 'ignore', 'pipe', 'inherit', ...(ipc ? ['ipc'] : [])];
  const child = spawn(command[0], command.slice(1), { stdio });
  const lines = createInterface({ input: child.stdout });
  let timer;
  try {
    const match = await new Promise((resolve, reject) => {
      lines.on('line', (line) => pattern.test(line) && resolve(line.match(pattern)));
      child.on('error', reject);
      child.on('exit', (code, signal) => reject(new Error(`${command.join(' ')} ended with ${signal ?? code}`)));
      timer = setTimeout(() => reject(new Error(`${command.join(' ')} says nothing`)), milliseconds);
    });
    return { child, match };
  } catch (error) {
    await end(child);
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

/** Runs a program to its end and gives what it printed. */
export async function output(command) {
  const child = spawn(command[0], command.slice(1), { stdio: ['ignore', 'pipe', 'inherit'] });
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (chunk) => (text += chunk));
  const [code, signal] = await once(child, 'close');
  if (code !== 0) throw new Error(`${command.join(' ')} ended with ${signal ?? code}`);
  return text;
}

export async function end(child) {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, 'exit');
  child.kill('SIGKILL');
  await exit;
}
