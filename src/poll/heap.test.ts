import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Heap, type Timed } from './heap.ts';

const options = { timeout: 5000 };
const member = (at: number): Timed => ({ at, slot: -1 });

function drain(heap: Heap<Timed>): number[] {
  const order: number[] = [];
  for (let first = heap.first; first !== undefined; first = heap.first) {
    order.push(first.at);
    heap.remove(first);
  }
  return order;
}

test('gives its members back in order', options, () => {
  const heap = new Heap<Timed>();
  const times = [5, 1, 4, 1, 3, 9, 2, 6, 5, 3, 5, 0, -1, Infinity];
  for (const at of times) heap.add(member(at));
  assert.equal(heap.size, times.length);
  assert.deepEqual(
    drain(heap),
    times.toSorted((a, b) => a - b),
  );
  assert.equal(heap.size, 0);
});

test('an empty heap has no first', options, () => {
  assert.equal(new Heap<Timed>().first, undefined);
});

test('a member knows its place, and -1 says outside', options, () => {
  const heap = new Heap<Timed>();
  const [a, b] = [member(1), member(2)];
  heap.add(b);
  heap.add(a);
  assert.deepEqual([a.slot, b.slot], [0, 1]);
  heap.remove(a);
  assert.deepEqual([a.slot, b.slot], [-1, 0]);
  heap.remove(b);
  assert.equal(b.slot, -1);
});

test('removing from any place keeps the order; removing twice does nothing', options, () => {
  for (let out = 0; out < 20; out++) {
    const heap = new Heap<Timed>();
    const members = Array.from({ length: 20 }, (_, i) => member((i * 7) % 20));
    for (const each of members) heap.add(each);
    heap.remove(members[out]!);
    heap.remove(members[out]!);
    assert.deepEqual(
      drain(heap),
      members
        .filter((_, i) => i !== out)
        .map(({ at }) => at)
        .toSorted((a, b) => a - b),
    );
  }
});

test('a member that has moved finds its new place, up or down', options, () => {
  for (const to of [-1, 7.5, 100]) {
    const heap = new Heap<Timed>();
    const members = Array.from({ length: 15 }, (_, i) => member(i));
    for (const each of members) heap.add(each);
    members[7]!.at = to;
    heap.moved(members[7]!);
    assert.deepEqual(
      drain(heap),
      members.map(({ at }) => at).toSorted((a, b) => a - b),
    );
  }
});
