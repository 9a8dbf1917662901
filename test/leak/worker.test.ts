// A worker thread without the native backend: the first socket call says so, and nothing crashes (DESIGN D15).

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { Worker } from 'node:worker_threads';

import { load } from '../../src/syscall/sys.ts';
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
