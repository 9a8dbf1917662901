// The poller cannot start. One test only: a process starts its poller once.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { dial, listen } from 'gonet';

import { EMFILE, ENFILE } from '../../src/syscall/zconst_linux.ts';
import { descriptors, settled } from './descriptors.ts';
import { failure, talk } from './pair.ts';
import { nth, Plan } from './plan.ts';

test('epoll_create1 fails: an error, no socket, and the next call tries again', { timeout: 10_000 }, async () => {
  using plan = new Plan();
  plan.fail('epoll_create1', nth(1), -EMFILE).fail('epoll_create1', nth(1), -ENFILE);
  const before = descriptors();
  const dialed = await failure(dial('tcp', '127.0.0.1:9'));
  assert.equal(dialed.message, 'dial tcp 127.0.0.1:9: epoll_create1: too many open files');
  const listened = await failure(listen('tcp', '127.0.0.1:0'));
  assert.equal(listened.message, 'listen tcp 127.0.0.1:0: epoll_create1: too many open files in system');
  assert.deepEqual([dialed.temporary, listened.temporary], [true, true]);
  assert.equal(plan.count('socket'), 0);
  assert.deepEqual(descriptors(), before);

  using listener = await listen('tcp', '127.0.0.1:0');
  {
    using client = await dial('tcp', listener.addr.toString());
    using server = await listener.accept();
    await talk({ client, server });
  }
  listener.close();
  assert.equal(plan.count('epoll_create1'), 3);
  const epoll = descriptors().filter((each) => !before.includes(each));
  assert.equal(epoll.length, 1);
  await settled([...before, ...epoll]);
});
