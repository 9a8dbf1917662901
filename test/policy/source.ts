// The tree as data for the policy tests: where the repository is, its source files as text, that text without comments
// and strings, and the imports of a file. A policy is a pure function from a Tree to the list of what breaks it.

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Paths relative to the repository's root, with `/`, and the text of each file. */
export type Tree = ReadonlyMap<string, string>;

/** One import or re-export of a file: what it names, and whether it is gone after compilation. */
export interface Import {
  readonly from: string;
  readonly names: string;
  readonly typeOnly: boolean;
}

/** The repository's root, found from this file, compiled or not. */
export const ROOT: string = findRoot(dirname(fileURLToPath(import.meta.url)));

function findRoot(from: string): string {
  for (let dir = from; dir !== dirname(dir); dir = dirname(dir)) {
    if (existsSync(join(dir, 'package.json')) && existsSync(join(dir, 'src'))) return dir;
  }
  throw new Error(`No repository above "${from}"`);
}

/** Reads every TypeScript file below `folder`. */
export function readTree(folder: string): Tree {
  const paths = readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .map((path) => `${folder}/${path.replaceAll('\\', '/')}`)
    .filter((path) => path.endsWith('.ts'))
    .toSorted();
  return new Map(paths.map((path) => [path, readFileSync(join(ROOT, path), 'utf8')]));
}

/** A made-up tree, for showing that a policy can fail. */
export function treeOf(files: Record<string, string>): Tree {
  return new Map(Object.entries(files));
}

/** Whether a path is a test's or a test's helper beside it. */
export function isTest(path: string): boolean {
  return path.endsWith('.test.ts');
}

const REGEX_MAY_FOLLOW = /(?:^|[=(,:;!&|?{}[+\-*%<>~^]|\b(?:return|typeof|case|in|of|do|else|void|yield|await))\s*$/;

/** The source with every comment, string and regular expression blanked to spaces; lines and columns stay. */
export function codeOf(source: string): string {
  return scan(source, true);
}

/** The source with only its comments blanked. */
export function uncommented(source: string): string {
  return scan(source, false);
}

function scan(source: string, blankStrings: boolean): string {
  const out = new Array<string>();
  const templates: number[] = []; // depth of braces inside each open `${`
  const blank = (text: string): string => text.replaceAll(/[^\n]/g, ' ');
  for (let at = 0; at < source.length;) {
    const end = tokenEnd(source, at, out, templates);
    const text = source.slice(at, end.at);
    out.push(end.kind === 'comment' || (end.kind === 'string' && blankStrings) ? blank(text) : text);
    at = end.at;
  }
  return out.join('');
}

type Token = { readonly kind: 'comment' | 'string' | 'code'; readonly at: number };

function tokenEnd(source: string, at: number, out: readonly string[], templates: number[]): Token {
  const c = source[at];
  const two = source.slice(at, at + 2);
  if (two === '//' || (two === '#!' && at === 0)) return { kind: 'comment', at: indexOr(source, '\n', at) };
  if (two === '/*') return { kind: 'comment', at: Math.min(indexOr(source, '*/', at + 2) + 2, source.length) };
  if (c === '"' || c === "'") return { kind: 'string', at: quoteEnd(source, at) };
  if (c === '`') return templateEnd(source, at + 1, templates);
  if (c === '/' && REGEX_MAY_FOLLOW.test(out.slice(-24).join(''))) return { kind: 'string', at: regexEnd(source, at) };
  const depth = templates.length - 1;
  if (c === '{' && depth >= 0) templates[depth] = (templates[depth] ?? 0) + 1;
  if (c === '}' && depth >= 0) {
    if (templates[depth] === 0) {
      templates.pop();
      return templateEnd(source, at + 1, templates);
    }
    templates[depth] = (templates[depth] ?? 0) - 1;
  }
  return { kind: 'code', at: at + 1 };
}

function indexOr(source: string, text: string, from: number): number {
  const at = source.indexOf(text, from);
  return at === -1 ? source.length : at;
}

function quoteEnd(source: string, at: number): number {
  const quote = source[at];
  let end = at + 1;
  while (end < source.length && source[end] !== quote && source[end] !== '\n') end += source[end] === '\\' ? 2 : 1;
  return end + 1;
}

function regexEnd(source: string, at: number): number {
  let inClass = false;
  for (let end = at + 1; end < source.length; end++) {
    const c = source[end];
    if (c === '\\') end++;
    else if (c === '[') inClass = true;
    else if (c === ']') inClass = false;
    else if (c === '/' && !inClass) return end + 1;
    else if (c === '\n') return at + 1; // a division after all
  }
  return at + 1;
}

function templateEnd(source: string, from: number, templates: number[]): Token {
  for (let end = from; end < source.length; end++) {
    if (source[end] === '\\') end++;
    else if (source[end] === '`') return { kind: 'string', at: end + 1 };
    else if (source[end] === '$' && source[end + 1] === '{') {
      templates.push(0);
      return { kind: 'string', at: end + 2 };
    }
  }
  return { kind: 'string', at: source.length };
}

const STATIC = /(?:import|export)\b([^;'"`=()]*?)(?:\bfrom\s*)?(['"])([^'"\n]+)\2/y;
const DYNAMIC = /(?:import|require)\s*\(\s*(['"])([^'"\n]+)\1/y;

/** Every import of a file: static, re-exported, dynamic, for its types, for its side effects. */
export function importsOf(source: string): Import[] {
  const text = uncommented(source);
  const found: Import[] = [];
  for (const { index, 0: verb } of codeOf(source).matchAll(/(?<![.\w$])(?:import|export|require)\b/g)) {
    STATIC.lastIndex = DYNAMIC.lastIndex = index;
    const dynamic = DYNAMIC.exec(text);
    if (dynamic) found.push({ from: dynamic[2] ?? '', names: '', typeOnly: false });
    const [, names = '', , from = ''] = STATIC.exec(text) ?? [];
    if (from === '' || (verb === 'export' && !/^\s*(?:type\s*)?[{*]/.test(names))) continue; // `export type A = 'a'`
    found.push({ from, names: names.trim(), typeOnly: /^\s+type\s+(?!from\b)[\w${*]/.test(names) });
  }
  return found;
}

/** The path in the tree that a relative import means; `undefined` for a package. */
export function resolveImport(path: string, from: string): string | undefined {
  if (!from.startsWith('.')) return undefined;
  return new URL(from, `file:///${path}`).pathname.slice(1);
}
