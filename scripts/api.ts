// The public API as text: for each door of package.json the declarations that it exports, sorted, in api/<door>.txt.
// Works on the compiler's .d.ts files as plain text, because their form is regular: a statement starts in the first
// column, and the doors are named re-exports. `npm run api` writes the files; a policy test compares them.

import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** A door: the name of its text file, and the declarations that it opens to. */
export interface Door {
  readonly name: string;
  readonly types: string;
}

/** Every entry of package.json's `exports` that has types, as a door. */
export function doors(): Door[] {
  const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    readonly exports: Readonly<Record<string, string | { readonly types: string }>>;
  };
  const found: Door[] = [];
  for (const [entry, target] of Object.entries(manifest.exports)) {
    if (typeof target === 'string') continue;
    found.push({ name: entry === '.' ? 'gonet' : entry.slice(2), types: posix.normalize(target.types) });
  }
  return found;
}

/** The text of a compiled file by its path from the root; `undefined` where there is none. */
export function readCompiled(path: string): string | undefined {
  const file = join(root, path);
  return existsSync(file) ? readFileSync(file, 'utf8') : undefined;
}

/** The API of one door as text, given a reader of .d.ts files. */
export function apiOf(door: Door, read: Read): string {
  const exported = exportsOf(door.types, read);
  const names = [...exported].toSorted(([a], [b]) => (a < b ? -1 : 1));
  const texts = names.map(([name, origin]) => {
    const declared = declarationOf(origin, read);
    const bases = basesOf(declared, read).filter((base) => !exported.has(base.name));
    return [describe(name, declared), ...bases.map((base) => describe(base.name, base))].join('\n');
  });
  return `The public API of ${door.name}, written by \`npm run api\`.\n\n${texts.join('\n\n')}\n`;
}

type Read = (path: string) => string | undefined;

interface Origin {
  readonly path: string;
  readonly name: string;
}

/** The statements that declare a name, and the file that they stand in. */
interface Declared extends Origin {
  readonly statements: readonly string[];
}

/** What a file exports from elsewhere: the name outside, and where it comes from under which name. */
function exportsOf(path: string, read: Read): Map<string, Origin> {
  const found = originsOf('export', path, read);
  for (const statement of statements(path, read)) {
    const [, from] = /^export \* from ['"]([^'"]+)['"];/.exec(statement) ?? [];
    if (from === undefined) continue;
    for (const [name, origin] of everythingOf(declarationPath(path, from), read)) found.set(name, origin);
  }
  return found;
}

/** What `export *` takes from a file: its own exports and its re-exports. */
function everythingOf(path: string, read: Read): Map<string, Origin> {
  const found = exportsOf(path, read);
  for (const statement of statements(path, read)) {
    const [, name] = OWN_EXPORT.exec(statement) ?? [];
    if (name !== undefined) found.set(name, { path, name });
  }
  return found;
}

const OWN_EXPORT = /^export (?:declare )?(?:abstract )?(?:class|interface|function|const|let|type) ([\w$]+)/;

function originsOf(verb: 'import' | 'export', path: string, read: Read): Map<string, Origin> {
  const found = new Map<string, Origin>();
  const clause = new RegExp(`^${verb} (?:type )?\\{([^}]*)\\} from ['"](\\.[^'"]+)['"];`, 'gm');
  for (const [, list = '', from = ''] of statements(path, read).join('\n').matchAll(clause)) {
    for (const item of list.split(',').map((text) => text.trim().replace(/^type /, ''))) {
      const [name = '', alias = name] = item.split(' as ');
      if (name !== '') found.set(alias, { path: declarationPath(path, from), name });
    }
  }
  return found;
}

function declarationPath(path: string, from: string): string {
  return posix.join(posix.dirname(path), from.replace(/\.(?:js|ts)$/, '.d.ts'));
}

/** The declaration of a name, through re-exports if need be. */
function declarationOf({ path, name }: Origin, read: Read): Declared {
  const own = statements(path, read).filter((statement) => declares(name).test(statement));
  if (own.length > 0) return { path, name, statements: own };
  const next = exportsOf(path, read).get(name);
  if (next) return declarationOf(next, read);
  throw new Error(`No declaration of "${name}" in "${path}"`);
}

function declares(name: string): RegExp {
  const word = name.replaceAll('$', String.raw`\$`);
  return new RegExp(
    String.raw`^(?:export )?(?:declare )?(?:abstract )?(?:class|interface|function|const|let|type) ${word}(?![\w$])`,
  );
}

/** What a class or an interface extends inside this package, with what that extends in turn. */
function basesOf(declared: Declared, read: Read): Declared[] {
  const found: Declared[] = [];
  for (const statement of declared.statements) {
    const [, list = ''] = /^[^{]* extends ([^{]*)\{/.exec(statement) ?? [];
    for (const [name] of list.replaceAll(/<[^{]*>/g, '').matchAll(/(?<![\w$.])[A-Z][\w$]*/g)) {
      const origin = originsOf('import', declared.path, read).get(name);
      const local = statements(declared.path, read).some((one) => declares(name).test(one));
      if (!origin && !local) continue; // the language's own
      const base = declarationOf(origin ?? { path: declared.path, name }, read);
      found.push(base, ...basesOf(base, read));
    }
  }
  return found;
}

function describe(name: string, declared: Declared): string {
  const text = declared.statements.map((one) => publicText(one)).join('\n');
  return name === declared.name ? text : `as ${name}: ${text}`;
}

/** A statement without what callers cannot use: private members, and the words that every declaration has. */
function publicText(statement: string): string {
  return statement
    .replace(/^export /, '')
    .replace(/^declare /, '')
    .replaceAll(/^ +(?:#private;|private (?!constructor).*;)\n/gm, '')
    .replaceAll(/^ +/gm, (indent) => ' '.repeat(indent.length / 2));
}

/** A .d.ts file's top-level statements, without comments and empty lines. */
function statements(path: string, read: Read): string[] {
  const text = read(path);
  if (text === undefined) throw new Error(`No declarations at "${path}"`);
  const found: string[] = [];
  let open: string[] = [];
  let depth = 0;
  for (const line of text.replaceAll(/\/\*[\s\S]*?\*\//g, '').split('\n')) {
    if (line.trim() === '' || /^\s*\/\//.test(line)) continue;
    open.push(line.trimEnd());
    depth += depthOf(line);
    if (depth !== 0 || !/[;}]$/.test(line.trimEnd())) continue;
    found.push(open.join('\n'));
    open = [];
  }
  return found;
}

/** How many brackets a line leaves open. */
function depthOf(line: string): number {
  const bare = line.replaceAll(/'[^']*'|"[^"]*"|`[^`]*`/g, '');
  return (bare.match(/[{([]/g)?.length ?? 0) - (bare.match(/[})\]]/g)?.length ?? 0);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  mkdirSync(join(root, 'api'), { recursive: true });
  for (const door of doors().filter(({ types }) => readCompiled(types) !== undefined)) {
    writeFileSync(join(root, 'api', `${door.name}.txt`), apiOf(door, readCompiled));
    console.log(`api/${door.name}.txt`);
  }
}
