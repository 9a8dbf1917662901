// Socket options of ip(7) and ipv6(7) that a dial or listen sets, one function per option, each for the family of its socket:
// what goes out of an IPv6 socket to an IPv4 address obeys the IPv4 option. Numbers in, the value or -errno out.

import { flag, getInt, setInt } from './sockopt.ts';
import {
  AF_INET6,
  IPPROTO_IP,
  IPPROTO_IPV6,
  IPV6_FREEBIND,
  IPV6_MTU,
  IPV6_MTU_DISCOVER,
  IPV6_TCLASS,
  IPV6_TRANSPARENT,
  IPV6_UNICAST_HOPS,
  IPV6_V6ONLY,
  IP_BIND_ADDRESS_NO_PORT,
  IP_FREEBIND,
  IP_MTU,
  IP_MTU_DISCOVER,
  IP_TOS,
  IP_TRANSPARENT,
  IP_TTL,
} from './zconst_linux.ts';

export const setV6Only = (fd: number, on: boolean): number => setInt(fd, IPPROTO_IPV6, IPV6_V6ONLY, flag(on));

/** IP_TOS and, on an IPv6 socket, IPV6_TCLASS too: 0 to 255, of which TCP keeps the last two bits to itself. */
export const setTOS = (fd: number, family: number, tos: number): number =>
  setBoth(fd, family, IP_TOS, IPV6_TCLASS, tos);

export function getTOS(fd: number, family: number): number {
  return family === AF_INET6 ? getInt(fd, IPPROTO_IPV6, IPV6_TCLASS) : getInt(fd, IPPROTO_IP, IP_TOS);
}

/** IP_FREEBIND, IPV6_FREEBIND: bind to an address that this machine does not have, or not yet. */
export function setFreebind(fd: number, family: number, on: boolean): number {
  return family === AF_INET6
    ? setInt(fd, IPPROTO_IPV6, IPV6_FREEBIND, flag(on))
    : setInt(fd, IPPROTO_IP, IP_FREEBIND, flag(on));
}

export function getFreebind(fd: number, family: number): number {
  return family === AF_INET6 ? getInt(fd, IPPROTO_IPV6, IPV6_FREEBIND) : getInt(fd, IPPROTO_IP, IP_FREEBIND);
}

/** IP_TRANSPARENT, IPV6_TRANSPARENT: take and give addresses that are somebody else's. */
export function setTransparent(fd: number, family: number, on: boolean): number {
  return family === AF_INET6
    ? setInt(fd, IPPROTO_IPV6, IPV6_TRANSPARENT, flag(on))
    : setInt(fd, IPPROTO_IP, IP_TRANSPARENT, flag(on));
}

export function getTransparent(fd: number, family: number): number {
  return family === AF_INET6 ? getInt(fd, IPPROTO_IPV6, IPV6_TRANSPARENT) : getInt(fd, IPPROTO_IP, IP_TRANSPARENT);
}

/** IP_BIND_ADDRESS_NO_PORT: a bind to port 0 takes an address only; the port is found at connect, when the peer is known. */
export const setBindAddressNoPort = (fd: number, on: boolean): number =>
  setInt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, flag(on));
export const getBindAddressNoPort = (fd: number): number => getInt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT);

/**
 * An `int` option that both families have. On an IPv6 socket its own first, and then IPv4's, as far as that goes: a raw one has
 * no IPv4 options, and what goes to or comes from an IPv4 address obeys them.
 */
export function setBoth(fd: number, family: number, ip: number, ipv6: number, n: number): number {
  if (family !== AF_INET6) return setInt(fd, IPPROTO_IP, ip, n);
  const answer = setInt(fd, IPPROTO_IPV6, ipv6, n);
  if (answer >= 0) setInt(fd, IPPROTO_IP, ip, n);
  return answer;
}

/** IP_TTL from 1, IPV6_UNICAST_HOPS from 0, to 255; -1 for the system's. */
export const setTTL = (fd: number, family: number, ttl: number): number =>
  setBoth(fd, family, IP_TTL, IPV6_UNICAST_HOPS, ttl);

export function getTTL(fd: number, family: number): number {
  return family === AF_INET6 ? getInt(fd, IPPROTO_IPV6, IPV6_UNICAST_HOPS) : getInt(fd, IPPROTO_IP, IP_TTL);
}

/** IP_MTU_DISCOVER, IPV6_MTU_DISCOVER: IP_PMTUDISC_*, the same numbers for both. */
export const setMTUDiscover = (fd: number, family: number, how: number): number =>
  setBoth(fd, family, IP_MTU_DISCOVER, IPV6_MTU_DISCOVER, how);

export function getMTUDiscover(fd: number, family: number): number {
  return family === AF_INET6 ? getInt(fd, IPPROTO_IPV6, IPV6_MTU_DISCOVER) : getInt(fd, IPPROTO_IP, IP_MTU_DISCOVER);
}

/** IP_MTU, IPV6_MTU: of the path to the peer. ENOTCONN without one. */
export function getMTU(fd: number, family: number): number {
  return family === AF_INET6 ? getInt(fd, IPPROTO_IPV6, IPV6_MTU) : getInt(fd, IPPROTO_IP, IP_MTU);
}
