import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Line, type InLine } from './line.ts';

const options = { timeout: 5000 };

interface Member extends InLine<Member> {
  readonly name: string;
}

const member = (name: string): Member => ({ name, next: null });

function names(line: Line<Member>): string {
  let text = '';
  for (let each = line.first; each !== null; each = each.next) text += each.name;
  return text;
}

test('the first to enter has the turn at once, the others queue', options, () => {
  const line = new Line<Member>();
  assert.deepEqual([line.enter(member('a')), line.enter(member('b')), line.enter(member('c'))], [true, false, false]);
  assert.equal(names(line), 'abc');
});

test('leaving from the front, the middle and the end', options, () => {
  const rows: [leave: string, left: string][] = [
    ['a', 'bc'],
    ['b', 'ac'],
    ['c', 'ab'],
    ['ab', 'c'],
    ['cb', 'a'],
    ['ba', 'c'],
    ['abc', ''],
    ['cba', ''],
    ['bca', ''],
  ];
  for (const [leave, left] of rows) {
    const line = new Line<Member>();
    const members = new Map(['a', 'b', 'c'].map((name) => [name, member(name)]));
    for (const each of members.values()) line.enter(each);
    for (const name of leave) {
      line.leave(members.get(name)!);
      assert.equal(members.get(name)!.next, null);
    }
    assert.equal(names(line), left, leave);
    // Whoever comes now comes last, and has the turn only if nobody is left.
    assert.equal(line.enter(member('d')), left === '', leave);
    assert.equal(names(line), `${left}d`, leave);
  }
});

test('leaving without having entered, or twice, does nothing', options, () => {
  const line = new Line<Member>();
  const [a, b] = [member('a'), member('b')];
  line.leave(a);
  line.enter(a);
  line.leave(b);
  assert.equal(names(line), 'a');
  line.leave(a);
  line.leave(a);
  assert.equal(line.first, null);
});

test('whoever has left may enter again', options, () => {
  const line = new Line<Member>();
  const [a, b] = [member('a'), member('b')];
  line.enter(a);
  line.enter(b);
  line.leave(a);
  assert.equal(line.enter(a), false);
  assert.equal(names(line), 'ba');
});

test('starts without a deadline and without a spare member', options, () => {
  const { first, deadline, spare } = new Line<Member>();
  assert.deepEqual([first, deadline, spare], [null, 0, null]);
});
