// Resolvers of somebody else's that misbehave: the dial says so, or ends all the same, and dials nothing that it was not told.

import assert from 'node:assert/strict';
import { setImmediate } from 'node:timers/promises';

import { dial, type DialOptions } from 'gonet';
import { Addr } from 'gonet/netip';

import { failure } from './pair.ts';
import { host, knows, onStreet } from './street.ts';

const broken = new Error('broken');
const GARBAGE = /^dial tcp: A resolver must give an array of addresses$/;
const answers: Readonly<Record<string, readonly [answer: () => unknown, message: RegExp]>> = {
  'rejects with an error of its own': [() => Promise.reject(broken), /^dial tcp: broken$/],
  'rejects with a text': [() => Promise.reject('broken'), /^dial tcp: broken$/],
  throws: [
    () => {
      throw broken;
    },
    /^dial tcp: broken$/,
  ],
  'knows no address': [() => Promise.resolve([]), /^dial tcp: address street\.test: no suitable address found$/],
  'answers with nothing': [() => Promise.resolve(undefined), GARBAGE],
  'answers null': [() => Promise.resolve(null), GARBAGE],
  'answers with a number': [() => 7, GARBAGE],
  'answers with texts': [() => Promise.resolve(['127.0.0.1']), GARBAGE],
  'answers with an address and null': [() => Promise.resolve([Addr.parse('127.0.0.1'), null]), GARBAGE],
  'answers with an address and a text': [() => Promise.resolve([Addr.parse('127.0.0.1'), '127.0.0.2']), GARBAGE],
};
const asResolver = (lookupNetIP: (...args: never[]) => unknown): DialOptions =>
  ({ resolver: { lookupNetIP } }) as DialOptions;

for (const [what, [answer, message]] of Object.entries(answers)) {
  onStreet(`a resolver that ${what}`, async (road) => {
    const error = await failure(dial('tcp', road.target, asResolver(answer)));
    assert.match(error.message, message);
    assert.deepEqual([error.op, error.attempts, road.plan.count('socket')], ['dial', undefined, 0]);
  });
}

onStreet('a resolver that rejects with nothing at all: not canceled', async (road) => {
  const error = await failure(
    dial(
      'tcp',
      road.target,
      asResolver(() => Promise.reject(undefined)),
    ),
  );
  assert.equal(error.code, 'ERR_NET_OP');
});

onStreet('a resolver that answers without a promise will do', async (road) => {
  using conn = await dial(
    'tcp',
    road.target,
    asResolver(() => [Addr.parse(host(2))]),
  );
  assert.equal(conn.remoteAddr.address, host(2));
});

onStreet('a resolver that finds addresses of the wrong family only', async (road) => {
  const error = await failure(dial('tcp6', road.target, knows(host(2))));
  assert.equal(error.message, 'dial tcp6: address street.test: no suitable address found');
  assert.equal(road.plan.count('socket'), 0);
});

for (const [how, settle] of [
  ['resolves', () => Promise.resolve([Addr.parse(host(2))])],
  ['rejects', () => Promise.reject(broken)],
] as const) {
  onStreet(`a resolver that ${how} after the dial has ended: nobody hears of it`, async (road) => {
    let end = (): void => {};
    const gate = new Promise<void>((resolve) => {
      end = resolve;
    });
    let told: AbortSignal | undefined;
    const lookupNetIP = (_network: string, _host: string, { signal }: { signal: AbortSignal }): unknown => {
      told = signal;
      return gate.then(settle);
    };
    const error = await failure(dial('tcp', road.target, { ...asResolver(lookupNetIP), timeout: 20 }));
    assert.equal(error.message, 'dial tcp: lookup street.test: i/o timeout');
    assert.equal(told?.aborted, true);
    end();
    await setImmediate();
    assert.equal(road.plan.count('socket'), 0);
  });
}
