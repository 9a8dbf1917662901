// Two ends of one connection on loopback, and what else nearly every test here begins with.

import assert from 'node:assert/strict';

import { dialTCP, listen, listenTCP, OpError, type RawConn, TCPAddr, type TCPConn } from 'gonet';
import { Addr } from 'gonet/netip';

export const loopback = (port: number): TCPAddr => new TCPAddr(Addr.parse('127.0.0.1'), port);

/** The descriptor's number. */
export function fdOf(owner: { syscallConn(): RawConn }): number {
  let number = -1;
  owner.syscallConn().control((fd) => {
    number = fd;
  });
  return number;
}

/** Both ends of a connection; disposing of it closes both. */
export interface Pair extends Disposable {
  readonly client: TCPConn;
  readonly server: TCPConn;
}

export async function pair(): Promise<Pair> {
  using listener = await listen('tcp', '127.0.0.1:0');
  const accepted = listener.accept();
  const [client, server] = await Promise.all([dialTCP('tcp', null, listener.addr), accepted]);
  const dispose = (): void => {
    client.close();
    server.close();
  };
  return { client, server, [Symbol.dispose]: dispose };
}

/** The OpError with which a promise rejects. */
export async function failure(promise: Promise<unknown>): Promise<OpError> {
  const error = await promise.then(
    () => assert.fail('Promise must reject'),
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof OpError, `not an OpError: ${String(error)}`);
  return error;
}

/** The address of a port that nobody listens on. */
export async function closedPort(): Promise<TCPAddr> {
  using listener = await listen('tcp', '127.0.0.1:0');
  return listener.addr;
}

/** A listener that lets further connects hang: its backlog of 0 is full, and nobody accepts. */
export interface Stalled extends Disposable {
  readonly addr: TCPAddr;
}

export async function stalled(): Promise<Stalled> {
  const listener = await listenTCP('tcp', loopback(0), { backlog: 0 });
  const filler = await dialTCP('tcp', null, listener.addr);
  const dispose = (): void => {
    filler.close();
    listener.close();
  };
  return { addr: listener.addr, [Symbol.dispose]: dispose };
}

/** Reads `size` bytes, however they come. */
export async function readAll(conn: TCPConn, size: number): Promise<Buffer> {
  const all = Buffer.alloc(size);
  for (let at = 0; at < size;) {
    const n = await conn.read(all.subarray(at));
    if (n === null) return all.subarray(0, at);
    at += n;
  }
  return all;
}

/** `size` bytes that do not repeat soon. */
export const pattern = (size: number): Buffer =>
  Buffer.from(Uint8Array.from({ length: size }, (_, i) => (i * 7919) >> 3));

/** Says something each way, and so proves that the connection works. */
export async function talk({ client, server }: Omit<Pair, typeof Symbol.dispose>): Promise<void> {
  await client.write('to the server');
  assert.equal((await readAll(server, 13)).toString(), 'to the server');
  await server.write('to the client');
  assert.equal((await readAll(client, 13)).toString(), 'to the client');
}
