// golang/go#19289: a descriptor's number is in use again as soon as it is closed, and what was reported for the old one must
// not reach the new one. There, a cancelled dial made the next one succeed.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { dialTCP, fromFd, TCPConn } from 'gonet';

import { sys } from '../../src/syscall/sys.ts';
import { F_DUPFD_CLOEXEC } from '../../src/syscall/zconst_linux.ts';
import { noLeak } from '../fault/descriptors.ts';
import { failure, fdOf, pair, readAll, stalled } from '../fault/pair.ts';
import { Plan } from '../fault/plan.ts';

const TIMEOUT = { timeout: 20_000 };

test('a number used again right after close gets no event of the old descriptor', TIMEOUT, () =>
  noLeak(async () => {
    for (let round = 0; round < 20; round++) {
      using next = await pair();
      using old = await pair();
      const fd = fdOf(old.server);
      const reading = failure(old.server.read(Buffer.alloc(1)));
      // An event for the old one is on its way when its number goes to a duplicate of another socket.
      await old.client.write('for the old one');
      old.server.close();
      assert.equal((await reading).code, 'ERR_NET_CLOSED');
      assert.equal(sys.fcntl(fdOf(next.server), F_DUPFD_CLOEXEC, fd), fd);
      using again = fromFd(fd);
      assert.ok(again instanceof TCPConn);
      const waiting = readAll(again, 4);
      await next.client.write('new!');
      assert.equal((await waiting).toString(), 'new!');
    }
  }),
);

test('a number used again within one batch of events gets no event of the old descriptor', TIMEOUT, () =>
  noLeak(async () => {
    using plan = new Plan();
    using next = await pair();
    using a = await pair();
    using b = await pair();
    const servers = [a.server, b.server];
    const fds = servers.map((server) => fdOf(server));
    let again: TCPConn | undefined;
    let waiting: Promise<Buffer> | undefined;
    let tries = 0;
    // Only such a callback runs among the events of a batch. The first that is woken closes the other descriptor, whose event
    // is in the same batch, and uses its number again.
    const calls = servers.map((_server, i) =>
      servers[i]!.syscallConn().read(() => {
        if (++tries <= 2) return false;
        const fd = fds[1 - i]!;
        servers[1 - i]!.close();
        assert.equal(sys.fcntl(fdOf(next.server), F_DUPFD_CLOEXEC, fd), fd);
        again = fromFd(fd) as TCPConn;
        waiting = readAll(again, 4);
        return true;
      }),
    );
    assert.equal(tries, 2);
    await Promise.all([a.client.write('x'), b.client.write('x')]);
    const outcomes = await Promise.allSettled(calls);
    assert.deepEqual(outcomes.map(({ status }) => status).sort(), ['fulfilled', 'rejected']);
    assert.equal(plan.count('recv'), 1, 'the new one has been woken');
    await next.client.write('new!');
    assert.equal((await waiting!).toString(), 'new!');
    again!.close();
  }),
);

test('a cancelled dial does not make the next one on its number succeed', TIMEOUT, () =>
  noLeak(async () => {
    using plan = new Plan();
    using target = await stalled();
    for (let round = 0; round < 50; round++) {
      const connects = plan.count('connect');
      const first = new AbortController();
      const cancelled = failure(dialTCP('tcp', null, target.addr, { signal: first.signal }));
      while (plan.count('connect') === connects) await Promise.resolve();
      first.abort();
      const second = new AbortController();
      const next = failure(dialTCP('tcp', null, target.addr, { signal: second.signal }));
      assert.equal((await cancelled).code, 'ABORT_ERR');
      await new Promise((resolve) => setImmediate(resolve));
      second.abort();
      assert.equal((await next).code, 'ABORT_ERR');
    }
  }),
);
