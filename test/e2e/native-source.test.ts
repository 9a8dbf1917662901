// The C of the addon under gcc's analyzer: no warning of any kind, and a mistake of each kind that it is there for is caught.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const headers = join(root, 'node_modules/node-api-headers/include');
const FLAGS = ['-std=c11', '-fPIC', '-shared', '-Wall', '-Wextra', '-Werror', '-fanalyzer'];

const version = spawnSync('gcc', ['-dumpversion'], { encoding: 'utf8' });
const skip =
  version.status !== 0
    ? 'gcc is not here'
    : Number.parseInt(version.stdout, 10) < 12
      ? `gcc ${version.stdout.trim()} has an analyzer that finds too little, and what is not there`
      : !existsSync(headers) && 'the npm package node-api-headers is not installed';
const options = { timeout: 120_000, skip };

const folder = mkdtempSync(join(tmpdir(), 'gonet-analyzer-'));
after(() => rmSync(folder, { recursive: true }));

const sources = readdirSync(join(root, 'native'))
  .filter((name) => name.endsWith('.c'))
  .map((name) => join(root, 'native', name));

/** What gcc says. The optimizer takes away some of what the analyzer would see, and shows it other things. */
function analyze(files: readonly string[], level = '-O0'): { status: number | null; said: string } {
  const args = [...FLAGS, level, `-I${headers}`, `-I${join(root, 'native')}`, '-o', join(folder, 'analyzed'), ...files];
  const { status, stdout, stderr } = spawnSync('gcc', args, { encoding: 'utf8', env: { ...process.env, LC_ALL: 'C' } });
  return { status, said: stdout + stderr };
}

for (const level of ['-O0', '-O2']) {
  test(`gcc and its analyzer have nothing to say of native/ with ${level}`, options, () => {
    assert.ok(sources.length >= 3, String(sources));
    assert.deepEqual(analyze(sources, level), { status: 0, said: '' });
  });
}

const MISTAKES: readonly [warning: string, code: string][] = [
  ['analyzer-double-free', 'free(mine); free(mine);'],
  ['analyzer-use-after-free', 'struct environment **p = &mine; free(*p); (*p)->env = NULL;'],
  ['analyzer-malloc-leak', 'char *p = malloc(8); if (p) p[0] = 1;'],
  ['analyzer-possible-null-dereference', 'char *p = malloc(8); p[0] = 1; free(p);'],
  ['unused-variable', 'int unused;'],
  ['sign-compare', 'size_t size = 1; int n = -1; if (n < size) free(mine);'],
];

for (const [warning, code] of MISTAKES) {
  test(`a planted mistake is caught: ${warning}`, options, () => {
    const path = join(folder, 'planted.c');
    const head = '#include "gonet.h"\n#include <stdlib.h>\n';
    writeFileSync(
      path,
      `${head}void planted(struct environment *mine);\nvoid planted(struct environment *mine) { (void)mine; ${code} }\n`,
    );
    const { status, said } = analyze([path]);
    assert.notEqual(status, 0);
    assert.match(said, new RegExp(String.raw`\[-Werror=${warning}\]`));
  });
}
