// traceDial: the connection, and what happened on the way as data.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { CanceledError, dial, DNSError, listen, traceDial, type Span } from 'gonet';

import { NameServer, zone } from '../dns/nameserver.ts';
import { subscribed } from './channels.ts';
import { leavesNothing, opErrorOf, refusing, withoutIPv6 } from './loopback.ts';
import { asking, fixed, lonely, uneven } from './names.ts';

const options = { timeout: 10_000 };

/** `lookup x.test`, `attempt 127.0.0.1:80 failed`. */
const shown = (spans: readonly Span[]): string[] =>
  spans.map(({ kind, what, error }) => `${kind} ${what}${error === undefined ? '' : ' failed'}`);

test('by name: the look-up, and the attempt', options, async () => {
  using server = await NameServer.start(zone({ 'x.test.': { A: ['127.0.0.1'] } }));
  using listener = await listen('tcp', '127.0.0.1:0');
  const { port } = listener.addr;
  const { conn, timeline } = await traceDial('tcp4', `x.test:${port}`, { resolver: asking(server) });
  assert.deepEqual([timeline.network, timeline.address], ['tcp4', `x.test:${port}`]);
  const [lookup, attempt, ...more] = timeline.spans;
  assert.equal(more.length, 0);
  assert.deepEqual([lookup?.kind, lookup?.what, lookup?.result], ['lookup', 'x.test', ['127.0.0.1']]);
  assert.deepEqual([attempt?.kind, attempt?.what], ['attempt', `127.0.0.1:${port}`]);
  assert.deepEqual(attempt?.result, [String(conn.localAddr), String(conn.remoteAddr)]);
  assert.ok(lookup!.start <= attempt!.start);
  for (const { start, duration } of timeline.spans) assert.ok(start + duration! <= timeline.duration);
  assert.deepEqual(subscribed(), []);
  conn.close();
});

test('the timeline is data', options, async () => {
  using listener = await listen('tcp', '127.0.0.1:0');
  const { conn, timeline } = await traceDial('tcp', `x.test:${listener.addr.port}`, { resolver: fixed('127.0.0.1') });
  conn.close();
  assert.deepEqual(structuredClone(timeline), timeline);
  assert.deepEqual(JSON.parse(JSON.stringify(timeline)), timeline);
});

test('the address as parts is told as a text', options, async () => {
  using listener = await listen('tcp', '127.0.0.1:0');
  const { conn, timeline } = await traceDial('tcp', { host: '127.0.0.1', port: listener.addr.port });
  assert.equal(timeline.address, listener.addr.toString());
  conn.close();
});

test('the first address fails, the second connects', { ...options, skip: withoutIPv6 }, async () => {
  using listener = await lonely('127.0.0.1', '::1');
  const { port } = listener.addr;
  for (const fallbackDelay of [250, -1]) {
    const resolver = fixed('::1', '127.0.0.1');
    const { conn, timeline } = await traceDial('tcp', `x.test:${port}`, { resolver, fallbackDelay });
    assert.deepEqual(shown(timeline.spans), [
      'lookup x.test',
      `attempt [::1]:${port} failed`,
      `attempt 127.0.0.1:${port}`,
    ]);
    const [, failed] = timeline.spans;
    assert.deepEqual([failed?.error?.message, failed?.result], ['connect: connection refused', undefined]);
    conn.close();
  }
});

test('a race: the loser was cancelled', options, async () => {
  using addresses = await uneven();
  const { port, silent } = addresses;
  const resolver = fixed('127.0.0.1', '127.0.0.2');
  const { conn, timeline } = await traceDial('tcp', `x.test:${port}`, { resolver, fallbackDelay: 20 });
  const attempts = timeline.spans.filter(({ kind }) => kind === 'attempt');
  assert.deepEqual(
    attempts.map(({ what }) => what),
    [silent, addresses.listener.addr.toString()],
  );
  assert.ok(attempts[0]?.error instanceof CanceledError);
  assert.ok(attempts[1]!.start - attempts[0].start >= 19);
  assert.ok(attempts[0].duration! >= 19);
  conn.close();
});

test('several at once do not mix, nor do other dials', options, async () => {
  using listener = await listen('tcp', '127.0.0.1:0');
  const { port } = listener.addr;
  const names = Array.from({ length: 20 }, (_, i) => `host${i}.test`);
  const resolver = fixed('127.0.0.1');
  const traced = names.map((name) => traceDial('tcp', `${name}:${port}`, { resolver }));
  const plain = names.map((name) => dial('tcp', `other-${name}:${port}`, { resolver }));
  for (const [i, { conn, timeline }] of (await Promise.all(traced)).entries()) {
    assert.deepEqual(shown(timeline.spans), [`lookup host${i}.test`, `attempt 127.0.0.1:${port}`]);
    assert.equal(timeline.spans[1]?.result?.[0], String(conn.localAddr));
    conn.close();
  }
  for (const conn of await Promise.all(plain)) conn.close();
  assert.deepEqual(subscribed(), []);
});

test('several races at once do not mix', options, async () => {
  using addresses = await uneven();
  const resolver = fixed('127.0.0.1', '127.0.0.2');
  const all = await Promise.all(
    [20, 21, 22].map((fallbackDelay) => traceDial('tcp', `x.test:${addresses.port}`, { resolver, fallbackDelay })),
  );
  for (const { conn } of all) conn.close();
  const counts = all.map(({ timeline }) => timeline.spans.filter(({ kind }) => kind === 'attempt').length);
  assert.deepEqual(counts, [2, 2, 2]);
});

test('a dial inside a hook of a traced one, traced itself, has its own timeline', options, async () => {
  using listener = await listen('tcp', '127.0.0.1:0');
  const address = listener.addr.toString();
  const inner: string[][] = [];
  const control = async (): Promise<void> => {
    const { conn, timeline } = await traceDial('tcp', `inner.test:${listener.addr.port}`, {
      resolver: fixed('127.0.0.1'),
    });
    inner.push(shown(timeline.spans));
    conn.close();
  };
  const { conn, timeline } = await traceDial('tcp', address, { control });
  conn.close();
  assert.deepEqual(shown(timeline.spans), [`attempt ${address}`]);
  assert.deepEqual(inner, [['lookup inner.test', `attempt ${address}`]]);
});

test('it fails as dial does, and leaves no subscriber', options, async () => {
  using refused = await refusing();
  await leavesNothing(async () => {
    const { port } = refused;
    const failing = { lookupNetIP: () => Promise.reject(new DNSError({ err: 'no such host', hostname: 'x.test' })) };
    const rows: readonly (readonly [string, Parameters<typeof traceDial>[2], string])[] = [
      [`127.0.0.1:${port}`, {}, `dial tcp 127.0.0.1:${port}: connect: connection refused`],
      ['127.0.0.1', {}, 'dial tcp: address 127.0.0.1: missing port in address'],
      [`x.test:${port}`, { resolver: failing }, 'dial tcp: lookup x.test: no such host'],
      [`127.0.0.1:${port}`, { timeout: -1 }, `dial tcp 127.0.0.1:${port}: i/o timeout`],
    ];
    for (const [address, own, message] of rows) {
      const traced = await opErrorOf(traceDial('tcp', address, own));
      const plain = await opErrorOf(dial('tcp', address, own));
      assert.deepEqual([traced.message, plain.message], [message, message]);
      assert.deepEqual(subscribed(), []);
    }
    const resolver = fixed('127.0.0.1', '127.0.0.3');
    const { attempts } = await opErrorOf(traceDial('tcp', `x.test:${port}`, { resolver }));
    assert.equal(attempts?.length, 2);
    for (const { start, duration } of attempts) assert.ok(start! >= 0 && duration! >= 0);
  });
});

test('one that fails takes no subscriber from one that goes on', options, async () => {
  using addresses = await uneven();
  using refused = await refusing();
  const controller = new AbortController();
  const { signal } = controller;
  const going = opErrorOf(traceDial('tcp', addresses.silent, { signal }));
  await opErrorOf(traceDial('tcp', `127.0.0.1:${refused.port}`));
  assert.notDeepEqual(subscribed(), []);
  controller.abort();
  await going;
  assert.deepEqual(subscribed(), []);
});
