// The public API is written down in api/, so that a change of it is a diff that somebody reads.

import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import { apiOf, doors, readCompiled } from '../../scripts/api.ts';
import { ROOT } from './source.ts';

for (const door of doors()) {
  const missing = readCompiled(door.types) === undefined && `"${door.types}" is not there yet`;
  test(`api/${door.name}.txt is the API of ${door.name}`, { skip: missing }, () => {
    const file = join(ROOT, 'api', `${door.name}.txt`);
    const written = existsSync(file) ? readFileSync(file, 'utf8') : '';
    assert.ok(apiOf(door, readCompiled) === written, 'The API has changed: run `npm run api` and read the diff');
  });
}

test('the text follows re-exports, keeps overloads and bases, and drops comments and private members', () => {
  const files: Record<string, string> = {
    'dist/src/index.d.ts': `export { dial } from './dial/dial.js';\nexport { A as Addr, type B } from './addr/addr.js';\nexport * from './z.js';\n`,
    'dist/src/z.d.ts': `export declare const AF_INET = 2;\nexport {};\n`,
    'dist/src/dial/dial.d.ts': [
      `/** Dials. */`,
      `export declare function dial(n: 'tcp'): Promise<{`,
      `    a: 1;`,
      `}>;`,
      `export declare function dial(n: 'udp'): void;`,
      `export declare function dialer(): void;`,
    ].join('\n'),
    'dist/src/addr/addr.d.ts': `export { A } from './a.js';\nexport type B =\n    | '{'\n    | 2;\nexport {};\n`,
    'dist/src/addr/a.d.ts': `import { Base } from './base.js';\nexport declare class A extends Base<string> {\n    #private;\n    private x;\n    // note\n    readonly y: 1;\n}\n`,
    'dist/src/addr/base.d.ts': `export declare abstract class Base<T> extends Map<T, T> {\n    z(): T;\n}\n`,
  };
  const text = apiOf({ name: 'gonet', types: 'dist/src/index.d.ts' }, (path) => files[path]);
  assert.deepEqual(text.split('\n\n').slice(1), [
    `const AF_INET = 2;`,
    `as Addr: class A extends Base<string> {\n  readonly y: 1;\n}\nabstract class Base<T> extends Map<T, T> {\n  z(): T;\n}`,
    `type B =\n  | '{'\n  | 2;`,
    `function dial(n: 'tcp'): Promise<{\n  a: 1;\n}>;\nfunction dial(n: 'udp'): void;\n`,
  ]);
});

test('a name that is declared nowhere is an error', () => {
  const files: Record<string, string> = { 'i.d.ts': `export { a } from './a.js';`, 'a.d.ts': `export {};` };
  assert.throws(
    () => apiOf({ name: 'x', types: 'i.d.ts' }, (path) => files[path]),
    /No declaration of "a" in "a.d.ts"/,
  );
});
