// Compiles the C and Go programs of this folder into build/. A missing compiler is an answer, not an error.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const benchRoot = dirname(dirname(fileURLToPath(import.meta.url)));

/** The first line that a command prints, or null where the command does not run. */
export function firstLine(command, args) {
  try {
    return execFileSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
      .split('\n', 1)[0]
      .trim();
  } catch {
    return null;
  }
}

export const ccVersion = firstLine('cc', ['--version']);
export const goVersion = firstLine('go', ['version']);
/** Bun, from the PATH or installed here; null where it is neither. */
export const bun = ['bun', join(benchRoot, `node_modules/@oven/bun-linux-${process.arch}/bin/bun`)].find((path) =>
  firstLine(path, ['--version']),
);
export const gonetIsBuilt = existsSync(join(benchRoot, '../dist/src/index.js'));

function compile(output, command, argsFor) {
  const path = join(benchRoot, 'build', output);
  mkdirSync(dirname(path), { recursive: true });
  execFileSync(command, argsFor(path), { cwd: benchRoot, stdio: ['ignore', 'inherit', 'inherit'] });
  return path;
}

export const compileC = (source, output) => compile(output, 'cc', (path) => ['-O2', '-Wall', '-o', path, source]);
export const compileGo = (source, output) => compile(output, 'go', (path) => ['build', '-o', path, source]);
