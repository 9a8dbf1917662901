// A look-up that its caller gives up: the error, and that nothing of it is left, neither a socket nor a query nor a reason for the
// process to stay.

import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { test } from 'node:test';

import { CanceledError, DeadlineError } from '../../src/errors.ts';
import { run } from '../fault/child.ts';
import { LIMIT, backTo, descriptors, failureOf, lookups, resolverOf } from './expect.ts';
import { NameServer } from './nameserver.ts';

const MINUTE = 60_000;

for (const [method, call] of lookups) {
  test(`${method}: a signal ends it, and the query with it`, LIMIT, async ({ signal: limit }) => {
    using server = await NameServer.start(() => null);
    const before = descriptors();
    const controller = new AbortController();
    const { signal } = controller;
    const pending = failureOf(call(resolverOf(server, { timeout: MINUTE }), 'host.test', { signal }));
    await server.reached(1, limit);
    controller.abort('enough');
    const error = await pending;
    assert.equal(error.message, 'lookup host.test: operation was canceled');
    assert.ok(error.cause instanceof CanceledError);
    assert.deepEqual([error.cause.cause, error.code, error.timeout], ['enough', 'ABORT_ERR', false]);
    await backTo(before, limit);
    assert.equal(getEventListeners(signal, 'abort').length, 0);
  });

  test(`${method}: a deadline ends it, and the query with it`, LIMIT, async ({ signal: limit }) => {
    using server = await NameServer.start(() => null);
    const before = descriptors();
    const deadline = Date.now() + 50;
    const error = await failureOf(call(resolverOf(server, { timeout: MINUTE }), 'host.test', { deadline }));
    assert.equal(error.message, 'lookup host.test: i/o timeout');
    assert.ok(error.cause instanceof DeadlineError);
    assert.deepEqual([error.code, error.timeout, error.temporary], ['ETIMEDOUT', true, true]);
    await backTo(before, limit);
  });

  test(`${method}: a limit that has passed: nothing is asked`, LIMIT, async () => {
    using server = await NameServer.start(() => null);
    const resolver = resolverOf(server);
    assert.equal((await failureOf(call(resolver, 'host.test', { signal: AbortSignal.abort() }))).code, 'ABORT_ERR');
    assert.equal((await failureOf(call(resolver, 'host.test', { deadline: 1 }))).code, 'ETIMEDOUT');
    assert.equal(server.count(), 0);
  });
}

test('after a cancel no query is repeated', LIMIT, async ({ signal: limit }) => {
  using server = await NameServer.start(() => null);
  const resolver = resolverOf(server, { timeout: 250, attempts: 2 });
  const controller = new AbortController();
  const pending = failureOf(resolver.lookupHost('given-up.test', { signal: controller.signal }));
  await server.reached(2, limit);
  controller.abort();
  await pending;
  // A look-up that begins now runs into both of its timeouts after those of the first would have passed.
  await failureOf(resolver.lookupHost('other.test'));
  assert.deepEqual([server.count('given-up.test.'), server.count('other.test.')], [2, 4]);
});

test('a look-up that is done leaves no descriptor', LIMIT, async ({ signal: limit }) => {
  using server = await NameServer.start(() => ({}));
  const resolver = resolverOf(server);
  const before = descriptors();
  for (const [, call] of lookups) await failureOf(call(resolver, 'host.test'));
  await backTo(before, limit);
});

for (const [name, said] of [
  ['canceled', 'ABORT_ERR'],
  ['out of time', 'ETIMEDOUT'],
  ['answered', '192.0.2.1'],
  ['waiting', 'ETIMEOUT'],
] as const) {
  test(`a process whose look-up is ${name} ends by itself, and not before`, LIMIT, async () => {
    const { code, signal, stdout, stderr } = await run(new URL('./child/ends.js', import.meta.url), [name]);
    assert.deepEqual({ code, signal, stdout }, { code: 0, signal: null, stdout: `${said}\n` }, stderr);
  });
}
