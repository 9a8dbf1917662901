// The plan itself: what it replaces, what it notes, and that it puts everything back.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { load, sys } from '../../src/syscall/sys.ts';
import { AF_INET, EMFILE, ENFILE, SOCK_CLOEXEC, SOCK_STREAM } from '../../src/syscall/zconst_linux.ts';
import { descriptors, noLeak, settled } from './descriptors.ts';
import { every, first, nth, Plan } from './plan.ts';

const TIMEOUT = { timeout: 10_000 };
const open = (): number => sys.socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

test('a plan answers for the calls that it names, notes them all, and restores the record', TIMEOUT, () => {
  load();
  const before = { ...sys };
  {
    using plan = new Plan();
    plan.fail('socket', nth(2), -EMFILE).fail('socket', nth(2), -ENFILE);
    const fd = open();
    assert.ok(fd >= 0);
    // The second rule does not see the call that the first one took.
    assert.deepEqual([open(), open()], [-EMFILE, -ENFILE]);
    assert.equal(sys.close(fd), 0);
    assert.deepEqual(
      plan.calls.map(({ name, result }) => [name, result]),
      [
        ['socket', fd],
        ['socket', -EMFILE],
        ['socket', -ENFILE],
        ['close', 0],
      ],
    );
    assert.equal(
      plan.count('close', (closed) => closed === fd),
      1,
    );
    assert.equal(
      plan.count('close', (closed) => closed !== fd),
      0,
    );
  }
  assert.deepEqual({ ...sys }, before);
});

test('a plan restores the record when its test throws', TIMEOUT, () => {
  load();
  const before = { ...sys };
  assert.throws(() => {
    using plan = new Plan();
    plan.fail('socket', every, -EMFILE);
    assert.equal(open(), -EMFILE);
    throw new Error('the test fails');
  }, /the test fails/);
  assert.deepEqual({ ...sys }, before);
});

test('a fault after the real call replaces its result only', TIMEOUT, () => {
  using plan = new Plan();
  plan.fail('close', first(1), -EMFILE, { after: true });
  const fd = open();
  assert.equal(sys.close(fd), -EMFILE);
  assert.ok(sys.close(fd) < 0, 'the descriptor is closed already');
});

test('the check for leaks sees a socket that is left open', TIMEOUT, async () => {
  await noLeak(() => Promise.resolve());
  const before = descriptors();
  const fd = open();
  const left = descriptors().filter((each) => !before.includes(each));
  assert.equal(left.length, 1);
  assert.match(left[0]!, new RegExp(`^${fd} socket:`));
  sys.close(fd);
  await settled(before);
});
