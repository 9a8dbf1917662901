// What this machine's IP stack can do, asked once: does IPv4 open, does IPv6 bind, does an IPv6 socket take IPv4 as well
// (IPV6_V6ONLY of ipv6(7))? Only a listen on a wildcard needs to know.

import { Addr } from '../addr/ip.ts';
import { Sockaddr } from '../syscall/sockaddr.ts';
import { setV6Only } from '../syscall/ipopt.ts';
import { sys } from '../syscall/sys.ts';
import { AF_INET, AF_INET6, IPPROTO_TCP, SOCK_CLOEXEC, SOCK_STREAM } from '../syscall/zconst_linux.ts';

/** The three answers. */
export interface IPStack {
  readonly ipv4: boolean;
  readonly ipv6: boolean;
  /** An IPv6 socket can carry IPv4 too. */
  readonly ipv4Mapped: boolean;
}

let answer: IPStack | null = null;

/** The answers, from the first call on. */
export function ipStack(): IPStack {
  answer ??= probe();
  return answer;
}

/** Asks the kernel. */
export function probe(): IPStack {
  const ipv6 = binds(Addr.ipv6Loopback(), true);
  return { ipv4: opens(), ipv6, ipv4Mapped: binds(Addr.parse('::ffff:127.0.0.1'), false) };
}

function opens(): boolean {
  const fd = sys.socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, IPPROTO_TCP);
  if (fd < 0) return false;
  sys.close(fd);
  return true;
}

function binds(ip: Addr, v6Only: boolean): boolean {
  const fd = sys.socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, IPPROTO_TCP);
  if (fd < 0) return false;
  const sa = new Sockaddr();
  setV6Only(fd, v6Only);
  const bound = sys.bind(fd, sa.bytes, sa.setInet6(Uint8Array.from(ip.as16()), 0, '')) === 0;
  sys.close(fd);
  return bound;
}
