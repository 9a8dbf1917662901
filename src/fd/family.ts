// Which family a socket is made in, and how an address is put into that family: Go's rules for wildcards, IPv4 inside IPv6 and
// dual-stack listeners (ipv6(7), RFC 4291 section 2.5.5).

import type { Addr } from '../addr/addr.ts';
import { type IPEndpoint, PortEndpoint } from '../addr/endpoint.ts';
import { UnixAddr } from '../addr/unixaddr.ts';
import { AddrError } from '../errors.ts';
import type { Sockaddr } from '../syscall/sockaddr.ts';
import { AF_INET, AF_INET6 } from '../syscall/zconst_linux.ts';
import { ipStack, type IPStack } from './probe.ts';

/** A family, and whether an IPv6 socket is to keep out of IPv4. */
export interface Choice {
  readonly family: typeof AF_INET | typeof AF_INET6;
  readonly v6Only: boolean;
}

const isIPv4 = (end: IPEndpoint): boolean => !end.ip.isValid() || end.ip.is4() || end.ip.is4In6();

/** The family for a dial (`remote` given) or a listen, from the network's last character and the addresses. */
export function chooseFamily(
  network: string,
  local: IPEndpoint | null,
  remote: IPEndpoint | null,
  mode: 'dial' | 'listen',
  stack: () => IPStack = ipStack,
): Choice {
  if (network.endsWith('4')) return { family: AF_INET, v6Only: false };
  if (network.endsWith('6')) return { family: AF_INET6, v6Only: true };
  if (mode === 'listen' && (local === null || local.isWildcard())) {
    const { ipv4, ipv6, ipv4Mapped } = stack();
    if (ipv4Mapped || !ipv4) return { family: AF_INET6, v6Only: false };
    if (local === null || !ipv6) return { family: AF_INET, v6Only: false };
    return { family: isIPv4(local) ? AF_INET : AF_INET6, v6Only: false };
  }
  const allIPv4 = (local === null || isIPv4(local)) && (remote === null || isIPv4(remote));
  return { family: allIPv4 ? AF_INET : AF_INET6, v6Only: false };
}

/**
 * Encodes an address for a socket of `family`: the length or -EINVAL for a port that is none. In IPv6 the wildcard of IPv4
 * becomes `::` and other IPv4 goes inside IPv6; in IPv4 an IPv6 address is an AddrError.
 */
export function encode(sa: Sockaddr, end: IPEndpoint, family: number): number {
  const { ip } = end;
  const port = end instanceof PortEndpoint ? end.port : 0;
  if (family === AF_INET) {
    if (!ip.isValid()) return sa.setInet4(new Uint8Array(4), port);
    if (!isIPv4(end)) throw new AddrError('non-IPv4 address', ip.toString());
    return sa.setInet4(ip.unmap().as4(), port);
  }
  if (end.isWildcard()) return sa.setInet6(new Uint8Array(16), port, ip.zone);
  return sa.setInet6(ip.as16(), port, ip.zone);
}

/** Encodes an address for a socket of any family here: the length, or -EINVAL. Throws an AddrError. */
export function encodeFor({ family }: { readonly family: number }, sa: Sockaddr, addr: Addr): number {
  return addr instanceof UnixAddr ? sa.setUnix(addr.name) : encode(sa, addr as IPEndpoint, family);
}
