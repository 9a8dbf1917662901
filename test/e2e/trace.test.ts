// The tracing channels of a dial: which events come in which order, and what they say, of the dial, its look-up and its attempts.

import assert from 'node:assert/strict';
import { tracingChannel } from 'node:diagnostics_channel';
import { test } from 'node:test';

import { CanceledError, dial, Dialer, dialTCP, DNSError, listen, OpError, SyscallError, TCPAddr, TCPConn } from 'gonet';
import { Addr } from 'gonet/netip';

import { uncaught } from '../fault/uncaught.ts';
import { FAILS, Notes, subscribed, SUCCEEDS, type ChannelName } from './channels.ts';
import { opErrorOf, refusing, withoutIPv6 } from './loopback.ts';
import { fixed, lonely, uneven } from './names.ts';

const options = { timeout: 10_000 };
const DIALS: readonly ChannelName[] = ['dial', 'attempt', 'lookup'];
const NOTHING: object = {};

test('a literal: an attempt inside a dial', options, async () => {
  using listener = await listen('tcp', '127.0.0.1:0');
  using notes = new Notes();
  using conn = await dial('tcp', listener.addr.toString());
  assert.deepEqual(notes.order, [
    'dial start',
    'attempt start',
    'attempt end',
    'dial end',
    'attempt asyncStart',
    'attempt asyncEnd',
    'dial asyncStart',
    'dial asyncEnd',
  ]);
  const address = listener.addr.toString();
  assert.deepEqual(notes.messages('dial'), [{ network: 'tcp', address, result: conn }]);
  const [attempt = NOTHING] = notes.messages('attempt');
  assert.deepEqual(Object.keys(attempt).sort(), ['localAddr', 'network', 'remoteAddr', 'result']);
  const { network, localAddr, remoteAddr, result } = attempt as (typeof notes.events)[0]['message'];
  assert.deepEqual([network, localAddr, String(remoteAddr)], ['tcp', null, address]);
  assert.ok(result === conn && conn instanceof TCPConn);
});

test('at its start a message has no outcome; every event of one call has the same message', options, async () => {
  using listener = await listen('tcp', '127.0.0.1:0');
  const keys: string[] = [];
  using notes = new Notes(DIALS, (name, message) => keys.push(`${name} ${Object.keys(message).join()}`));
  using _conn = await dial('tcp4', `x.test:${listener.addr.port}`, { resolver: fixed('127.0.0.1') });
  assert.deepEqual(keys, ['dial network,address', 'lookup network,host', 'attempt network,localAddr,remoteAddr']);
  for (const name of DIALS) {
    const messages = new Set(notes.events.filter(({ channel }) => channel === name).map(({ message }) => message));
    assert.equal(messages.size, 1, name);
    assert.deepEqual(notes.of(name), SUCCEEDS);
  }
});

test('a name: a look-up and an attempt inside a dial', options, async () => {
  using listener = await listen('tcp', '127.0.0.1:0');
  using notes = new Notes();
  const { port } = listener.addr;
  using _conn = await dial('tcp', { host: 'x.test', port }, { resolver: fixed('127.0.0.1') });
  // The attempt begins with the answer, which may be before the look-up has ended.
  const at = (event: string): number => notes.order.indexOf(event);
  assert.ok(at('dial start') < at('lookup start') && at('lookup start') < at('attempt start'));
  assert.ok(at('lookup asyncEnd') < at('dial asyncStart') && at('attempt asyncEnd') < at('dial asyncStart'));
  for (const name of DIALS) assert.deepEqual(notes.of(name), SUCCEEDS);
  const found = [Addr.parse('127.0.0.1')];
  assert.deepEqual(notes.messages('lookup'), [{ network: 'ip', host: 'x.test', result: found }]);
  assert.equal(notes.messages('dial')[0]?.address, `x.test:${port}`);
});

test('the families of the look-up are those of the network', options, async () => {
  using refused = await refusing();
  using notes = new Notes(['lookup']);
  for (const network of ['tcp', 'tcp4', 'tcp6']) {
    await opErrorOf(dial(network, `x.test:${refused.port}`, { resolver: fixed('127.0.0.1'), fallbackDelay: -1 }));
  }
  assert.deepEqual(
    notes.messages('lookup').map(({ network }) => network),
    ['ip', 'ip4', 'ip6'],
  );
});

test('localAddr is the attempt’s', options, async () => {
  using listener = await listen('tcp', '127.0.0.1:0');
  using notes = new Notes(['attempt']);
  const localAddr = new TCPAddr(Addr.parse('127.0.0.5'), 0);
  using _conn = await new Dialer({ localAddr }).dial('tcp', listener.addr.toString());
  assert.equal(notes.messages('attempt')[0]?.localAddr, localAddr);
});

test('a failure: the attempt has the reason, the dial the error that the caller gets', options, async () => {
  using refused = await refusing();
  using notes = new Notes(DIALS);
  const error = await opErrorOf(dial('tcp', `127.0.0.1:${refused.port}`));
  assert.deepEqual([notes.of('dial'), notes.of('attempt'), notes.of('lookup')], [FAILS, FAILS, []]);
  const [dialed, attempt] = [notes.messages('dial')[0], notes.messages('attempt')[0]];
  assert.equal(dialed?.error, error);
  assert.ok(attempt?.error instanceof SyscallError);
  assert.equal(attempt.error, error.cause);
  assert.ok(!('result' in dialed) && !('result' in attempt));
});

test('a failed look-up: no attempt', options, async () => {
  using notes = new Notes(DIALS);
  const reason = new DNSError({ err: 'no such host', hostname: 'x.test', notFound: true });
  const resolver = { lookupNetIP: (): Promise<never> => Promise.reject(reason) };
  const error = await opErrorOf(dial('tcp', 'x.test:1', { resolver }));
  assert.deepEqual([notes.of('dial'), notes.of('lookup'), notes.of('attempt')], [FAILS, FAILS, []]);
  assert.equal(notes.messages('lookup')[0]?.error, reason);
  assert.equal(notes.messages('dial')[0]?.error, error);
});

test('an address that is none: a dial and nothing else; wrong arguments: nothing at all', options, async () => {
  using notes = new Notes();
  const error = await opErrorOf(dial('tcp', '127.0.0.1'));
  assert.throws(() => dial('tcp', 80 as unknown as string), TypeError);
  assert.throws(() => dial('tcp', ':80', { timeout: NaN }), RangeError);
  assert.deepEqual(notes.order, FAILS.map((event) => `dial ${event}`)); // prettier-ignore
  assert.deepEqual(notes.messages('dial'), [{ network: 'tcp', address: '127.0.0.1', error }]);
});

test('dialTCP is no dial by name, and tells of nothing but its end', options, async () => {
  using listener = await listen('tcp', '127.0.0.1:0');
  using notes = new Notes();
  (await dialTCP('tcp', null, listener.addr)).close();
  assert.deepEqual(notes.order, ['close start', 'close end']);
});

test(
  'a race: an attempt for each, inside the dial; the loser’s ends with a CanceledError, before the dial',
  options,
  async () => {
    using addresses = await uneven();
    using notes = new Notes(DIALS);
    const resolver = fixed('127.0.0.1', '127.0.0.2');
    using conn = await dial('tcp', `x.test:${addresses.port}`, { resolver, fallbackDelay: 10 });
    const [loser, winner, ...more] = notes.messages('attempt');
    assert.equal(more.length, 0);
    assert.deepEqual(
      [String(loser?.remoteAddr), String(winner?.remoteAddr)],
      [addresses.silent, addresses.listener.addr.toString()],
    );
    assert.equal(winner?.result, conn);
    assert.ok(loser?.error instanceof CanceledError && !('result' in loser));
    assert.deepEqual([notes.order[0], notes.order.at(-1)], ['dial start', 'dial asyncEnd']);
    const last = (name: string): number => notes.order.lastIndexOf(`${name} asyncEnd`);
    assert.ok(last('attempt') < last('dial'));
    assert.deepEqual(notes.of('attempt').toSorted(), [...SUCCEEDS, ...FAILS].toSorted());
  },
);

test('all fail: an attempt for each, one after another or not', options, async () => {
  using refused = await refusing();
  const resolver = fixed('127.0.0.1', '127.0.0.1', '127.0.0.3');
  for (const fallbackDelay of [250, -1]) {
    using notes = new Notes(DIALS);
    const error = await opErrorOf(dial('tcp', `x.test:${refused.port}`, { resolver, fallbackDelay }));
    assert.deepEqual(
      notes.messages('attempt').map((each) => each.error),
      error.attempts?.map((each) => each.cause),
    );
    assert.ok(notes.messages('dial')[0]?.error instanceof OpError);
  }
});

test('both families', { ...options, skip: withoutIPv6 }, async () => {
  using listener = await lonely('127.0.0.1', '::1');
  using notes = new Notes(['attempt']);
  using _conn = await dial('tcp', `x.test:${listener.addr.port}`, { resolver: fixed('::1', '127.0.0.1') });
  assert.deepEqual(
    notes.messages('attempt').map(({ remoteAddr, error }) => [(remoteAddr as TCPAddr).address, error instanceof Error]),
    [
      ['::1', true],
      ['127.0.0.1', false],
    ],
  );
});

test('who has unsubscribed hears nothing more', options, async () => {
  using listener = await listen('tcp', '127.0.0.1:0');
  const notes = new Notes();
  notes[Symbol.dispose]();
  assert.deepEqual(subscribed(), []);
  (await dial('tcp', listener.addr.toString())).close();
  (await listener.accept()).close();
  assert.deepEqual(notes.events, []);
});

test('who subscribes in the middle of a dial hears of no dial that began before', options, async () => {
  using listener = await listen('tcp', '127.0.0.1:0');
  let answer!: (found: Addr[]) => void;
  const resolver = { lookupNetIP: () => new Promise<Addr[]>((resolve) => (answer = resolve)) };
  const dialing = dial('tcp', `x.test:${listener.addr.port}`, { resolver });
  using notes = new Notes(DIALS);
  answer([Addr.parse('127.0.0.1')]);
  using _conn = await dialing;
  assert.deepEqual([notes.of('dial'), notes.of('lookup'), notes.of('attempt')], [[], [], SUCCEEDS]);
});

test('a subscriber that throws is an uncaught exception of its own, and the dial goes on', options, () =>
  uncaught(async (seen) => {
    using listener = await listen('tcp', '127.0.0.1:0');
    const thrown: Error[] = [];
    const fails = (): never => {
      thrown.push(new Error(`subscriber ${thrown.length}`));
      throw thrown.at(-1)!;
    };
    const subscribers = { start: fails, end: fails, asyncStart: fails, asyncEnd: fails, error: fails };
    const all = ['dial', 'attempt', 'lookup', 'accept', 'close'].map((name) => tracingChannel(`gonet:${name}`));
    for (const each of all) each.subscribe(subscribers);
    try {
      const accepting = listener.accept();
      using conn = await dial('tcp', `x.test:${listener.addr.port}`, { resolver: fixed('127.0.0.1') });
      using accepted = await accepting;
      await conn.write('hello');
      assert.equal(await accepted.read(Buffer.alloc(5)), 5);
    } finally {
      for (const each of all) each.unsubscribe(subscribers);
    }
    await new Promise((resolve) => setImmediate(resolve));
    // Four channels with four events each, and two conns that were closed, with two each.
    assert.equal(thrown.length, 4 * SUCCEEDS.length + 2 * 2);
    assert.deepEqual(seen, thrown);
  }),
);
