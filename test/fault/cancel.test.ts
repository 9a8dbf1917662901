// A dial that is ended from outside while it connects leaves nothing: no descriptor, no listener on the signal, no hold on the
// process.

import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';

import { CanceledError, DeadlineError, dial, dialTCP } from 'gonet';

import { noLeak } from './descriptors.ts';
import { failure, pair, stalled } from './pair.ts';
import { Plan } from './plan.ts';

const TIMEOUT = { timeout: 10_000 };
const HOUR = 3_600_000;

test('a signal ends a connect that is under way', TIMEOUT, () =>
  noLeak(async () => {
    using plan = new Plan();
    using target = await stalled();
    const before = plan.count('connect');
    const controller = new AbortController();
    const reason = new Error('no longer needed');
    const dialing = failure(dialTCP('tcp', null, target.addr, { signal: controller.signal, timeout: HOUR }));
    // In the same turn: dialTCP with a hook would have to wait, this has called connect already.
    while (plan.count('connect') === before) await Promise.resolve();
    assert.equal(getEventListeners(controller.signal, 'abort').length, 1);
    controller.abort(reason);
    const error = await dialing;
    assert.ok(error.cause instanceof CanceledError);
    assert.equal(error.cause.cause, reason);
    assert.equal(error.code, 'ABORT_ERR');
    assert.equal(error.message, `dial tcp ${target.addr.toString()}: operation was canceled`);
    assert.equal(getEventListeners(controller.signal, 'abort').length, 0);
  }),
);

test('a deadline ends a connect that is under way, and not early', TIMEOUT, () =>
  noLeak(async () => {
    using target = await stalled();
    const { signal } = new AbortController();
    const begun = performance.now();
    const error = await failure(dial('tcp', target.addr.toString(), { signal, timeout: 100 }));
    const took = performance.now() - begun;
    assert.ok(took >= 100, `${took} ms`);
    assert.ok(error.cause instanceof DeadlineError);
    assert.equal(error.timeout, true);
    assert.equal(error.code, 'ETIMEDOUT');
    assert.equal(error.message, `dial tcp ${target.addr.toString()}: i/o timeout`);
    assert.equal(getEventListeners(signal, 'abort').length, 0);
  }),
);

test('many dials under one signal end together', TIMEOUT, () =>
  noLeak(async () => {
    using plan = new Plan();
    using target = await stalled();
    const before = plan.count('connect');
    const controller = new AbortController();
    const dials = Array.from({ length: 50 }, () =>
      failure(dialTCP('tcp', null, target.addr, { signal: controller.signal })),
    );
    while (plan.count('connect') < before + 50) await Promise.resolve();
    controller.abort();
    for (const error of await Promise.all(dials)) assert.equal(error.code, 'ABORT_ERR');
    assert.equal(getEventListeners(controller.signal, 'abort').length, 0);
  }),
);

test('a signal that many calls share is no leak, and nobody is warned of one', TIMEOUT, () =>
  noLeak(async () => {
    const warnings: string[] = [];
    const note = (warning: Error): unknown => warnings.push(warning.message);
    process.on('warning', note);
    const controller = new AbortController();
    const { signal } = controller;
    const pairs = await Promise.all(Array.from({ length: 20 }, () => pair()));
    const reads = pairs.map(({ client }) => failure(client.read(Buffer.alloc(1), { signal })));
    await setImmediate();
    controller.abort();
    await Promise.all(reads);
    for (const each of pairs) each[Symbol.dispose]();
    process.off('warning', note);
    assert.deepEqual(warnings, []);
  }),
);

test('a signal that is aborted already: no socket at all', TIMEOUT, () =>
  noLeak(async () => {
    using plan = new Plan();
    const error = await failure(dial('tcp', '127.0.0.1:9', { signal: AbortSignal.abort() }));
    assert.equal(error.code, 'ABORT_ERR');
    assert.equal(plan.count('socket'), 0);
  }),
);

test('a deadline that has passed already: no socket at all', TIMEOUT, () =>
  noLeak(async () => {
    using plan = new Plan();
    const error = await failure(dial('tcp', '127.0.0.1:9', { deadline: Date.now() - 1 }));
    assert.equal(error.timeout, true);
    assert.equal(plan.count('socket'), 0);
  }),
);
