// A copy of the package whose addon is built with other flags, for sanitizers and valgrind: the loader takes the addon that lies
// beside it. A mistake may be planted in it, as macros over functions of the C library, to see that it is reported.

import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { target } from '../src/syscall/arch.ts';
import { root } from './run.ts';

/** The copy, in a temporary folder. */
export class Instrumented {
  readonly folder: string;

  constructor(purpose: string) {
    this.folder = mkdtempSync(join(tmpdir(), `gonet-${purpose}-`));
    for (const name of ['dist', 'package.json']) cpSync(join(root, name), join(this.folder, name), { recursive: true });
    symlinkSync(join(root, 'node_modules'), join(this.folder, 'node_modules'));
  }

  /** Builds the addon with debugging names, more flags and, if there is one, a planted mistake. */
  build(flags: readonly string[], mistake = ''): void {
    const header = join(this.folder, 'mistake.h');
    const includes = ['limits.h', 'stdlib.h', 'sys/socket.h'].map((name) => `#include <${name}>\n`).join('');
    writeFileSync(header, `#define _GNU_SOURCE\n${includes}${mistake}\n`);
    const output = join(this.folder, 'prebuilds', target(), 'gonet.node');
    const args = ['native/build.mjs', `--out=${output}`, '--', '-g', ...flags, '-include', header];
    const built = spawnSync(process.execPath, args, { cwd: root, encoding: 'utf8' });
    if (built.status !== 0) throw new Error(`not built\n${built.stderr}`);
  }

  remove(): void {
    rmSync(this.folder, { recursive: true });
  }
}
