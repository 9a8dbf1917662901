// The channels' own side: nobody listens, and nothing is built; `follow` and `listenTo` leave nothing behind.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { dial, listen, Resolver, TCPAddr } from 'gonet';

import {
  accepting,
  attempting,
  closing,
  dialing,
  follow,
  listenTo,
  lookingUp,
  step,
  steps,
  type DialMessage,
  type Step,
} from '../../src/trace.ts';
import { Notes, subscribed } from './channels.ts';
import { opErrorOf } from './loopback.ts';
import { fixed } from './names.ts';

const options = { timeout: 10_000 };
const ALL = { dialing, attempting, lookingUp, accepting, closing };

/** Counts the messages that are handed to the channels. */
function counting(): { readonly messages: object[] } & Disposable {
  const messages: object[] = [];
  for (const each of Object.values(ALL)) {
    for (const method of ['tracePromise', 'traceSync'] as const) {
      const real = each[method] as (...args: unknown[]) => unknown;
      const counted = (...args: unknown[]): unknown => {
        messages.push(args[1] as object);
        return real.apply(each, args);
      };
      Object.defineProperty(each, method, { value: counted, configurable: true });
    }
  }
  const dispose = (): void => {
    for (const each of Object.values(ALL) as unknown as Record<string, unknown>[]) {
      delete each['tracePromise'];
      delete each['traceSync'];
    }
  };
  return { messages, [Symbol.dispose]: dispose };
}

/** A dial of every kind, an accept of every kind, look-ups, and closes. */
async function everything(): Promise<void> {
  using listener = await listen('tcp', '127.0.0.1:0');
  const { port } = listener.addr;
  const conns = [
    await dial('tcp', listener.addr.toString()),
    await dial('tcp', `x.test:${port}`, { resolver: fixed('127.0.0.1') }),
    await dial('tcp', `localhost:${port}`),
    await dial('tcp4', `localhost:${port}`, { fallbackDelay: -1 }),
    await listener.accept(),
    await (async () => {
      for await (const conn of listener) return conn;
      return assert.fail('no conn');
    })(),
  ];
  await opErrorOf(dial('tcp', '127.0.0.1:0'));
  await new Resolver().lookupHost('localhost');
  await assert.rejects(new Resolver({ servers: ['127.0.0.1'] }).lookupTXT('a..b'));
  for (const conn of conns) conn.close();
}

test('with nobody listening no message is built', options, async () => {
  assert.deepEqual(subscribed(), []);
  using count = counting();
  await everything();
  assert.deepEqual(count.messages, []);
});

test('the count can find some', options, async () => {
  using count = counting();
  using notes = new Notes();
  await everything();
  assert.ok(count.messages.length >= 20, String(count.messages.length));
  assert.deepEqual(new Set(count.messages), new Set(notes.events.map(({ message }) => message)));
});

test('who listens to one channel has only its messages built', options, async () => {
  using count = counting();
  using notes = new Notes(['lookup']);
  await everything();
  assert.ok(count.messages.every((each) => 'host' in each));
  assert.ok(notes.events.length > 0);
});

test('an address object is asked for its text no more often than without anybody listening', options, async (t) => {
  using listener = await listen('tcp', '127.0.0.1:0');
  const texts = t.mock.method(TCPAddr.prototype, 'toString');
  const address = { host: '127.0.0.1', port: listener.addr.port };
  (await dial('tcp', address)).close();
  const unheard = texts.mock.callCount();
  using _notes = new Notes();
  (await dial('tcp', address)).close();
  assert.equal(texts.mock.callCount(), 2 * unheard);
});

test('with nobody following, a dial of a literal builds no text of its address', options, async (t) => {
  using listener = await listen('tcp', '127.0.0.1:0');
  const texts = t.mock.method(TCPAddr.prototype, 'toString');
  (await dial('tcp', { host: '127.0.0.1', port: listener.addr.port })).close();
  assert.equal(texts.mock.callCount(), 0);
});

test('follow: every step, until it is stopped', options, async () => {
  const heard: Step[] = [];
  step(5, 'before');
  const stop = follow((each) => heard.push(each));
  assert.equal(steps.hasSubscribers, true);
  step(5, 'one');
  const floors = new Set<number>();
  const stopOther = follow(({ floor }) => floors.add(floor));
  await everything();
  stop();
  stopOther();
  assert.equal(steps.hasSubscribers, false);
  step(5, 'after');
  assert.deepEqual(heard[0], { floor: 5, what: 'one' });
  assert.ok(heard.every(({ what }) => what !== 'after' && what !== 'before'));
  assert.deepEqual(
    [2, 3, 4, 5].map((floor) => floors.has(floor)),
    [true, true, true, true],
  );
});

test('follow: two of them, stopped apart', options, () => {
  const [one, two]: [string[], string[]] = [[], []];
  const stops = [follow(({ what }) => one.push(what)), follow(({ what }) => two.push(what))];
  step(1, 'a');
  stops[0]?.();
  step(1, 'b');
  stops[1]?.();
  stops[0]?.();
  assert.deepEqual([one, two], [['a'], ['a', 'b']]);
});

test('listenTo: what is named and nothing else, until it is stopped', options, async () => {
  const [starts, settled]: [DialMessage[], DialMessage[]] = [[], []];
  const stop = listenTo(dialing, {
    start: (message) => starts.push(message),
    asyncStart: (message) => settled.push(message),
  });
  const stopBare = listenTo(dialing, {});
  await opErrorOf(dial('tcp', '127.0.0.1:0'));
  stop();
  assert.equal(dialing.hasSubscribers, true);
  stopBare();
  assert.equal(dialing.hasSubscribers, false);
  await opErrorOf(dial('tcp', '127.0.0.1:0'));
  assert.equal(starts.length, 1);
  assert.deepEqual(settled, starts);
  assert.ok(starts[0]?.error instanceof Error);
});
