// Datagrams and messages on Unix sockets under EINTR and EAGAIN, and how many system calls a wait for room costs.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { dial, listenPacket, type UnixConn } from 'gonet';

import { EAGAIN, EINTR } from '../../src/syscall/zconst_linux.ts';
import { fromNow, staysPending, timesOut, upTo } from '../conformance/outcome.ts';
import { TempDir } from '../conformance/tempdir.ts';
import { gram } from '../conformance/unixgram-pair.ts';
import { unixPair } from '../conformance/unix-pair.ts';
import { noLeak } from './descriptors.ts';
import { first, type Name, nth, Plan } from './plan.ts';

const options = { timeout: 20_000 };

/** Runs `body` on a server and two clients: one that is connected to it, and one that is not. */
const scene = (body: (server: UnixConn, client: UnixConn, free: UnixConn, path: string) => Promise<void>) => () =>
  noLeak(async () => {
    using dir = new TempDir();
    await using server = await listenPacket('unixgram', dir.file());
    await using client = await dial('unixgram', dir.file());
    await using free = await listenPacket('unixgram', dir.file('free'));
    await body(server, client, free, dir.file());
  });

const SENDS: readonly (readonly [Name, (client: UnixConn, free: UnixConn, path: string) => Promise<number>])[] = [
  ['send', (client) => client.write('datum')],
  ['sendto', (_, free, path) => free.writeTo('datum', gram(path))],
  ['sendmsg', (client) => client.writeMsg('datum', { fds: [0] })],
  ['sendmsg', (_, free, path) => free.writeMsg('datum', { addr: gram(path), fds: [0] })],
];

for (const [i, [call, send]] of SENDS.entries()) {
  test(
    `EINTR five times at ${call} (${i}): one datagram, once`,
    options,
    scene(async (server, client, free, path) => {
      using plan = new Plan();
      plan.fail(call, first(5), -EINTR);
      assert.equal(await send(client, free, path), 5);
      assert.equal(plan.count(call), 6);
      const { n, fds } = await server.readMsg(Buffer.alloc(10));
      fds.forEach((each) => each.close());
      assert.equal(n, 5);
      await timesOut(server.read(Buffer.alloc(10), { deadline: fromNow(20) }));
    }),
  );
}

for (const [i, [call, send]] of SENDS.entries()) {
  if (i % 2 === 0) continue;
  test(
    `EAGAIN eight times at ${call} to an address: asked again at growing distances`,
    options,
    scene(async (server, client, free, path) => {
      using plan = new Plan();
      plan.fail(call, first(8), -EAGAIN);
      const sent = send(client, free, path);
      await staysPending(sent, 5);
      assert.equal(await sent, 5);
      assert.equal(plan.count(call), 9);
      const { fds } = await server.readMsg(Buffer.alloc(10));
      fds.forEach((each) => each.close());
    }),
  );
}

const READS: readonly (readonly [Name, (server: UnixConn) => Promise<unknown>])[] = [
  ['recv', (server) => server.read(Buffer.alloc(10))],
  ['recvfrom', (server) => server.readFrom(Buffer.alloc(10))],
  ['recvfrom', (server) => server.packets().next()],
  ['recvmsg', (server) => server.readMsg(Buffer.alloc(10))],
];

for (const [i, [call, read]] of READS.entries()) {
  for (const waits of [false, true]) {
    test(
      `EINTR at ${call} (${i}), ${waits ? 'while it waits' : 'at once'}: nothing is lost`,
      options,
      scene(async (server, client) => {
        using plan = new Plan();
        plan.fail(call, first(3), -EINTR);
        if (!waits) await client.write('1');
        const reading = read(server);
        if (waits) await client.write('1');
        await reading;
        await client.write('22');
        assert.equal(await server.read(Buffer.alloc(10)), 2);
        assert.ok(plan.count(call) >= 4);
      }),
    );

    test(
      `a wake-up in vain at ${call} (${i}): EAGAIN, and it waits on`,
      options,
      scene(async (server, client) => {
        using plan = new Plan();
        const reading = read(server);
        const before = plan.count(call);
        plan.fail(call, nth(1), -EAGAIN);
        await client.write('1');
        await staysPending(reading);
        assert.ok(plan.count(call) > before);
        await client.write('2');
        await reading;
      }),
    );
  }
}

test('EINTR and EAGAIN storms at recvmsg and sendmsg on a stream: every byte and descriptor arrives', options, () =>
  noLeak(async () => {
    const { a, b, stop } = await unixPair('unix');
    using plan = new Plan();
    for (const call of ['recvmsg', 'sendmsg', 'send'] as const) {
      plan.fail(call, (n) => n % 3 === 1, -EINTR);
    }
    const rounds = 50;
    const sent = (async () => {
      for (const i of upTo(rounds)) assert.equal(await a.writeMsg(Buffer.alloc(10_000, i), { fds: [0, 1] }), 10_000);
      a.closeWrite();
    })();
    let bytes = 0;
    let came = 0;
    const into = Buffer.alloc(7000);
    for (;;) {
      const { n, fds } = await b.readMsg(into);
      came += fds.length;
      fds.forEach((each) => each.close());
      if (n === null) break;
      bytes += n;
    }
    await sent;
    assert.deepEqual([bytes, came], [rounds * 10_000, 2 * rounds]);
    stop();
  }),
);

/** Sends until nothing fits any more. */
async function fillUp(from: UnixConn, path: string): Promise<number> {
  for (let n = 0; ; n++) {
    const ok = await from.writeTo('x', gram(path), { deadline: fromNow(30) }).then(
      () => true,
      () => false,
    );
    if (!ok) return n;
  }
}

test(
  'a wait for room asks now and then, and not all the time',
  options,
  scene(async (server, client, free, path) => {
    const full = await fillUp(free, path);
    using plan = new Plan();
    for (const [call, from, wait] of [
      ['sendto', free, () => free.writeTo('x', gram(path))],
      ['sendmsg', free, () => free.writeMsg('x', { addr: gram(path) })],
      ['send', client, () => client.write('x')],
    ] as const) {
      const [calls, waits] = [plan.count(call), plan.count('epoll_wait')];
      from.setWriteDeadline(fromNow(400));
      await timesOut(wait(), 'write');
      from.setWriteDeadline(null);
      // 1, 2, 4 … 64 ms, and then each 64 ms: a dozen. A loop would make ten thousands.
      assert.ok(plan.count(call) - calls < 40, `${plan.count(call) - calls} calls of ${call}`);
      assert.ok(plan.count('epoll_wait') - waits < 80, `${plan.count('epoll_wait') - waits} calls of epoll_wait`);
    }
    for (const _ of upTo(full)) await server.read(Buffer.alloc(1));
  }),
);

test(
  'a wait for room does not ask more and more often while other datagrams come in',
  options,
  scene(async (server, client, free, path) => {
    const full = await fillUp(free, path);
    using plan = new Plan();
    const waiting = free.writeTo('x', gram(path));
    await using third = await dial('unixgram', free.localAddr.name);
    for (const i of upTo(100)) {
      await third.write(String(i));
      await free.read(Buffer.alloc(10));
    }
    await staysPending(waiting, 300);
    // At most two for each that came in, and those in time; not one chain of timers for each.
    const calls = plan.count('sendto');
    assert.ok(calls < 250, `${calls} calls`);
    const before = plan.count('sendto');
    await staysPending(waiting, 300);
    assert.ok(plan.count('sendto') - before < 20, `${plan.count('sendto') - before} calls at rest`);
    for (const _ of upTo(full + 1)) await server.read(Buffer.alloc(1));
    await waiting;
    await client.write('in step');
  }),
);
