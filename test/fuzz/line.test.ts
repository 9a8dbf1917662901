// A line of operations against an array, under random entering and leaving.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import * as fc from 'fast-check';

import { Line, type InLine } from '../../src/fd/line.ts';

class Member implements InLine<Member> {
  next: Member | null = null;
}

const SIZE = 6;
const commands = fc.array(fc.tuple(fc.boolean(), fc.nat(SIZE - 1)), { maxLength: 100, size: 'max' });

test('a line is an array', { timeout: 20_000 }, () => {
  const property = fc.property(commands, (script) => {
    const all = Array.from({ length: SIZE }, () => new Member());
    const line = new Line<Member>();
    const model: Member[] = [];
    for (const [enters, which] of script) {
      const member = all[which]!;
      const at = model.indexOf(member);
      // Whoever is in the line already does not enter again; leaving is allowed to everybody.
      if (enters && at < 0) {
        model.push(member);
        assert.equal(line.enter(member), model.length === 1);
      } else if (!enters) {
        if (at >= 0) model.splice(at, 1);
        line.leave(member);
      }
      const found: Member[] = [];
      for (let each = line.first; each !== null; each = each.next) found.push(each);
      assert.equal(found.length, model.length);
      assert.ok(found.every((each, i) => each === model[i]));
      assert.ok(all.every((each) => model.includes(each) || each.next === null));
    }
  });
  fc.assert(property, { numRuns: 500 });
});
