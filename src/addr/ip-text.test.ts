// RFC 5952 section 4.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { expandIPv6, formatIPv4, formatIPv6 } from './ip-text.ts';

test('formatIPv4 writes each byte, the first without its sign', () => {
  assert.equal(formatIPv4(0), '0.0.0.0');
  assert.equal(formatIPv4(0x01020304), '1.2.3.4');
  assert.equal(formatIPv4(-1), '255.255.255.255');
  assert.equal(formatIPv4(0xc0a800fe | 0), '192.168.0.254');
});

const rows: readonly [words: readonly [number, number, number, number], short: string, long: string][] = [
  [[0, 0, 0, 0], '::', '0000:0000:0000:0000:0000:0000:0000:0000'],
  [[0, 0, 0, 1], '::1', '0000:0000:0000:0000:0000:0000:0000:0001'],
  [[0x10000, 0, 0, 0], '1::', '0001:0000:0000:0000:0000:0000:0000:0000'],
  [[0x20010db8, 0, 0, 1], '2001:db8::1', '2001:0db8:0000:0000:0000:0000:0000:0001'],
  [[0x20010db8, 0, 0x10000, 1], '2001:db8::1:0:0:1', '2001:0db8:0000:0000:0001:0000:0000:0001'],
  [[0x20010000, 1, 0, 1], '2001:0:0:1::1', '2001:0000:0000:0001:0000:0000:0000:0001'],
  [[0x10000, 0x30004, 0x50006, 0x70008], '1:0:3:4:5:6:7:8', '0001:0000:0003:0004:0005:0006:0007:0008'],
  [[1, 0x30004, 0x50006, 0x70008], '0:1:3:4:5:6:7:8', '0000:0001:0003:0004:0005:0006:0007:0008'],
  [[0, 0x30004, 0, 0x70008], '::3:4:0:0:7:8', '0000:0000:0003:0004:0000:0000:0007:0008'],
  [[0x10002, 0x30004, 0x50006, 0], '1:2:3:4:5:6::', '0001:0002:0003:0004:0005:0006:0000:0000'],
  [[0x10002, 0x30004, 0x50006, 0x70000], '1:2:3:4:5:6:7:0', '0001:0002:0003:0004:0005:0006:0007:0000'],
  [[-1, -1, -1, -1], 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff', 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff'],
];

for (const [words, short, long] of rows) {
  test(`formatIPv6 and expandIPv6 write ${short}`, () => {
    assert.equal(formatIPv6(...words), short);
    assert.equal(expandIPv6(...words), long);
  });
}
