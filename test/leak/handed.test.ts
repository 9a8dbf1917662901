// Sockets that go from one thread to another: detach on one side, fromFd on the other. The thread that gave a descriptor away may end.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { Worker } from 'node:worker_threads';

import { dial, listen, listenPacket, type TCPConn, type UnixConn, UnixAddr } from 'gonet';
import { load } from '../../src/syscall/sys.ts';
import { noLeak } from '../fault/descriptors.ts';

const TIMEOUT = { timeout: 30_000 };

/** A connected pair on a stream network. */
async function pairOn(network: 'tcp' | 'unix', address: string): Promise<(TCPConn | UnixConn)[]> {
  const listener = await listen(network as 'tcp', address);
  const pair = await Promise.all([dial(network as 'tcp', listener.addr.toString()), listener.accept()]);
  listener.close();
  return pair;
}

test('TCP, Unix and UDP sockets are handed to a thread, which answers on them', TIMEOUT, async (t) => {
  if (load().name !== 'native') return t.skip('needs the native backend');
  await noLeak(async () => {
    const worker = new Worker(new URL('./child/handed.js', import.meta.url));
    const exited = once(worker, 'exit');
    await once(worker, 'message');
    const folder = mkdtempSync(join(tmpdir(), 'gonet-handed-'));
    const server = await listenPacket('unixgram', `@handed-${process.pid}`);
    const client = await listenPacket('unixgram', '');
    try {
      const pairs = [await pairOn('tcp', '127.0.0.1:0'), await pairOn('unix', join(folder, 's'))];
      for (const [near, far] of pairs) {
        worker.postMessage(far!.detach(), []);
        await near!.write('hello');
        const into = Buffer.alloc(64);
        assert.equal(into.toString('utf8', 0, (await near!.read(into)) ?? 0), 'HELLO');
        assert.equal(await near!.read(into), null);
        near!.close();
      }
      const udp = await listenPacket('udp4', '127.0.0.1:0');
      const peer = await dial('udp4', udp.localAddr.toString());
      const mine = peer.localAddr;
      udp.close();
      const back = await dial('udp4', mine.toString(), { localAddr: udp.localAddr });
      worker.postMessage(back.detach(), []);
      await peer.write('datagram');
      const into = Buffer.alloc(64);
      assert.equal(into.toString('utf8', 0, await peer.read(into)), 'DATAGRAM');
      peer.close();
      await client.writeTo('still here', new UnixAddr(server.localAddr.name, 'unixgram'));
      assert.equal(await server.read(into), 10);
    } finally {
      server.close();
      client.close();
      worker.postMessage(null, []);
      await exited;
      rmSync(folder, { recursive: true });
    }
  });
});
