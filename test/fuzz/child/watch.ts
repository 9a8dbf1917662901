// The addon's watch with descriptors and functions that are wrong, and environments that end in the middle of one, as a process
// of its own: `node watch.js <program>`. libuv ends the process by abort() where it is handed what it cannot watch.

import assert from 'node:assert/strict';
import { closeSync, openSync, readdirSync, readlinkSync } from 'node:fs';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { setImmediate } from 'node:timers/promises';
import { Worker, isMainThread, parentPort, workerData } from 'node:worker_threads';

import * as c from '../../../src/syscall/zconst_linux.ts';
import { loadAddon, type Addon } from '../addon.ts';
import { Fixture } from '../values.ts';

const { addon } = loadAddon();
const [watch, unwatch, watchRef] = [addon['watch']!, addon['unwatch']!, addon['watch_ref']!];
const nothing = (): void => {};

/** Descriptors of this process that are of a kind, as /proc tells. */
function openOf(kind: string): number[] {
  return readdirSync('/proc/self/fd')
    .filter((fd) => linkOf(fd) === kind)
    .map(Number);
}

function linkOf(fd: string): string {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`);
  } catch {
    return '';
  }
}

function withFile(path: string, body: (fd: number) => void): void {
  const fd = openSync(path, 'r');
  try {
    body(fd);
  } finally {
    closeSync(fd);
  }
}

/** Turns of the loop, in which a handle is closed and another is polled. */
async function turns(): Promise<void> {
  for (let i = 0; i < 3; i++) await setImmediate();
}

const programs: Record<string, () => Promise<void>> = {
  async 'what cannot be polled'() {
    for (const path of [process.execPath, '/', '/dev/null']) {
      withFile(path, (fd) => assert.equal(watch(fd, nothing), -c.EPERM));
    }
    let closed = 0;
    withFile('/', (fd) => (closed = fd));
    for (const fd of [closed, 1_000_001, 2 ** 31 - 1]) assert.equal(watch(fd, nothing), -c.EBADF);
    await turns();
  },

  async 'what libuv has already'() {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { fd } = (server as unknown as { _handle: { fd: number } })._handle;
    assert.equal(watch(fd, nothing), -c.EEXIST);
    // Its own epoll and what wakes it; some of these belong to other threads, and can be watched.
    const answers = ['anon_inode:[eventpoll]', 'anon_inode:[eventfd]'].flatMap((kind) =>
      openOf(kind).map((fd) => {
        const n = watch(fd, nothing) as number;
        if (n === 0) unwatch();
        return n;
      }),
    );
    assert.ok(answers.includes(-c.EEXIST) && answers.includes(-c.EINVAL), String(answers));
    await turns();
    server.close();
    await once(server, 'close');
  },

  async 'twice, and by two instances'() {
    const f = new Fixture(addon);
    const second = loadAddon(true).addon;
    assert.notEqual(second, addon);
    assert.equal(watchRef(1), 0);
    assert.equal(unwatch(), 0);
    for (let i = 0; i < 100; i++) {
      assert.equal(watch(f.a, nothing), 0);
      assert.equal(watch(f.a, nothing), -c.EBUSY);
      assert.equal(watch(f.b, nothing), -c.EBUSY);
      for (const on of [1, 0, -5, 1, 1]) assert.equal(watchRef(on), 0);
      const other = second['watch']!(f.a, nothing);
      assert.ok(other === 0 || other === -c.EEXIST, String(other));
      if (i % 3 === 0) await turns();
      assert.equal(second['unwatch']!(), 0);
      assert.equal(unwatch(), 0);
      assert.equal(unwatch(), 0);
    }
    await turns();
    f.close(null);
  },

  async 'a wake that throws, ends the watch, or begins another'() {
    const f = new Fixture(addon);
    const errors: unknown[] = [];
    process.on('uncaughtException', (error) => errors.push(error));
    const woken = Array.from({ length: 3 }, () => later());
    const wakes = [
      () => {
        unwatch();
        woken[0]!.resolve();
        throw new Error('thrown by a wake');
      },
      () => {
        assert.equal(watch(f.a, nothing), -c.EBUSY);
        unwatch();
        assert.equal(watch(f.b, nothing), 0);
        unwatch();
        woken[1]!.resolve();
      },
      () => {
        unwatch();
        woken[2]!.resolve();
        AbortSignal.abort('no Error').throwIfAborted();
      },
    ];
    for (const [i, wake] of wakes.entries()) {
      assert.equal(watch(f.a, wake), 0);
      watchRef(1);
      await woken[i]!.promise;
      await turns();
    }
    assert.deepEqual(
      errors.map((error) => (error instanceof Error ? error.message : error)),
      ['thrown by a wake', 'no Error'],
    );
    f.close(null);
  },

  async 'a descriptor that is closed while it is watched'() {
    for (const name of ['a', 'epfd'] as const) {
      const f = new Fixture(addon);
      assert.equal(watch(f[name], nothing), 0);
      f.close(null);
      await turns();
      unwatch();
      await turns();
    }
  },

  async 'the process ends with a watch'() {
    const f = new Fixture(addon);
    assert.equal(watch(f.a, nothing), 0);
    return Promise.resolve();
  },

  async 'threads end with a watch'() {
    for (const how of Object.keys(ENDS)) {
      for (let i = 0; i < 10; i++) {
        const before = readdirSync('/proc/self/fd').length;
        const worker = new Worker(new URL(import.meta.url), { workerData: how });
        const exited = once(worker, 'exit');
        await once(worker, 'message');
        if (how.startsWith('terminated')) await worker.terminate();
        await exited;
        assert.equal(readdirSync('/proc/self/fd').length, before, how);
      }
    }
  },

  async 'what a thread has closed is not closed again'() {
    const worker = new Worker(new URL(import.meta.url), { workerData: 'having closed all' });
    const exited = once(worker, 'exit');
    await once(worker, 'message');
    // Has the numbers that the thread had.
    const mine = Array.from({ length: 8 }, () => openSync('/dev/null', 'r'));
    worker.postMessage('end', []);
    await exited;
    for (const fd of mine) closeSync(fd);
  },
};

function later(): { promise: Promise<void>; resolve: () => void } {
  let resolve = nothing;
  const promise = new Promise<void>((done) => (resolve = done));
  return { promise, resolve };
}

/** What a thread is doing when it ends. Its descriptors are owned, and closed with it. */
const ENDS: Readonly<Record<string, (addon: Addon, f: Fixture) => void>> = {
  'terminated while watching': (_addon, f) => {
    watch(f.a, nothing);
    watchRef(1);
  },
  'terminated in a wake': (_addon, f) => {
    watch(f.a, () => {
      for (;;);
    });
    watchRef(1);
  },
  'ended by exit in a wake': (_addon, f) => {
    watch(f.a, () => process.exit());
    watchRef(1);
  },
  'ended by itself, watching': (_addon, f) => void watch(f.a, nothing),
  'ended by itself, just unwatched': (_addon, f) => {
    watch(f.a, nothing);
    unwatch();
  },
  'ended by exit in a getter': (addon, f) => {
    const bufs = Object.defineProperty([0], 0, { get: () => process.exit() });
    process.nextTick(() => addon['readv']!(f.a, bufs, 0, 1, 0));
  },
  'ended by a stack without end': (addon) => {
    const deep = (): unknown => addon['readv']!(0x7fffffff, Object.defineProperty([0], 0, { get: deep }), 0, 1, 0);
    assert.throws(deep, RangeError);
  },
};

if (isMainThread) {
  await programs[process.argv[2]!]!();
  console.log('ended');
} else {
  const f = new Fixture(addon);
  if (workerData === 'having closed all') {
    f.close(null);
    parentPort!.once('message', nothing);
  }
  parentPort!.postMessage('begun', []);
  ENDS[workerData as string]?.(addon, f);
}
