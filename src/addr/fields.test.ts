import assert from 'node:assert/strict';
import { test } from 'node:test';

import { fieldLines, leadingNumber, lowerASCII } from './fields.ts';

test('fieldLines gives the words of lines that have two', () => {
  const text = '\n# all comment\none\na b\r\n\t c \t d  e # f g\nh i#j\nk # l\nlast line';
  const lines = [
    ['a', 'b'],
    ['c', 'd', 'e'],
    ['h', 'i'],
    ['last', 'line'],
  ];
  assert.deepEqual([...fieldLines(text)], lines);
  assert.deepEqual([...fieldLines('')], []);
});

test('leadingNumber stops where the digits do', () => {
  assert.deepEqual(leadingNumber('80/tcp'), { value: 80, rest: '/tcp' });
  assert.deepEqual(leadingNumber('007'), { value: 7, rest: '' });
  assert.deepEqual(leadingNumber('16777214'), { value: 16777214, rest: '' });
  for (const text of ['', 'x', '-1', '+1', ' 1', '16777215', '99999999999999999999']) {
    assert.equal(leadingNumber(text), null, text);
  }
});

test('lowerASCII leaves other letters', () => {
  assert.equal(lowerASCII('HTTP-Alt'), 'http-alt');
  assert.equal(lowerASCII('É\u212a'), 'É\u212a');
});
