// Sockets of any family, type and protocol by their numbers, socket(2) and socketpair(2): for what no dial and no listen makes,
// SCTP and TIPC, netlink, packet(7). Public as `gonet/syscall`, and so a place of this floor that throws what callers see.

import { syscallError } from '../syscall/errno.ts';
import { sys } from '../syscall/sys.ts';
import { SOCK_CLOEXEC, SOCK_NONBLOCK } from '../syscall/zconst_linux.ts';
import { OwnedFd } from './ownedfd.ts';

const FLAGS = SOCK_NONBLOCK | SOCK_CLOEXEC;

/**
 * socket(2): a new socket, non-blocking and close-on-exec whether `type` says so or not. Protocol 0 is the family's own for that
 * type. The caller closes it, or gives it away with `detach()`.
 *
 * Throws a SyscallError with the kernel's own reason: `EAFNOSUPPORT` for a family that it has not, `EPROTONOSUPPORT` for a protocol
 * that it has not or not for this type, `ESOCKTNOSUPPORT` for a type that the family has not, `EPERM` for what takes a capability.
 * Throws a TypeError for what is no C int.
 *
 * @see {@link https://man7.org/linux/man-pages/man2/socket.2.html socket(2)}
 */
export function socket(domain: number, type: number, protocol: number = 0): OwnedFd {
  wantInts(domain, type, protocol);
  const fd = sys.socket(domain, type | FLAGS, protocol);
  if (fd < 0) throw syscallError('socket', fd);
  return new OwnedFd(fd);
}

/**
 * socketpair(2): two sockets that are connected to each other, as {@link socket} makes one. Of AF_UNIX, and of AF_TIPC where the
 * kernel has it; `EOPNOTSUPP` for other families.
 *
 * @see {@link https://man7.org/linux/man-pages/man2/socketpair.2.html socketpair(2)}
 */
export function socketpair(domain: number, type: number, protocol: number = 0): [OwnedFd, OwnedFd] {
  wantInts(domain, type, protocol);
  const fds = new Int32Array(2);
  const n = sys.socketpair(domain, type | FLAGS, protocol, fds);
  if (n < 0) throw syscallError('socketpair', n);
  return [new OwnedFd(fds[0]!), new OwnedFd(fds[1]!)];
}

function wantInts(domain: unknown, type: unknown, protocol: unknown): void {
  for (const [name, value] of Object.entries({ Domain: domain, Type: type, Protocol: protocol })) {
    // Beyond 32 bits a type would lose its upper ones when its flags are added.
    if (typeof value !== 'number' || (value | 0) !== value) {
      throw new TypeError(`${name} must be a 32-bit integer, not ${String(value)}`);
    }
  }
}
