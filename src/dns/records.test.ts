// What is made of a server's answer: services drawn by weight, mail exchangers by preference, names with their dot.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Addr } from '../addr/ip.ts';
import { absoluteName, arpaName, orderMX, orderSRV, type Random } from './records.ts';

/** Numbers from 0 to below 1 that are the same in every run: mulberry32. */
function seeded(seed: number): Random {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

const srv = (name: string, priority: number, weight: number) => ({ name, port: 1, priority, weight });

/** How often each comes first, of so many draws. */
function firsts(weights: readonly number[], draws: number): number[] {
  const records = weights.map((weight, i) => srv(String(i).padStart(2, 'h'), 1, weight));
  const random = seeded(1);
  const counts = weights.map(() => 0);
  for (let n = 0; n < draws; n++) {
    const [first] = orderSRV(records, random);
    counts[Number(first!.target.slice(1, 2))]!++;
  }
  return counts;
}

test('services come by priority', () => {
  const ordered = orderSRV([srv('c', 3, 9), srv('a', 1, 0), srv('b', 2, 5)], seeded(1));
  assert.deepEqual(
    ordered.map(({ target }) => target),
    ['a.', 'b.', 'c.'],
  );
});

test('of one priority, each comes first as often as its weight says', () => {
  const counts = firsts([60, 30, 10], 10_000);
  for (const [i, share] of [6000, 3000, 1000].entries()) assert.ok(Math.abs(counts[i]! - share) < 300, counts.join());
});

test('a weight of 0 comes first now and then, and all of them equally often', () => {
  const [never = 0] = firsts([0, 100], 10_000);
  assert.ok(never > 0 && never < 300, String(never));
  for (const count of firsts([0, 0, 0, 0], 10_000)) assert.ok(Math.abs(count - 2500) < 300);
});

test('nothing is lost, and what is no name is dropped', () => {
  const records = Array.from({ length: 50 }, (_, i) => srv(`h${i}`, i % 3, i % 7));
  const ordered = orderSRV([...records, srv('not a name', 0, 0)], seeded(2));
  assert.deepEqual(ordered.map(({ target }) => target).sort(), records.map(({ name }) => `${name}.`).sort());
  assert.deepEqual(orderSRV([]), []);
});

test('mail exchangers come by preference, equal ones in any order', () => {
  const random = seeded(3);
  const orders = new Set<string>();
  for (let n = 0; n < 100; n++) {
    const records = [
      { exchange: 'c', priority: 20 },
      { exchange: 'a', priority: 10 },
      { exchange: 'b', priority: 10 },
      { exchange: 'a b', priority: 0 },
    ];
    orders.add(
      orderMX(records, random)
        .map(({ host }) => host)
        .join(),
    );
  }
  assert.deepEqual([...orders].sort(), ['a.,b.,c.', 'b.,a.,c.']);
});

for (const [name, expected] of [
  ['a.test', 'a.test.'],
  ['a.test.', 'a.test.'],
  ['', '.'],
  ['.', '.'],
  ['_sip._tcp.test', '_sip._tcp.test.'],
  ['a b', null],
  ['-a.test', null],
  ['a\\.b.test', null],
  ['192.0.2.1', null],
] as const) {
  test(`a server's name "${name}"`, () => assert.equal(absoluteName(name), expected));
}

test('the names under which addresses are looked up', () => {
  assert.equal(arpaName(Addr.parse('192.0.2.1')), '1.2.0.192.in-addr.arpa.');
  assert.equal(arpaName(Addr.parse('::ffff:192.0.2.1')), '1.2.0.192.in-addr.arpa.');
  const ones = '1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa.';
  assert.equal(arpaName(Addr.parse('2001:db8::1%lo')), ones);
});
