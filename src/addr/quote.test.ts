// Rows checked against Go's strconv.Quote.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { quote } from './quote.ts';

const rows: readonly [text: string, quoted: string][] = [
  ['', '""'],
  ['1.2.3.4', '"1.2.3.4"'],
  ['a"b', '"a\\"b"'],
  ['a\\b', '"a\\\\b"'],
  ['\n\r\t\v\f\b\x07', '"\\n\\r\\t\\v\\f\\b\\a"'],
  ['\0\x1f\x7f', '"\\x00\\x1f\\x7f"'],
  ['é世界', '"é世界"'],
  ['😀', '"😀"'],
  ['\u00a0', '"\\u00a0"'],
  ['\u200b', '"\\u200b"'],
  ['\u{10ffff}', '"\\U0010ffff"'],
  ['<>&', '"<>&"'],
];

for (const [text, quoted] of rows) {
  test(`quote gives ${quoted}`, () => assert.equal(quote(text), quoted));
}
