// The program that strace.test.ts runs under strace: one listen, one dial, one accept, one echo, one close each. One step
// after the other, so that the calls come in one order. Arguments: where to listen, and the host to dial.

import { dial, listen, type TCPConn } from 'gonet';

const [, , address = '127.0.0.1:0', host = '127.0.0.1'] = process.argv;

async function pass(from: TCPConn, to: TCPConn): Promise<void> {
  await from.write('hello');
  const n = await to.read(new Uint8Array(64));
  if (n !== 5) throw new Error(`read ${n} bytes of 5`);
}

const listener = await listen('tcp', address);
const client = await dial('tcp', { host, port: listener.addr.port });
const server = await listener.accept();
await pass(client, server);
await pass(server, client);
client.close();
server.close();
listener.close();
