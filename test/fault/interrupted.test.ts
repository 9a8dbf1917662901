// EINTR from every call that can give it: signal(7), connect(2), close(2).

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { dial, listen } from 'gonet';

import { EINTR } from '../../src/syscall/zconst_linux.ts';
import { noLeak } from './descriptors.ts';
import { fdOf, pair, pattern, readAll, talk } from './pair.ts';
import { first, nth, Plan } from './plan.ts';

const TIMEOUT = { timeout: 15_000 };
const later = (): number => Date.now() + 10_000;

test('an interrupted read is made again', TIMEOUT, () =>
  noLeak(async () => {
    using plan = new Plan();
    using ends = await pair();
    const { client, server } = ends;
    const fd = fdOf(server);
    plan.fail('recv', first(3), -EINTR, { where: (each) => each === fd });
    await client.write('at once');
    // The first try of a plain read, and those of one that has limits, are apart in the code.
    assert.equal((await readAll(server, 7)).toString(), 'at once');
    plan.fail('recv', first(3), -EINTR, { where: (each) => each === fd });
    await client.write('limited');
    const into = Buffer.alloc(7);
    assert.equal(await server.read(into, { deadline: later() }), 7);
    assert.equal(into.toString(), 'limited');
    assert.equal(plan.of('recv', (each) => each === fd).filter(({ result }) => result === -EINTR).length, 6);
  }),
);

test('an interrupted iteration goes on', TIMEOUT, () =>
  noLeak(async () => {
    using plan = new Plan();
    using ends = await pair();
    const fd = fdOf(ends.server);
    plan.fail('recv', first(3), -EINTR, { where: (each) => each === fd });
    await ends.client.write('a chunk');
    for await (const chunk of ends.server) {
      assert.equal(chunk.toString(), 'a chunk');
      break;
    }
  }),
);

test('an interrupted write is made again', TIMEOUT, () =>
  noLeak(async () => {
    using plan = new Plan();
    using ends = await pair();
    const { client, server } = ends;
    const fd = fdOf(client);
    plan.fail('send', first(3), -EINTR, { where: (each) => each === fd });
    assert.equal(await client.write('at once'), 7);
    plan.fail('send', first(3), -EINTR, { where: (each) => each === fd });
    assert.equal(await client.write('limited', { deadline: later() }), 7);
    assert.equal((await readAll(server, 14)).toString(), 'at oncelimited');
    assert.equal(
      plan.count('send', (each) => each === fd),
      8,
    );
  }),
);

test('an interrupted writev is made again', TIMEOUT, () =>
  noLeak(async () => {
    using plan = new Plan();
    using ends = await pair();
    plan.fail('writev', first(3), -EINTR);
    const data = pattern(3000);
    assert.equal(await ends.client.writev([data.subarray(0, 1000), data.subarray(1000)]), 3000);
    assert.deepEqual(await readAll(ends.server, 3000), data);
    assert.equal(plan.count('writev'), 4);
  }),
);

test('an interrupted accept is made again', TIMEOUT, () =>
  noLeak(async () => {
    using plan = new Plan();
    using listener = await listen('tcp', '127.0.0.1:0');
    using client = await dial('tcp', listener.addr.toString());
    plan.fail('accept4', first(3), -EINTR);
    using server = await listener.accept();
    await talk({ client, server });
    assert.equal(plan.count('accept4'), 4);
  }),
);

test('an interrupted connect goes on in the background and is never called again', TIMEOUT, () =>
  noLeak(async () => {
    using plan = new Plan();
    using listener = await listen('tcp', '127.0.0.1:0');
    plan.fail('connect', nth(1), -EINTR, { after: true });
    using client = await dial('tcp', listener.addr.toString());
    using server = await listener.accept();
    await talk({ client, server });
    assert.equal(plan.count('connect'), 1);
    assert.equal(plan.count('socket'), 2);
  }),
);

test('an interrupted epoll_wait loses no event', TIMEOUT, () =>
  noLeak(async () => {
    using plan = new Plan();
    using ends = await pair();
    const reading = readAll(ends.server, 5);
    plan.fail('epoll_wait', first(5), -EINTR);
    await ends.client.write('event');
    assert.equal((await reading).toString(), 'event');
  }),
);

test('an interrupted close is not made again: the number may be in use already', TIMEOUT, () =>
  noLeak(async () => {
    using plan = new Plan();
    using ends = await pair();
    const fd = fdOf(ends.client);
    plan.fail('close', nth(1), -EINTR, { after: true, where: (each) => each === fd });
    ends.client.close();
    ends.client.close();
    assert.equal(
      plan.count('close', (each) => each === fd),
      1,
    );
    assert.equal(await ends.server.read(Buffer.alloc(1)), null);
  }),
);
