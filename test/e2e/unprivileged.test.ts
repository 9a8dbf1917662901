// Options that take a capability, named by a user who has none: EPERM, and the error says which one is missing. The user is
// `nobody` in a process of its own.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

import { run } from '../fault/child.ts';

const options = { timeout: 20_000 };
const PROGRAM = new URL('./child/unprivileged.js', import.meta.url);

interface Told {
  readonly capabilities: number;
  readonly dialed: string;
  readonly listened: string;
}

/** An algorithm that the kernel has, but not for everybody. */
function reserved(): string | undefined {
  const names = (which: string): string[] =>
    readFileSync(`/proc/sys/net/ipv4/tcp_${which}_congestion_control`, 'utf8').trim().split(/\s+/);
  const allowed = names('allowed');
  return names('available').find((name) => !allowed.includes(name));
}

const needs = (what: string): string => `EPERM setsockopt: operation not permitted (${what})`;

const ROWS: [own: object, expected: string][] = [
  [{ mark: 1 }, needs('mark needs CAP_NET_ADMIN or CAP_NET_RAW')],
  [{ transparent: true }, needs('transparent needs CAP_NET_ADMIN or CAP_NET_RAW')],
  [{ priority: 7 }, needs('priority needs CAP_NET_ADMIN or CAP_NET_RAW')],
  [{ freebind: true, mark: 1, priority: 7 }, needs('mark needs CAP_NET_ADMIN or CAP_NET_RAW')],
  // What an ordinary user may.
  [{ priority: 6, freebind: true, reusePort: true, tos: 0xb8, readBuffer: 9000, congestion: 'reno' }, 'done'],
];

async function ask(rows: readonly object[]): Promise<Told[]> {
  const { code, stdout, stderr } = await run(PROGRAM, [JSON.stringify(rows)], { patience: 15_000 });
  assert.equal(code, 0, stderr);
  return stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Told);
}

test('EPERM names the capability that is missing', options, async (t) => {
  const told = await ask(ROWS.map(([own]) => own));
  assert.equal(told.length, ROWS.length);
  if (told[0]!.capabilities !== 0) return t.skip('this user has capabilities');
  for (const [i, [own, expected]] of ROWS.entries()) {
    const { dialed, listened } = told[i]!;
    assert.deepEqual([dialed, listened], [expected, expected], JSON.stringify(own));
  }
});

const congestion = reserved();

test(
  'congestion: an algorithm that is not free for all',
  { ...options, skip: congestion === undefined && 'all algorithms of this kernel are free for all' },
  async (t) => {
    const [told] = await ask([{ congestion }]);
    if (told!.capabilities !== 0) return t.skip('this user has capabilities');
    const expected = needs('congestion needs CAP_NET_ADMIN');
    assert.deepEqual([told!.dialed, told!.listened], [expected, expected]);
  },
);
