// The types of Unix datagrams and of messages. Checked by compiling it: nothing below connects to anything.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import {
  dial,
  Dialer,
  dialUnix,
  type FdLike,
  ListenConfig,
  listen,
  listenPacket,
  type ListenPacketOptions,
  listenUnixgram,
  OwnedFd,
  type PacketConn,
  type PeerCred,
  UnixAddr,
  type UnixConn,
  type UnixControl,
  type UnixgramOptions,
  type UnixMessage,
  type UnixNetwork,
} from 'gonet';

/** Compiles if the value's type is T exactly, neither wider nor narrower. */
function expectType<T>() {
  return <V>(_value: V, ..._exact: Same<T, V> extends true ? [] : [expected: T, found: V]): void => {};
}
type Same<A, B> = (<X>() => X extends A ? 1 : 2) extends <X>() => X extends B ? 1 : 2 ? true : false;

/** Compiles what is inside, and never runs it. */
function compiles(name: string, body: () => unknown): void {
  test(name, { timeout: 1000 }, () => assert.equal(typeof body, 'function'));
}

declare const conn: UnixConn;
declare const message: UnixMessage;
declare const owned: OwnedFd;
declare const signal: AbortSignal;
const addr = new UnixAddr('/a', 'unixgram');

compiles('dial and listenPacket are typed by their network', () => {
  expectType<'unix' | 'unixpacket' | 'unixgram'>()({} as UnixNetwork);
  expectType<Promise<UnixConn>>()(dial('unixgram', '/a', { localAddr: addr, signal }));
  expectType<Promise<UnixConn>>()(dial('unixgram', { path: '/a' }));
  expectType<Promise<UnixConn>>()(new Dialer({ localAddr: addr }).dial('unixgram', '/a'));
  expectType<Promise<UnixConn>>()(listenPacket('unixgram', '/a', { mode: 0o600, replaceStale: true, signal }));
  expectType<Promise<UnixConn>>()(listenPacket('unixgram', { path: '/a' }));
  expectType<Promise<UnixConn>>()(new ListenConfig({ mode: 0o600 }).listenPacket('unixgram', '', { signal }));
  expectType<Promise<PacketConn>>()(listenPacket('unixgram' as string, '/a'));
  const options: ListenPacketOptions = { mode: 0o600 };
  void listenPacket('unixgram', '/a', options);
  // @ts-expect-error a mode is a number
  void listenPacket('unixgram', '/a', { mode: '600' });
  // @ts-expect-error a backlog is a listener's
  void listenPacket('unixgram', '/a', { backlog: 1 });
  return listen('unixgram' as string, '/a');
});

compiles('dialUnix and listenUnixgram', () => {
  expectType<Promise<UnixConn>>()(dialUnix('unixgram', addr, null));
  expectType<Promise<UnixConn>>()(listenUnixgram('unixgram', addr));
  expectType<Promise<UnixConn>>()(listenUnixgram('unixgram', null));
  const options: Required<UnixgramOptions> = {
    signal,
    control: () => {},
    reuseAddr: true,
    mark: 1,
    priority: 1,
    readBuffer: 1,
    writeBuffer: 1,
    mode: 0o600,
    replaceStale: false,
  };
  void listenUnixgram('unixgram', addr, options);
  // @ts-expect-error there is nothing to accept
  void listenUnixgram('unixgram', addr, { backlog: 1 });
  // @ts-expect-error a text is no address
  void listenUnixgram('unixgram', '/a');
});

compiles('a UnixConn is a PacketConn', async () => {
  const packets: PacketConn = conn;
  expectType<Promise<number>>()(conn.writeTo('x', addr, { signal, deadline: 1 }));
  const received: { n: number; addr: UnixAddr | null } = await conn.readFrom(new Uint8Array(1));
  for await (const { data, addr } of conn.packets()) {
    expectType<Buffer>()(data);
    const sender: UnixAddr | null = addr;
    void sender;
  }
  expectType<void>()(conn.setUnlinkOnClose(true));
  expectType<void>()(conn.setPassCred(true));
  expectType<void>()(conn.setPassPidfd(true));
  // @ts-expect-error a text is no address
  void conn.writeTo('x', '/a');
  return [packets, received];
});

compiles('messages', () => {
  expectType<Promise<UnixMessage>>()(conn.readMsg(new Uint8Array(1), { signal, deadline: null }));
  expectType<number | null>()(message.n);
  expectType<readonly OwnedFd[]>()(message.fds);
  expectType<PeerCred | null>()(message.creds);
  expectType<OwnedFd | null>()(message.pidfd);
  expectType<number>()(message.flags);
  expectType<boolean>()(message.truncated);
  expectType<UnixAddr | null>()(message.addr);
  const control: Required<UnixControl> = { fds: [0, owned, { fd: 1 }], creds: { pid: 1, uid: 0, gid: 0 }, addr };
  expectType<Promise<number>>()(conn.writeMsg('x', control, { signal }));
  expectType<Promise<number>>()(conn.writeMsg(new Uint8Array(1)));
  const like: FdLike[] = [1, owned];
  void conn.writeMsg('x', { fds: like, creds: undefined });
  // @ts-expect-error a text is no descriptor
  void conn.writeMsg('x', { fds: ['1'] });
  // @ts-expect-error credentials are three numbers
  void conn.writeMsg('x', { creds: { pid: 1 } });
  // @ts-expect-error what is received is read only
  message.n = 1;
});

compiles('OwnedFd', () => {
  expectType<OwnedFd>()(new OwnedFd(3));
  expectType<number>()(owned.fd);
  expectType<number>()(owned.detach());
  expectType<boolean>()(owned.closed);
  expectType<void>()(owned.close());
  using disposable: Disposable = owned;
  // @ts-expect-error the number stays as it is
  owned.fd = 1;
  return disposable;
});
