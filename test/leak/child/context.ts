// Which AsyncLocalStorage store the callbacks of a program see whose first socket call was made inside one: as a process, `node
// context.js`, which prints the answer, or as a worker thread, which posts it.

import { AsyncLocalStorage } from 'node:async_hooks';
import { parentPort } from 'node:worker_threads';

import { dial, listen } from 'gonet';

import { pair, readAll } from '../../fault/pair.ts';

const storage = new AsyncLocalStorage<string>();
const seen: Record<string, string[]> = {};
const note = (where: string): void => {
  (seen[where] ??= []).push(storage.getStore() ?? 'none');
};

// Loads the backend, opens the poller and wakes for the first time, all of it inside.
await storage.run('first', async () => {
  using ends = await pair();
  const reading = ends.server.read(Buffer.alloc(1));
  await ends.client.write('x');
  await reading;
  note('after the first read');
});

async function unrelated(): Promise<void> {
  note('before');
  using listener = await listen('tcp', '127.0.0.1:0');
  note('after listen');
  const accept = async (): Promise<void> => {
    using _ = await listener.accept();
    note('a handler of accept');
  };
  const accepted = accept();
  (await storage.run('dial', () => dial('tcp', listener.addr.toString()))).close();
  await accepted;
  using ends = await pair();
  note('after a dial');
  const { client, server } = ends;
  const gone = server.closed.then(() => note('a handler of closed'));

  let calls = 0;
  const raw = server.syscallConn().read(() => {
    note('a callback of RawConn');
    return ++calls > 1;
  });
  await storage.run('write', () => client.write('x'));
  await raw;
  note('after a callback of RawConn');

  const reading = readAll(server, 2).then(() => note('a handler of read'));
  await storage.run('write', () => client.write('y'));
  await reading;

  await server.read(Buffer.alloc(1), { deadline: Date.now() + 5 }).catch(() => note('a handler of a deadline'));

  client.setLinger(0);
  // A waiting read keeps the program alive, waiting for the peer to go does not.
  const reset = server.read(Buffer.alloc(1)).catch(() => note('a handler of a reset'));
  storage.run('close', () => client.close());
  await Promise.all([gone, reset]);
}

await unrelated();
await storage.run('second', unrelated);
if (parentPort === null) console.log(JSON.stringify(seen));
else parentPort.postMessage(seen, []);
