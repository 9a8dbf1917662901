// Runs the compiled tests of conformance, faults, leaks, two hosts and policy on every Node that the package supports, with each
// backend forced: a fall-back would be a failure. Two lines per version and backend: the tests with two hosts mostly wait for
// their network, so they run beside the others. Tests that start npm, a compiler or strace (test/e2e) are not repeated here.

import { existsSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { hasAddon } from '../src/syscall/native.ts';
import { install } from './nodes.ts';
import { count, root, run } from './run.ts';

const VERSIONS: readonly string[] = ['20.20.2', '22.23.3', '24.21.0', '26.10.0'];
const BACKENDS = ['native', 'ffi'] as const;
const TIME_LIMIT = 300_000;

/** Folders of tests that run together, and how many of their files at a time. */
interface Group {
  readonly name: string;
  readonly files: readonly string[];
  readonly atOnce: number;
}

function group(name: string, folders: readonly string[], atOnce: number): Group {
  const files = folders.flatMap((folder) => {
    const compiled = join('dist/test', folder);
    const names = existsSync(join(root, compiled)) ? readdirSync(join(root, compiled)) : [];
    return names.filter((each) => each.endsWith('.test.js')).map((each) => join(compiled, each));
  });
  if (files.length === 0)
    throw new Error(`No compiled tests in test/${folders.join(', test/')}: run \`npm run build\` first`);
  return { name, files: files.toSorted(), atOnce };
}

/** Runs the tests on one version with one backend and prints its line; whether all is well. */
async function check(
  version: string,
  binary: string,
  backend: string,
  { name, files, atOnce }: Group,
): Promise<boolean> {
  const started = performance.now();
  const args = ['--test', '--test-reporter=tap', `--test-concurrency=${atOnce}`, ...files];
  const options = { cwd: root, path: dirname(binary), env: { GONET_BACKEND: backend }, timeLimit: TIME_LIMIT };
  const { status, output } = await run(binary, args, options);
  const [passed, failed, skipped] = [count(output, 'pass'), count(output, 'fail'), count(output, 'skipped')];
  const ok = status === 0 && failed === 0 && passed > 0;
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  console.log(
    `node ${version}, ${backend}, ${name}: ${ok ? 'ok' : 'FAILED'}, ${passed} passed, ${failed} failed, ${skipped} skipped, ${seconds} s`,
  );
  if (!ok) console.log(output);
  return ok;
}

async function main(): Promise<void> {
  const groups = [group('one host', ['conformance', 'fault', 'leak', 'policy'], 2), group('two hosts', ['netns'], 6)];
  const backends = BACKENDS.filter((name) => name === 'ffi' || hasAddon());
  if (!backends.includes('native')) console.log('native: skipped, no addon was built (npm run build:native)');
  // For CI, which has minutes: the Node that runs this has passed all tests already, koffi is one library for all Nodes, and two hosts
  // say little about a backend.
  const others = process.argv.includes('--others');
  const versions = VERSIONS.filter((version) => !others || `v${version}` !== process.version);
  const binaries = await Promise.all(versions.map(async (version) => [version, await install(version)] as const));
  for (const [version, binary] of binaries) {
    const outermost = version === versions[0] || version === versions.at(-1);
    const checks = groups.map(async (each, i) => {
      for (const backend of backends) {
        const needless = others && backends.length > 1 && backend === 'ffi' && (i > 0 || !outermost);
        if (!needless && !(await check(version, binary, backend, each))) process.exitCode = 1;
      }
    });
    await Promise.all(checks);
  }
}

await main();
