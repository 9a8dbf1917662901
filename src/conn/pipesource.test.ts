// The bytes of one write, taken in pieces of all sizes.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { EFAULT } from '../syscall/zconst_linux.ts';
import { Source } from './pipesource.ts';

const bytes = (...values: number[]): Uint8Array<ArrayBuffer> => Uint8Array.from(values);

/** Everything that a source gives to readers of `room` bytes each. */
function pieces(source: Source, room: number): number[][] {
  const all: number[][] = [];
  while (source.left > 0) {
    const into = new Uint8Array(room);
    const n = source.moveTo(into);
    assert.ok(n > 0, `moveTo gave ${n}`);
    all.push([...into.subarray(0, n)]);
  }
  return all;
}

const rows: readonly (readonly [name: string, chunks: Uint8Array[], room: number, expected: number[][]])[] = [
  ['nothing', [], 1, []],
  ['empty chunks', [bytes(), bytes()], 1, []],
  ['all at once', [bytes(1, 2, 3)], 8, [[1, 2, 3]]],
  ['byte by byte', [bytes(1, 2), bytes(3)], 1, [[1], [2], [3]]],
  [
    'over the border of chunks',
    [bytes(1, 2), bytes(), bytes(3), bytes(4, 5)],
    3,
    [
      [1, 2, 3],
      [4, 5],
    ],
  ],
  [
    'up to the border',
    [bytes(1, 2), bytes(3, 4)],
    2,
    [
      [1, 2],
      [3, 4],
    ],
  ],
  ['a view', [bytes(9, 1, 2, 9).subarray(1, 3)], 8, [[1, 2]]],
];

for (const [name, chunks, room, expected] of rows) {
  test(`a source: ${name}`, () => {
    const source = new Source(chunks);
    const total = source.left;
    assert.deepEqual(pieces(source, room), expected);
    assert.deepEqual([source.taken, source.left], [total, 0]);
    assert.equal(source.moveTo(new Uint8Array(room)), 0);
  });
}

test('an empty buffer takes nothing', () => {
  const source = new Source([bytes(1)]);
  assert.deepEqual([source.moveTo(bytes()), source.taken, source.left], [0, 0, 1]);
});

test('a list that changes after the call changes nothing', () => {
  const chunks = [bytes(1), bytes(2)];
  const source = new Source(chunks);
  chunks.length = 0;
  assert.deepEqual(pieces(source, 8), [[1, 2]]);
});

test('a chunk that was transferred away is -EFAULT, with what came before it', () => {
  const gone = bytes(2, 3);
  const source = new Source([bytes(1), gone]);
  structuredClone(gone.buffer, { transfer: [gone.buffer] });
  const into = bytes(0, 0, 0);
  assert.equal(source.moveTo(into), 1);
  assert.deepEqual([...into], [1, 0, 0]);
  assert.equal(source.moveTo(into), -EFAULT);
  assert.deepEqual([source.taken, source.left], [1, 2]);
});
