// Ends worker threads under traffic, 300 with worker.terminate() and 300 with process.exit(), on each Node that stands for a
// line of its own: with the package loaded in the main thread too, and in workers only. No crash, no descriptor left. One
// line per version and variant. `npm run workers -- 30` takes another number.

import { join } from 'node:path';

import { install } from './nodes.ts';
import { root, run } from './run.ts';

const VERSIONS: readonly string[] = ['20.20.2', '24.21.0', '26.10.0'];
const VARIANTS: readonly string[] = ['main', 'workers'];
const WAYS: readonly string[] = ['terminate', 'exit'];
const ROUNDS = process.argv[2] ?? '300';

/** Runs one variant on one version and prints its line; whether all is well. */
async function check(version: string, binary: string, variant: string): Promise<boolean> {
  const started = performance.now();
  const program = join(root, 'dist/test/leak/child/worker-ends.js');
  const env = { GONET_BACKEND: 'native' };
  const options = { cwd: root, env, timeLimit: 600_000 };
  const { status, signal, output } = await run(binary, [program, variant, ROUNDS, ...WAYS], options);
  const lines = output.trim().split('\n');
  const ok =
    status === 0 &&
    WAYS.every((way) => lines.includes(`${way}: ${ROUNDS} threads, 0 descriptors left`)) &&
    lines.length === WAYS.length;
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  const how = signal === null ? `exit code ${status}` : signal;
  console.log(
    `node ${version}, ${variant}: ${ok ? 'ok' : 'FAILED'}, ${how}, ${ok ? lines.join('; ') : 'see below'}, ${seconds} s`,
  );
  if (!ok) console.log(output);
  return ok;
}

async function main(): Promise<void> {
  const binaries = await Promise.all(VERSIONS.map(async (version) => [version, await install(version)] as const));
  for (const [version, binary] of binaries) {
    for (const variant of VARIANTS) if (!(await check(version, binary, variant))) process.exitCode = 1;
  }
}

await main();
