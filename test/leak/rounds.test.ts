// Thousands of connections leave neither descriptors nor memory behind.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

import { dial, listen, type TCPListener } from 'gonet';

import { noLeak } from '../fault/descriptors.ts';
import { readAll } from '../fault/pair.ts';

const ROUNDS = 2000;
/** More than V8's own noise, less than 2,000 times anything. */
const SLACK = 3 << 20;

setFlagsFromString('--expose-gc');
const gc = runInNewContext('gc') as () => void;

async function heap(): Promise<number> {
  for (let i = 0; i < 5; i++) {
    gc();
    await setImmediate();
  }
  return process.memoryUsage().heapUsed;
}

async function rounds(listener: TCPListener, count: number): Promise<void> {
  const { signal } = new AbortController();
  for (let i = 0; i < count; i++) {
    // A signal and a deadline are left behind by nothing either.
    using client = await dial('tcp', listener.addr.toString(), { signal, timeout: 3_600_000 });
    using server = await listener.accept();
    server.setDeadline(Date.now() + 3_600_000);
    const reading = readAll(server, 5);
    await client.write('hello', { signal });
    await server.write(await reading);
    assert.equal((await readAll(client, 5)).toString(), 'hello');
  }
}

test(`${ROUNDS} rounds of dial, echo and close leave nothing behind`, { timeout: 60_000 }, (t) =>
  noLeak(async () => {
    using listener = await listen('tcp', '127.0.0.1:0');
    await rounds(listener, 300);
    const before = await heap();
    await rounds(listener, ROUNDS);
    const grown = (await heap()) - before;
    t.diagnostic(`heap grown by ${Math.round(grown / 1024)} KiB`);
    assert.ok(grown < SLACK, `${grown} bytes`);
  }),
);
