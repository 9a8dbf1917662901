// The tracing channels of accept and close.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { CanceledError, ClosedError, DeadlineError, dial, listen, OpError, type TCPConn } from 'gonet';

import { FAILS, Notes, SUCCEEDS } from './channels.ts';
import { connect, opErrorOf } from './loopback.ts';

const options = { timeout: 10_000 };

test('accept: from the call to the connection', options, async () => {
  using listener = await listen('tcp', '127.0.0.1:0');
  using notes = new Notes(['accept']);
  const accepting = listener.accept();
  assert.deepEqual(notes.of('accept'), ['start', 'end']);
  assert.deepEqual(notes.messages('accept'), [{ network: 'tcp', addr: listener.addr }]);
  using _client = await dial('tcp', listener.addr.toString());
  using conn = await accepting;
  assert.deepEqual(notes.of('accept'), SUCCEEDS);
  const [message] = notes.messages('accept');
  assert.equal(message?.result, conn);
  assert.equal(message?.addr, listener.addr);
});

test('accept with a client waiting', options, async () => {
  using listener = await listen('tcp', '127.0.0.1:0');
  using _client = await dial('tcp', listener.addr.toString());
  using notes = new Notes(['accept']);
  using conn = await listener.accept();
  assert.deepEqual(notes.of('accept'), SUCCEEDS);
  assert.equal(notes.messages('accept')[0]?.result, conn);
});

test('accept that a deadline, a signal or close ends: the error that its caller gets', options, async () => {
  using listener = await listen('tcp', '127.0.0.1:0');
  using notes = new Notes(['accept']);
  const controller = new AbortController();
  const calls = [
    listener.accept({ deadline: 1 }),
    listener.accept({ signal: controller.signal }),
    listener.accept(),
  ].map((each) => opErrorOf(each));
  controller.abort();
  await calls[1];
  listener.close();
  const errors = [...(await Promise.all(calls)), await opErrorOf(listener.accept())];
  assert.deepEqual(
    errors.map(({ cause }) => cause.constructor),
    [DeadlineError, CanceledError, ClosedError, ClosedError],
  );
  const messages = notes.messages('accept');
  assert.deepEqual(
    messages.map(({ error }) => error),
    errors,
  );
  assert.deepEqual(notes.of('accept').toSorted(), [FAILS, FAILS, FAILS, FAILS].flat().toSorted());
});

test('for await: one accept after another, and the last ends with the listener', options, async () => {
  using listener = await listen('tcp', '127.0.0.1:0');
  using notes = new Notes(['accept']);
  const clients: TCPConn[] = [];
  const seen: TCPConn[] = [];
  clients.push(await dial('tcp', listener.addr.toString()));
  for await (const conn of listener) {
    seen.push(conn);
    if (seen.length === 3) listener.close();
    else clients.push(await dial('tcp', listener.addr.toString()));
  }
  const [first, second, third, last, ...more] = notes.messages('accept');
  assert.deepEqual([first?.result, second?.result, third?.result], seen);
  assert.ok(last?.error instanceof OpError && last.error.cause instanceof ClosedError);
  assert.equal(more.length, 0);
  for (const conn of [...clients, ...seen]) conn.close();
});

test('wrong arguments of accept throw, and nobody hears of it', options, async () => {
  using listener = await listen('tcp', '127.0.0.1:0');
  using notes = new Notes(['accept']);
  assert.throws(() => listener.accept({ deadline: NaN }), RangeError);
  assert.deepEqual(notes.events, []);
});

test('close: once for a conn and once for a listener, with both ends', options, async () => {
  const { client, server, listener } = await connect();
  using notes = new Notes();
  const ends = [client.localAddr, client.remoteAddr];
  client.close();
  assert.deepEqual(notes.order, ['close start', 'close end']);
  server.close();
  listener.close();
  for (const each of [client, server, listener]) {
    each.close();
    each[Symbol.dispose]();
    await each[Symbol.asyncDispose]();
  }
  assert.deepEqual(notes.messages('close'), [
    { network: 'tcp', localAddr: ends[0], remoteAddr: ends[1], result: undefined },
    { network: 'tcp', localAddr: ends[1], remoteAddr: ends[0], result: undefined },
    { network: 'tcp', localAddr: listener.addr, remoteAddr: null, result: undefined },
  ]);
  assert.deepEqual(notes.of('close'), ['start', 'end', 'start', 'end', 'start', 'end']);
});

test('close by `using`, and with a call that waits', options, async () => {
  using listener = await listen('tcp', '127.0.0.1:0');
  using notes = new Notes(['close']);
  {
    using _client = await dial('tcp', listener.addr.toString());
    await using server = await listener.accept();
    const reading = opErrorOf(server.read(Buffer.alloc(1)));
    server.close();
    await reading;
  }
  assert.deepEqual(notes.of('close'), ['start', 'end', 'start', 'end']);
});

test('detach is no close', options, async () => {
  using pair = await connect();
  using notes = new Notes(['close']);
  const { fromFd } = await import('gonet');
  const again = fromFd(pair.client.detach());
  assert.deepEqual(notes.events, []);
  again.close();
  assert.deepEqual(notes.of('close'), ['start', 'end']);
});

test('an attempt that fails is no connection that ends', options, async () => {
  using notes = new Notes(['close']);
  await opErrorOf(dial('tcp', '127.0.0.1:0'));
  assert.deepEqual(notes.messages('close'), []);
});
