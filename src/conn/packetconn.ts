// What every socket of datagrams on an IP network does. UDP and raw IP add what only they have.

import { networkInterfaces } from 'node:os';
import type { Addr as NetAddr } from '../addr/addr.ts';
import { Addr } from '../addr/ip.ts';
import { ClosedError, WriteToConnectedError } from '../errors.ts';
import { readBatch, writeBatch } from '../fd/batch.ts';
import { PacketBatch } from '../fd/packetbatch.ts';
import { Letter } from '../fd/letter.ts';
import { Envelope, readMsg, takeError, writeMsg } from '../fd/message.ts';
import * as packet from '../fd/packet.ts';
import type { Packet, Received } from '../fd/packet.ts';
import type { Control as ControlMessages } from '../syscall/control.ts';
import { ENODEV } from '../syscall/zconst_linux.ts';
import type { Conn, IOOptions, PacketConn } from './conn.ts';
import { syscallError } from '../syscall/errno.ts';
import { setTTL } from '../syscall/ipopt.ts';
import * as multicast from '../syscall/multicast.ts';
import { setBroadcast } from '../syscall/sockopt.ts';
import { sys } from '../syscall/sys.ts';
import { indexToZone, zoneToIndex } from '../syscall/zone.ts';
import { encodeControl, familyOf, type PacketControl, type ReceiveOptions, toReceive } from './control.ts';
import { toLimits, wantInt, wantObject } from './limits.ts';
import { NetConn, wantBytes } from './netconn.ts';
import { packetError } from './operror.ts';

/** A datagram as `readMsg` gives it. */
export interface PacketMessage<A extends NetAddr = NetAddr> {
  /** Bytes of data. */
  readonly n: number;
  /** Flags of recvmsg(2): MSG_TRUNC … */
  readonly flags: number;
  /** Whether a part of it did not fit, and is lost. */
  readonly truncated: boolean;
  readonly addr: A;
  readonly control: ControlMessages;
}

/** A socket of datagrams on an IP network, connected or not. */
export abstract class DatagramConn<A extends NetAddr> extends NetConn implements Conn, PacketConn {
  /** Reads one datagram: its length, 0 for an empty one, never null. What does not fit is lost. An empty buffer takes none. recv(2) */
  override read(into: Uint8Array, options?: IOOptions): Promise<number> {
    wantBytes(into, 'Buffer');
    return packet.read(this.fd, into, options === undefined ? null : toLimits(options));
  }

  /** Sends one datagram to the connected peer. Rejects with `EDESTADDRREQ` if there is none. send(2) */
  override write(data: Uint8Array | string, options?: IOOptions): Promise<number> {
    return packet.write(this.fd, toBytes(data), options === undefined ? null : toLimits(options));
  }

  /** Sends all of `chunks` as one datagram. */
  override writev(chunks: readonly Uint8Array[], options?: IOOptions): Promise<number> {
    if (!Array.isArray(chunks)) throw new TypeError('Chunks must be an array');
    for (const chunk of chunks) wantBytes(chunk, 'Chunk');
    return this.write(Buffer.concat(chunks), options);
  }

  readFrom(into: Uint8Array, options?: IOOptions): Promise<Received & { readonly addr: A }> {
    wantBytes(into, 'Buffer');
    const received = packet.readFrom(this.fd, into, options === undefined ? null : toLimits(options));
    return received as Promise<Received & { readonly addr: A }>;
  }

  writeTo(data: Uint8Array | string, addr: A, options?: IOOptions): Promise<number> {
    const bytes = toBytes(data);
    this.wantAddr(addr);
    const limits = options === undefined ? null : toLimits(options);
    if (this.remoteAddr !== null) return Promise.reject(this.connected(addr));
    return packet.writeTo(this.fd, bytes, addr, limits);
  }

  packets(): AsyncIterableIterator<Packet & { readonly addr: A }, undefined> {
    const { fd } = this;
    return packets(() => packet.next(fd) as Promise<packet.Next<Packet & { readonly addr: A }>>);
  }

  /**
   * Reads one datagram with its sender, its flags, and what else was asked for with `setReceive`. What does not fit into `into` is
   * lost, and `truncated` says so. recvmsg(2)
   */
  readMsg(into: Uint8Array, options?: IOOptions): Promise<PacketMessage<A>> {
    wantBytes(into, 'Buffer');
    return readMsg(this.fd, into, options === undefined ? null : toLimits(options)) as Promise<PacketMessage<A>>;
  }

  /**
   * Sends one datagram: to `addr`, or to the connected peer, and with a TTL, a source or a size of segments of its own.
   * sendmsg(2)
   */
  writeMsg(data: Uint8Array | string, message: PacketControl<A> = {}, options?: IOOptions): Promise<number> {
    const bytes = toBytes(data);
    wantObject(message);
    const { addr = null } = message;
    if (addr !== null) this.wantAddr(addr);
    const control = encodeControl(familyOf(this.fd.family, addr ?? this.remoteAddr), message);
    const limits = options === undefined ? null : toLimits(options);
    if (addr !== null && this.remoteAddr !== null) return Promise.reject(this.connected(addr));
    return writeMsg(this.fd, new Envelope(bytes, addr, control), limits);
  }

  /** Reads what is there, at least one datagram, into `batch`: how many. recvmmsg(2) */
  readBatch(batch: PacketBatch, options?: IOOptions): Promise<number> {
    wantBatch(batch);
    return readBatch(this.fd, batch, options === undefined ? null : toLimits(options));
  }

  /**
   * Sends every datagram of `batch` in order: how many. On an error `batch.sent` tells which one it was, and `{ from: batch.sent + 1 }`
   * goes on behind it. sendmmsg(2)
   */
  writeBatch(batch: PacketBatch, options?: IOOptions & { readonly from?: number | undefined }): Promise<number> {
    wantBatch(batch);
    const from = options?.from ?? 0;
    if (!Number.isInteger(from) || from < 0 || from > batch.length) {
      throw new RangeError(`Option from must be a whole number from 0 to ${batch.length}, not ${from}`);
    }
    batch.wantAddrs((addr) => this.wantAddr(addr));
    return writeBatch(this.fd, batch, from, options === undefined ? null : toLimits(options));
  }

  /**
   * The next entry of the socket's queue of errors, with the address that the datagram went to; null where there is none. The queue
   * fills after `setReceive({ errors: true })`. Does not wait. Throws an OpError. MSG_ERRQUEUE of recvmsg(2), ip(7)
   */
  takeError(): PacketMessage<A> | null {
    if (this.fd.closed) throw packetError(this.fd.ends, 'read', new ClosedError());
    const message = takeError(this.fd);
    if (typeof message !== 'number') return message as PacketMessage<A> | null;
    throw packetError(this.fd.ends, 'read', syscallError('recvmsg', message));
  }

  /** What `readMsg` and batches tell of each datagram from now on; what is left out stays as it is. ip(7), ipv6(7), socket(7) */
  setReceive(options: ReceiveOptions): void {
    const settings = toReceive(options);
    for (const apply of settings) this.option((fd) => apply(fd, this.fd.family));
  }

  /** The TTL or hop limit of what is sent to one receiver, 1 to 255. IP_TTL, IPV6_UNICAST_HOPS */
  setTTL(ttl: number): void {
    wantInt('TTL', ttl, 1, 255);
    this.option((fd) => setTTL(fd, this.fd.family, ttl));
  }

  /** Whether datagrams may go to broadcast addresses; on at first. SO_BROADCAST */
  setBroadcast(on: boolean): void {
    wantFlag('Broadcast', on);
    this.option((fd) => setBroadcast(fd, on));
  }

  /**
   * Receives what is sent to `group`, on one interface (a name or an index; if left out the group's zone, or the system's choice),
   * from all or from one `source` only. The socket's port must be the group's. IP_ADD_MEMBERSHIP, IPV6_JOIN_GROUP,
   * MCAST_JOIN_SOURCE_GROUP
   */
  joinGroup(group: Addr, options: GroupOptions = {}): void {
    this.#group(group, options, multicast.joinGroup, multicast.joinSourceGroup);
  }

  /** Undoes {@link joinGroup}; an OpError of `EADDRNOTAVAIL` if there was none. */
  leaveGroup(group: Addr, options: GroupOptions = {}): void {
    this.#group(group, options, multicast.leaveGroup, multicast.leaveSourceGroup);
  }

  #group(
    group: Addr,
    options: GroupOptions,
    all: typeof multicast.joinGroup,
    one: typeof multicast.joinSourceGroup,
  ): void {
    wantIP('Group', group);
    wantObject(options);
    const { interface: name, source } = options;
    if (source !== undefined) wantIP('Source', source);
    const { zone } = group;
    const index = name === undefined && zone !== '' ? zoneToIndex(zone) || this.#index(zone) : this.#index(name);
    this.option((fd) => (source === undefined ? all(fd, group, index) : one(fd, group, source, index)));
  }

  /** Where datagrams to groups leave: a name or an index, 0 for the system's choice. IP_MULTICAST_IF, IPV6_MULTICAST_IF */
  setMulticastInterface(name: string | number): void {
    const index = this.#index(name);
    this.option((fd) => multicast.setMulticastInterface(fd, this.fd.family, index, ipv4Of(index)));
  }

  /** Whether this machine receives what it sends to its own groups; on at first. IP_MULTICAST_LOOP, IPV6_MULTICAST_LOOP */
  setMulticastLoop(on: boolean): void {
    wantFlag('Loop', on);
    this.option((fd) => multicast.setMulticastLoop(fd, this.fd.family, on));
  }

  /** How many routers may pass on what is sent to groups, 0 to 255; 1 at first. IP_MULTICAST_TTL, IPV6_MULTICAST_HOPS */
  setMulticastTTL(ttl: number): void {
    wantInt('TTL', ttl, 0, 255);
    this.option((fd) => multicast.setMulticastTTL(fd, this.fd.family, ttl));
  }

  /** Whether a socket on a wildcard receives what goes to groups that only other sockets have joined; on at first. IP_MULTICAST_ALL */
  setMulticastAll(on: boolean): void {
    wantFlag('Multicast all', on);
    this.option((fd) => multicast.setMulticastAll(fd, this.fd.family, on));
  }

  #index(name: string | number | undefined): number {
    if (name === undefined) return 0;
    if (typeof name === 'number') {
      wantInt('Interface', name, 0);
      return name;
    }
    if (typeof name !== 'string') throw new TypeError(`Interface must be a name or an index, not ${typeof name}`);
    const index = sys.if_nametoindex(name);
    if (index > 0) return index;
    throw packetError(this.fd.ends, 'set', syscallError('if_nametoindex', index < 0 ? index : -ENODEV));
  }

  /** The payloads of {@link packets}. */
  override [Symbol.asyncIterator](): AsyncIterableIterator<Buffer, undefined> {
    const { fd } = this;
    return packets(() => packet.nextData(fd));
  }

  /** Throws a TypeError for an address of another kind. */
  protected abstract wantAddr(addr: unknown): asserts addr is A;

  /** The error of a datagram with an address on a connected socket. */
  protected connected(addr: NetAddr): Error {
    return packetError(this.fd.ends, 'write', new WriteToConnectedError(), 0, new Letter(NOTHING, addr));
  }
}

const NOTHING = new Uint8Array(0);

/** The bytes of a datagram; throws a TypeError. */
export function toBytes(data: Uint8Array | string): Uint8Array {
  const bytes = typeof data === 'string' ? Buffer.from(data) : data;
  wantBytes(bytes, 'Data');
  return bytes;
}

/** Which members of a group to join. */
export interface GroupOptions {
  /** The interface, by name or index. */
  readonly interface?: string | number | undefined;
  /** Only what this address sends. */
  readonly source?: Addr | undefined;
}

/** The first IPv4 address of an interface, which datagrams to groups then come from, as in Go. */
function ipv4Of(index: number): Addr | undefined {
  const addrs = networkInterfaces()[indexToZone(index)] ?? [];
  const found = addrs.find(({ family }) => family === 'IPv4');
  return found && Addr.parse(found.address);
}

function wantFlag(name: string, value: unknown): asserts value is boolean {
  if (typeof value !== 'boolean') throw new TypeError(`${name} must be a boolean, not ${typeof value}`);
}

function wantIP(name: string, value: unknown): asserts value is Addr {
  if (!(value instanceof Addr)) throw new TypeError(`${name} must be an Addr of netip`);
}

function wantBatch(batch: unknown): asserts batch is PacketBatch {
  if (!(batch instanceof PacketBatch)) throw new TypeError('Batch must be a PacketBatch');
}

/** An endless iteration; leaving it costs nothing and loses nothing. */
export function packets<T>(next: () => Promise<packet.Next<T>>): AsyncIterableIterator<T, undefined> {
  return {
    next,
    return: () => Promise.resolve({ done: true, value: undefined }),
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}
