// Connected TCP sockets made by system calls alone, for tests of the lowest floors: blocking unless asked otherwise, so that
// nothing has to wait for a poller.

import assert from 'node:assert/strict';

import { Sockaddr } from '../../src/syscall/sockaddr.ts';
import { sys } from '../../src/syscall/sys.ts';
import { AF_INET, AF_INET6, SOCK_CLOEXEC, SOCK_NONBLOCK, SOCK_STREAM } from '../../src/syscall/zconst_linux.ts';

/** Fails the test if a call answered `-errno`. */
export function ok(n: number): number {
  assert.ok(n >= 0, `the call answered ${n}`);
  return n;
}

const V4_LOOPBACK = Uint8Array.of(127, 0, 0, 1);
const V6_LOOPBACK = Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1);

/** Puts a loopback address into `sa`; the length. */
export function loopback(sa: Sockaddr, family: number, port: number): number {
  return family === AF_INET6 ? sa.setInet6(V6_LOOPBACK, port, '') : sa.setInet4(V4_LOOPBACK, port);
}

/** A listening socket and its port. */
export function rawListener(family: number = AF_INET): { fd: number; port: number } {
  const fd = ok(sys.socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const sa = new Sockaddr();
  ok(sys.bind(fd, sa.bytes, loopback(sa, family, 0)));
  ok(sys.listen(fd, 8));
  ok(sys.getsockname(fd, sa.bytes, sa.clear().len));
  return { fd, port: sa.port };
}

/** Two sockets connected to each other. */
export function rawPair(nonBlocking = false, family: number = AF_INET): [client: number, server: number] {
  const listener = rawListener(family);
  const sa = new Sockaddr();
  const client = ok(sys.socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0));
  ok(sys.connect(client, sa.bytes, loopback(sa, family, listener.port)));
  const flags = nonBlocking ? SOCK_NONBLOCK | SOCK_CLOEXEC : SOCK_CLOEXEC;
  const server = ok(sys.accept4(listener.fd, sa.bytes, sa.clear().len, flags));
  ok(sys.close(listener.fd));
  return [client, server];
}
