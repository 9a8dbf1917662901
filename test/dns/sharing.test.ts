// Equal look-ups under way are one: how often the server is asked, who hears what, and who ends what.

import assert from 'node:assert/strict';
import { AsyncLocalStorage } from 'node:async_hooks';
import { test } from 'node:test';

import { LIMIT, UNLIMITED, backTo, deferred, descriptors, failureOf, heard, lookups, resolverOf } from './expect.ts';
import { NameServer, zone, type Script } from './nameserver.ts';

const hosts = zone({ 'host.test.': { A: ['192.0.2.1'], AAAA: ['2001:db8::1'] } });

/** Answers from the zone once the gate is open. */
function gated(): { readonly script: Script; readonly open: () => void } {
  const { promise, resolve } = deferred();
  const script: Script = async (asked) => {
    await promise;
    return hosts(asked);
  };
  return { script, open: () => resolve() };
}

test('many callers, one query of each family, and a list for each caller', LIMIT, async ({ signal }) => {
  const { script, open } = gated();
  using server = await NameServer.start(script);
  const resolver = resolverOf(server);
  const pending = Array.from({ length: 20 }, () => resolver.lookupNetIP('ip', 'host.test'));
  await server.reached(2, signal);
  open();
  const lists = await Promise.all(pending);
  assert.equal(server.count(), 2);
  lists[0]!.length = 0;
  assert.ok(lists.slice(1).every((list) => list.length === 2));
  assert.equal((await resolver.lookupHost('host.test')).length, 2);
  assert.equal(server.count(), 4, 'nothing is kept once the look-up is over');
});

for (const [method, call] of lookups.filter(([name]) => /SRV|MX|NS|TXT/.test(name))) {
  test(`${method}: two callers, one query`, LIMIT, async () => {
    using server = await NameServer.start(() => ({}));
    const resolver = resolverOf(server);
    await Promise.all([1, 2].map(() => failureOf(call(resolver, 'host.test'))));
    assert.equal(server.count(), 1);
  });
}

test('other families, other names and other resolvers share nothing', LIMIT, async () => {
  using server = await NameServer.start(hosts);
  const [one, other] = [resolverOf(server), resolverOf(server)];
  await Promise.all([heard(one, '4', 'host.test'), heard(one, '6', 'host.test'), heard(one, '', 'host.test')]);
  assert.equal(server.count(), 4);
  await Promise.all([one.lookupHost('host.test'), one.lookupHost('HOST.test'), other.lookupHost('host.test')]);
  assert.equal(server.count(), 10);
});

test('one caller gives up, the others get their answer', LIMIT, async ({ signal }) => {
  const { script, open } = gated();
  using server = await NameServer.start(script);
  const resolver = resolverOf(server);
  const controller = new AbortController();
  const quitter = failureOf(resolver.lookupHost('host.test', { signal: controller.signal }));
  const hasty = failureOf(resolver.lookupHost('host.test', { deadline: Date.now() + 20 }));
  const stayer = resolver.lookupHost('host.test');
  await server.reached(2, signal);
  controller.abort();
  assert.equal((await quitter).code, 'ABORT_ERR');
  assert.equal((await hasty).code, 'ETIMEDOUT');
  open();
  assert.equal((await stayer).length, 2);
  assert.equal(server.count(), 2);
});

test('when the last one gives up the query ends, and the next caller begins another', LIMIT, async ({ signal }) => {
  const { script, open } = gated();
  using server = await NameServer.start(script);
  const resolver = resolverOf(server);
  const before = descriptors();
  const controllers = [new AbortController(), new AbortController()];
  const pending = controllers.map((each) => failureOf(resolver.lookupHost('host.test', { signal: each.signal })));
  await server.reached(2, signal);
  assert.ok(descriptors() > before);
  for (const each of controllers) each.abort();
  await Promise.all(pending);
  await backTo(before, signal);
  const next = resolver.lookupHost('host.test');
  await server.reached(4, signal);
  open();
  assert.equal((await next).length, 2);
  assert.equal(server.count(), 4);
  await backTo(before, signal);
});

test('who comes late hears what has come already', LIMIT, async () => {
  const { promise, resolve } = deferred();
  using server = await NameServer.start(async (asked) => {
    if (asked.type === 'AAAA') await promise;
    return hosts(asked);
  });
  const resolver = resolverOf(server);
  const late: Promise<string[]>[] = [];
  const early = await heard(resolver, '', 'host.test', () => {
    if (late.length === 0) late.push(heard(resolver, '', 'host.test', () => resolve()));
  });
  assert.deepEqual(early, ['IPv4: 192.0.2.1', 'IPv6: 2001:db8::1']);
  assert.deepEqual(await Promise.all(late), [early]);
  assert.equal(server.count(), 2);
});

test('each caller hears in its own async context', LIMIT, async () => {
  using server = await NameServer.start(hosts);
  const resolver = resolverOf(server);
  const context = new AsyncLocalStorage<number>();
  const seen = await Promise.all(
    [1, 2, 3].map((id) =>
      context.run(id, async () => {
        const ids: unknown[] = [];
        await resolver.arrivals('', 'host.test', UNLIMITED, () => ids.push(context.getStore()));
        return [...ids, context.getStore()];
      }),
    ),
  );
  assert.deepEqual(
    seen,
    [1, 2, 3].map((id) => [id, id, id]),
  );
});

test('what a listener throws is its own, and stops nobody else', LIMIT, async () => {
  using server = await NameServer.start(hosts);
  const resolver = resolverOf(server);
  const thrown = new Error('mine');
  const faulty = resolver.arrivals('', 'host.test', UNLIMITED, () => {
    throw thrown;
  });
  const sound = heard(resolver, '', 'host.test');
  await assert.rejects(faulty, (error) => error === thrown);
  assert.equal((await sound).length, 2);
});

test('nothing is heard once the promise has settled', LIMIT, async () => {
  const { promise, resolve } = deferred();
  using server = await NameServer.start(async (asked) => {
    if (asked.type === 'AAAA') await promise;
    return hosts(asked);
  });
  const resolver = resolverOf(server);
  const controller = new AbortController();
  const said: unknown[] = [];
  const limits = { ...UNLIMITED, signal: controller.signal };
  const other = heard(resolver, '', 'host.test');
  const error = await failureOf(
    resolver.arrivals('', 'host.test', limits, (answer) => {
      said.push(answer);
      controller.abort();
    }),
  );
  assert.equal(error.code, 'ABORT_ERR');
  resolve();
  assert.equal((await other).length, 2);
  assert.equal(said.length, 1);
});
