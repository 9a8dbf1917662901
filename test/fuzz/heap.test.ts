// The heap of deadlines against a sorted array, under random adds, removals and moves.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import * as fc from 'fast-check';

import { Heap, type Timed } from '../../src/poll/heap.ts';

type Command = readonly [what: 'add' | 'remove' | 'move' | 'pop', which: number, at: number];

/** Few different times, so that many are equal. */
const at = fc.oneof(fc.nat(9), fc.double({ noNaN: true })).map((n) => n + 0); // no -0
const commands = fc.array(
  fc.tuple(fc.constantFrom('add', 'add', 'remove', 'move', 'pop'), fc.nat(), at) as fc.Arbitrary<Command>,
  { maxLength: 200, size: 'max' },
);

function run(script: readonly Command[]): void {
  const heap = new Heap<Timed>();
  const model: Timed[] = [];
  for (const [what, which, time] of script) {
    const chosen = model[which % model.length];
    if (what === 'add') {
      const member = { at: time, slot: -1 };
      model.push(member);
      heap.add(member);
    } else if (chosen === undefined) continue;
    else if (what === 'move') {
      chosen.at = time;
      heap.moved(chosen);
    } else {
      const gone = what === 'pop' ? heap.first! : chosen;
      model.splice(model.indexOf(gone), 1);
      heap.remove(gone);
      assert.equal(gone.slot, -1);
      heap.remove(gone);
    }
    assert.equal(heap.size, model.length);
    assert.equal(heap.first?.at, model.length === 0 ? undefined : Math.min(...model.map((each) => each.at)));
    assert.deepEqual(
      model.map(({ slot }) => slot).toSorted((a, b) => a - b),
      [...model.keys()],
    );
  }
  const order = model.map((each) => each.at).toSorted((a, b) => a - b);
  for (const time of order) {
    assert.equal(heap.first?.at, time);
    heap.remove(heap.first);
  }
  assert.equal(heap.first, undefined);
}

test('the heap is a sorted array', { timeout: 20_000 }, () => {
  fc.assert(fc.property(commands, run), { numRuns: 300 });
});
