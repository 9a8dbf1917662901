// The built package in a temporary folder of its own, as it would be installed: with an addon that a test may break, and without
// the environment of npm and of the test runner around it.

import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { target } from '../../src/syscall/arch.ts';

export const ROOT: string = fileURLToPath(new URL('../../../', import.meta.url));
/** Where the addon is inside the package. */
export const ADDON: string = join('prebuilds', target(), 'gonet.node');
/** The addon of the checkout; null where none has been built. */
export const built: string | null = existsSync(join(ROOT, ADDON)) ? join(ROOT, ADDON) : null;
/** Why a test that needs it is skipped, or false. */
export const noAddon: string | false = built === null && 'no addon was built here';

/** What a compiler builds for, in the words of target(); null where it is not here. */
function targetOf(cc: string): string | null {
  const { status, stdout } = spawnSync(cc, ['-dumpmachine'], { encoding: 'utf8' });
  const [, machine = '', libc = ''] = /^(x86_64|aarch64)-.*linux-(gnu|musl)$/.exec(stdout?.trim() ?? '') ?? [];
  if (status !== 0 || machine === '') return null;
  return `linux-${machine === 'x86_64' ? 'x64' : 'arm64'}-${libc === 'musl' ? 'musl' : 'glibc'}`;
}

const found = ['cc', 'aarch64-linux-gnu-gcc', 'x86_64-linux-gnu-gcc'].map(targetOf);
/** The systems that the compilers of this machine build for; none without `cc`. */
export const compilers: readonly string[] =
  found[0] === null ? [] : [...new Set(found.filter((each) => each !== null && each !== undefined))];
/** Why a test that compiles C is skipped, or false. */
export const noCompiler: string | false = !compilers.includes(target()) && 'no C compiler ("cc") for this system';

/** The environment without what npm and the test runner left in it, and without a choice of backend. */
export function cleanEnv(more: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv {
  const left = Object.entries(process.env).filter(
    ([name]) => !/^(?:npm_.*|NODE_TEST_CONTEXT|NODE_OPTIONS|GONET_BACKEND|CC)$/i.test(name),
  );
  return { ...Object.fromEntries(left), ...more };
}

/** How a command ended, and what it said. */
export interface Ended {
  readonly status: number | null;
  readonly signal: string | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command to its end, in the clean environment with `env` added. */
export function run(cwd: string, command: readonly string[], env: NodeJS.ProcessEnv = {}): Ended {
  const [file = '', ...args] = command;
  const options = { cwd, env: cleanEnv(env), encoding: 'utf8', timeout: 100_000 } as const;
  const { status, signal, stdout, stderr, error } = spawnSync(file, args, options);
  if (error) throw error;
  return { status, signal, stdout, stderr };
}

/** A temporary folder that goes with the test. */
export class Folder {
  readonly path: string = mkdtempSync(join(tmpdir(), 'gonet-'));

  /** Where something is in this folder. */
  at(...names: readonly string[]): string {
    return join(this.path, ...names);
  }

  write(name: string, text: string): void {
    writeFileSync(this.at(name), text);
  }

  /** Brings files or folders of the checkout here, under their names. */
  bring(names: readonly string[], filter: (path: string) => boolean = () => true): void {
    for (const name of names) cpSync(join(ROOT, name), this.at(name), { recursive: true, filter });
  }

  /** Links the checkout's dependencies. */
  link(): void {
    symlinkSync(join(ROOT, 'node_modules'), this.at('node_modules'));
  }

  remove(): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}

/** The package in a folder: no tests, no sources, and no addon yet. */
export class Copy extends Folder {
  readonly addon: string = this.at(ADDON);

  constructor() {
    super();
    this.bring(['package.json', 'dist/src'], (path) => !/\.test\.(?:js|d\.ts)$/.test(path));
    this.link();
  }

  /** Whatever was in the place of the addon is gone, and `source` is there instead. */
  replaceAddon(source: string | Buffer | null): void {
    rmSync(this.at('prebuilds'), { recursive: true, force: true });
    if (source === null) return;
    mkdirSync(dirname(this.addon), { recursive: true });
    writeFileSync(this.addon, typeof source === 'string' ? readFileSync(source) : source);
  }
}
