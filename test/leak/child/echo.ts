// A worker thread that serves an echo, tells where, and then has clients of its own talk to the server that it is told: `dial`,
// `listen` and everything between them, in a thread.

import { once } from 'node:events';
import { parentPort } from 'node:worker_threads';

import { dial, dialTCP, listen, type TCPConn } from 'gonet';

import { loopback, pattern, readAll } from '../../fault/pair.ts';

const CLIENTS = 4;
const SIZE = 300_000;

async function echo(conn: TCPConn): Promise<void> {
  using _ = conn;
  for await (const chunk of conn) await conn.write(chunk);
}

async function ask(conn: TCPConn): Promise<string> {
  using _ = conn;
  const question = pattern(SIZE);
  const answered = readAll(conn, SIZE);
  await conn.write(question);
  conn.closeWrite();
  const right = (await answered).equals(question) && (await conn.read(Buffer.alloc(1))) === null;
  return right ? 'right' : 'wrong';
}

const listener = await listen('tcp', '127.0.0.1:0');
const serving = (async () => {
  for (let i = 0; i < 2 * CLIENTS; i++) await echo(await listener.accept());
})();
const told = once(parentPort!, 'message') as Promise<[number]>;
parentPort!.postMessage(listener.addr.port, []);
const [port] = await told;
const clients: Promise<string>[] = [];
for (let i = 0; i < CLIENTS; i++) {
  clients.push(dial('tcp', listener.addr.toString()).then(ask), dialTCP('tcp', null, loopback(port)).then(ask));
}
parentPort!.postMessage(await Promise.all(clients), []);
await serving;
listener.close();
