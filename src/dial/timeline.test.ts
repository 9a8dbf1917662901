import assert from 'node:assert/strict';
import { test } from 'node:test';

import { rawListener } from '../../test/fuzz/rawpair.ts';
import { uncaught } from '../../test/fault/uncaught.ts';
import { Addr } from '../addr/ip.ts';
import { OpError } from '../errors.ts';
import { sys } from '../syscall/sys.ts';
import { attempting, dialing, lookingUp } from '../trace.ts';
import type { HostResolver } from './lookup.ts';
import { traceDial } from './timeline.ts';

const options = { timeout: 10_000 };
const subscribed = (): boolean[] => [dialing, attempting, lookingUp].map((each) => each.hasSubscribers);
const NOBODY = [false, false, false];
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('wrong arguments throw at once, and leave no subscriber', options, () => {
  const calls: (() => unknown)[] = [
    () => traceDial('tcp', null as unknown as string),
    () => traceDial('tcp', 80 as unknown as string),
    () => traceDial(5 as unknown as string, 'a:1'),
    () => traceDial('tcp', 'a:1', { timeout: 'x' as unknown as number }),
    () => traceDial('tcp', 'a:1', { resolver: {} as HostResolver }),
    () => traceDial('tcp', 'a:1', { fallbackDelay: NaN }),
    () => traceDial('tcp', 'a:1', { signal: 5 as unknown as AbortSignal }),
    () => traceDial('tcp', 'a:1', null as never),
  ];
  for (const call of calls) {
    assert.throws(call, (error) => error instanceof TypeError || error instanceof RangeError, call.toString());
    assert.deepEqual(subscribed(), NOBODY, call.toString());
  }
});

test('a literal: one attempt, with both its ends', options, async () => {
  const { fd, port } = rawListener();
  const [before, began] = [Date.now(), performance.now()];
  const { conn, timeline } = await traceDial('tcp', { host: '127.0.0.1', port });
  const took = performance.now() - began;
  assert.deepEqual(subscribed(), NOBODY);
  const { network, address, start, duration, spans } = timeline;
  assert.deepEqual([network, address], ['tcp', `127.0.0.1:${port}`]);
  assert.ok(start >= before && start <= Date.now());
  assert.ok(duration >= 0 && duration <= took);
  assert.equal(spans.length, 1);
  const { kind, what, result, error, ...times } = spans[0]!;
  assert.deepEqual([kind, what, error], ['attempt', `127.0.0.1:${port}`, undefined]);
  assert.deepEqual(result, [String(conn.localAddr), String(conn.remoteAddr)]);
  assert.ok(times.start >= 0 && times.duration! >= 0 && times.start + times.duration! <= duration);
  conn.close();
  sys.close(fd);
});

test('while it runs it is subscribed, and afterwards it is not, however it ends', options, async () => {
  const pending = traceDial('tcp', '127.0.0.1:0');
  assert.deepEqual(subscribed(), [false, true, true]);
  const error: unknown = await pending.catch((reason: unknown) => reason);
  assert.ok(error instanceof OpError);
  assert.equal(error.message, 'dial tcp 127.0.0.1:0: connect: connection refused');
  assert.deepEqual(subscribed(), NOBODY);
  await assert.rejects(traceDial('tcp5', 'a:1'), { message: 'dial tcp5: unknown network tcp5' });
  await assert.rejects(traceDial('tcp', '127.0.0.1:1', { signal: AbortSignal.abort() }), { code: 'ABORT_ERR' });
  assert.deepEqual(subscribed(), NOBODY);
});

const NO_ERRORS: [how: string, options: Parameters<typeof traceDial>[2]][] = [
  ['a resolver', { resolver: { lookupNetIP: rejectsWithText } }],
  [
    'a hook',
    { resolver: { lookupNetIP: () => Promise.resolve([Addr.parse('127.0.0.1')]) }, control: () => rejectsWithText() },
  ],
];

async function rejectsWithText(): Promise<never> {
  // oxlint-disable-next-line typescript/only-throw-error -- users do
  throw 'just text';
}

for (const [who, own] of NO_ERRORS) {
  test(`${who} that rejects with no Error`, options, () =>
    uncaught(async (seen) => {
      const error: unknown = await traceDial('tcp', 'a.test:1', own).catch((reason: unknown) => reason);
      assert.ok(error instanceof OpError);
      assert.equal(error.cause.message, 'just text');
      await turn();
      assert.deepEqual(seen, []);
    }),
  );
}
