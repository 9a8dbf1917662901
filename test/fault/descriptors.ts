// Which sockets and epolls this process has open, as /proc/self/fd tells, and the proof that a test leaves none behind.

import assert from 'node:assert/strict';
import { readdirSync, readlinkSync } from 'node:fs';
import { setImmediate } from 'node:timers/promises';

import { poller } from '../../src/poll/epoll.ts';

/** How long descriptors may take to go, in milliseconds: closing a connection of Node's own takes some turns. */
const GRACE = 5000;

/** `7 socket:[4711]` for each socket and each epoll. */
export function descriptors(): string[] {
  return readdirSync('/proc/self/fd').flatMap((fd) => {
    try {
      const what = readlinkSync(`/proc/self/fd/${fd}`);
      return /^(?:socket:|anon_inode:\[eventpoll\])/.test(what) ? [`${fd} ${what}`] : [];
    } catch {
      // The descriptor with which the folder itself was read.
      return [];
    }
  });
}

/** Resolves once no socket and no epoll is open that `before` has not; fails if one stays. */
export async function settled(before: readonly string[]): Promise<void> {
  const end = performance.now() + GRACE;
  let left = descriptors().filter((each) => !before.includes(each));
  while (left.length > 0 && performance.now() < end) {
    await setImmediate();
    left = descriptors().filter((each) => !before.includes(each));
  }
  assert.deepEqual(left, [], 'descriptors left open');
}

/** Runs `body` and fails if it leaves a socket or an epoll open. The poller's own epoll is opened before. */
export async function noLeak(body: () => Promise<void>): Promise<void> {
  assert.equal(poller.open(), 0);
  const before = descriptors();
  await body();
  await settled(before);
}
