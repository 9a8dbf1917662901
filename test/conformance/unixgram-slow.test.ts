// A receiver of Unix datagrams whose queue is full (Go's rule 145): writes wait for room, connected or not, obey deadlines, signals
// and close meanwhile, and go on in order when it reads.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { dial, listenPacket, type UnixConn } from 'gonet';
import { failsClosed, failure, fromNow, HOUR, isCanceled, staysPending, timesOut, upTo } from './outcome.ts';
import { LIMIT } from './pair.ts';
import { checkLeaks } from './sockets.ts';
import { TempDir } from './tempdir.ts';
import { connectedGrams, gram } from './unixgram-pair.ts';

checkLeaks();

type Send = (data: string, options?: { deadline?: number; signal?: AbortSignal }) => Promise<number>;

interface Scene {
  readonly server: UnixConn;
  readonly client: UnixConn;
  readonly send: Send;
  /** How many datagrams are in the queue. */
  readonly full: number;
  take(): Promise<string>;
}

async function taken(conn: UnixConn): Promise<string> {
  const into = Buffer.alloc(100);
  return into.toString('utf8', 0, (await conn.read(into))!);
}

async function fillUp(send: Send): Promise<number> {
  for (let n = 0; ; n++) {
    try {
      await send(String(n), { deadline: fromNow(30) });
    } catch (error) {
      assert.equal((error as { code?: string }).code, 'ETIMEDOUT');
      return n;
    }
  }
}

const WAYS = {
  write: (conn: UnixConn): Send => conn.write.bind(conn),
  'writeMsg to the peer':
    (conn: UnixConn): Send =>
    (data, options) =>
      conn.writeMsg(data, {}, options),
  writeTo:
    (conn: UnixConn, path: string): Send =>
    (data, options) =>
      conn.writeTo(data, gram(path), options),
  'writeMsg to an address':
    (conn: UnixConn, path: string): Send =>
    (data, options) =>
      conn.writeMsg(data, { addr: gram(path) }, options),
};

function slowTest(name: string, body: (scene: Scene) => Promise<void>): void {
  for (const [way, toSend] of Object.entries(WAYS)) {
    test(`${way}: ${name}`, { timeout: LIMIT }, async () => {
      using dir = new TempDir();
      await using server = await listenPacket('unixgram', dir.file());
      const connected = way === 'write' || way.endsWith('peer');
      await using client = connected
        ? await dial('unixgram', dir.file())
        : await listenPacket('unixgram', dir.file('c'));
      const send = toSend(client, dir.file());
      const full = await fillUp(send);
      assert.ok(full > 0);
      await body({ server, client, send, full, take: () => taken(server) });
    });
  }
}

slowTest('a write waits for room, and goes on when the receiver reads', async ({ send, full, take }) => {
  const waiting = upTo(5).map((i) => send(String(full + i)));
  await staysPending(Promise.race(waiting), 150);
  for (const i of upTo(full + 5)) assert.equal(await take(), String(i));
  assert.deepEqual(
    await Promise.all(waiting),
    upTo(5).map((i) => String(full + i).length),
  );
});

slowTest('deadlines and signals end a write that waits, and nothing of it is sent', async (scene) => {
  const { client, send, full, take } = scene;
  const deadline = fromNow(40);
  assert.equal((await timesOut(send('late', { deadline }), 'write')).bytesWritten, 0);
  assert.ok(Date.now() >= deadline - 1, 'early');
  const controller = new AbortController();
  const { signal } = controller;
  const aborted = isCanceled(send('aborted', { signal, deadline: fromNow(HOUR) }), 'enough', 'write');
  await staysPending(aborted, 100);
  controller.abort('enough');
  await aborted;
  client.setWriteDeadline(fromNow(20));
  await timesOut(send('late again'), 'write');
  client.setWriteDeadline(null);
  const next = send('in time');
  await staysPending(next);
  for (const i of upTo(full)) assert.equal(await take(), String(i));
  await next;
  assert.equal(await take(), 'in time');
});

slowTest('close() ends writes that wait', async ({ client, send, full, take }) => {
  const waiting = upTo(3).map(() => failsClosed(send('never'), 'write'));
  await staysPending(Promise.race(waiting));
  client.close();
  await Promise.all(waiting);
  for (const i of upTo(full)) assert.equal(await take(), String(i));
});

slowTest('the receiver closes: a write that waits is refused', async ({ server, send }) => {
  const waiting = failure(send('x'), 'write');
  await staysPending(waiting);
  server.close();
  assert.ok(['ECONNREFUSED', 'EPIPE', 'ECONNRESET'].includes((await waiting).code!), (await waiting).message);
});

slowTest('2000 to a receiver that reads now and then arrive in order', async ({ send, full, take }) => {
  const sent = (async () => {
    for (let i = full; i < 2000; i++) await send(String(i));
  })();
  for (let i = 0; i < 2000; i++) {
    if (i % 300 === 0) await staysPending(new Promise(() => {}), 5);
    assert.equal(await take(), String(i));
  }
  await sent;
});

test('a full receiver holds up those who send to it, not what they send to others', { timeout: LIMIT }, async () => {
  using dir = new TempDir();
  await using slow = await listenPacket('unixgram', dir.file('slow'));
  await using other = await listenPacket('unixgram', dir.file('other'));
  await using first = await listenPacket('unixgram', '');
  await using second = await listenPacket('unixgram', '');
  const full = await fillUp((data, options) => first.writeTo(data, gram(dir.file('slow')), options));
  for (let i = 0; i < 3; i++) {
    await timesOut(second.writeTo('x', gram(dir.file('slow')), { deadline: fromNow(30) }), 'write');
    assert.equal(await second.writeTo('y', gram(dir.file('other'))), 1);
    assert.equal(await taken(other), 'y');
  }
  const waiting = second.writeTo('last', gram(dir.file('slow')));
  await staysPending(waiting);
  for (const i of upTo(full)) assert.equal(await taken(slow), String(i));
  assert.equal(await waiting, 4);
  assert.equal(await taken(slow), 'last');
});

test('two that are connected to each other wait for the room of the sender', { timeout: LIMIT }, async () => {
  const { a, b, stop } = await connectedGrams();
  const big = 'x'.repeat(20_000);
  const into = Buffer.alloc(20_000);
  let n = 0;
  for (; (await a.write(big, { deadline: fromNow(30) }).catch(() => -1)) > 0; n++);
  assert.ok(n > 0);
  const waiting = a.write(big);
  await staysPending(waiting);
  for (const _ of upTo(n)) assert.equal(await b.read(into), big.length);
  assert.equal(await waiting, big.length);
  stop();
});
