// Multicast on a socket, ip(7) and ipv6(7): memberships, and how packets go out. Interfaces are indexes, 0 for the kernel's
// choice; Go gives IPv4 an interface's address instead, which one without an address does not have. Numbers in, 0, the value
// or -errno out. On an IPv6 socket IPv4's half is set too, as far as that goes: packets to IPv4 groups obey it.

import { Addr } from '../addr/ip.ts';
import { setBoth } from './ipopt.ts';
import { flag, getInt } from './sockopt.ts';
import { sys } from './sys.ts';
import {
  AF_INET,
  AF_INET6,
  EINVAL,
  ENOPROTOOPT,
  IPPROTO_IP,
  IPPROTO_IPV6,
  IPV6_JOIN_GROUP,
  IPV6_LEAVE_GROUP,
  IPV6_MULTICAST_ALL,
  IPV6_MULTICAST_HOPS,
  IPV6_MULTICAST_IF,
  IPV6_MULTICAST_LOOP,
  IP_ADD_MEMBERSHIP,
  IP_DROP_MEMBERSHIP,
  IP_MULTICAST_ALL,
  IP_MULTICAST_IF,
  IP_MULTICAST_LOOP,
  IP_MULTICAST_TTL,
  MCAST_JOIN_SOURCE_GROUP,
  MCAST_LEAVE_SOURCE_GROUP,
} from './zconst_linux.ts';

/** sizeof(struct group_source_req), the largest; and where its two socket addresses are. */
const GROUP_SOURCE_REQ = 264;
const GSR_GROUP = 8;
const GSR_SOURCE = 136;

const request = new Uint8Array(GROUP_SOURCE_REQ);
const view = new DataView(request.buffer);

const badIndex = (index: number): boolean => (index | 0) !== index || index < 0;

/** IP_ADD_MEMBERSHIP or IPV6_JOIN_GROUP, as the group is, whose zone has no say; EADDRINUSE for the second time. */
export const joinGroup = (fd: number, group: Addr, ifIndex: number): number =>
  membership(fd, group, ifIndex, IP_ADD_MEMBERSHIP, IPV6_JOIN_GROUP);
/** IP_DROP_MEMBERSHIP, IPV6_LEAVE_GROUP; EADDRNOTAVAIL for what was not joined. */
export const leaveGroup = (fd: number, group: Addr, ifIndex: number): number =>
  membership(fd, group, ifIndex, IP_DROP_MEMBERSHIP, IPV6_LEAVE_GROUP);

function membership(fd: number, group: Addr, ifIndex: number, ip: number, ipv6: number): number {
  const address = group.unmap();
  if (badIndex(ifIndex) || !address.isValid()) return -EINVAL;
  if (address.is4()) return sys.setsockopt(fd, IPPROTO_IP, ip, request, mreqn(address, ifIndex));
  request.set(address.as16());
  view.setInt32(16, ifIndex, true);
  return sys.setsockopt(fd, IPPROTO_IPV6, ipv6, request, 20); // struct ipv6_mreq
}

/** struct ip_mreqn: group, local address, index; its length. */
function mreqn(group: Addr, ifIndex: number): number {
  request.fill(0, 0, 12);
  if (group.is4()) request.set(group.as4());
  view.setInt32(8, ifIndex, true);
  return 12;
}

/** MCAST_JOIN_SOURCE_GROUP: only what this source sends to the group. Both are of one family. */
export const joinSourceGroup = (fd: number, group: Addr, source: Addr, ifIndex: number): number =>
  sourceMembership(fd, group, source, ifIndex, MCAST_JOIN_SOURCE_GROUP);
/** MCAST_LEAVE_SOURCE_GROUP */
export const leaveSourceGroup = (fd: number, group: Addr, source: Addr, ifIndex: number): number =>
  sourceMembership(fd, group, source, ifIndex, MCAST_LEAVE_SOURCE_GROUP);

function sourceMembership(fd: number, group: Addr, source: Addr, ifIndex: number, name: number): number {
  const [to, from] = [group.unmap(), source.unmap()];
  if (badIndex(ifIndex) || !to.isValid() || to.kind !== from.kind) return -EINVAL;
  request.fill(0);
  view.setUint32(0, ifIndex, true);
  putAddress(GSR_GROUP, to);
  putAddress(GSR_SOURCE, from);
  return sys.setsockopt(fd, to.is4() ? IPPROTO_IP : IPPROTO_IPV6, name, request, GROUP_SOURCE_REQ);
}

/** A struct sockaddr_storage without port and scope. */
function putAddress(at: number, ip: Addr): void {
  view.setUint16(at, ip.is4() ? AF_INET : AF_INET6, true);
  if (ip.is4()) request.set(ip.as4(), at + 4);
  else request.set(ip.as16(), at + 8);
}

/**
 * IP_MULTICAST_IF, IPV6_MULTICAST_IF: where packets to groups leave. `local` is IPv4's address that they then come from, as Go
 * gives it; without one the route has its say, which for lo is another interface's.
 */
export function setMulticastInterface(fd: number, family: number, ifIndex: number, local: Addr = Addr.zero): number {
  if (badIndex(ifIndex) || local.is6()) return -EINVAL;
  if (family === AF_INET6) {
    view.setInt32(0, ifIndex, true);
    const n = sys.setsockopt(fd, IPPROTO_IPV6, IPV6_MULTICAST_IF, request, 4);
    if (n < 0) return n;
  }
  const length = mreqn(Addr.zero, ifIndex);
  if (local.is4()) request.set(local.as4(), 4);
  const n = sys.setsockopt(fd, IPPROTO_IP, IP_MULTICAST_IF, request, length);
  return family === AF_INET6 ? 0 : n;
}

/** IPV6_MULTICAST_IF; -ENOPROTOOPT for IPv4, of whose interface the kernel tells an address and no index. */
export function getMulticastInterface(fd: number, family: number): number {
  if (family === AF_INET6) return getInt(fd, IPPROTO_IPV6, IPV6_MULTICAST_IF);
  // Another option tells whether this is a socket at all: an address as an int may be negative.
  const n = getInt(fd, IPPROTO_IP, IP_MULTICAST_LOOP);
  return n < 0 ? n : -ENOPROTOOPT;
}

/** IP_MULTICAST_LOOP, IPV6_MULTICAST_LOOP: whether this host gets what it sends to its own groups; on at first. */
export const setMulticastLoop = (fd: number, family: number, on: boolean): number =>
  setBoth(fd, family, IP_MULTICAST_LOOP, IPV6_MULTICAST_LOOP, flag(on));

export function getMulticastLoop(fd: number, family: number): number {
  return family === AF_INET6
    ? getInt(fd, IPPROTO_IPV6, IPV6_MULTICAST_LOOP)
    : getInt(fd, IPPROTO_IP, IP_MULTICAST_LOOP);
}

/** IP_MULTICAST_TTL, IPV6_MULTICAST_HOPS: 0 to 255, 1 at first; -1 for that again. */
export const setMulticastTTL = (fd: number, family: number, ttl: number): number =>
  setBoth(fd, family, IP_MULTICAST_TTL, IPV6_MULTICAST_HOPS, ttl);

export function getMulticastTTL(fd: number, family: number): number {
  return family === AF_INET6 ? getInt(fd, IPPROTO_IPV6, IPV6_MULTICAST_HOPS) : getInt(fd, IPPROTO_IP, IP_MULTICAST_TTL);
}

/**
 * IP_MULTICAST_ALL, IPV6_MULTICAST_ALL (Linux 4.20): whether a socket bound to the wildcard also gets what goes to groups that
 * only other sockets joined; on at first.
 */
export const setMulticastAll = (fd: number, family: number, on: boolean): number =>
  setBoth(fd, family, IP_MULTICAST_ALL, IPV6_MULTICAST_ALL, flag(on));

export function getMulticastAll(fd: number, family: number): number {
  return family === AF_INET6 ? getInt(fd, IPPROTO_IPV6, IPV6_MULTICAST_ALL) : getInt(fd, IPPROTO_IP, IP_MULTICAST_ALL);
}
