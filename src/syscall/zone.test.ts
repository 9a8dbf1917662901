import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

import { load, sys } from './sys.ts';
import { EINVAL } from './zconst_linux.ts';
import { indexToZone, zoneToIndex } from './zone.ts';

const lo = Number(readFileSync('/sys/class/net/lo/ifindex', 'utf8'));

test('lo has its index, both ways', { timeout: 5000 }, () => {
  assert.equal(zoneToIndex('lo'), lo);
  assert.equal(indexToZone(lo), 'lo');
});

test('no zone is 0, and 0 is no zone', { timeout: 5000 }, () => {
  assert.equal(zoneToIndex(''), 0);
  assert.equal(indexToZone(0), '');
});

test('an unknown name is its leading digits, or 0 (Go’s rule 21)', { timeout: 5000 }, () => {
  const rows: [zone: string, index: number][] = [
    ['12', 12],
    ['12x', 12],
    ['x12', 0],
    ['-1', 0],
    ['no such interface, and too long a name', 0],
    ['4294967295', 4_294_967_295],
    ['4294967296', 4_294_967_295],
    ['99999999999999999999', 4_294_967_295],
    ['%', 0],
  ];
  for (const [zone, index] of rows) assert.equal(zoneToIndex(zone), index, zone);
});

test('an unknown index is its decimal text', { timeout: 5000 }, () => {
  for (const index of [4_000_000, 4_294_967_295]) assert.equal(indexToZone(index), String(index));
});

test('a known name is asked for once, an unknown one each time', { timeout: 5000 }, () => {
  load();
  const { if_nametoindex } = sys;
  const asked: string[] = [];
  try {
    sys.if_nametoindex = (name) => {
      asked.push(name);
      return name === 'made-up' ? 77 : -EINVAL;
    };
    assert.deepEqual(
      ['made-up', 'made-up', 'unknown', 'unknown'].map((name) => zoneToIndex(name)),
      [77, 77, 0, 0],
    );
    assert.deepEqual(asked, ['made-up', 'unknown', 'unknown']);
  } finally {
    sys.if_nametoindex = if_nametoindex;
  }
});
