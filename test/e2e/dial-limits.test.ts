// What ends a dial before it is done: a timeout, a deadline, a signal; and that none of them reaches the connection.

import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { test } from 'node:test';

import { CanceledError, DeadlineError, Dialer, DNSError, dial, dialTCP, TCPAddr, type DialOptions } from 'gonet';
import { Addr } from 'gonet/netip';

import { connect, leavesNothing, opErrorOf, openSockets, pass, silent } from './loopback.ts';

const options = { timeout: 20_000 };
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Dials a port that does not answer with these options, by text and by value. */
async function dialSilence(own: () => DialOptions, check: (error: Error, message: string) => void): Promise<void> {
  await leavesNothing(async () => {
    using listener = await silent();
    const { port } = listener;
    const before = openSockets();
    for (const call of [
      () => dial('tcp', `127.0.0.1:${port}`, own()),
      () => new Dialer(own()).dial('tcp4', `127.0.0.1:${port}`),
      () => dialTCP('tcp', null, new TCPAddr(Addr.parse('127.0.0.1'), port), own()),
    ]) {
      const error = await opErrorOf(call());
      check(error.cause, error.message.replace(String(port), 'PORT').replace('tcp4', 'tcp'));
      assert.equal(error.address, '127.0.0.1');
      assert.deepEqual(openSockets(), before);
    }
  });
}

const isTimeout = (cause: Error, message: string): void => {
  assert.ok(cause instanceof DeadlineError);
  assert.ok(cause.timeout && cause.temporary);
  assert.equal(message, 'dial tcp 127.0.0.1:PORT: i/o timeout');
};

test('a timeout ends the dial, not early', options, async () => {
  for (const timeout of [1, 20, 60]) {
    const start = performance.now();
    await dialSilence(() => ({ timeout }), isTimeout);
    assert.ok(performance.now() - start >= 3 * timeout);
  }
});

test('a deadline ends the dial, as a Date and as a number; the earlier of the two limits counts', options, async () => {
  await dialSilence(() => ({ deadline: Date.now() + 20 }), isTimeout);
  await dialSilence(() => ({ deadline: new Date(Date.now() + 20) }), isTimeout);
  await dialSilence(() => ({ deadline: Date.now() + 20, timeout: 3_600_000 }), isTimeout);
  await dialSilence(() => ({ deadline: Date.now() + 3_600_000, timeout: 20 }), isTimeout);
});

test('a limit in the past: a timeout, although the address would answer (rule 27)', options, async () => {
  using pair = await connect();
  const { port } = pair.listener.addr;
  const before = openSockets();
  for (const own of [
    { timeout: -1 },
    { timeout: -Number.MAX_VALUE },
    { timeout: -Infinity },
    { deadline: Date.now() - 1 },
    { deadline: 0 },
    { deadline: new Date(0) },
    { deadline: Date.now() - 1, timeout: 1000 },
    { deadline: Date.now() + 1000, timeout: -1 },
  ]) {
    const error = await opErrorOf(dial('tcp', `127.0.0.1:${port}`, own));
    isTimeout(error.cause, error.message.replace(String(port), 'PORT'));
    assert.deepEqual([error.code, error.timeout, error.temporary], ['ETIMEDOUT', true, true]);
    const typed = await opErrorOf(dialTCP('tcp', null, pair.listener.addr, own));
    isTimeout(typed.cause, typed.message.replace(String(port), 'PORT'));
  }
  assert.deepEqual(openSockets(), before);
});

test('no limit, or one beyond all clocks, lets the dial be (Go’s TestDialTimeoutMaxDuration)', options, async () => {
  for (const own of [
    { timeout: 0 },
    { timeout: Infinity },
    { timeout: Number.MAX_VALUE },
    { timeout: 2 ** 31 },
    { timeout: 2 ** 63 },
    { deadline: null },
    { deadline: Infinity },
    { deadline: new Date(8.64e15) },
    { deadline: Number.MAX_VALUE, timeout: Number.MAX_SAFE_INTEGER },
  ]) {
    using pair = await connect('127.0.0.1:0', 'tcp', own);
    await pass(pair.client, pair.server);
  }
});

test('a deadline of the dial is none of the connection', options, async () => {
  using pair = await connect('127.0.0.1:0', 'tcp', { deadline: Date.now() + 200 });
  const late = await opErrorOf(pair.client.read(Buffer.alloc(1), { deadline: Date.now() + 400 }));
  assert.ok(late.timeout);
  await pass(pair.server, pair.client);
  await pass(pair.client, pair.server);
});

test('a signal that was aborted before: canceled, without a socket, whatever the address', options, () =>
  leavesNothing(async () => {
    const reason = new Error('enough');
    const signal = AbortSignal.abort(reason);
    const error = await opErrorOf(dial('tcp', '127.0.0.1:1', { signal }));
    assert.equal(error.message, 'dial tcp 127.0.0.1:1: operation was canceled');
    assert.deepEqual([error.code, error.timeout, error.temporary], ['ABORT_ERR', false, false]);
    assert.ok(error.cause instanceof CanceledError);
    assert.equal(error.cause.name, 'AbortError');
    assert.equal(error.cause.cause, reason);
    const typed = await opErrorOf(dialTCP('tcp', null, new TCPAddr(null, 1), { signal }));
    assert.ok(typed.cause instanceof CanceledError || typed.code === 'ECONNREFUSED', typed.message);
  }),
);

test('a signal ends a dial that is under way', options, async () => {
  await leavesNothing(async () => {
    using listener = await silent();
    const before = openSockets().length;
    const controller = new AbortController();
    const { signal } = controller;
    const dialing = opErrorOf(dial('tcp', `127.0.0.1:${listener.port}`, { signal }));
    while (openSockets().length === before || getEventListeners(signal, 'abort').length === 0) await turn();
    controller.abort('enough');
    const error = await dialing;
    assert.equal(error.message, `dial tcp 127.0.0.1:${listener.port}: operation was canceled`);
    assert.ok(error.cause instanceof CanceledError);
    assert.equal(error.cause.cause, 'enough');
    assert.equal(openSockets().length, before);
    assert.deepEqual(getEventListeners(signal, 'abort'), []);
  });
});

test('a signal that is aborted later does not touch the connection (Go’s TestCancelAfterDial)', options, async () => {
  for (let i = 0; i < 10; i++) {
    const controller = new AbortController();
    using pair = await connect();
    using conn = await dial('tcp', pair.listener.addr.toString(), { signal: controller.signal });
    using server = await pair.listener.accept();
    controller.abort();
    assert.deepEqual(getEventListeners(controller.signal, 'abort'), []);
    await turn();
    await pass(conn, server);
    await pass(server, conn);
  }
});

test('a dial of its own signal beside a Dialer’s options', options, async () => {
  using listener = await silent();
  const dialer = new Dialer({ timeout: 3_600_000 });
  const controller = new AbortController();
  const dialing = opErrorOf(dialer.dial('tcp', `127.0.0.1:${listener.port}`, { signal: controller.signal }));
  await turn();
  controller.abort();
  assert.equal((await dialing).code, 'ABORT_ERR');
});

test('a look-up that is cut short says so (rule 38)', options, async () => {
  const canceled = await opErrorOf(dial('tcp', 'localhost:80', { signal: AbortSignal.abort() }));
  assert.equal(canceled.message, 'dial tcp: lookup localhost: operation was canceled');
  assert.ok(canceled.cause instanceof DNSError && canceled.cause.cause instanceof CanceledError);
  assert.deepEqual([canceled.code, canceled.timeout, canceled.addr], ['ABORT_ERR', false, null]);
  const late = await opErrorOf(dial('tcp', 'localhost:80', { timeout: -1 }));
  assert.ok(late.timeout && late.code === 'ETIMEDOUT');
});
