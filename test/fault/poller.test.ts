// Events that are not what they seem, and waiters that throw: what poll/poller.ts promises.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';

import { EPOLL_DATA_WORD, EPOLL_EVENT_WORDS } from '../../src/syscall/arch.ts';
import { EBADF, EPOLLERR, EPOLLHUP, EPOLLIN, EPOLLOUT, EPOLLRDHUP } from '../../src/syscall/zconst_linux.ts';
import { noLeak } from './descriptors.ts';
import { fdOf, pair, readAll, talk } from './pair.ts';
import { every, first, nth, Plan } from './plan.ts';
import { uncaught } from './uncaught.ts';

const TIMEOUT = { timeout: 10_000 };
const EVERYTHING = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLHUP | EPOLLERR;

interface Forged {
  readonly fd: number;
  readonly generation: number;
}

/** Has the next wait report, before what is real, that everything has happened to these descriptors. */
function forge(plan: Plan, forged: readonly Forged[]): void {
  plan.swap('epoll_wait', nth(1), (real, epfd, events, most, timeout) => {
    const rest = events.subarray(forged.length * EPOLL_EVENT_WORDS);
    const n = real(epfd, rest, most - forged.length, timeout);
    for (const [i, { fd, generation }] of forged.entries()) {
      const at = i * EPOLL_EVENT_WORDS;
      events[at] = EVERYTHING;
      events[at + EPOLL_DATA_WORD] = fd;
      events[at + EPOLL_DATA_WORD + 1] = generation;
    }
    return Math.max(n, 0) + forged.length;
  });
}

/** Has something happen to a descriptor, and waits until the poller has dealt with it. */
async function dispatched(plan: Plan, fd: number): Promise<void> {
  const before = plan.count('epoll_wait');
  plan.rearm(fd);
  while (plan.count('epoll_wait') === before) await setImmediate();
}

test('an event of another generation is dropped', TIMEOUT, () =>
  noLeak(async () => {
    using plan = new Plan();
    using idle = await pair();
    using busy = await pair();
    const fd = fdOf(idle.server);
    const waiting = readAll(idle.server, 4);
    await dispatched(plan, fdOf(busy.client));
    const reads = (): number => plan.count('recv', (each) => each === fd);
    const before = reads();
    const generation = plan.generation(fd);
    forge(plan, [
      { fd, generation: generation - 1 },
      { fd, generation: generation + 1 },
      { fd, generation: 0 },
    ]);
    await dispatched(plan, fdOf(busy.client));
    assert.equal(reads(), before, 'the waiting read was woken');
    // The right generation does wake it: the test would see the others.
    forge(plan, [{ fd, generation }]);
    await dispatched(plan, fdOf(busy.client));
    assert.equal(reads(), before + 1);
    await idle.client.write('true');
    assert.equal((await waiting).toString(), 'true');
  }),
);

test('events for descriptors that nobody has are dropped', TIMEOUT, () =>
  noLeak(async () => {
    using plan = new Plan();
    using busy = await pair();
    const fd = fdOf(busy.client);
    const numbers = [0, 1, 2, fd + 1000, 0x7fffffff, -1, -0x80000000];
    forge(
      plan,
      numbers.flatMap((each) => [0, 1, -1].map((generation) => ({ fd: each, generation }))),
    );
    await dispatched(plan, fd);
    await talk(busy);
  }),
);

test('an event for a descriptor that an earlier waiter of the same batch has closed is dropped', TIMEOUT, () =>
  noLeak(async () => {
    using plan = new Plan();
    using a = await pair();
    using b = await pair();
    const fds = [fdOf(a.server), fdOf(b.server)];
    const readings = [a, b].map((each) => each.server.read(Buffer.alloc(4)));
    const both = (fd: number): boolean => fds.includes(fd);
    const before = plan.count('recv', both);
    // Whichever is woken first closes the other.
    plan.swap(
      'recv',
      nth(1),
      (real, fd, ...rest) => {
        (fd === fds[0] ? b : a).server.close();
        return real(fd, ...rest);
      },
      { where: both },
    );
    await Promise.all([a.client.write('both'), b.client.write('both')]);
    const outcomes = await Promise.allSettled(readings);
    assert.deepEqual(outcomes.map(({ status }) => status).sort(), ['fulfilled', 'rejected']);
    assert.equal(plan.count('recv', both) - before, 1);
  }),
);

test('a wait that fails loses no event', TIMEOUT, () =>
  noLeak(async () => {
    using plan = new Plan();
    using ends = await pair();
    plan.fail('epoll_wait', first(3), -EBADF);
    await talk(ends);
  }),
);

test('a wait that finds nothing, or one event at a time, loses no event', TIMEOUT, () =>
  noLeak(async () => {
    using plan = new Plan();
    const pairs = await Promise.all(Array.from({ length: 5 }, () => pair()));
    plan.fail('epoll_wait', first(3), 0);
    plan.swap('epoll_wait', every, (real, epfd, events, _most, timeout) => real(epfd, events, 1, timeout));
    await Promise.all(pairs.map((each) => talk(each)));
    for (const each of pairs) each[Symbol.dispose]();
  }),
);

test('a waiter that throws loses no other waiter its event, and comes out as an uncaught exception', TIMEOUT, () =>
  noLeak(() =>
    uncaught(async (seen) => {
      using plan = new Plan();
      using a = await pair();
      using bad = await pair();
      using c = await pair();
      const readings = [a, bad, c].map((each) => readAll(each.server, 4));
      const thrown = new Error('thrown by a system call');
      const fd = fdOf(bad.server);
      plan.swap(
        'recv',
        nth(1),
        () => {
          throw thrown;
        },
        { where: (each) => each === fd },
      );
      await Promise.all([a, bad, c].map((each) => each.client.write('data')));
      assert.equal((await readings[0]!).toString(), 'data');
      assert.equal((await readings[2]!).toString(), 'data');
      assert.deepEqual(seen, [thrown]);
      // What is left of the bad one can still be closed.
      bad.server.close();
      await assert.rejects(readings[1]!, { code: 'ERR_NET_CLOSED' });
    }),
  ),
);
