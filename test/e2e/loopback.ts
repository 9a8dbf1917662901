// What the black-box tests need of this machine: loopback pairs, a port that refuses, one that never answers, and which
// sockets are open. All of it through the package's own name.

import assert from 'node:assert/strict';
import { readdirSync, readlinkSync } from 'node:fs';
import { networkInterfaces } from 'node:os';

import { dial, listen, OpError, type DialerOptions, type TCPConn, type TCPListener } from 'gonet';

/** Whether ::1 is there. */
export function hasIPv6(): boolean {
  return Object.values(networkInterfaces()).some((each) => each?.some(({ address }) => address === '::1'));
}

/** For `skip`: the reason why a test of IPv6 cannot run, or false. */
export const withoutIPv6: string | false = hasIPv6() ? false : 'no ::1 on this machine';

/** The sockets that this process has open, by inode. */
export function openSockets(): string[] {
  const targets = readdirSync('/proc/self/fd').map((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`);
    } catch {
      return ''; // the descriptor that readdir itself had
    }
  });
  return targets.filter((target) => target.startsWith('socket:')).toSorted();
}

/** Runs `body`, and sees to it that it leaves no socket open. */
export async function leavesNothing(body: () => Promise<unknown>): Promise<void> {
  const before = openSockets();
  await body();
  assert.deepEqual(openSockets(), before);
}

/** A connection with both its ends and its listener. */
export interface Pair extends Disposable {
  readonly listener: TCPListener;
  readonly client: TCPConn;
  readonly server: TCPConn;
}

/** Listens, dials and accepts. */
export async function connect(address = '127.0.0.1:0', network = 'tcp', options: DialerOptions = {}): Promise<Pair> {
  const listener = await listen('tcp', address);
  const { address: host, port } = listener.addr;
  const [client, server] = await Promise.all([dial(network, { host, port }, options), listener.accept()]);
  const dispose = (): void => [client, server, listener].forEach((each) => each.close());
  return { listener, client: client as TCPConn, server, [Symbol.dispose]: dispose };
}

/** A port of 127.0.0.1 that refuses: it is taken by a connection, and nobody listens. */
export async function refusing(): Promise<{ readonly port: number } & Disposable> {
  const { client, listener, server, [Symbol.dispose]: dispose } = await connect();
  listener.close();
  server.unref();
  return { port: client.localAddr.port, [Symbol.dispose]: dispose };
}

/**
 * A port of 127.0.0.1 that does not answer: its listener has a backlog of 0, which takes one connection, and that one is there
 * (Go's rule 53). Dials of it stay under way until they are ended.
 */
export async function silent(): Promise<{ readonly port: number } & Disposable> {
  const listener = await listen('tcp', '127.0.0.1:0', { backlog: 0 });
  const { port } = listener.addr;
  const fill = await dial('tcp', { host: '127.0.0.1', port });
  const dispose = (): void => [fill, listener].forEach((each) => each.close());
  return { port, [Symbol.dispose]: dispose };
}

/** The error that a promise rejects with, which must be an OpError. */
export async function opErrorOf(promise: Promise<unknown>): Promise<OpError> {
  const error = await promise.then(
    (value) => assert.fail(`resolved with ${String(value)}`),
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof OpError, String(error));
  return error;
}

/** Sends a few bytes one way. */
export async function pass(from: TCPConn, to: TCPConn, text = 'hello'): Promise<void> {
  const into = Buffer.alloc(text.length);
  const [, n] = await Promise.all([from.write(text), to.read(into)]);
  assert.equal(into.toString('utf8', 0, n ?? 0), text);
}
