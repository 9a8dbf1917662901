// nsswitch.conf: the sources of host names, and which of their criteria change nothing.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import * as fc from 'fast-check';

import { parseHostSources } from './nsswitch.ts';

/** The sources as text, `!` after those that ask for something else than usual. */
const read = (text: string | null): string | null =>
  parseHostSources(text)
    ?.map(({ name, standard }) => (standard ? name : `${name}!`))
    .join(' ') ?? null;

for (const [text, expected] of [
  [null, ''],
  ['', ''],
  ['passwd: files\n# hosts: files', ''],
  ['hosts: files dns', 'files dns'],
  ['  hosts:\tfiles   dns # and no more', 'files dns'],
  ['hosts:files', 'files'],
  ['hosts: files\nhosts: dns', 'files dns'],
  ['hosts: files mdns4_minimal [NOTFOUND=return] dns', 'files mdns4_minimal dns'],
  ['hosts: files [NOTFOUND=continue UNAVAIL=continue TRYAGAIN=continue SUCCESS=return] dns', 'files dns'],
  ['hosts: files [notfound=return]', 'files'],
  ['hosts: files [NOTFOUND=return UNAVAIL=continue] dns', 'files! dns'],
  ['hosts: files [!UNAVAIL=return] dns', 'files! dns'],
  ['hosts: files [SUCCESS=merge] dns', 'files! dns'],
  ['hosts: files [odd=return] dns', 'files! dns'],
  ['hosts: files[SUCCESS=continue]', 'files!'],
  ['hosts: files [] dns', 'files dns'],
  ['hosts: [NOTFOUND=return] files', null],
  ['hosts: files [NOTFOUND=return dns', null],
  ['hosts: files ] dns', null],
  ['hosts files dns', null],
] as const) {
  test(JSON.stringify(text), () => assert.equal(read(text), expected));
}

test('any text can be read', () => {
  const word = fc.oneof(fc.constantFrom('hosts:', 'files', 'dns', '[', ']', '=', '!', '#', '\n'), fc.string());
  fc.assert(
    fc.property(fc.array(word), (words) => {
      parseHostSources(words.join(' '));
    }),
  );
});
