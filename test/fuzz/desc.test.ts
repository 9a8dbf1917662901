// One descriptor's readiness against a plain model: what was marked, who is parked, who may be taken.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import * as fc from 'fast-check';

import { Desc } from '../../src/poll/desc.ts';
import type { Reader } from '../../src/poll/poller.ts';
import {
  EPOLLERR,
  EPOLLET,
  EPOLLHUP,
  EPOLLIN,
  EPOLLOUT,
  EPOLLPRI,
  EPOLLRDHUP,
} from '../../src/syscall/zconst_linux.ts';

const nobody = (): never => assert.fail('woken by the machine');
type Role = 'reader' | 'writer' | 'mourner';
type Command =
  readonly ['mark', number] | readonly ['park' | 'take' | 'cancel', Role] | readonly ['drain', 'readable' | 'writable'];

const bits = fc
  .subarray([EPOLLIN, EPOLLOUT, EPOLLPRI, EPOLLRDHUP, EPOLLHUP, EPOLLERR, EPOLLET])
  .map((list) => list.reduce((all, bit) => all | bit, 0));
const role = fc.constantFrom<Role>('reader', 'writer', 'mourner');
const command: fc.Arbitrary<Command> = fc.oneof(
  fc.tuple(fc.constant('mark' as const), bits),
  fc.tuple(fc.constantFrom('park' as const, 'take' as const, 'cancel' as const), role),
  fc.tuple(fc.constant('drain' as const), fc.constantFrom('readable' as const, 'writable' as const)),
);

/** What each event means, word for word as in the head of desc.ts. */
const has = (word: number, ...any: number[]): boolean => any.some((bit) => (word & bit) !== 0);

function run(script: readonly Command[]): void {
  const desc = new Desc(7, 'tcp');
  const ready = { reader: true, writer: true, mourner: false };
  const parked: Record<Role, Reader | null> = { reader: null, writer: null, mourner: null };
  let hungUp = false;
  const take = { reader: () => desc.takeReader(), writer: () => desc.takeWriter(), mourner: () => desc.takeMourner() };
  for (const [what, argument] of script) {
    if (what === 'mark') {
      desc.mark(argument);
      ready.reader ||= has(argument, EPOLLIN, EPOLLRDHUP, EPOLLHUP, EPOLLERR);
      ready.writer ||= has(argument, EPOLLOUT, EPOLLHUP, EPOLLERR);
      ready.mourner ||= has(argument, EPOLLHUP, EPOLLERR);
      hungUp ||= has(argument, EPOLLRDHUP, EPOLLHUP, EPOLLERR);
    } else if (what === 'drain') {
      desc[argument] = false;
      ready[argument === 'readable' ? 'reader' : 'writer'] = false;
    } else if (what === 'park') {
      parked[argument] = desc[argument] = { wake: nobody, wakeWith: nobody, room: 0 };
    } else if (what === 'cancel') {
      parked[argument] = desc[argument] = null;
    } else {
      assert.equal(take[argument](), ready[argument] ? parked[argument] : null);
      if (ready[argument]) parked[argument] = null;
    }
    assert.deepEqual(
      [desc.readable, desc.writable, desc.gone, desc.hungUp],
      [ready.reader, ready.writer, ready.mourner, hungUp],
    );
    for (const each of ['reader', 'writer', 'mourner'] as const) assert.equal(desc[each], parked[each]);
  }
}

test('a Desc is its flags and its waiters', { timeout: 20_000 }, () => {
  fc.assert(fc.property(fc.array(command, { maxLength: 60, size: 'max' }), run), { numRuns: 500 });
});
