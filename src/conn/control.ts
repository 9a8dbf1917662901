// What can be said about one datagram beside its address, checked and put into control messages, cmsg(3).

import type { Addr as NetAddr } from '../addr/addr.ts';
import { isIPv4 } from '../addr/addrlist.ts';
import { IPEndpoint } from '../addr/endpoint.ts';
import { Addr } from '../addr/ip.ts';
import { ControlWriter } from '../syscall/cmsg.ts';
import * as recvopt from '../syscall/recvopt.ts';
import * as udpopt from '../syscall/udpopt.ts';
import { AF_INET } from '../syscall/zconst_linux.ts';
import { wantObject } from './limits.ts';

/** What goes with one datagram. */
export interface PacketControl<A extends NetAddr = NetAddr> {
  /** Where it goes; on a connected socket, nothing. */
  readonly addr?: A | undefined;
  /** The interface that it leaves by, as an index, and the address that it comes from. IP_PKTINFO, IPV6_PKTINFO */
  readonly packetInfo?: { readonly ifIndex?: number | undefined; readonly source?: Addr | undefined } | undefined;
  /** How many routers may pass it on, up to 255. IP_TTL, IPV6_HOPLIMIT */
  readonly ttl?: number | undefined;
  /** The byte with the DSCP in its upper six bits and ECN in the other two. IP_TOS, IPV6_TCLASS */
  readonly tos?: number | undefined;
  /** The data is cut into datagrams of so many bytes, 64 at most. UDP_SEGMENT, udp(7) */
  readonly segmentSize?: number | undefined;
}

/** What a socket tells of each datagram that it receives. */
export interface ReceiveOptions {
  /** `packetInfo`: the interface and the address that it was sent to. IP_PKTINFO, IPV6_RECVPKTINFO */
  readonly packetInfo?: boolean | undefined;
  /** `ttl`: IP_RECVTTL, IPV6_RECVHOPLIMIT */
  readonly ttl?: boolean | undefined;
  /** `tos`: IP_RECVTOS, IPV6_RECVTCLASS */
  readonly tos?: boolean | undefined;
  /** `timestamp`: when it came, in nanoseconds. SO_TIMESTAMPNS */
  readonly timestamp?: boolean | undefined;
  /** Errors of what was sent are kept for `takeError`, and fail an unconnected socket's next call too. IP_RECVERR, IPV6_RECVERR */
  readonly errors?: boolean | undefined;
  /** `dropped`: how many found no room. SO_RXQ_OVFL */
  readonly dropped?: boolean | undefined;
  /** `originalDestination`: IP_RECVORIGDSTADDR, IPV6_RECVORIGDSTADDR */
  readonly originalDestination?: boolean | undefined;
  /** `segmentSize`: datagrams of one sender may come as one, to be cut into pieces of that size. UDP_GRO */
  readonly segmentSize?: boolean | undefined;
}

type Receive = (fd: number, family: number, on: boolean) => number;
const unfamiliar =
  (set: (fd: number, on: boolean) => number): Receive =>
  (fd, _family, on) =>
    set(fd, on);

const RECEIVE: Readonly<Record<keyof ReceiveOptions, Receive>> = {
  packetInfo: recvopt.setReceivePacketInfo,
  ttl: recvopt.setReceiveTTL,
  tos: recvopt.setReceiveTOS,
  timestamp: unfamiliar(recvopt.setReceiveTimestamps),
  errors: recvopt.setReceiveErrors,
  dropped: unfamiliar(recvopt.setReceiveOverflow),
  originalDestination: recvopt.setReceiveOriginalDestination,
  segmentSize: unfamiliar(udpopt.setGRO),
};

/** What sets the options that are named; throws a TypeError. */
export function toReceive(options: ReceiveOptions): ((fd: number, family: number) => number)[] {
  wantObject(options);
  return Object.entries(RECEIVE).flatMap(([name, set]) => {
    const on = options[name as keyof ReceiveOptions];
    if (on === undefined) return [];
    if (typeof on !== 'boolean') throw new TypeError(`Option ${name} must be a boolean, not ${typeof on}`);
    return [(fd: number, family: number) => set(fd, family, on)];
  });
}

const writer = new ControlWriter();
const NOTHING = new Uint8Array(0);

/** The family whose messages a datagram to `addr` takes: IPv4's for IPv4 inside IPv6, but for its wildcard, which is `::` there. */
export function familyOf(family: number, addr: NetAddr | null): number {
  return addr instanceof IPEndpoint && isIPv4(addr.ip) && !addr.isWildcard() ? AF_INET : family;
}

/** The control messages; throws a TypeError or RangeError. */
export function encodeControl(family: number, { packetInfo, ttl, tos, segmentSize }: PacketControl): Uint8Array {
  writer.reset();
  if (packetInfo !== undefined) {
    const { ifIndex = 0, source } = packetInfo;
    if (source !== undefined && !(source instanceof Addr)) throw new TypeError('Source must be an Addr of netip');
    if (family === AF_INET && source !== undefined && source.isValid() && !isIPv4(source)) {
      throw new RangeError(`Source must be an IPv4 address here, not ${source.toString()}`);
    }
    want('Interface index', writer.packetInfo(family, ifIndex, source ?? null), ifIndex);
  }
  if (ttl !== undefined) want('TTL', writer.ttl(family, ttl), ttl);
  if (tos !== undefined) want('TOS', writer.tos(family, tos), tos);
  if (segmentSize !== undefined) want('Segment size', writer.segmentSize(segmentSize), segmentSize);
  return writer.length === 0 ? NOTHING : writer.bytes.slice(0, writer.length);
}

function want(name: string, n: number, value: unknown): void {
  if (typeof value !== 'number') throw new TypeError(`${name} must be a number, not ${typeof value}`);
  if (n < 0) throw new RangeError(`${name} is out of range: ${value}`);
}
