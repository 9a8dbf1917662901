// Fast Open between two ends of this process, in the network namespace that it is run in. Prints a line for each thing that it
// has seen: the state of the socket after the dial, and what came through.

import assert from 'node:assert/strict';

import { dial, listen, type TCPConn, type TCPListener } from 'gonet';
import { IPPROTO_TCP, TCP_INFO } from 'gonet/syscall';

const SIZE = 300_000;
const STATES: Record<number, string> = { 1: 'established', 2: 'waiting for its first write' };
/** `tcpi_state` of struct tcp_info, the first byte. */
const stateOf = (conn: TCPConn): string =>
  STATES[conn.syscallConn().getsockopt(IPPROTO_TCP, TCP_INFO, 8)[0]!] ?? 'something else';

async function receive(conn: TCPConn): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of conn) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

async function exchange(
  listener: TCPListener,
  how: string,
  send: (conn: TCPConn) => Promise<number>,
  size: number,
): Promise<void> {
  using client = await dial('tcp', listener.addr.toString(), { fastOpen: true });
  const state = stateOf(client);
  assert.equal(`${client.remoteAddr}`, `${listener.addr}`);
  const accepted = listener.accept();
  assert.equal(await send(client), size);
  client.closeWrite();
  using server = await accepted;
  assert.equal(`${server.remoteAddr}`, `${client.localAddr}`);
  assert.equal((await receive(server)).length, size);
  await server.write('thanks');
  const into = Buffer.alloc(9);
  assert.equal(await client.read(into), 6);
  console.log(`${how}: ${state}`);
}

const listener = await listen('tcp', '127.0.0.1:0', { fastOpen: true });
const big = Buffer.alloc(SIZE, 'x');
const half = SIZE / 2;
await exchange(listener, 'first', (conn) => conn.write('x'), 1);
await exchange(listener, 'small', (conn) => conn.write('small'), 5);
await exchange(listener, 'large', (conn) => conn.write(big), SIZE);
await exchange(listener, 'writev', (conn) => conn.writev([big.subarray(0, 10), big.subarray(10)]), SIZE);
await exchange(
  listener,
  'two',
  async (conn) => (await conn.write(big.subarray(half))) + (await conn.write(big.subarray(half))),
  SIZE,
);

const address = listener.addr.toString();
listener.close();
// Where the handshake waits for the write, so does the refusal: a write that the first packet takes whole does not see it yet.
const refused = await dial('tcp', address, { fastOpen: true }).then(
  async (conn) => {
    const error = await conn
      .write(big)
      .then(() => conn.read(Buffer.alloc(1)))
      .catch((reason: unknown) => reason);
    conn.close();
    return error;
  },
  (error: unknown) => error,
);
console.log(`refused: ${(refused as NodeJS.ErrnoException).code}`);
