// What received control messages mean: recvmsg(2)'s ancillary data as one plain object, cmsg(3), ip(7), ipv6(7), udp(7),
// unix(7), socket(7). Knows layouts, not policy: addresses come as they were sent, IPv4 inside IPv6 too. A message that is too
// short or of a kind that is not known is passed over; where a kind comes twice, the later one stays.

import { Addr } from '../addr/ip.ts';
import { AddrPort } from '../addr/addrport.ts';
import { ControlReader, readRights, type Ucred } from './cmsg.ts';
import {
  AF_INET,
  AF_INET6,
  IPPROTO_IP,
  IPPROTO_IPV6,
  IPPROTO_UDP,
  IPV6_HOPLIMIT,
  IPV6_ORIGDSTADDR,
  IPV6_PKTINFO,
  IPV6_RECVERR,
  IPV6_TCLASS,
  IP_ORIGDSTADDR,
  IP_PKTINFO,
  IP_RECVERR,
  IP_TOS,
  IP_TTL,
  SCM_CREDENTIALS,
  SCM_PIDFD,
  SCM_RIGHTS,
  SCM_TIMESTAMP,
  SCM_TIMESTAMPING,
  SCM_TIMESTAMPNS,
  SOL_SOCKET,
  SO_EE_ORIGIN_ICMP,
  SO_EE_ORIGIN_ICMP6,
  SO_EE_ORIGIN_LOCAL,
  SO_EE_ORIGIN_TXSTATUS,
  SO_EE_ORIGIN_TXTIME,
  SO_EE_ORIGIN_ZEROCOPY,
  SO_RXQ_OVFL,
  UDP_GRO,
} from './zconst_linux.ts';
import { indexToZone } from './zone.ts';

/**
 * IP_PKTINFO, IPV6_PKTINFO: where a packet came in, and which address it was sent to. An IPv4 packet on an IPv6 socket has
 * both when both were asked for; IPv4's comes later, and so stays, with its addresses as IPv4.
 */
export interface PacketInfo {
  ifIndex: number;
  /** The destination in the packet's header, without a zone. */
  destination: Addr;
  /** IPv4 only, ipi_spec_dst: the local address that an answer comes from. */
  specDst?: Addr;
}

/** struct sock_extended_err, ip(7): an error from the queue of MSG_ERRQUEUE. */
export interface ExtendedError {
  errno: number;
  /** SO_EE_ORIGIN_*; `originName` has its name. */
  origin: number;
  /** Of ICMP. */
  type: number;
  /** Of ICMP; for zerocopy, SO_EE_CODE_ZEROCOPY_COPIED. */
  code: number;
  /** For EMSGSIZE, the MTU; for zerocopy, the first call. */
  info: number;
  /** For zerocopy, the last call. */
  data: number;
  /** Who answered; null where nobody did. */
  offender: Addr | null;
}

/** What came beside the data. */
export interface Control {
  packetInfo?: PacketInfo;
  /** IP_TTL, IPV6_HOPLIMIT */
  ttl?: number;
  /** IP_TOS, IPV6_TCLASS */
  tos?: number;
  /** Nanoseconds since 1970; of SO_TIMESTAMPING the software's, else the device's own. */
  timestamp?: bigint;
  /** UDP_GRO: how long the datagrams are that came as one, except the last. */
  segmentSize?: number;
  /** SO_RXQ_OVFL: how many were dropped since the socket was made. */
  dropped?: number;
  error?: ExtendedError;
  /** IP_ORIGDSTADDR, IPV6_ORIGDSTADDR */
  originalDestination?: AddrPort;
  /** SCM_RIGHTS, of all messages: the caller's to close. */
  fds?: number[];
  /** SCM_CREDENTIALS */
  creds?: Ucred;
  /** SCM_PIDFD: a descriptor, the caller's to close, or -errno where the kernel had none. */
  pidfd?: number;
}

const reader = new ControlReader();

/** Everything that is known in the first `length` bytes; the descriptors of a message that is cut, too. */
export function decodeControl(control: Uint8Array, length: number): Control {
  const found: Control = {};
  reader.reset(control, length);
  while (reader.next()) {
    const { level, type, cut } = reader;
    if (level === SOL_SOCKET && type === SCM_RIGHTS) readRights(reader, (found.fds ??= []));
    else if (level === SOL_SOCKET && type === SCM_PIDFD && reader.size >= 4) found.pidfd = int();
    else if (!cut) decode(found, level, type, reader.size);
  }
  return found;
}

function decode(found: Control, level: number, type: number, size: number): void {
  if (level === SOL_SOCKET) decodeSocket(found, type, size);
  else if (level === IPPROTO_IP) decodeIP(found, type, size);
  else if (level === IPPROTO_IPV6) decodeIPv6(found, type, size);
  else if (level === IPPROTO_UDP && type === UDP_GRO && size >= 4) found.segmentSize = int();
}

function decodeSocket(found: Control, type: number, size: number): void {
  if (type === SCM_CREDENTIALS && size >= 12) found.creds = { pid: int(), uid: uint(4), gid: uint(8) };
  else if (type === SO_RXQ_OVFL && size >= 4) found.dropped = uint(0);
  else if (type === SCM_TIMESTAMPNS && size >= 16) found.timestamp = time(0, 1n);
  else if (type === SCM_TIMESTAMP && size >= 16) found.timestamp = time(0, 1000n);
  else if (type === SCM_TIMESTAMPING && size >= 48) {
    // Three of struct timespec: software, one out of use, the device's. Beside SO_TIMESTAMPNS it adds nothing.
    const ns = time(0, 1n) || time(32, 1n);
    if (ns !== 0n) found.timestamp ??= ns;
  }
}

function decodeIP(found: Control, type: number, size: number): void {
  if (type === IP_PKTINFO && size >= 12) {
    found.packetInfo = { ifIndex: int(), destination: ipv4(8), specDst: ipv4(4) };
  } else if (type === IP_TTL && size >= 4) found.ttl = int();
  else if (type === IP_TOS && size >= 1) found.tos = reader.view.getUint8(reader.offset);
  else if (type === IP_RECVERR && size >= 16) found.error = extendedError(size);
  else if (type === IP_ORIGDSTADDR) decodeDestination(found, size);
}

function decodeIPv6(found: Control, type: number, size: number): void {
  if (type === IPV6_PKTINFO && size >= 20) found.packetInfo = { ifIndex: int(16), destination: ipv6(0, '') };
  else if (type === IPV6_HOPLIMIT && size >= 4) found.ttl = int();
  else if (type === IPV6_TCLASS && size >= 4) found.tos = int();
  else if (type === IPV6_RECVERR && size >= 16) found.error = extendedError(size);
  else if (type === IPV6_ORIGDSTADDR) decodeDestination(found, size);
}

function decodeDestination(found: Control, size: number): void {
  const ip = sockaddr(0, size);
  if (ip === null) return;
  found.originalDestination = AddrPort.from(ip, reader.view.getUint16(reader.offset + 2, false));
}

/** struct sock_extended_err, and behind it the offender's address. */
function extendedError(size: number): ExtendedError {
  const { view, offset } = reader;
  return {
    errno: uint(0),
    origin: view.getUint8(offset + 4),
    type: view.getUint8(offset + 5),
    code: view.getUint8(offset + 6),
    info: uint(8),
    data: uint(12),
    offender: sockaddr(16, size - 16),
  };
}

/** The address in a struct sockaddr_in or sockaddr_in6; null for another family, or one that does not fit. */
function sockaddr(at: number, size: number): Addr | null {
  if (size < 2) return null;
  const family = reader.view.getUint16(reader.offset + at, true);
  if (family === AF_INET && size >= 16) return ipv4(at + 4);
  return family === AF_INET6 && size >= 28 ? ipv6(at + 8, indexToZone(uint(at + 24))) : null;
}

function ipv4(at: number): Addr {
  return Addr.fromWords(4, 0, 0, 0xffff, reader.view.getInt32(reader.offset + at), '');
}

function ipv6(at: number, zone: string): Addr {
  const { view, offset } = reader;
  const word = (i: number): number => view.getInt32(offset + at + 4 * i);
  return Addr.fromWords(6, word(0), word(1), word(2), word(3), zone);
}

const int = (at = 0): number => reader.view.getInt32(reader.offset + at, true);
const uint = (at: number): number => reader.view.getUint32(reader.offset + at, true);

/** A struct timespec, or with 1000 for a unit a struct timeval. */
function time(at: number, unit: bigint): bigint {
  const { view, offset } = reader;
  return view.getBigInt64(offset + at, true) * 1_000_000_000n + view.getBigInt64(offset + at + 8, true) * unit;
}

const ORIGINS: ReadonlyMap<number, string> = new Map([
  [SO_EE_ORIGIN_LOCAL, 'local'],
  [SO_EE_ORIGIN_ICMP, 'icmp'],
  [SO_EE_ORIGIN_ICMP6, 'icmp6'],
  [SO_EE_ORIGIN_TXSTATUS, 'txstatus'],
  [SO_EE_ORIGIN_ZEROCOPY, 'zerocopy'],
  [SO_EE_ORIGIN_TXTIME, 'txtime'],
]);

/** The name of an error's origin; `none` for a number without one. */
export const originName = (origin: number): string => ORIGINS.get(origin) ?? 'none';
