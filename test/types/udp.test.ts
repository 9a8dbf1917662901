// The types of sockets of datagrams: what a network makes of a dial or listen, what goes in and what comes out. Checked by compiling it:
// nothing below sends anything.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import {
  type Addr as NetAddr,
  type Conn,
  type ControlMessages,
  dial,
  Dialer,
  dialUDP,
  type GroupOptions,
  IPAddr,
  type Listener,
  listen,
  ListenConfig,
  listenMulticastUDP,
  listenPacket,
  type ListenPacketOptions,
  listenUDP,
  type Packet,
  PacketBatch,
  type PacketBatchOptions,
  type PacketConn,
  type PacketControl,
  type PacketDialOptions,
  type PacketListenOptions,
  type PacketMessage,
  type Received,
  type ReceiveOptions,
  resolveUDPAddr,
  TCPAddr,
  type UDPAddr,
  type UDPConn,
  type UDPNetwork,
} from 'gonet';
import { Addr, type AddrPort } from 'gonet/netip';

/** Compiles if the value's type is T exactly, neither wider nor narrower. */
function expectType<T>() {
  return <V>(_value: V, ..._exact: Same<T, V> extends true ? [] : [expected: T, found: V]): void => {};
}
type Same<A, B> = (<X>() => X extends A ? 1 : 2) extends <X>() => X extends B ? 1 : 2 ? true : false;

/** Compiles what is inside, and never runs it. */
function compiles(name: string, body: () => unknown): void {
  test(name, { timeout: 1000 }, () => assert.equal(typeof body, 'function'));
}

declare const text: string;
declare const network: UDPNetwork;
declare const addr: UDPAddr;
declare const conn: UDPConn;
declare const packetConn: PacketConn;
declare const signal: AbortSignal;
const bytes = new Uint8Array(8);

compiles('the network says what comes of a dial', async () => {
  expectType<UDPConn>()(await dial('udp', text));
  expectType<UDPConn>()(await dial('udp4', { port: 53 }));
  expectType<UDPConn>()(await dial(network, text));
  expectType<UDPConn>()(await new Dialer().dial('udp6', text, { signal }));
  expectType<Conn>()(await dial(text, text));
  expectType<UDPConn>()(await dialUDP('udp', null, addr));
});

compiles('and of a listen', async () => {
  expectType<UDPConn>()(await listenPacket('udp', ':0'));
  expectType<UDPConn>()(await new ListenConfig().listenPacket('udp4', { host: text, port: 0 }, { signal }));
  expectType<PacketConn>()(await listenPacket(text, text));
  expectType<PacketConn>()(await new ListenConfig().listenPacket(text, text));
  expectType<Listener>()(await listen('udp', text));
  expectType<UDPConn>()(await listenUDP('udp', null));
  expectType<UDPConn>()(await listenMulticastUDP('udp', 'eth0', addr));
  expectType<UDPConn>()(await listenMulticastUDP('udp', 2, addr, { readBuffer: 1 }));
  expectType<UDPAddr>()(await resolveUDPAddr('udp', text));
});

compiles('a UDPConn is a Conn and a PacketConn, with addresses of its own', () => {
  const asConn: Conn = conn;
  const asPackets: PacketConn = conn;
  expectType<UDPAddr>()(conn.localAddr);
  expectType<UDPAddr | null>()(conn.remoteAddr);
  expectType<NetAddr>()(packetConn.localAddr);
  expectType<'udp'>()(conn.localAddr.network);
  expectType<AddrPort>()(conn.localAddr.addrPort());
  return [asConn, asPackets];
});

compiles('datagrams', async () => {
  expectType<number>()(await conn.read(bytes));
  expectType<number>()(await conn.write(text, { signal, deadline: new Date() }));
  expectType<number>()(await conn.writev([bytes]));
  expectType<number>()(await conn.writeTo(text, addr, { deadline: 1 }));
  const { n, addr: from } = await conn.readFrom(bytes, { signal });
  expectType<number>()(n);
  const sender: UDPAddr = from;
  await conn.writeTo(bytes, sender);
  expectType<Received>()(await packetConn.readFrom(bytes));
  for await (const packet of conn.packets()) {
    expectType<Packet & { readonly addr: UDPAddr }>()(packet);
    expectType<Buffer>()(packet.data);
  }
  for await (const packet of packetConn.packets()) expectType<NetAddr | null>()(packet.addr);
  for await (const data of conn) expectType<Buffer>()(data);
  // @ts-expect-error: a text is no address
  await conn.writeTo(text, text);
  // @ts-expect-error: nor is one of another network
  await conn.writeTo(text, new TCPAddr(null, 0));
  // @ts-expect-error: nothing to read into
  await conn.readFrom();
});

compiles('messages', async () => {
  const message = await conn.readMsg(bytes, { signal });
  expectType<PacketMessage<UDPAddr>>()(message);
  expectType<boolean>()(message.truncated);
  expectType<UDPAddr>()(message.addr);
  expectType<ControlMessages>()(message.control);
  expectType<bigint | undefined>()(message.control.timestamp);
  expectType<PacketMessage<UDPAddr> | null>()(conn.takeError());
  const all: Required<PacketControl<UDPAddr>> = {
    addr,
    packetInfo: { ifIndex: 1, source: Addr.parse(text) },
    ttl: 1,
    tos: 1,
    segmentSize: 1,
  };
  expectType<number>()(await conn.writeMsg(bytes, all, { deadline: null }));
  expectType<number>()(await conn.writeMsg(text));
  // @ts-expect-error: an address of another network
  await conn.writeMsg(text, { addr: new IPAddr(null) });
});

compiles('batches', async () => {
  const options: Required<PacketBatchOptions> = { capacity: 1, size: 1 };
  const batch = new PacketBatch(options);
  expectType<boolean>()(batch.add(bytes, addr));
  expectType<boolean>()(batch.add(bytes));
  expectType<number>()(await conn.readBatch(batch, { signal }));
  expectType<number>()(await conn.writeBatch(batch));
  expectType<Buffer>()(batch.data(0));
  expectType<NetAddr | null>()(batch.addr(0));
  expectType<ControlMessages>()(batch.control(0));
  expectType<boolean>()(batch.truncated(0));
  expectType<PacketBatch>()(batch.clear());
  // @ts-expect-error: read-only
  batch.size = 1;
});

compiles('options', () => {
  const receive: Required<ReceiveOptions> = {
    packetInfo: true,
    ttl: true,
    tos: true,
    timestamp: true,
    errors: true,
    dropped: true,
    originalDestination: true,
    segmentSize: true,
  };
  conn.setReceive(receive);
  const group: Required<GroupOptions> = { interface: 'eth0', source: Addr.parse(text) };
  conn.joinGroup(Addr.parse(text), group);
  conn.leaveGroup(Addr.parse(text), { interface: 2 });
  const listening: PacketListenOptions = {
    ipv6Only: true,
    reusePort: true,
    signal,
    control: (_n, _a, raw) => raw.control(() => {}),
  };
  const same: ListenPacketOptions = listening;
  const dialing: PacketDialOptions = { timeout: 1, deadline: 1, signal, bindToDevice: 'lo', tos: 1 };
  // @ts-expect-error: a dial has no wildcard
  const wrong: PacketDialOptions = { ipv6Only: true };
  // @ts-expect-error: no stream, no backlog
  void listenPacket('udp', ':0', { backlog: 1 });
  // @ts-expect-error: a text is no group
  conn.joinGroup(text);
  return [same, dialing, wrong];
});

compiles('a socket is used and disposed of', async () => {
  using first = await listenPacket('udp', ':0');
  await using second = first;
  expectType<UDPConn>()(second.ref().unref());
  expectType<Promise<void>>()(second.closed);
  expectType<number>()(second.detach());
});
