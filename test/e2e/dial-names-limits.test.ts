// What a dial's own limits do to its look-up: it counts, and it ends without a trace.

import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { test } from 'node:test';

import { CanceledError, DeadlineError, dial, DNSError } from 'gonet';

import { backTo, descriptors } from '../dns/expect.ts';
import { NameServer, records, type Script } from '../dns/nameserver.ts';
import { run } from '../fault/child.ts';
import { checkForm } from './form.ts';
import { opErrorOf } from './loopback.ts';
import { asking, uneven } from './names.ts';

const options = { timeout: 20_000 };
const MINUTE = 60_000;
/** A timer may be early by less than this. */
const EARLY = 5;

for (const fallbackDelay of [250, -1]) {
  const how = fallbackDelay < 0 ? 'one after another' : 'in a race';

  test(`a silent server and the dial’s own timeout, ${how}`, options, async ({ signal: limit }) => {
    using server = await NameServer.start(() => null);
    const before = descriptors();
    const start = performance.now();
    const own = { resolver: asking(server, { timeout: MINUTE }), timeout: 100, fallbackDelay };
    const error = await opErrorOf(dial('tcp', 'host.test:1', own));
    const ms = performance.now() - start;
    assert.ok(ms >= 100 - EARLY && ms < 5000, `${ms} ms`);
    checkForm(error);
    assert.equal(error.message, 'dial tcp: lookup host.test: i/o timeout');
    assert.ok(error.cause instanceof DNSError && error.cause.cause instanceof DeadlineError);
    assert.deepEqual([error.code, error.timeout, error.temporary], ['ETIMEDOUT', true, true]);
    await backTo(before, limit);
  });

  test(`a deadline, ${how}`, options, async () => {
    using server = await NameServer.start(() => null);
    const own = { resolver: asking(server), deadline: new Date(Date.now() + 50), fallbackDelay };
    assert.equal((await opErrorOf(dial('tcp', 'host.test:1', own))).message, 'dial tcp: lookup host.test: i/o timeout');
  });

  test(`an abort during the look-up, ${how}`, options, async ({ signal: limit }) => {
    using server = await NameServer.start(() => null);
    const before = descriptors();
    const controller = new AbortController();
    const { signal } = controller;
    const own = { resolver: asking(server, { timeout: MINUTE }), signal, fallbackDelay };
    const pending = opErrorOf(dial('tcp', 'host.test:1', own));
    await server.reached(1, limit);
    controller.abort('enough');
    const error = await pending;
    checkForm(error);
    assert.equal(error.message, 'dial tcp: lookup host.test: operation was canceled');
    assert.ok(error.cause instanceof DNSError && error.cause.cause instanceof CanceledError);
    assert.deepEqual([error.code, error.timeout, error.cause.cause.cause], ['ABORT_ERR', false, 'enough']);
    assert.equal(getEventListeners(signal, 'abort').length, 0);
    await backTo(before, limit);
  });

  test(`limits that have passed: nobody is asked, ${how}`, options, async () => {
    using server = await NameServer.start(() => null);
    const own = { resolver: asking(server), fallbackDelay };
    const aborted = await opErrorOf(dial('tcp', 'host.test:1', { ...own, signal: AbortSignal.abort() }));
    const late = await opErrorOf(dial('tcp', 'host.test:1', { ...own, timeout: -1 }));
    assert.deepEqual([aborted.code, late.code, server.count()], ['ABORT_ERR', 'ETIMEDOUT', 0]);
  });
}

/** Answers with the silent address, so late. */
const lateBy =
  (ms: number, ...ips: readonly string[]): Script =>
  async ({ type }) => {
    await new Promise((resolve) => setTimeout(resolve, ms));
    return type === 'A' ? records('A', ...ips) : {};
  };

test('the look-up counts in the timeout', options, async () => {
  using addresses = await uneven();
  using server = await NameServer.start(lateBy(300, '127.0.0.1'));
  const start = performance.now();
  const own = { resolver: asking(server), timeout: 600 };
  const error = await opErrorOf(dial('tcp4', `host.test:${addresses.port}`, own));
  const ms = performance.now() - start;
  assert.equal(error.message, `dial tcp4 ${addresses.silent}: i/o timeout`);
  // If it did not count, the attempt would have 600 ms of its own.
  assert.ok(ms >= 600 - EARLY && ms < 900 - EARLY, `${ms} ms`);
  assert.ok(error.start! >= 300 - EARLY && error.duration! < 600 - EARLY, `${error.start} and ${error.duration} ms`);
});

test('two families, one silent at the server and one on the network: what was tried', options, async () => {
  using addresses = await uneven();
  using server = await NameServer.start(({ type }) => (type === 'A' ? records('A', '127.0.0.1') : null));
  const own = { resolver: asking(server, { timeout: MINUTE }), timeout: 200 };
  const error = await opErrorOf(dial('tcp', `host.test:${addresses.port}`, own));
  assert.deepEqual([error.code, error.timeout], ['ETIMEDOUT', true]);
  assert.equal(error.message, `dial tcp ${addresses.silent}: i/o timeout`);
  assert.ok(error.start! < 200 && error.duration! > 0);
});

test('a dial that waits for a resolver of one’s own keeps the process alive until its timeout', options, async () => {
  const { code, stdout, stderr } = await run(new URL('./child/unanswered.js', import.meta.url), []);
  assert.deepEqual({ code, stdout }, { code: 0, stdout: 'dial tcp: lookup host.test: i/o timeout\n' }, stderr);
});
