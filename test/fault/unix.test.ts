// Unix sockets under faults that a machine seldom has: whatever fails, no descriptor and no file is left behind.

import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { test } from 'node:test';

import { dial, listen } from 'gonet';

import { EACCES, EAGAIN, EIO, ENOMEM } from '../../src/syscall/zconst_linux.ts';
import { TempDir } from '../conformance/tempdir.ts';
import { noLeak } from './descriptors.ts';
import { failure } from './pair.ts';
import { first, nth, Plan } from './plan.ts';

const options = { timeout: 20_000 };

for (const [call, errno, own] of [
  ['listen', -EIO, {}],
  ['epoll_ctl', -ENOMEM, {}],
  ['fchmod', -EACCES, { mode: 0o600 }],
] as const) {
  test(`${call} fails: the listen fails, and leaves no file`, options, () =>
    noLeak(async () => {
      using dir = new TempDir();
      (await listen('unix', '')).close();
      using plan = new Plan();
      plan.fail(call, nth(1), errno);
      const error = await failure(listen('unix', dir.file(), own));
      assert.equal(error.syscall, call);
      assert.ok(!existsSync(dir.file()));
    }),
  );
}

test('a backlog that is full three times: a dial with a deadline gets in', options, () =>
  noLeak(async () => {
    await using listener = await listen('unix', '');
    using plan = new Plan();
    plan.fail('connect', first(3), -EAGAIN);
    const conn = await dial('unix', listener.addr.name, { timeout: 10_000 });
    conn.close();
    (await listener.accept()).close();
    assert.equal(plan.calls.filter(({ name }) => name === 'connect').length, 4);
  }),
);
