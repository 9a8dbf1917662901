// Worker threads. With koffi the first socket call says that it cannot be, and nothing crashes (DESIGN D15); with the native
// backend everything works there. And callbacks see no AsyncLocalStorage store of whoever used the package first.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { Worker } from 'node:worker_threads';

import { load } from '../../src/syscall/sys.ts';
import { run } from '../fault/child.ts';
import { noLeak } from '../fault/descriptors.ts';
import { pair, talk } from '../fault/pair.ts';

const TIMEOUT = { timeout: 30_000 };
const text = 'gonet on a worker thread needs its native backend: koffi can poll only on the main thread';

test('on a worker thread a socket call rejects, and importing is fine', TIMEOUT, async (t) => {
  if (load().name !== 'ffi') return t.skip('needs the koffi backend');
  await noLeak(async () => {
    using ends = await pair();
    const worker = new Worker(new URL('./child/thread.js', import.meta.url));
    const exited = once(worker, 'exit');
    const [said] = (await once(worker, 'message')) as [unknown];
    const rejected = (op: string): object => ({
      name: 'OpError',
      code: 'ERR_NET_UNSUPPORTED',
      message: `${op}: ${text}`,
      unsupported: true,
    });
    const [listened, dialed] = [rejected('listen tcp 127.0.0.1:0'), rejected('dial tcp 127.0.0.1:9')];
    assert.deepEqual(said, [{ host: 'host', port: '1' }, listened, dialed, listened]);
    assert.deepEqual(await exited, [0]);
    // The main thread's connections have not noticed.
    await talk(ends);
  });
});

/** A thread of the tests; the next message that it posts. */
function thread(program: string): { worker: Worker; exited: Promise<unknown[]>; said: () => Promise<unknown> } {
  const worker = new Worker(new URL(program, import.meta.url));
  const exited = once(worker, 'exit');
  const mute = exited.then(([code]) => assert.fail(`the thread has ended with ${code}`));
  mute.catch(() => {});
  const message = async (): Promise<unknown> => ((await once(worker, 'message')) as [unknown])[0];
  return { worker, exited, said: () => Promise.race([message(), mute]) };
}

const RIGHT = Array.from({ length: 8 }, () => 'right');

for (const count of [1, 4]) {
  test(`threads dial, listen and echo, each also to the next one: ${count}`, TIMEOUT, async (t) => {
    if (load().name !== 'native') return t.skip('needs the native backend');
    await noLeak(async () => {
      using ends = await pair();
      const threads = Array.from({ length: count }, () => thread('./child/echo.js'));
      const ports = await Promise.all(threads.map(({ said }) => said()));
      const answers = threads.map(({ said }) => said());
      for (const [i, { worker }] of threads.entries()) worker.postMessage(ports[(i + 1) % count], []);
      assert.deepEqual(
        await Promise.all(answers),
        threads.map(() => RIGHT),
      );
      assert.deepEqual(
        await Promise.all(threads.map(({ exited }) => exited)),
        threads.map(() => [0]),
      );
      await talk(ends);
    });
  });
}

/** What child/context.ts must see: outside of any store, then inside `second`. */
function checkContexts(seen: unknown): void {
  const own = ['none', 'second'];
  assert.deepEqual(seen, {
    'after the first read': ['first'],
    before: own,
    'after listen': own,
    'a handler of accept': own,
    'after a dial': own,
    'after a callback of RawConn': own,
    'a handler of read': own,
    'a handler of a deadline': own,
    'a handler of a reset': own,
    'a handler of closed': own,
    // The first try and the one after waiting, each time.
    'a callback of RawConn': ['none', 'none', 'second', 'second'],
  });
}

test('no callback sees the AsyncLocalStorage store of the first socket call', TIMEOUT, async () => {
  const { stdout, ...ended } = await run(new URL('./child/context.js', import.meta.url), []);
  assert.deepEqual(ended, { code: 0, signal: null, stderr: '' });
  checkContexts(JSON.parse(stdout));
});

test('no callback on a worker thread does either', TIMEOUT, async (t) => {
  if (load().name !== 'native') return t.skip('needs the native backend');
  const { exited, said } = thread('./child/context.js');
  checkContexts(await said());
  assert.deepEqual(await exited, [0]);
});
