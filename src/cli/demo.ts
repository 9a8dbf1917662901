// The main job: one TCP connection on this machine from dial to close, telling every step on its way down to the system call
// and up again. Ends by itself.

import { dial } from '../dial/dial.ts';
import { listen } from '../dial/listen.ts';
import type { TCPConn } from '../conn/tcpconn.ts';
import type { TCPListener } from '../conn/tcplistener.ts';
import { OpError } from '../errors.ts';
import { trace } from './tracer.ts';

/** How long the read waits that is to time out, in milliseconds. */
const PATIENCE = 100;

const say = (line: string): void => console.log(`\n── ${line}`);

async function serve(listener: TCPListener): Promise<void> {
  using conn = await listener.accept();
  // Echoes until the client has shut its side, then says goodbye.
  for await (const chunk of conn) await conn.write(chunk);
  await conn.write('goodbye');
}

async function receive(conn: TCPConn, into: Buffer): Promise<string | null> {
  const n = await conn.read(into);
  return n === null ? null : into.toString('utf8', 0, n);
}

async function main(): Promise<void> {
  trace((line) => console.log(line));
  say('listen on a free port of localhost');
  using listener = await listen('tcp', 'localhost:0');
  const server = serve(listener);

  say('dial it by name');
  using conn = await dial('tcp', `localhost:${listener.addr.port}`, { timeout: 2000 });
  const buffer = Buffer.alloc(64);

  say('send, and read the echo');
  await conn.write('hello, kernel');
  console.log(`received ${JSON.stringify(await receive(conn, buffer))}`);

  say(`read with a deadline of ${PATIENCE} ms, with nothing to read`);
  try {
    await conn.read(buffer, { deadline: Date.now() + PATIENCE });
  } catch (error) {
    if (!(error instanceof OpError && error.timeout)) throw error;
    console.log(`${error.name} ${error.code}: ${error.message}`);
  }

  say('the connection is still good');
  await conn.write('still here');
  console.log(`received ${JSON.stringify(await receive(conn, buffer))}`);

  say('shut our side, read the rest to the end');
  conn.closeWrite();
  for (let text = await receive(conn, buffer); text !== null; text = await receive(conn, buffer)) {
    console.log(`received ${JSON.stringify(text)}`);
  }
  await server;
  say('close');
}

await main();
