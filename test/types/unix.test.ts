// The types of Unix sockets and vsock. Checked by compiling it: nothing below connects to anything.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import {
  type Conn,
  dial,
  Dialer,
  dialUnix,
  listen,
  ListenConfig,
  type Listener,
  listenUnix,
  type PeerCred,
  UnixAddr,
  type OwnedFd,
  type UnixConn,
  type UnixDialOptions,
  type UnixListener,
  type UnixListenOptions,
  type UnixStreamNetwork,
  VsockAddr,
  type VsockConn,
  type VsockListener,
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
declare const listener: UnixListener;
declare const vsock: VsockConn;
declare const signal: AbortSignal;

compiles('dial and listen are typed by their network', () => {
  expectType<'unix' | 'unixpacket'>()({} as UnixStreamNetwork);
  expectType<Promise<UnixConn>>()(dial('unix', '/a'));
  expectType<Promise<UnixConn>>()(dial('unixpacket', { path: '/a' }, { signal }));
  expectType<Promise<VsockConn>>()(dial('vsock', '2:1024'));
  expectType<Promise<VsockConn>>()(dial('vsock', { host: 'host', port: 1024 }));
  expectType<Promise<UnixConn>>()(new Dialer().dial('unix', '/a', { signal }));
  expectType<Promise<VsockConn>>()(new Dialer().dial('vsock', ':1'));
  expectType<Promise<UnixListener>>()(listen('unix', '', { mode: 0o600, replaceStale: true }));
  expectType<Promise<UnixListener>>()(new ListenConfig({ mode: 0o600 }).listen('unixpacket', '/a', { signal }));
  expectType<Promise<VsockListener>>()(listen('vsock', ':0'));
  expectType<Promise<Conn>>()(dial('unix' as string, '/a'));
  expectType<Promise<Listener>>()(listen('unix' as string, '/a'));
});

compiles('dialUnix and listenUnix', () => {
  const addr = new UnixAddr('/a', 'unix');
  expectType<Promise<UnixConn>>()(dialUnix('unix', null, addr));
  expectType<Promise<UnixListener>>()(listenUnix('unix', addr));
  const dialing: Required<UnixDialOptions> = {
    timeout: 1,
    deadline: null,
    signal,
    control: () => {},
    reuseAddr: true,
    mark: 1,
    priority: 1,
    readBuffer: 1,
    writeBuffer: 1,
  };
  const listening: Required<UnixListenOptions> = {
    signal,
    control: () => {},
    reuseAddr: true,
    mark: 1,
    priority: 1,
    readBuffer: 1,
    writeBuffer: 1,
    backlog: 1,
    mode: 0o600,
    replaceStale: false,
  };
  void dialUnix('unix', addr, addr, dialing);
  void listenUnix('unix', addr, listening);
  // @ts-expect-error a text is no address
  void dialUnix('unix', null, '/a');
  // @ts-expect-error keep-alive is TCP's
  void dialUnix('unix', null, addr, { keepAlive: true });
  // @ts-expect-error a mode is a number
  void listenUnix('unix', addr, { mode: '600' });
});

compiles('what a UnixConn and a UnixListener have', () => {
  expectType<UnixAddr>()(conn.localAddr);
  expectType<UnixAddr | null>()(conn.remoteAddr);
  expectType<PeerCred>()(conn.peerCred());
  expectType<number>()(conn.peerCred().uid);
  expectType<OwnedFd>()(conn.peerPidfd());
  expectType<UnixConn>()(conn.ref().unref());
  expectType<Promise<UnixConn>>()(listener.accept());
  expectType<UnixAddr>()(listener.addr);
  expectType<void>()(listener.setUnlinkOnClose(false));
  expectType<VsockAddr>()(vsock.remoteAddr);
  expectType<number>()(new VsockAddr(2, 1).cid);
  // @ts-expect-error a Unix socket has no TCP_NODELAY
  const noDelay: keyof UnixConn = 'setNoDelay';
  return noDelay;
});
