// A thousand dials by name at once: they hold up no file, and need none of the few threads that files have.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { open, readFile, type FileHandle } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

import { dial, listen, type TCPConn } from 'gonet';

import { backTo, deferred, descriptors } from '../dns/expect.ts';
import { NameServer, records } from '../dns/nameserver.ts';
import { asking } from './names.ts';

const options = { timeout: 20_000 };
const MANY = 1000;
const [, soft = '0'] = /^Max open files +(\d+|unlimited)/m.exec(readFileSync('/proc/self/limits', 'utf8')) ?? [];
const skip = soft !== 'unlimited' && Number(soft) < 4 * MANY && `only ${soft} open files are allowed`;

/** Starts the dials in portions, so that no question is lost for want of room in the server's socket. */
async function inPortions(
  start: (i: number) => Promise<TCPConn>,
  asked: (n: number) => Promise<void>,
): Promise<Promise<TCPConn>[]> {
  const dials: Promise<TCPConn>[] = [];
  while (dials.length < MANY) {
    for (let i = 0; i < 100; i++) dials.push(start(dials.length));
    await asked(dials.length);
  }
  return dials;
}

test('a thousand dials that wait for name servers do not hold up files', { ...options, skip }, async ({ signal }) => {
  const { promise, resolve } = deferred();
  using server = await NameServer.start(async () => {
    await promise;
    return records('A', '127.0.0.1');
  });
  using listener = await listen('tcp', '127.0.0.1:0', { backlog: MANY });
  const { port } = listener.addr;
  const resolver = asking(server, { timeout: 5000, attempts: 3 });
  const before = descriptors();
  let ended = 0;
  const dials = await inPortions(
    (i) => dial('tcp4', `host${i}.test:${port}`, { resolver }).finally(() => ended++),
    (n) => server.reached(n, signal),
  );
  const start = performance.now();
  const file = new URL(import.meta.url);
  await Promise.all(Array.from({ length: 16 }, () => readFile(file, { signal })));
  const ms = performance.now() - start;
  assert.equal(ended, 0);
  assert.ok(ms < 2000, `the files took ${ms} ms`);
  resolve();
  const conns = await Promise.all(dials);
  assert.equal(new Set(conns.map(({ localAddr }) => localAddr.port)).size, MANY);
  for (const conn of conns) conn.close();
  await backTo(before, signal);
});

/** Has every thread of Node's pool wait for somebody to write to a FIFO, fifo(7), until it is disposed of. */
class BusyThreads implements AsyncDisposable {
  readonly #folder = mkdtempSync(join(tmpdir(), 'gonet-pool-'));
  readonly #fifo: string = join(this.#folder, 'fifo');
  readonly #opening: readonly Promise<FileHandle>[];

  constructor() {
    const { status, stderr } = spawnSync('mkfifo', [this.#fifo], { encoding: 'utf8' });
    assert.equal(status, 0, stderr);
    const threads = Number(process.env['UV_THREADPOOL_SIZE'] ?? 4);
    this.#opening = Array.from({ length: threads }, () => open(this.#fifo, 'r'));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // Linux: a FIFO that is opened for both waits for nobody.
    const writer = openSync(this.#fifo, 'r+');
    for (const handle of await Promise.all(this.#opening)) await handle.close();
    closeSync(writer);
    rmSync(this.#folder, { recursive: true });
  }
}

const noFifo = spawnSync('mkfifo', ['--version']).error === undefined ? false : 'no mkfifo';

test(
  'with every thread of the pool busy names are dialed all the same',
  { ...options, skip: skip || noFifo },
  async ({ signal }) => {
    using server = await NameServer.start(() => records('A', '127.0.0.1'));
    using listener = await listen('tcp', 'localhost:0', { backlog: 2 * MANY });
    const { port } = listener.addr;
    const resolver = asking(server, { timeout: 5000, attempts: 3 });
    let read = false;
    let reading: Promise<unknown>;
    let conns: TCPConn[] = [];
    {
      await using _busy = new BusyThreads();
      reading = readFile(new URL(import.meta.url)).then(() => (read = true));
      const byServer = await inPortions(
        (i) => dial('tcp4', `host${i}.test:${port}`, { resolver }),
        (n) => server.reached(n, signal),
      );
      conns = await Promise.all(byServer);
      assert.equal(read, false);
      const byFile = Array.from({ length: MANY }, () => dial('tcp', `localhost:${port}`));
      conns.push(...(await Promise.all(byFile)));
      // Else the threads were not busy, and nothing is proved.
      assert.equal(read, false);
    }
    await reading;
    assert.equal(conns.length, 2 * MANY);
    for (const conn of conns) conn.close();
  },
);
