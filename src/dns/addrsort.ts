// The order of RFC 6724 on this machine: the kernel says from where each address would be reached, by way of a UDP socket that is
// connected and sends nothing. connect(2), getsockname(2)

import type { Addr } from '../addr/ip.ts';
import { UnsupportedError } from '../errors.ts';
import { Sockaddr } from '../syscall/sockaddr.ts';
import { sys } from '../syscall/sys.ts';
import { AF_INET, AF_INET6, IPPROTO_UDP, SOCK_CLOEXEC, SOCK_DGRAM } from '../syscall/zconst_linux.ts';
import { compareCandidates } from './rfc6724.ts';

/** Any port will do: discard. */
const PORT = 9;

/** The addresses in the order in which to try them; those that no rule tells apart stay in theirs. Makes a list of its own. */
export function sortByRFC6724(addrs: readonly Addr[], sourceOf: (addr: Addr) => Addr | null = sourceAddr): Addr[] {
  if (addrs.length < 2) return [...addrs];
  const candidates = addrs.map((addr) => ({ addr, source: sourceOf(addr) }));
  return candidates.sort(compareCandidates).map(({ addr }) => addr);
}

/** The address of this machine from which `addr` would be reached; null where there is no route, or no socket to ask with. */
export function sourceAddr(addr: Addr): Addr | null {
  try {
    const bare = addr.unmap();
    const fd = sys.socket(bare.is4() ? AF_INET : AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, IPPROTO_UDP);
    if (fd < 0) return null;
    const source = connectedSource(fd, bare);
    sys.close(fd);
    return source;
  } catch (error) {
    // Names are looked up on every system, sockets are not.
    if (error instanceof UnsupportedError) return null;
    throw error;
  }
}

function connectedSource(fd: number, addr: Addr): Addr | null {
  const sa = new Sockaddr();
  const len = addr.is4() ? sa.setInet4(addr.as4(), PORT) : sa.setInet6(addr.as16(), PORT, addr.zone);
  if (len < 0 || sys.connect(fd, sa.bytes, len) < 0) return null;
  if (sys.getsockname(fd, sa.bytes, sa.clear().len) < 0) return null;
  const source = sa.ip;
  return source.isValid() ? source.unmap() : null;
}
