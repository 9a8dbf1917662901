// Connections and listeners that nobody holds any more: `node --expose-gc dropped.js <name>`. Prints what the finalizer warned of.

import assert from 'node:assert/strict';
import { setImmediate } from 'node:timers/promises';

import { dial, listen, type TCPConn, type TCPListener } from 'gonet';

import { descriptors, settled } from '../../fault/descriptors.ts';
import { readAll } from '../../fault/pair.ts';

const warnings: string[] = [];
process.on('warning', (warning: Error & { code?: string }) => warnings.push(`${warning.code} ${warning.message}`));

const { gc } = globalThis as unknown as { gc: () => void };
/** Collects, and lets finalizers run; until something has happened, or a few times. */
async function collect(enough: () => boolean = () => false, rounds = 20): Promise<void> {
  for (let i = 0; i < rounds && !enough(); i++) {
    gc();
    for (let turn = 0; turn < 3; turn++) await setImmediate();
  }
}
const warned = (): boolean => warnings.length > 0;

// Functions of their own, so that no frame of the program holds what they made.
async function drop(listener: TCPListener): Promise<string> {
  const conn = await dial('tcp', listener.addr.toString());
  return `tcp ${conn.localAddr.toString()}->${conn.remoteAddr.toString()}`;
}
async function dropReading(listener: TCPListener, into: Buffer): Promise<{ reading: Promise<number | null> }> {
  const conn = await dial('tcp', listener.addr.toString());
  return { reading: conn.read(into) };
}
async function dropIterator(listener: TCPListener): Promise<AsyncIterator<Buffer>> {
  const conn = await dial('tcp', listener.addr.toString());
  return conn[Symbol.asyncIterator]();
}
async function dropListener(): Promise<string> {
  const { addr } = await listen('tcp', '127.0.0.1:0');
  return addr.toString();
}
async function dropAfterRead(listener: TCPListener): Promise<TCPConn> {
  const client = await dial('tcp', listener.addr.toString());
  const server = await listener.accept();
  // It has waited, with a deadline far away, and so was known to the poller and to the deadlines.
  const reading = client.read(Buffer.alloc(1), { deadline: Date.now() + 3_600_000 });
  await server.write('x');
  assert.equal(await reading, 1);
  return server;
}

async function dropClosed(listener: TCPListener): Promise<{ closed: Promise<void> }> {
  const conn = await dial('tcp', listener.addr.toString());
  return { closed: conn.closed };
}

const programs: Record<string, (listener: TCPListener) => Promise<void>> = {
  async dropped(listener) {
    const name = await drop(listener);
    using server = await listener.accept();
    const ended = server.read(Buffer.alloc(1));
    await collect(warned, 200);
    assert.equal(await ended, null);
    assert.deepEqual(warnings, [`GONET_DROPPED ${name} was dropped without close(); its descriptor is closed now`]);
  },
  async 'dropped after a read'(listener) {
    using server = await dropAfterRead(listener);
    const ended = server.read(Buffer.alloc(1));
    await collect(warned, 200);
    assert.equal(await ended, null);
    assert.equal(warnings.length, 1);
  },
  async 'a held promise of the close'(listener) {
    const { closed } = await dropClosed(listener);
    using _server = await listener.accept();
    let settled = false;
    const noting = (async () => {
      await closed;
      settled = true;
    })();
    await collect(() => warned() && settled, 200);
    assert.equal(warnings.length, 1);
    assert.equal(settled, true);
    await noting;
  },
  async 'dropped listener'() {
    const addr = await dropListener();
    await collect(warned, 200);
    assert.deepEqual(warnings, [`GONET_DROPPED tcp ${addr} was dropped without close(); its descriptor is closed now`]);
    await assert.rejects(dial('tcp', addr), { code: 'ECONNREFUSED' });
  },
  async 'a waiting read'(listener) {
    const into = Buffer.alloc(4);
    const { reading } = await dropReading(listener, into);
    using server = await listener.accept();
    await collect();
    assert.deepEqual(warnings, []);
    await server.write('data');
    assert.equal(await reading, 4);
    assert.equal(into.toString(), 'data');
  },
  async 'a held iterator'(listener) {
    const chunks = await dropIterator(listener);
    using server = await listener.accept();
    await collect();
    assert.deepEqual(warnings, []);
    await server.write('data');
    assert.equal(String((await chunks.next()).value), 'data');
    await chunks.return!();
  },
  async closed(listener) {
    const before = descriptors();
    await (async () => {
      using client = await dial('tcp', listener.addr.toString());
      using server = await listener.accept();
      await client.write('data');
      assert.equal((await readAll(server, 4)).toString(), 'data');
    })();
    await collect();
    assert.deepEqual(warnings, []);
    await settled(before);
  },
};

using listener = await listen('tcp', '127.0.0.1:0');
await programs[process.argv[2]!]!(listener);
console.log('done');
