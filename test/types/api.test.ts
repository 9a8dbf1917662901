// The types that a user's compiler sees. What is checked here is checked by compiling it: nothing below connects to anything.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import {
  type Addr as NetAddr,
  type AdoptedSocket,
  CanceledError,
  type Conn,
  type Control,
  type Deadline,
  dial,
  Dialer,
  dialTCP,
  DNSError,
  fromFd,
  type IOOptions,
  type IPConn,
  joinHostPort,
  type KeepAliveConfig,
  listen,
  ListenConfig,
  type Listener,
  type ListenFd,
  listenFds,
  listenTCP,
  OpError,
  type OwnedFd,
  pipe,
  RawConn,
  resolveTCPAddr,
  splitHostPort,
  SyscallError,
  TCPAddr,
  type TCPConn,
  type TCPListener,
  type UDPConn,
  type UnixConn,
  type UnixListener,
  type VsockConn,
  type VsockListener,
} from 'gonet';
import { Addr, AddrPort, Prefix } from 'gonet/netip';
import { errnoName, getsockopt, type OptionValue, setsockopt, SO_REUSEADDR, SOL_SOCKET } from 'gonet/syscall';

/** Compiles if the value's type is T exactly, neither wider nor narrower. */
function expectType<T>() {
  return <V>(_value: V, ..._exact: Same<T, V> extends true ? [] : [expected: T, found: V]): void => {};
}
type Same<A, B> = (<X>() => X extends A ? 1 : 2) extends <X>() => X extends B ? 1 : 2 ? true : false;

/** Compiles what is inside, and never runs it. */
function compiles(name: string, body: () => unknown): void {
  test(name, { timeout: 1000 }, () => assert.equal(typeof body, 'function'));
}

declare const into: Uint8Array;
declare const text: string;
declare const anyConn: Conn;
declare const tcp: TCPConn;
declare const listener: TCPListener;
declare const raw: RawConn;
declare const owned: OwnedFd;

compiles('dial is typed by its network', () => {
  expectType<Promise<TCPConn>>()(dial('tcp', 'a:1'));
  expectType<Promise<TCPConn>>()(dial('tcp4', { host: 'a', port: 1 }));
  expectType<Promise<TCPConn>>()(dial('tcp6', { port: 'http' }, {}));
  expectType<Promise<Conn>>()(dial(text, 'a:1'));
  expectType<Promise<TCPConn>>()(new Dialer().dial('tcp', 'a:1', { signal: new AbortController().signal }));
  expectType<Promise<Conn>>()(new Dialer({ timeout: 1 }).dial(text, 'a:1'));
  expectType<Promise<TCPConn>>()(dialTCP('tcp', null, new TCPAddr(null, 1)));
  // @ts-expect-error an address is needed
  void dial('tcp');
  // @ts-expect-error a port alone is no address
  void dial('tcp', 80);
  // @ts-expect-error the port is needed
  void dial('tcp', { host: 'a' });
  // @ts-expect-error an address text is not an address value
  void dialTCP('tcp', null, '127.0.0.1:1');
  // @ts-expect-error a Dialer keeps no signal
  void new Dialer({ signal: new AbortController().signal });
});

compiles('what comes of descriptors', () => {
  type Connected = TCPConn | UDPConn | IPConn | UnixConn | VsockConn;
  expectType<Connected | TCPListener | UnixListener | VsockListener>()(fromFd(3));
  expectType<AdoptedSocket>()(fromFd(owned));
  expectType<ListenFd[]>()(listenFds());
  for (const { name, socket, fd } of listenFds({ unset: false })) {
    expectType<string>()(name);
    if (socket === null) expectType<OwnedFd>()(fd);
    else expectType<null>()(fd);
    if (socket !== null) expectType<AdoptedSocket>()(socket);
    if (socket !== null && 'accept' in socket) expectType<TCPListener | UnixListener | VsockListener>()(socket);
  }
  // @ts-expect-error something with a descriptor is no descriptor
  fromFd({ fd: 3 });
  // @ts-expect-error a flag
  listenFds({ unset: 1 });
});

compiles('listen is typed by its network', () => {
  expectType<Promise<TCPListener>>()(listen('tcp', ':0'));
  expectType<Promise<Listener>>()(listen(text, ':0'));
  expectType<Promise<TCPListener>>()(new ListenConfig({ backlog: 1 }).listen('tcp', ':0'));
  expectType<Promise<TCPListener>>()(listenTCP('tcp', null));
  expectType<Promise<TCPConn>>()(listener.accept());
  expectType<Promise<Conn>>()((listener as Listener).accept({ deadline: new Date() }));
  expectType<TCPAddr>()(listener.addr);
  expectType<NetAddr>()((listener as Listener).addr);
  expectType<[Conn, Conn]>()(pipe());
  // @ts-expect-error options are an object
  void listen('tcp', ':0', 128);
  // @ts-expect-error accept takes no timeout
  void listener.accept({ timeout: 1 });
});

compiles('every option may be undefined', () => {
  const [signal, deadline, control, flag, number] = [undefined, undefined, undefined, undefined, undefined];
  void dial('tcp', 'a:1', { signal, deadline, control, noDelay: flag, keepAlive: flag, timeout: number });
  void dial('tcp', 'a:1', { localAddr: undefined, keepAlive: { enable: flag, idle: number, interval: number } });
  void dial('tcp', { host: undefined, port: 1 }, undefined);
  void listen('tcp', ':0', { signal, control, backlog: number, reusePort: flag, ipv6Only: flag, keepAlive: flag });
  void listener.accept({ signal, deadline });
  void anyConn.read(into, { signal, deadline });
  void anyConn.write(text, { signal, deadline: null });
  void resolveTCPAddr('tcp', 'a:1', { signal });
  // @ts-expect-error null is no signal
  void anyConn.read(into, { signal: null });
  // @ts-expect-error an option that is not there
  void dial('tcp', 'a:1', { nodelay: true });
});

compiles('a conn reads a count or null, and writes a count', async () => {
  expectType<Promise<number | null>>()(anyConn.read(into));
  expectType<Promise<number>>()(anyConn.write('text'));
  expectType<Promise<number>>()(anyConn.write(into, { deadline: 1 }));
  expectType<Promise<number>>()(anyConn.writev([into, Buffer.alloc(1)] as const));
  expectType<Promise<void>>()(anyConn.closed);
  expectType<NetAddr>()(anyConn.localAddr);
  expectType<NetAddr | null>()(anyConn.remoteAddr);
  expectType<TCPAddr>()(tcp.localAddr);
  expectType<TCPAddr>()(tcp.remoteAddr);
  expectType<Conn>()(anyConn.ref().unref());
  expectType<TCPConn>()(tcp.ref().unref());
  expectType<TCPListener>()(listener.ref().unref());
  const read = await anyConn.read(into);
  // @ts-expect-error the end of the stream is no count
  expectType<number>()(read);
  // @ts-expect-error a text cannot be read into
  void anyConn.read('text');
  // @ts-expect-error chunks are bytes
  void anyConn.writev(['text']);
  // @ts-expect-error a number cannot be written
  void anyConn.write(1);
  // @ts-expect-error an address does not change
  anyConn.localAddr = tcp.localAddr;
  // @ts-expect-error only some connections can half-close
  const half: keyof Conn = 'closeWrite';
  return half;
});

compiles('iteration gives Buffers and connections', async () => {
  for await (const chunk of anyConn) expectType<Buffer>()(chunk);
  for await (const conn of listener) expectType<TCPConn>()(conn);
  for await (const conn of listener as Listener) expectType<Conn>()(conn);
  // @ts-expect-error not without await
  for (const chunk of anyConn) void chunk;
});

compiles('a conn and a listener are resources', async () => {
  using a = tcp;
  await using b = listener;
  const disposables: [Disposable & AsyncDisposable, Disposable & AsyncDisposable] = [a, b];
  return disposables;
});

compiles('deadlines', () => {
  expectType<Date | number | null>()(null as Deadline);
  for (const set of [tcp.setDeadline, tcp.setReadDeadline, tcp.setWriteDeadline]) set.call(tcp, new Date());
  listener.setDeadline(null);
  // @ts-expect-error a deadline is no text
  tcp.setDeadline('soon');
  // @ts-expect-error a deadline is asked for
  tcp.setReadDeadline();
});

compiles('the errors and their fields', () => {
  const error = new OpError({ op: 'read', net: 'tcp', cause: new SyscallError('read', -1, 'EPERM', 'no') });
  expectType<string>()(error.op);
  expectType<string>()(error.net);
  expectType<Error>()(error.cause);
  expectType<string>()(error.code);
  expectType<boolean>()(error.timeout);
  expectType<boolean>()(error.temporary);
  expectType<number | undefined>()(error.errno);
  expectType<string | undefined>()(error.syscall);
  expectType<string | undefined>()(error.address);
  expectType<number | undefined>()(error.port);
  expectType<number | undefined>()(error.bytesWritten);
  expectType<readonly OpError[] | undefined>()(error.attempts);
  const all: Error[] = [error, new CanceledError('why'), new DNSError({ err: 'e', hostname: 'h' })];
  const { source, addr } = error;
  expectType<string | undefined>()(source?.network);
  expectType<string | undefined>()(addr?.toString());
  // @ts-expect-error what happened does not change
  error.code = 'EOTHER';
  return all;
});

compiles('control and RawConn', () => {
  const control: Control = (network, address, each) => {
    expectType<string>()(network);
    expectType<string>()(address);
    expectType<RawConn>()(each);
    each.setsockopt(SOL_SOCKET, SO_REUSEADDR, true);
  };
  const waiting: Control = async () => {};
  expectType<RawConn>()(tcp.syscallConn());
  expectType<RawConn>()(listener.syscallConn());
  expectType<void>()(raw.control((fd) => expectType<number>()(fd)));
  expectType<Promise<void>>()(raw.read((fd) => fd > 0));
  expectType<number>()(raw.getsockopt(1, 2));
  expectType<Buffer>()(raw.getsockopt(1, 2, 8));
  expectType<number>()(getsockopt(3, 1, 2));
  setsockopt(3, 1, 2, 'eth0' satisfies OptionValue);
  // @ts-expect-error a callback of read says whether it is done
  void raw.read(() => {});
  // @ts-expect-error an option is no object
  raw.setsockopt(1, 2, {});
  // @ts-expect-error it is made by a conn
  void new RawConn();
  return [control, waiting];
});

compiles('the setters of TCP', () => {
  const keepAlive: KeepAliveConfig = { idle: 1, interval: undefined };
  tcp.setKeepAlive(keepAlive);
  tcp.setKeepAlive();
  tcp.setNoDelay();
  expectType<number>()(tcp.dup());
  expectType<number>()(tcp.detach());
  // @ts-expect-error seconds are asked for
  tcp.setLinger();
  // @ts-expect-error keep-alive has no such setting
  tcp.setKeepAlive({ period: 1 });
});

compiles('addresses', () => {
  expectType<Promise<TCPAddr>>()(resolveTCPAddr('tcp', 'a:1'));
  expectType<string>()(joinHostPort('::1', 80));
  expectType<string>()(splitHostPort('a:1').host);
  expectType<string>()(splitHostPort('a:1').port);
  expectType<Addr>()(Addr.parse('::1'));
  expectType<AddrPort>()(AddrPort.parse('[::1]:1'));
  expectType<Prefix>()(Prefix.parse('10.0.0.0/8'));
  expectType<'tcp'>()(tcp.localAddr.network);
  expectType<Addr>()(tcp.localAddr.ip);
  expectType<string>()(errnoName(1));
});

compiles('a Conn of one’s own is a Conn', () => {
  class Own implements Conn {
    readonly localAddr: NetAddr = { network: 'own', toString: () => 'here' };
    readonly remoteAddr: null = null;
    readonly closed: Promise<void> = Promise.resolve();
    read(_into: Uint8Array, _options?: IOOptions): Promise<null> {
      return Promise.resolve(null);
    }
    write(data: Uint8Array | string): Promise<number> {
      return Promise.resolve(data.length);
    }
    writev(chunks: readonly Uint8Array[]): Promise<number> {
      return Promise.resolve(chunks.length);
    }
    setDeadline(_t: Deadline): void {}
    setReadDeadline(): void {}
    setWriteDeadline(): void {}
    close(): void {}
    ref(): this {
      return this;
    }
    unref(): this {
      return this;
    }
    async *[Symbol.asyncIterator](): AsyncGenerator<Buffer, undefined> {
      yield Buffer.alloc(0);
      return undefined;
    }
    [Symbol.dispose](): void {}
    [Symbol.asyncDispose](): Promise<void> {
      return Promise.resolve();
    }
  }
  return new Own() satisfies Conn;
});
