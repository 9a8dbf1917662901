// Control hooks that go wrong: the error is the cause as it is, and the socket is closed.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout } from 'node:timers/promises';

import { type Control, dial, listen, type OpError } from 'gonet';

import { sys } from '../../src/syscall/sys.ts';
import { noLeak } from './descriptors.ts';
import { failure, fdOf } from './pair.ts';
import { Plan } from './plan.ts';

const TIMEOUT = { timeout: 10_000 };

const floors: readonly [string, (options: { control: Control }) => Promise<OpError>][] = [
  ['dial', (options) => failure(dial('tcp', '127.0.0.1:9', options))],
  ['listen', (options) => failure(listen('tcp', '127.0.0.1:0', options))],
];

for (const [op, go] of floors) {
  const refusals: readonly [string, (reason: Error) => Control][] = [
    [
      'throws',
      (reason) => () => {
        throw reason;
      },
    ],
    ['rejects', (reason) => () => Promise.reject(reason)],
    [
      'rejects a turn later',
      (reason) => async () => {
        await new Promise((resolve) => setImmediate(resolve));
        throw reason;
      },
    ],
  ];
  for (const [how, hook] of refusals) {
    test(`${op}: a hook that ${how}`, TIMEOUT, () =>
      noLeak(async () => {
        using plan = new Plan();
        const reason = new Error('this address is not allowed');
        const error = await go({ control: hook(reason) });
        assert.equal(error.cause, reason);
        assert.match(error.message, new RegExp(`^${op} tcp 127.0.0.1:\\d: this address is not allowed$`));
        assert.equal(error.op, op);
        assert.equal(error.code, 'ERR_NET_OP');
        assert.deepEqual([plan.count('socket'), plan.count('close')], [1, 1]);
        assert.deepEqual([plan.count('connect'), plan.count('bind'), plan.count('epoll_ctl')], [0, 0, 0]);
      }),
    );
  }

  test(`${op}: a hook that throws no error at all`, TIMEOUT, () =>
    noLeak(async () => {
      const control = (): void => {
        // oxlint-disable-next-line typescript/only-throw-error -- users do
        throw 'just text';
      };
      assert.equal((await go({ control })).cause.message, 'just text');
    }),
  );

  test(`${op}: a hook that waits for readiness, which an unconnected socket has not`, TIMEOUT, () =>
    noLeak(async () => {
      const error = await go({ control: (_network, _address, raw) => raw.read(() => false) });
      assert.match(error.message, /waiting for unsupported file type/);
    }),
  );

  test(`${op}: a hook that closes the descriptor behind our back`, TIMEOUT, () =>
    noLeak(async () => {
      const control: Control = (_network, _address, raw) => raw.control((fd) => void sys.close(fd));
      assert.equal((await go({ control })).code, 'EBADF');
    }),
  );

  test(`${op}: a borrowed descriptor is of no use after the failure`, TIMEOUT, () =>
    noLeak(async () => {
      let kept: Parameters<Control>[2] | undefined;
      await go({
        control: (_network, _address, raw) => {
          kept = raw;
          throw new Error('refused');
        },
      });
      assert.throws(() => fdOf({ syscallConn: () => kept! }), { code: 'ERR_NET_CLOSED' });
    }),
  );
}

/** Rejects where nothing else keeps the process alive and the promise does not settle. */
async function within<T>(ms: number, promise: Promise<T>): Promise<T> {
  const late = new AbortController();
  const limit = setTimeout(ms, undefined, { signal: late.signal }).then(() => assert.fail(`nothing within ${ms} ms`));
  try {
    return await Promise.race([promise, limit]);
  } finally {
    limit.catch(() => {});
    late.abort();
  }
}

test('dial: a timeout covers the whole dial, a hook that never ends included', TIMEOUT, () =>
  noLeak(async () => {
    const control = (): Promise<void> => new Promise(() => {});
    const error = await within(2000, failure(dial('tcp', '127.0.0.1:9', { control, timeout: 50 })));
    assert.equal(error.timeout, true);
  }),
);

test('dial: a signal ends a dial whose hook never ends', TIMEOUT, () =>
  noLeak(async () => {
    const controller = new AbortController();
    const control = (): Promise<void> => {
      setImmediate(() => controller.abort());
      return new Promise(() => {});
    };
    const { signal } = controller;
    const error = await within(2000, failure(dial('tcp', '127.0.0.1:9', { control, signal })));
    assert.equal(error.code, 'ABORT_ERR');
  }),
);
