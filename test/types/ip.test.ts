// The types of raw IP and ping sockets, and of sockets by number. Checked by compiling it: nothing below opens anything.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import {
  dial,
  Dialer,
  dialIP,
  IPAddr,
  type IPConn,
  type IPNetwork,
  ListenConfig,
  listenIP,
  listenPacket,
  type OwnedFd,
  PacketBatch,
  type PacketConn,
  type PacketMessage,
  resolveIPAddr,
  type UDPAddr,
  type UDPConn,
} from 'gonet';
import { AF_INET, AF_TIPC, IPPROTO_SCTP, SOCK_SEQPACKET, SOCK_STREAM, socket, socketpair } from 'gonet/syscall';

/** Compiles if the value's type is T exactly, neither wider nor narrower. */
function expectType<T>() {
  return <V>(_value: V, ..._exact: Same<T, V> extends true ? [] : [expected: T, found: V]): void => {};
}
type Same<A, B> = (<X>() => X extends A ? 1 : 2) extends <X>() => X extends B ? 1 : 2 ? true : false;

/** Compiles what is inside, and never runs it. */
function compiles(name: string, body: () => unknown): void {
  test(name, { timeout: 1000 }, () => assert.equal(typeof body, 'function'));
}

declare const conn: IPConn;
declare const udp: UDPAddr;
declare const signal: AbortSignal;
const bytes = new Uint8Array(1);

compiles('dial and listenPacket are typed by their network', () => {
  expectType<Promise<IPConn>>()(dial('ip4:icmp', '127.0.0.1'));
  expectType<Promise<IPConn>>()(dial('ip6:58', '::1', { signal, tos: 8 }));
  expectType<Promise<IPConn>>()(dial('ip:1' satisfies IPNetwork, '::1'));
  expectType<Promise<IPConn>>()(new Dialer({ mark: 1 }).dial('ip:icmp', 'localhost', { signal }));
  expectType<Promise<IPConn>>()(listenPacket('ip4:253', '127.0.0.1', { bindToDevice: 'lo' }));
  expectType<Promise<IPConn>>()(new ListenConfig().listenPacket('ip4:icmp', '', { signal }));
  expectType<Promise<UDPConn>>()(dial('udp4:icmp', '127.0.0.1'));
  expectType<Promise<UDPConn>>()(listenPacket('udp6:ipv6-icmp', '::1'));
  expectType<Promise<PacketConn>>()(listenPacket('ip4:icmp' as string, ''));
});

compiles('dialIP, listenIP and resolveIPAddr', () => {
  const addr = new IPAddr(null);
  expectType<Promise<IPConn>>()(dialIP('ip4:icmp', null, addr, { timeout: 1, signal }));
  expectType<Promise<IPConn>>()(
    listenIP('ip4:icmp', addr, { ipv6Only: true, control: (_n, _a, raw) => raw.control(() => {}) }),
  );
  expectType<Promise<IPConn>>()(listenIP('ip4:icmp', null));
  expectType<Promise<IPAddr>>()(resolveIPAddr('ip', 'localhost', { signal }));
  // @ts-expect-error a UDPAddr has a port
  void dialIP('ip4:icmp', null, udp);
  // @ts-expect-error only a dial takes a timeout
  void listenIP('ip4:icmp', null, { timeout: 1 });
  // @ts-expect-error what may be null is said to be
  void listenIP('ip4:icmp');
});

compiles('an IPConn has addresses of IP, and never an end', () => {
  expectType<IPAddr>()(conn.localAddr);
  expectType<IPAddr | null>()(conn.remoteAddr);
  expectType<Promise<number>>()(conn.read(bytes));
  expectType<Promise<number>>()(conn.writeTo('x', conn.localAddr, { deadline: 1 }));
  expectType<Promise<PacketMessage<IPAddr>>>()(conn.readMsg(bytes));
  expectType<Promise<number>>()(conn.writeMsg('x', { addr: conn.localAddr, ttl: 1, tos: 8 }));
  expectType<Promise<number>>()(conn.readBatch(new PacketBatch()));
  expectType<PacketMessage<IPAddr> | null>()(conn.takeError());
  void (async () => {
    const { n, addr } = await conn.readFrom(bytes);
    expectType<number>()(n);
    void (addr satisfies IPAddr);
    for await (const packet of conn.packets()) {
      void (packet.addr satisfies IPAddr);
      expectType<Buffer>()(packet.data);
    }
    for await (const data of conn) expectType<Buffer>()(data);
  });
  // @ts-expect-error no port here
  void conn.writeTo('x', udp);
});

compiles('sockets by number have an owner', () => {
  expectType<OwnedFd>()(socket(AF_INET, SOCK_STREAM, IPPROTO_SCTP));
  expectType<OwnedFd>()(socket(AF_TIPC, SOCK_SEQPACKET));
  expectType<[OwnedFd, OwnedFd]>()(socketpair(AF_TIPC, SOCK_STREAM));
  // @ts-expect-error the type is not optional
  socket(AF_INET);
  // @ts-expect-error numbers, not names
  socket('AF_INET', SOCK_STREAM);
});
