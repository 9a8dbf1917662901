import assert from 'node:assert/strict';
import { after, test } from 'node:test';

import { Addr } from '../addr/ip.ts';
import { defaultResolver, Resolver, type Answer } from '../dns/resolver.ts';
import { AddrError, CanceledError, DeadlineError, DNSError } from '../errors.ts';
import type { Limits } from '../fd/op.ts';
import { fromNow, NEVER } from '../poll/deadline.ts';
import { lookingUp } from '../trace.ts';
import { familiesOf, type HostResolver, literals, lookupAll, lookupAsItComes, toResolver } from './lookup.ts';

const options = { timeout: 10_000 };

/** No socket is opened here, and so nothing else keeps the process alive. */
const alive = setInterval(() => {}, 1000);
after(() => clearInterval(alive));

const UNLIMITED: Limits = { deadline: NEVER, signal: null };
const addrs = (...texts: string[]): Addr[] => texts.map((text) => Addr.parse(text));

/** A resolver of somebody else's, and what it was asked. */
class Other implements HostResolver {
  readonly asked: string[] = [];
  readonly signals: AbortSignal[] = [];
  readonly #answer: () => readonly Addr[] | Promise<readonly Addr[]>;

  constructor(answer: () => readonly Addr[] | Promise<readonly Addr[]>) {
    this.#answer = answer;
  }

  async lookupNetIP(network: string, host: string, { signal }: { signal: AbortSignal }): Promise<readonly Addr[]> {
    this.asked.push(`${network} ${host}`);
    this.signals.push(signal);
    return this.#answer();
  }
}

async function heard(resolver: HostResolver, network: string, host: string, limits = UNLIMITED): Promise<string[]> {
  const all: string[] = [];
  await lookupAsItComes(resolver, network, host, limits, ({ families, addrs }: Answer) => {
    all.push(`${families.join()}: ${addrs.join()}`);
  });
  return all;
}

async function failure(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    (value) => assert.fail(`resolved with ${String(value)}`),
    (error: unknown) => error,
  );
}

test('a resolver is anything with lookupNetIP, and the default if there is none', options, () => {
  assert.equal(toResolver(undefined), defaultResolver);
  for (const good of [new Resolver(), new Other(() => []), { lookupNetIP: () => Promise.resolve([]) }]) {
    assert.equal(toResolver(good), good);
  }
  for (const wrong of [null, 5, 'x', {}, { lookupNetIP: 5 }, () => [], { lookupHost: () => [] }]) {
    assert.throws(() => toResolver(wrong as unknown as HostResolver), {
      name: 'TypeError',
      message: 'Option resolver must be a Resolver or an object with lookupNetIP',
    });
  }
});

test('the families of a network', options, () => {
  assert.deepEqual([familiesOf('tcp'), familiesOf('udp')], [['IPv4', 'IPv6'], ['IPv4', 'IPv6']]); // prettier-ignore
  assert.deepEqual([familiesOf('tcp4'), familiesOf('tcp6')], [['IPv4'], ['IPv6']]);
});

test('literals need no look-up', options, () => {
  for (const [network, host, found] of [
    ['tcp', '127.0.0.1', '127.0.0.1'],
    ['tcp', 'fe80::1%lo', 'fe80::1%lo'],
    ['tcp', '::', '::,0.0.0.0'],
    ['tcp4', '::ffff:1.2.3.4', '::ffff:1.2.3.4'],
    ['tcp', 'example.com', null],
    ['tcp', '127.1', null],
    ['tcp', '[::1]', null],
  ] as const) {
    assert.equal(literals(network, host)?.join() ?? null, found, host);
  }
  assert.throws(() => literals('tcp4', '::1'), AddrError);
  assert.equal(literals('tcp', '')?.length, 1);
});

test('somebody else’s resolver is asked once, for the network’s families', options, async () => {
  const resolver = new Other(() => addrs('192.0.2.1', '2001:db8::1'));
  for (const [network, said] of [
    ['tcp', 'IPv4,IPv6: 192.0.2.1,2001:db8::1'],
    ['tcp4', 'IPv4: 192.0.2.1,2001:db8::1'],
    ['udp6', 'IPv6: 192.0.2.1,2001:db8::1'],
  ] as const) {
    assert.deepEqual(await heard(resolver, network, 'a.test'), [said]);
  }
  assert.deepEqual(resolver.asked, ['ip a.test', 'ip4 a.test', 'ip6 a.test']);
});

test('its signal is aborted once nobody waits any more', options, async () => {
  const resolver = new Other(() => {
    assert.equal(resolver.signals[0]?.aborted, false);
    return addrs('192.0.2.1');
  });
  await heard(resolver, 'tcp', 'a.test');
  assert.equal(resolver.signals[0]?.aborted, true);
});

test('limits end the wait for it, whatever it makes of its signal', options, async () => {
  const forever = new Other(() => new Promise(() => {}));
  const late = await failure(heard(forever, 'tcp', 'a.test', { deadline: fromNow(20), signal: null }));
  assert.ok(late instanceof DNSError && late.cause instanceof DeadlineError);
  assert.deepEqual([late.message, late.timeout], ['lookup a.test: i/o timeout', true]);
  const controller = new AbortController();
  const pending = failure(heard(forever, 'tcp', 'a.test', { deadline: NEVER, signal: controller.signal }));
  controller.abort('enough');
  const ended = await pending;
  assert.ok(ended instanceof DNSError && ended.cause instanceof CanceledError);
  assert.deepEqual([ended.message, ended.code], ['lookup a.test: operation was canceled', 'ABORT_ERR']);
  assert.equal(ended.cause.cause, 'enough');
  assert.deepEqual(
    forever.signals.map(({ aborted }) => aborted),
    [true, true],
  );
});

test('a limit that has passed: it is not even asked', options, async () => {
  const resolver = new Other(() => []);
  for (const limits of [
    { deadline: fromNow(-1), signal: null },
    { deadline: NEVER, signal: AbortSignal.abort() },
  ]) {
    assert.ok((await failure(heard(resolver, 'tcp', 'a.test', limits))) instanceof DNSError);
  }
  assert.deepEqual(resolver.asked, []);
});

test('its own failure passes as it is, thrown or rejected', options, async () => {
  const reason = new Error('no idea');
  const throws = {
    lookupNetIP: (): never => {
      throw reason;
    },
  };
  for (const resolver of [throws, new Other(() => Promise.reject(reason))]) {
    assert.equal(await failure(heard(resolver, 'tcp', 'a.test')), reason);
  }
});

test('what it says after the wait is over is not heard', options, async () => {
  let answer!: (found: Addr[]) => void;
  const resolver = new Other(
    () =>
      new Promise((resolve) => {
        answer = resolve;
      }),
  );
  const all: Answer[] = [];
  const controller = new AbortController();
  const limits = { deadline: NEVER, signal: controller.signal };
  const pending = failure(lookupAsItComes(resolver, 'tcp', 'a.test', limits, (each) => all.push(each)));
  controller.abort();
  await pending;
  answer(addrs('192.0.2.1'));
  await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(all, []);
});

test('a Resolver whose lookupNetIP is another one is asked by that', options, async () => {
  class Mine extends Resolver {
    override lookupNetIP(): Promise<Addr[]> {
      return Promise.resolve(addrs('192.0.2.9'));
    }
  }
  assert.deepEqual(await heard(new Mine(), 'tcp', 'a.test'), ['IPv4,IPv6: 192.0.2.9']);
});

test('lookupAll: all of them, of the network’s family, in one order', options, async () => {
  const resolver = new Other(() => addrs('192.0.2.1', '2001:db8::1', '192.0.2.2'));
  assert.equal((await lookupAll(resolver, 'tcp', 'a.test', UNLIMITED)).join(), '192.0.2.1,2001:db8::1,192.0.2.2');
  assert.equal((await lookupAll(resolver, 'tcp4', 'a.test', UNLIMITED)).join(), '192.0.2.1,192.0.2.2');
  const none = await failure(lookupAll(new Other(() => addrs('192.0.2.1')), 'tcp6', 'a.test', UNLIMITED));
  assert.ok(none instanceof AddrError);
  assert.equal(none.message, 'address a.test: no suitable address found');
});

test('a look-up is traced only if somebody listens, with what was found', options, async () => {
  const resolver = new Other(() => addrs('192.0.2.1'));
  const messages: object[] = [];
  const subscribers = { asyncEnd: (message: object) => void messages.push(message) };
  await heard(resolver, 'tcp', 'before.test');
  lookingUp.subscribe(subscribers as never);
  try {
    await heard(resolver, 'tcp4', 'a.test');
  } finally {
    lookingUp.unsubscribe(subscribers as never);
  }
  await heard(resolver, 'tcp', 'after.test');
  assert.deepEqual(messages, [{ network: 'ip4', host: 'a.test', result: addrs('192.0.2.1') }]);
});
