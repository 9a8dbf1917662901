import assert from 'node:assert/strict';
import { test } from 'node:test';

import { AddrError } from '../errors.ts';
import { joinHostPort, splitHostPort, splitHostZone } from './hostport.ts';

const good: readonly [text: string, host: string, port: string][] = [
  ['localhost:http', 'localhost', 'http'],
  ['localhost:80', 'localhost', '80'],
  ['localhost%lo0:80', 'localhost%lo0', '80'],
  ['[localhost%lo0]:http', 'localhost%lo0', 'http'],
  ['127.0.0.1:80', '127.0.0.1', '80'],
  ['[::1]:80', '::1', '80'],
  ['[::1%lo0]:http', '::1%lo0', 'http'],
  ['golang.org:https', 'golang.org', 'https'],
  [':', '', ''],
  [':80', '', '80'],
  ['localhost:', 'localhost', ''],
  ['127.0.0.1:', '127.0.0.1', ''],
  ['[::1]:', '::1', ''],
  ['[]:80', '', '80'],
  ['[name]:80', 'name', '80'],
  ['golang.org:https%foo', 'golang.org', 'https%foo'],
  ['a b: ', 'a b', ' '],
  ['é:ü', 'é', 'ü'],
];

for (const [text, host, port] of good) {
  test(`splitHostPort splits ${text}`, () => assert.deepEqual(splitHostPort(text), { host, port }));
}

const MISSING = 'missing port in address';
const MANY = 'too many colons in address';
const CLOSE = "missing ']' in address";
const STRAY_OPEN = "unexpected '[' in address";
const STRAY_CLOSE = "unexpected ']' in address";

const bad: readonly [text: string, err: string][] = [
  ['', MISSING],
  ['golang.org', MISSING],
  ['127.0.0.1', MISSING],
  ['[::1', CLOSE],
  ['[', MISSING],
  ['[]', MISSING],
  ['[::1]', MISSING],
  ['[::1%lo0]', MISSING],
  ['[localhost]', MISSING],
  ['[localhost%lo0]', MISSING],
  ['[::1]x', MISSING],
  ['[::1]x:80', MISSING],
  ['[::1]]:80', MISSING],
  ['::1', MANY],
  ['::1:80', MANY],
  ['fe80::1%lo0:80', MANY],
  ['a:b:c', MANY],
  ['[::1]::', MANY],
  ['[a]:80:90', MANY],
  ['[::1:80', CLOSE],
  ['[a:80', CLOSE],
  ['[foo:bar]', MISSING],
  ['[foo:bar]baz', MISSING],
  ['[foo]bar:baz', MISSING],
  ['[foo]:[bar]:baz', MANY],
  ['[foo]:[bar]baz', STRAY_OPEN],
  ['[[::1]:80', STRAY_OPEN],
  ['foo[bar]:baz', STRAY_OPEN],
  ['foo[bar:baz', STRAY_OPEN],
  ['foo:[bar', STRAY_OPEN],
  ['a]:[', STRAY_OPEN],
  ['foo]bar:baz', STRAY_CLOSE],
  ['foo:bar]', STRAY_CLOSE],
  ['[foo]:bar]', STRAY_CLOSE],
];

for (const [text, err] of bad) {
  test(`splitHostPort refuses ${JSON.stringify(text)}`, () => {
    assert.throws(
      () => splitHostPort(text),
      (error) => error instanceof AddrError && error.err === err && error.addr === text,
    );
  });
}

const joined: readonly [host: string, port: string | number, text: string][] = [
  ['localhost', 'http', 'localhost:http'],
  ['localhost', 80, 'localhost:80'],
  ['localhost%lo0', '80', 'localhost%lo0:80'],
  ['::1', 80, '[::1]:80'],
  ['::1%lo0', '80', '[::1%lo0]:80'],
  ['', 80, ':80'],
  ['', '', ':'],
  ['127.0.0.1', '', '127.0.0.1:'],
  ['::1', '', '[::1]:'],
  ['[a]', 1, '[a]:1'],
  ['a', -1, 'a:-1'],
];

for (const [host, port, text] of joined) {
  test(`joinHostPort makes ${text}`, () => assert.equal(joinHostPort(host, port), text));
}

const zoned: readonly [text: string, host: string, zone: string][] = [
  ['', '', ''],
  ['fe80::1', 'fe80::1', ''],
  ['fe80::1%eth0', 'fe80::1', 'eth0'],
  ['a%b%c', 'a%b', 'c'],
  ['a%', 'a', ''],
  ['%a', '%a', ''],
  ['%', '%', ''],
  ['%a%b', '%a', 'b'],
];

for (const [text, host, zone] of zoned) {
  test(`splitHostZone splits ${JSON.stringify(text)}`, () => assert.deepEqual(splitHostZone(text), { host, zone }));
}
