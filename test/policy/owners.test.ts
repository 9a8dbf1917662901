// One owner for each dangerous thing: who may talk to koffi, start a timer, make an OpError, end the process. Imports are
// looked at as imports and everything else as code without comments and strings, so naming a thing is never using it.
// Each row carries a violation of its own, and a test shows that the row catches it.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { codeOf, importsOf, isTest, readTree, resolveImport, treeOf, type Tree } from './source.ts';

interface Owner {
  readonly thing: string;
  /** The only places: a file, or a folder with its slash. None: nowhere. */
  readonly places: readonly string[];
  /** What must not appear in the code of other files. */
  readonly code?: RegExp;
  /** Which imports other files must not have: a package as it is named, a file of src/ by its path. */
  readonly imports?: RegExp;
  /** Of those imports, only the ones that take one of these names. */
  readonly names?: RegExp;
  /** What breaks it, in a file of another owner. */
  readonly bad: readonly string[];
}

// This table is policy. A build that fails here has found a second owner: go through the first one, or move the code.
const OWNERS: readonly Owner[] = [
  {
    thing: 'koffi',
    places: ['src/syscall/ffi.ts'],
    imports: /^koffi(?:\/|$)/,
    bad: [`import koffi from 'koffi';`, `const k = await import("koffi");`, `const k = require('koffi');`],
  },
  {
    thing: 'the tables of system calls behind the record',
    places: ['src/syscall/'],
    imports: /^src\/syscall\/(?:libc|message|ffi|native)\.ts$/,
    bad: [`import { close } from '../syscall/libc.ts';`, `import { load } from '../syscall/ffi.ts';`],
  },
  {
    thing: 'what is loaded at run time: koffi and the addon',
    places: ['src/syscall/ffi.ts', 'src/syscall/native.ts'],
    code: /\bprocess\s*\??\.\s*dlopen\b/,
    imports: /^(?:node:)?module$/,
    bad: [`import { createRequire } from 'node:module';`, `process.dlopen(module, 'a.node');`],
  },
  {
    thing: 'which system this is',
    places: ['src/syscall/arch.ts'],
    code: /\bprocess\s*\??\.\s*(?:platform|arch)\b|\bos\s*\.\s*(?:platform|arch|machine)\b|\{[^}]*\b(?:platform|arch)\b[^}]*\}\s*=\s*process\b/,
    imports: /^(?:node:)?(?:os|process)$/,
    names: /\b(?:platform|arch|machine)\b/,
    bad: [
      `if (process.platform === 'linux') a();`,
      `const a = process.arch;`,
      `const { arch } = process;`,
      `import { arch as a } from 'node:os';`,
    ],
  },
  {
    thing: 'timers',
    places: ['src/poll/deadline.ts'],
    code: /\b(?:setTimeout|setInterval)\b|\bAbortSignal\s*\.\s*timeout\b/,
    imports: /^(?:node:)?timers(?:\/|$)/,
    bad: [
      `setTimeout(f, 1);`,
      `globalThis.setInterval(f, 1);`,
      `import { setTimeout as sleep } from 'node:timers/promises';`,
    ],
  },
  {
    thing: "a turn of Node's loop",
    places: ['src/poll/loop.ts', 'src/syscall/ffi.ts', 'src/syscall/native.ts'],
    code: /\bsetImmediate\b/,
    bad: [`setImmediate(dispatch);`],
  },
  {
    thing: 'OpError, made once per failure',
    places: ['src/conn/', 'src/dns/', 'src/dial/'],
    code: /\bnew\s+OpError\b/,
    bad: [`throw new OpError('read', 'tcp', null, null, e);`],
  },
  {
    thing: 'diagnostics channels',
    places: ['src/trace.ts'],
    imports: /^(?:node:)?diagnostics_channel$/,
    bad: [`import dc from 'node:diagnostics_channel';`],
  },
  {
    thing: "Node's streams and sockets",
    places: ['src/adapt/'],
    imports: /^(?:node:)?(?:stream|net|tls|https?|http2)(?:\/|$)/,
    bad: [
      `import { Duplex } from 'node:stream';`,
      `import type { Socket } from 'node:net';`,
      `import {\n  Agent,\n} from 'node:http';`,
      `export { pipeline } from 'node:stream/promises';`,
    ],
  },
  {
    thing: 'the process: its end, its command line, its terminal',
    places: ['src/cli/'],
    code: /\bprocess\s*\??\.\s*(?:exit|argv|abort|kill)\b|\bconsole\b/,
    bad: [`process.exit(1);`, `const [a] = process.argv;`, `console.log(1);`, `const { log } = console;`],
  },
  {
    thing: 'a type that the compiler is told to believe',
    places: [],
    code: /\bas\s+any\b|\bas\s+unknown\s+as\b/,
    bad: [`f(a as any);`, `const b = a as unknown as B;`],
  },
];

/** Comments that switch the compiler off; looked for in the whole text, because they are comments. */
const SWITCHED_OFF = /@ts-(?:ignore|nocheck|expect-error)/;

function checkOwner(owner: Owner, tree: Tree): string[] {
  const wrong: string[] = [];
  for (const [path, source] of tree) {
    const atHome = owner.places.some((place) => (place.endsWith('/') ? path.startsWith(place) : path === place));
    if (atHome || isTest(path)) continue;
    const used = owner.code?.exec(codeOf(source));
    if (used) wrong.push(`${path}: ${used[0].trim()} (${owner.thing})`);
    for (const { from, names } of importsOf(source)) {
      const target = resolveImport(path, from) ?? from;
      if (owner.imports?.test(target) && (owner.names?.test(names) ?? true))
        wrong.push(`${path}: imports "${from}" (${owner.thing})`);
    }
  }
  return wrong;
}

function checkSwitches(tree: Tree): string[] {
  return [...tree].filter(([path, source]) => !isTest(path) && SWITCHED_OFF.test(source)).map(([path]) => path);
}

const src = readTree('src');

for (const owner of OWNERS) {
  test(`${owner.thing}: only in ${owner.places.join(', ') || 'no file'}`, () => {
    assert.deepEqual(checkOwner(owner, src), []);
  });
}

test('no file of src/ switches the compiler off', () => {
  assert.deepEqual(checkSwitches(src), []);
});

for (const owner of OWNERS) {
  test(`the check can fail: ${owner.thing}`, () => {
    for (const source of owner.bad) {
      assert.notDeepEqual(checkOwner(owner, treeOf({ 'src/fd/a.ts': source })), [], source);
      for (const place of owner.places) {
        const home = place.endsWith('/') ? `${place}a.ts` : place;
        assert.deepEqual(checkOwner(owner, treeOf({ [home]: source })), [], `${home}: ${source}`);
      }
      const named = `// ${source.replaceAll('\n', ' ')}\nconst text = ${JSON.stringify(source)};\n`;
      assert.deepEqual(checkOwner(owner, treeOf({ 'src/fd/a.ts': named })), [], `only named: ${source}`);
    }
  });
}

test('the check on compiler switches can fail', () => {
  assert.deepEqual(checkSwitches(treeOf({ 'src/fd/a.ts': '// @ts-ignore\nf(1);' })), ['src/fd/a.ts']);
  assert.deepEqual(checkSwitches(treeOf({ 'src/fd/a.test.ts': '// @ts-expect-error: a string\nf(1);' })), []);
});

test('the scanner tells code from text', () => {
  const code = codeOf('const a = `x ${b(`y ${c}`)} z`; // d\nconst e = /[/"]f/.test(g) / h; const i = "j\\"k";');
  assert.equal(code.replaceAll(/\s+/g, ' '), 'const a = b( c ) ; const e = .test(g) / h; const i = ;');
});
