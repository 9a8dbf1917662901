// A program's side of the wire: its job is its argument, it hears lines and says JSON lines. Listening for lines does not keep
// it alive, waiting for one does; when its standard input closes the test wants no more of it, or is gone, and it goes too.

import { once } from 'node:events';
import { readdirSync, readlinkSync } from 'node:fs';
import { createInterface } from 'node:readline';

const heard: string[] = [];
const lines = createInterface({ input: process.stdin });
lines.on('line', (line) => heard.push(line));
lines.on('close', () => process.exit());
process.stdin.unref();

/** What the test wants of this program. */
export function jobOf<Job>(): Job {
  return JSON.parse(process.argv[2] ?? '') as Job;
}

export function say(line: object): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

/** The next line that the test tells. */
export async function hear(): Promise<string> {
  process.stdin.ref();
  while (heard.length === 0) await once(lines, 'line');
  process.stdin.unref();
  return heard.shift() ?? '';
}

/** How many sockets this process has open. */
export function sockets(): number {
  return readdirSync('/proc/self/fd').filter((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`).startsWith('socket:');
    } catch {
      return false; // the descriptor with which the folder itself was read
    }
  }).length;
}
