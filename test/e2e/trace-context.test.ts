// Async context: a store that is bound to the start of a dial is seen by all that happens in it, and the caller's own store in
// every hook and after every await.

import assert from 'node:assert/strict';
import { AsyncLocalStorage } from 'node:async_hooks';
import { channel } from 'node:diagnostics_channel';
import { test } from 'node:test';

import { type Control, dial, type DialOptions, type HostResolver, listen, type TCPConn } from 'gonet';
import { Addr } from 'gonet/netip';

import { NameServer, zone } from '../dns/nameserver.ts';
import { Notes, type ChannelName } from './channels.ts';
import { opErrorOf, refusing } from './loopback.ts';
import { asking, uneven } from './names.ts';

const options = { timeout: 10_000 };
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Has each dial run with a store of what `of` makes of its message, as long as it lives. */
function bound<T>(name: ChannelName, store: AsyncLocalStorage<T>, of: (message: unknown) => T): Disposable {
  const start = channel(`tracing:gonet:${name}:start`);
  start.bindStore(store, of);
  return { [Symbol.dispose]: () => void start.unbindStore(store) };
}

/** Notes what `storage` holds wherever a user's code is called in a dial. */
class Observer<T> {
  readonly seen: (readonly [where: string, store: T | undefined])[] = [];
  readonly #storage: AsyncLocalStorage<T>;

  constructor(storage: AsyncLocalStorage<T>) {
    this.#storage = storage;
  }

  note(where: string): void {
    this.seen.push([where, this.#storage.getStore()]);
  }

  /** A hook and a resolver that note, before and after a turn. */
  options(...ips: readonly string[]): Required<Pick<DialOptions, 'control' | 'resolver'>> {
    const control: Control = async (_network, address) => {
      this.note(`control ${address}`);
      await turn();
      this.note('control, a turn later');
    };
    const resolver: HostResolver = {
      lookupNetIP: async () => {
        this.note('resolver');
        await turn();
        this.note('resolver, a turn later');
        return ips.map((ip) => Addr.parse(ip));
      },
    };
    return { control, resolver };
  }
}

test('a store that is bound to the start of a dial reaches attempts, hooks and look-ups', options, async () => {
  using listener = await listen('tcp', '127.0.0.1:0');
  const storage = new AsyncLocalStorage<unknown>();
  const observer = new Observer(storage);
  using notes = new Notes(['attempt', 'lookup'], (name) => observer.note(name));
  using _bound = bound('dial', storage, (message) => message);
  const { port } = listener.addr;
  using _conn = await dial('tcp', `x.test:${port}`, observer.options('127.0.0.1'));
  assert.equal(storage.getStore(), undefined);
  const message = observer.seen[0]?.[1] as { address: string };
  assert.equal(message.address, `x.test:${port}`);
  assert.deepEqual(
    observer.seen.map(([where, store]) => [where, store === message]),
    [
      ['lookup', true],
      ['resolver', true],
      ['resolver, a turn later', true],
      ['attempt', true],
      [`control 127.0.0.1:${port}`, true],
      ['control, a turn later', true],
    ],
  );
  assert.equal(notes.messages('attempt').length, 1);
});

test('a bound store alone, without any subscriber', options, async () => {
  using listener = await listen('tcp', '127.0.0.1:0');
  const storage = new AsyncLocalStorage<string>();
  using _bound = bound('dial', storage, (message) => (message as { address: string }).address);
  let seen: string | undefined;
  const control = (): void => void (seen = storage.getStore());
  using _conn = await dial('tcp', listener.addr.toString(), { control });
  assert.equal(seen, listener.addr.toString());
});

test('dials at once each have their own bound store, by name servers too', options, async () => {
  const names = Array.from({ length: 20 }, (_, i) => `host${i}.test`);
  using server = await NameServer.start(
    zone(Object.fromEntries(names.map((name) => [`${name}.`, { A: ['127.0.0.1'] }]))),
  );
  using listener = await listen('tcp', '127.0.0.1:0');
  const storage = new AsyncLocalStorage<string>();
  const lookups: (readonly [unknown, unknown])[] = [];
  const resolver = asking(server);
  using _notes = new Notes(['lookup'], (_name, { host }) => lookups.push([host, storage.getStore()]));
  using _bound = bound('dial', storage, (message) => (message as { address: string }).address.replace(/:\d+$/, ''));
  const found = await Promise.all(
    names.map(async (name) => {
      let seen: unknown;
      const control = (): void => void (seen = storage.getStore());
      (await dial('tcp4', `${name}:${listener.addr.port}`, { resolver, control })).close();
      return seen;
    }),
  );
  assert.deepEqual(found, names);
  assert.deepEqual(lookups, names.map((name) => [name, name] as const)); // prettier-ignore
});

test('a store bound to accept reaches nobody else', options, async () => {
  using listener = await listen('tcp', '127.0.0.1:0');
  const storage = new AsyncLocalStorage<string>();
  using _bound = bound('accept', storage, () => 'accepting');
  const accepting = listener.accept();
  let seen: unknown = 'nothing';
  const control = (): void => void (seen = storage.getStore());
  using _client = await dial('tcp', listener.addr.toString(), { control });
  using _conn = await accepting;
  assert.deepEqual([seen, storage.getStore()], [undefined, undefined]);
});

test('the caller’s own store is seen in hooks, resolvers and after awaits, in dials at once', options, async () => {
  using listener = await listen('tcp', '127.0.0.1:0');
  using refused = await refusing();
  const storage = new AsyncLocalStorage<number>();
  const runs = Array.from({ length: 20 }, (_, i) =>
    storage.run(i, async () => {
      const observer = new Observer(storage);
      const own = observer.options('127.0.0.1');
      const conn = await dial('tcp', `x.test:${listener.addr.port}`, own);
      observer.note('after the dial');
      await conn.write('x');
      observer.note('after a write');
      conn.close();
      await opErrorOf(dial('tcp', `x.test:${refused.port}`, own));
      observer.note('after a failure');
      return observer.seen;
    }),
  );
  for (const [i, seen] of (await Promise.all(runs)).entries()) {
    assert.equal(seen.length, 11);
    for (const [where, store] of seen) assert.equal(store, i, where);
  }
});

test('the caller’s own store after accept, and in for await', options, async () => {
  using listener = await listen('tcp', '127.0.0.1:0');
  const storage = new AsyncLocalStorage<string>();
  const conns: TCPConn[] = [];
  const one = storage.run('one', async () => {
    conns.push(await listener.accept());
    return storage.getStore();
  });
  const two = storage.run('two', async () => {
    for await (const conn of listener) {
      conns.push(conn);
      return storage.getStore();
    }
    return assert.fail('no conn');
  });
  for (const name of ['client', 'client']) {
    conns.push(await storage.run(name, () => dial('tcp', listener.addr.toString())));
  }
  assert.deepEqual(await Promise.all([one, two]), ['one', 'two']);
  for (const conn of conns) conn.close();
});

test('an attempt that the delay starts has the store of its own dial', options, async () => {
  using addresses = await uneven();
  const storage = new AsyncLocalStorage<number>();
  const runs = Array.from({ length: 5 }, (_, i) =>
    storage.run(i, async () => {
      const observer = new Observer(storage);
      const own = observer.options('127.0.0.1', '127.0.0.2');
      (await dial('tcp', `x.test:${addresses.port}`, { ...own, fallbackDelay: 20 + i })).close();
      return observer.seen.filter(([where]) => where.startsWith('control ')).map(([, store]) => store);
    }),
  );
  assert.deepEqual(
    await Promise.all(runs),
    Array.from({ length: 5 }, (_, i) => [i, i]),
  );
});
