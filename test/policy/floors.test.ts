// The architecture as data. Each folder of src/ is a floor, and a file may import from its own folder, from the floors
// below it and from the leaves, never upwards and never through a door. What the tables say is the design (the why is in
// docs/), so each check is a pure function of the tree and has a made-up violation beside it.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { codeOf, importsOf, isTest, readTree, resolveImport, treeOf, uncommented, type Tree } from './source.ts';

// These tables are policy. A build that fails here has a file in the wrong place: move the code, not the row.
// A row changes only together with the design, and the change says why.

/** The floors from the ground up: a folder may import from the folders left of it. */
const FLOORS: readonly string[] = ['syscall', 'poll', 'fd', 'conn', 'dns', 'dial', 'adapt', 'cli'];

/** Leaves stand beside the floors and may be imported by all of them; each with the leaves that it may import itself. */
const LEAVES: Readonly<Record<string, readonly string[]>> = {
  errors: [],
  trace: ['errors'],
  addr: ['errors'],
};

/** The package's doors: `src/<door>.ts`, named re-exports and nothing else. No file of src/ imports one. */
const DOORS: readonly string[] = ['index', 'netip', 'syscall', 'node'];

/** Files of more than 300 lines, each with the reason why it is not two files. */
const LONG: Readonly<Record<string, string>> = {
  'src/errors.ts': 'every error class and code of the package is to be found in one place',
};
const MAX_LINES = 300;

const HEAD_LINES = { min: 1, max: 12 };
const VAGUE = /^(?:utils?|helpers?|common|misc)$/;

/** `src/fd/desc.ts` is of `fd`, `src/errors.ts` of `errors`, `src/syscall.ts` of `door syscall`. */
function partOf(path: string): string {
  const [, folder = '', file] = path.split('/');
  if (file !== undefined) return folder;
  const name = folder.replace(/(?:\.test)?\.ts$/, '');
  return DOORS.includes(name) ? `door ${name}` : name;
}

function checkPlaces(tree: Tree): string[] {
  const wrong: string[] = [];
  for (const path of tree.keys()) {
    const steps = path.split('/');
    const part = partOf(path);
    const name = (steps.at(-1) ?? '').replace(/(?:\.test)?\.ts$/, '');
    if (steps.length > 3) wrong.push(`${path}: src/ is two levels deep`);
    if (steps.some((step) => VAGUE.test(step.replace(/(?:\.test)?\.ts$/, ''))))
      wrong.push(`${path}: a name that says nothing`);
    if (steps.length === 3 && name === 'index') wrong.push(`${path}: an inner barrel`);
    const known = FLOORS.includes(part) || part in LEAVES || part.startsWith('door ');
    if (!known) wrong.push(`${path}: neither a floor, a leaf nor a door`);
  }
  return wrong;
}

function mayImport(from: string, to: string): boolean {
  if (to.startsWith('door ')) return false;
  if (from === to || from.startsWith('door ')) return true;
  const own = LEAVES[from];
  if (own !== undefined) return own.includes(to);
  return to in LEAVES || FLOORS.indexOf(to) < FLOORS.indexOf(from);
}

function checkFloors(tree: Tree): string[] {
  const wrong: string[] = [];
  for (const [path, source] of tree) {
    for (const { from } of importsOf(source)) {
      const target = resolveImport(path, from);
      if (target === undefined) continue;
      if (!target.startsWith('src/')) {
        if (!isTest(path)) wrong.push(`${path}: imports "${from}", outside src/`);
      } else if (isTest(path) && partOf(path).startsWith('door ')) {
        continue;
      } else if (!mayImport(partOf(path), partOf(target))) {
        wrong.push(`${path}: ${partOf(path)} may not import ${partOf(target)} ("${from}")`);
      }
    }
  }
  return wrong;
}

/** Cycles that remain after compilation, each told once, from its first file. */
function checkCycles(tree: Tree): string[] {
  const edges = new Map<string, string[]>();
  for (const [path, source] of tree) {
    const targets = importsOf(source).filter(({ typeOnly }) => !typeOnly);
    edges.set(
      path,
      targets.map(({ from }) => resolveImport(path, from)).filter((target) => target !== undefined),
    );
  }
  const wrong: string[] = [];
  const done = new Set<string>();
  const visit = (path: string, trail: readonly string[]): void => {
    const start = trail.indexOf(path);
    if (start !== -1) wrong.push(`cycle: ${[...trail.slice(start), path].join(' -> ')}`);
    if (start !== -1 || done.has(path)) return;
    for (const next of edges.get(path) ?? []) visit(next, [...trail, path]);
    done.add(path);
  };
  for (const path of edges.keys()) visit(path, []);
  return wrong;
}

/** By name; the generated table of constants, whose names are C's, may be re-exported whole. */
const NAMED_REEXPORT = /^export (?:(?:type )?\{[^}]*\}|\*(?= from ['"]\.\/syscall\/zconst)) from (['"])[^'"]*\1;?/;
const ANY_REEXPORT = /^export (?:type )?(?:\{[^}]*\}|\*(?: as \w+)?) from (['"])[^'"]*\1;?/;

/** Whether a file holds nothing but statements of one form. */
function consistsOf(statement: RegExp, source: string): boolean {
  let rest = uncommented(source).replaceAll(/\s+/g, ' ').trim();
  const any = rest !== '';
  while (statement.test(rest)) rest = rest.replace(statement, '').trim();
  return any && rest === '';
}

function checkDoors(tree: Tree): string[] {
  const wrong: string[] = [];
  for (const [path, source] of tree) {
    if (isTest(path)) continue;
    const door = partOf(path).startsWith('door ');
    if (door && !consistsOf(NAMED_REEXPORT, source))
      wrong.push(`${path}: a door holds named re-exports and nothing else`);
    if (!door && consistsOf(ANY_REEXPORT, source)) wrong.push(`${path}: an inner barrel`);
  }
  return wrong;
}

function checkFiles(tree: Tree): string[] {
  const wrong: string[] = [];
  for (const [path, source] of tree) {
    if (/\bexport\s+default\b|\bas\s+default\b/.test(codeOf(source))) wrong.push(`${path}: a default export`);
    if (isTest(path)) continue;
    const head = headLines(source);
    if (head < HEAD_LINES.min || head > HEAD_LINES.max) wrong.push(`${path}: a head comment of ${head} lines`);
    if (!/\/zconst[^/]*\.ts$/.test(path)) wrong.push(...checkLength(path, source));
  }
  return wrong;
}

function headLines(source: string): number {
  const lines = source.replace(/^#!.*\n/, '').split('\n');
  const end = lines.findIndex((line) => !line.startsWith('//'));
  return end === -1 ? lines.length : end;
}

function checkLength(path: string, source: string, long = LONG): string[] {
  const lines = source.trimEnd().split('\n').length;
  if (lines > MAX_LINES && !long[path]) return [`${path}: ${lines} lines and no reason`];
  if (lines <= MAX_LINES && path in long) return [`${path}: ${lines} lines need no reason any more`];
  return [];
}

const src = readTree('src');

test('every file of src/ is a door, a leaf or on a floor, under a name that says something', () => {
  assert.deepEqual(checkPlaces(src), []);
});

test('imports run downwards', () => {
  assert.deepEqual(checkFloors(src), []);
});

test('no import cycles', () => {
  assert.deepEqual(checkCycles(src), []);
});

test('doors are named re-exports, and there are no inner barrels', () => {
  assert.deepEqual(checkDoors(src), []);
});

test('files have a head comment, no default export, and a length or a reason', () => {
  assert.deepEqual(checkFiles(src), []);
});

test('a reason for a length names a file', () => {
  assert.deepEqual(
    Object.keys(LONG).filter((path) => !src.has(path)),
    [],
  );
});

test('the check on places can fail', () => {
  const bad = [
    'src/fd/sub/a.ts',
    'src/fd/util.ts',
    'src/helpers.ts',
    'src/common/a.ts',
    'src/fd/index.ts',
    'src/http/a.ts',
  ];
  for (const path of bad) assert.notDeepEqual(checkPlaces(treeOf({ [path]: '' })), [], path);
  assert.deepEqual(checkPlaces(treeOf({ 'src/fd/desc.ts': '', 'src/index.ts': '', 'src/errors.test.ts': '' })), []);
});

test('the check on floors can fail', () => {
  const bad: [path: string, source: string][] = [
    ['src/syscall/a.ts', `import { b } from '../poll/b.ts';`],
    ['src/syscall/a.ts', `import type { B } from '../conn/b.ts';`],
    ['src/fd/a.ts', `import {\n  type B, // a note\n  c,\n} from '../conn/b.ts';`],
    ['src/conn/a.ts', `export * from '../dial/b.ts';`],
    ['src/conn/a.ts', `const b = await import('../dial/b.ts');`],
    ['src/addr/a.ts', `import { sys } from '../syscall/sys.ts';`],
    ['src/errors.ts', `import { IP } from './addr/ip.ts';`],
    ['src/cli/a.ts', `import { dial } from '../index.ts';`],
    ['src/fd/a.ts', `import { rig } from '../../test/fault/rig.ts';`],
    ['src/poll/a.test.ts', `import { dial } from '../dial/dial.ts';`],
  ];
  for (const [path, source] of bad) assert.equal(checkFloors(treeOf({ [path]: source })).length, 1, source);
  const good: [path: string, source: string][] = [
    [
      'src/fd/a.ts',
      `import { b } from './b.ts';\nimport { c } from '../poll/c.ts';\nimport { d } from '../errors.ts';`,
    ],
    ['src/index.ts', `export { dial } from './dial/dial.ts';`],
    ['src/syscall/a.ts', `// import { b } from '../poll/b.ts';\nconst s = "import { b } from '../poll/b.ts'";`],
    ['src/fd/a.test.ts', `import { rig } from '../../test/fault/rig.ts';`],
  ];
  for (const [path, source] of good) assert.deepEqual(checkFloors(treeOf({ [path]: source })), [], source);
});

test('the check on cycles can fail, and leaves types alone', () => {
  const a = `import { b } from './b.ts';\nexport const a = b;`;
  const c = `import { a } from './a.ts';`;
  const cycle = treeOf({ 'src/fd/a.ts': a, 'src/fd/b.ts': `import { c } from './c.ts';`, 'src/fd/c.ts': c });
  assert.deepEqual(checkCycles(cycle), ['cycle: src/fd/a.ts -> src/fd/b.ts -> src/fd/c.ts -> src/fd/a.ts']);
  const types = treeOf({ 'src/fd/a.ts': a, 'src/fd/b.ts': `import type { A } from './a.ts';` });
  assert.deepEqual(checkCycles(types), []);
});

test('the check on doors can fail', () => {
  const bad: [path: string, source: string][] = [
    ['src/index.ts', `export * from './dial/dial.ts';`],
    ['src/index.ts', `export { dial } from './dial/dial.ts';\nexport const x = 1;`],
    ['src/netip.ts', ``],
    ['src/conn/tcp.ts', `export { a } from './a.ts';\nexport type { B } from './b.ts';`],
  ];
  for (const [path, source] of bad) assert.equal(checkDoors(treeOf({ [path]: source })).length, 1, source);
  const door = `// The door.\nexport { dial, type Dialer } from './dial/dial.ts';\nexport type { Conn } from './conn/conn.ts';\n`;
  assert.deepEqual(checkDoors(treeOf({ 'src/index.ts': door, 'src/conn/a.ts': `export const a = 1;` })), []);
});

test('the check on files can fail', () => {
  const head = '// One.\n// Two.\n';
  const bad = [
    `${head}export default 1;`,
    `${head}const a = 1;\nexport { a as default };`,
    `${'// Line.\n'.repeat(HEAD_LINES.min - 1)}export const a = 1;`,
    `${'// Line.\n'.repeat(HEAD_LINES.max + 1)}export const a = 1;`,
    `${head}${'x();\n'.repeat(299)}`,
  ];
  for (const source of bad) assert.equal(checkFiles(treeOf({ 'src/fd/a.ts': source })).length, 1, source.slice(0, 60));
  const long = `${head}${'x();\n'.repeat(299)}`;
  assert.deepEqual(checkLength('src/fd/a.ts', long, { 'src/fd/a.ts': 'one table' }), []);
  assert.equal(checkLength('src/fd/a.ts', head, { 'src/fd/a.ts': 'one table' }).length, 1);
  const good = treeOf({ 'src/cli/a.ts': `#!/usr/bin/env node\n${head}x();`, 'src/syscall/zconst_linux.ts': long });
  assert.deepEqual(checkFiles(good), []);
});
