// golang/go#35367: deadlines of many connections that move nearer all the time; there, timers were lost.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { noLeak } from '../fault/descriptors.ts';
import { failure, pair, talk } from '../fault/pair.ts';

const HOUR = 3_600_000;

test('deadlines that move nearer, past each other, are all kept', { timeout: 20_000 }, () =>
  noLeak(async () => {
    const pairs = await Promise.all(Array.from({ length: 10 }, () => pair()));
    const now = Date.now();
    const ended: number[] = [];
    const readings = pairs.map(async ({ server }, i) => {
      const error = await failure(server.read(Buffer.alloc(1)));
      assert.equal(error.timeout, true);
      ended.push(i);
      return performance.now();
    });
    for (let left = 100; left > 0; left--) {
      for (const [i, { server }] of pairs.entries()) server.setReadDeadline(now + 2 * HOUR + i * left * 1000);
    }
    const begun = performance.now();
    for (const [i, { server }] of pairs.entries()) server.setReadDeadline(Date.now() + 20 * (pairs.length - i));
    const times = await Promise.all(readings);
    assert.deepEqual(ended, [...pairs.keys()].toReversed());
    for (const [i, time] of times.entries()) assert.ok(time - begun >= 20 * (pairs.length - i) - 2, `${i} was early`);
    for (const each of pairs) {
      each.server.setReadDeadline(null);
      await talk(each);
      each[Symbol.dispose]();
    }
  }),
);
