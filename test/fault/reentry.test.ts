// Whoever follows the steps of a dial or an accept (`gonet:step`) may act on what is told, in the middle of the work: abort its
// signal, close its listener. Nothing may break or stay open.

import assert from 'node:assert/strict';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { getEventListeners } from 'node:events';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';

import { dial, listen, OpError } from 'gonet';

import type { Step } from '../../src/trace.ts';
import { noLeak } from './descriptors.ts';
import { uncaught } from './uncaught.ts';

const TIMEOUT = { timeout: 10_000 };
/** More than a dial has. */
const STEPS = 14;

/** Does `act` once, at the first step that `when` is true of, while `body` runs; whether it came to that. */
async function atStep(
  when: (step: Step, n: number) => boolean,
  act: () => void,
  body: () => Promise<void>,
): Promise<boolean> {
  let [steps, done] = [0, false];
  const listener = (step: unknown): void => {
    if (done || !when(step as Step, ++steps)) return;
    done = true;
    act();
  };
  subscribe('gonet:step', listener);
  try {
    await body();
  } finally {
    unsubscribe('gonet:step', listener);
  }
  return done;
}

test('a signal that is aborted at any step ends the dial or leaves the connection alone', TIMEOUT, () =>
  noLeak(() =>
    uncaught(async (seen) => {
      using listener = await listen('tcp', '127.0.0.1:0');
      let [reached, ended] = [0, 0];
      for (let moment = 1; moment <= STEPS; moment++) {
        const controller = new AbortController();
        const { signal } = controller;
        const dialing = async (): Promise<void> => {
          try {
            using client = await dial('tcp', listener.addr.toString(), { signal });
            await client.write('alive');
          } catch (error) {
            assert.ok(error instanceof OpError && error.code === 'ABORT_ERR', String(error));
            ended++;
          }
        };
        if (
          await atStep(
            (_step, n) => n === moment,
            () => controller.abort(),
            dialing,
          )
        )
          reached++;
        assert.equal(getEventListeners(signal, 'abort').length, 0);
        await setImmediate();
        assert.deepEqual(seen, [], `aborted at step ${moment}`);
      }
      assert.ok(ended > 0 && ended < reached && reached < STEPS, `${ended} of ${reached}`);
    }),
  ),
);

for (const first of ['the client', 'the accept']) {
  for (const what of ['accepted', 'TCP_NODELAY']) {
    test(`a listener that is closed at the step '${what}' of an accept, with ${first} first`, TIMEOUT, () =>
      noLeak(() =>
        uncaught(async (seen) => {
          using listener = await listen('tcp', '127.0.0.1:0');
          const address = listener.addr.toString();
          const early = first === 'the client' ? await dial('tcp', address) : null;
          const accepting = async (): Promise<void> => {
            const accepted = listener.accept();
            try {
              using _client = early ?? (await dial('tcp', address));
              (await accepted).close();
            } catch (error) {
              assert.ok(error instanceof OpError && error.code === 'ERR_NET_CLOSED', String(error));
            }
          };
          const close = (): void => listener.close();
          assert.ok(await atStep((step) => step.what.startsWith(what), close, accepting));
          await setImmediate();
          assert.deepEqual(seen, []);
        }),
      ),
    );
  }
}
