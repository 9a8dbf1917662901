// EADDRNOTAVAIL: the kernel chose a local port that was no good. Two more tries, where the choice was the kernel's.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { dial, dialTCP, listen } from 'gonet';

import { EADDRINUSE, EADDRNOTAVAIL } from '../../src/syscall/zconst_linux.ts';
import { noLeak } from './descriptors.ts';
import { closedPort, failure, loopback, talk } from './pair.ts';
import { every, first, Plan } from './plan.ts';

const TIMEOUT = { timeout: 10_000 };

test('three tries in all, then the error; the Control hook sees each', TIMEOUT, () =>
  noLeak(async () => {
    using plan = new Plan();
    plan.fail('connect', every, -EADDRNOTAVAIL);
    const seen: string[] = [];
    const control = (network: string, address: string): void => {
      seen.push(`${network} ${address}`);
    };
    const error = await failure(dial('tcp', '127.0.0.1:9', { control }));
    assert.equal(error.message, 'dial tcp 127.0.0.1:9: connect: cannot assign requested address');
    assert.equal(error.code, 'EADDRNOTAVAIL');
    assert.equal(error.attempts, undefined);
    assert.deepEqual([plan.count('socket'), plan.count('connect'), plan.count('close')], [3, 3, 3]);
    assert.deepEqual(seen, Array<string>(3).fill('tcp4 127.0.0.1:9'));
  }),
);

test('the third try may succeed', TIMEOUT, () =>
  noLeak(async () => {
    using plan = new Plan();
    using listener = await listen('tcp', '127.0.0.1:0');
    plan.fail('connect', first(2), -EADDRNOTAVAIL);
    let hooks = 0;
    using client = await dial('tcp', listener.addr.toString(), { control: () => void hooks++ });
    using server = await listener.accept();
    await talk({ client, server });
    assert.equal(plan.count('connect'), 3);
    assert.equal(hooks, 3);
  }),
);

test('the same where bind says so, for a local address without a port', TIMEOUT, () =>
  noLeak(async () => {
    using plan = new Plan();
    const remote = await closedPort();
    const bound = plan.count('bind');
    plan.fail('bind', every, -EADDRNOTAVAIL);
    const error = await failure(dialTCP('tcp', loopback(0), remote));
    assert.equal(error.message, `dial tcp 127.0.0.1:0->${remote.toString()}: bind: cannot assign requested address`);
    assert.equal(plan.count('bind') - bound, 3);
    assert.equal(plan.count('connect'), 0);
  }),
);

test('one try where the caller chose the port', TIMEOUT, () =>
  noLeak(async () => {
    using plan = new Plan();
    const local = await closedPort();
    plan.fail('connect', every, -EADDRNOTAVAIL);
    const error = await failure(dialTCP('tcp', local, loopback(9)));
    assert.equal(error.code, 'EADDRNOTAVAIL');
    assert.equal(plan.count('connect'), 1);
    assert.equal(String(error.source), local.toString());
  }),
);

test('one try where the reason is another', TIMEOUT, () =>
  noLeak(async () => {
    using plan = new Plan();
    plan.fail('connect', every, -EADDRINUSE);
    assert.equal((await failure(dial('tcp', '127.0.0.1:9'))).code, 'EADDRINUSE');
    assert.equal(plan.count('connect'), 1);
  }),
);
