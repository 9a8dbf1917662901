import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

import { maxBacklog, parseBacklog } from './backlog.ts';

const options = { timeout: 5000 };

test('a somaxconn text: its number, and 128 where it has none (Go’s rule 73)', options, () => {
  const rows: [text: string, backlog: number][] = [
    ['4096\n', 4096],
    ['128', 128],
    ['1', 1],
    ['65535', 65_535],
    ['65536', 65_536],
    ['2147483647', 0x7fffffff],
    ['2147483648', 0x7fffffff],
    ['4294967295\n', 0x7fffffff],
    ['99999999999999999999999', 0x7fffffff],
    ['', 128],
    ['0', 128],
    ['000', 128],
    ['-1', 128],
    ['many', 128],
    ['12x', 12],
    ['  77  \n', 77],
  ];
  for (const [text, backlog] of rows) assert.equal(parseBacklog(text), backlog, JSON.stringify(text));
});

test('this machine’s', options, () => {
  assert.equal(maxBacklog(), parseBacklog(readFileSync('/proc/sys/net/core/somaxconn', 'utf8')));
  assert.equal(maxBacklog(), maxBacklog());
});
