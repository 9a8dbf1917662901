// Descriptors made elsewhere, taken in: what are they, and which kind of conn or listener is that? socket(7).

import { ClosedError, OpError, SyscallError } from '../errors.ts';
import type { Describe } from '../fd/ends.ts';
import { addrOf, localName } from '../fd/names.ts';
import { NetFD } from '../fd/netfd.ts';
import { OwnedFd } from '../fd/ownedfd.ts';
import { syscallError } from '../syscall/errno.ts';
import { Sockaddr } from '../syscall/sockaddr.ts';
import * as sockopt from '../syscall/sockopt.ts';
import { load, own, sys } from '../syscall/sys.ts';
import {
  AF_INET,
  AF_INET6,
  AF_UNIX,
  AF_VSOCK,
  ENOTCONN,
  EPROTONOSUPPORT,
  FD_CLOEXEC,
  F_GETFL,
  F_SETFD,
  F_SETFL,
  IPPROTO_ICMP,
  IPPROTO_ICMPV6,
  IPPROTO_MPTCP,
  IPPROTO_TCP,
  IPPROTO_UDP,
  O_NONBLOCK,
  SOCK_DGRAM,
  SOCK_RAW,
  SOCK_SEQPACKET,
  SOCK_STREAM,
} from '../syscall/zconst_linux.ts';
import { IPConn } from './ipconn.ts';
import { defaultKeepAlive } from './keepalive.ts';
import { opError, packetError } from './operror.ts';
import { TCPConn } from './tcpconn.ts';
import { TCPListener } from './tcplistener.ts';
import { UDPConn } from './udpconn.ts';
import { UnixConn } from './unixconn.ts';
import { UnixListener } from './unixlistener.ts';
import { VsockConn, VsockListener } from './vsock.ts';

/** What can come of a descriptor. */
export type AdoptedSocket =
  TCPConn | TCPListener | UDPConn | IPConn | UnixConn | UnixListener | VsockConn | VsockListener;

/**
 * Adopts a descriptor: a connected or listening socket of TCP, `unix`, `unixpacket` or vsock; a socket of UDP, ICMP echo, `unixgram` or
 * raw IP, connected or not. It becomes close-on-exec and non-blocking, as every duplicate of it then is, in other processes too, and
 * from now on belongs to what is returned; an OwnedFd is spent. Its options stay, but TCP gets this package's defaults.
 *
 * Throws an OpError where it is something else, and then the descriptor stays the caller's, or the OwnedFd as it is; a TypeError
 * where it is no descriptor's number. The file of a Unix socket stays when it is closed. The kernel tells no peer of a raw or ICMP
 * socket that was connected without a port: `remoteAddr` is null there, and `write` works.
 *
 * @see Go's net.FileConn, net.FileListener and net.FilePacketConn
 */
export function fromFd(fd: number | OwnedFd): AdoptedSocket {
  const owner = fd instanceof OwnedFd ? fd : null;
  try {
    return adopt(owner === null ? toNumber(fd) : owner.fd, owner);
  } catch (cause) {
    const known = cause instanceof SyscallError || cause instanceof ClosedError;
    throw known ? new OpError({ op: 'file', net: 'file+net', cause }) : cause;
  }
}

function toNumber(fd: unknown): number {
  if (typeof fd === 'number' && Number.isInteger(fd) && fd >= 0 && fd <= 0x7fffffff) return fd;
  throw new TypeError(`Descriptor must be a whole number from 0, not ${String(fd)}`);
}

function adopt(fd: number, owner: OwnedFd | null): AdoptedSocket {
  load();
  const sotype = must('getsockopt', sockopt.soType(fd));
  const family = must('getsockopt', sockopt.soDomain(fd));
  const protocol = must('getsockopt', sockopt.soProtocol(fd));
  const kind = kindOf(family, sotype, protocol);
  if (kind === null) throw syscallError('socket', EPROTONOSUPPORT);
  const listener = must('getsockopt', sockopt.soAcceptConn(fd)) === 0 ? null : kind.listener;
  const netfd = new NetFD(fd, family, sotype, kind.network, kind.describe);
  netfd.segments = kind === udp;
  netfd.ends.local = localName(fd, sotype);
  if (listener === null) {
    const peer = new Sockaddr();
    const n = sys.getpeername(fd, peer.bytes, peer.clear().len);
    // Datagrams need no peer.
    if (n !== -ENOTCONN || kind.listener !== null) must('getpeername', n);
    if (n >= 0) netfd.ends.remote = addrOf(peer, sotype);
  }
  must('fcntl', sys.fcntl(fd, F_SETFL, must('fcntl', sys.fcntl(fd, F_GETFL, 0)) | O_NONBLOCK));
  must('fcntl', sys.fcntl(fd, F_SETFD, FD_CLOEXEC));
  netfd.lingers = sockopt.linger(fd) > 0;
  netfd.join();
  owner?.detach();
  own(fd);
  return listener === null ? kind.conn(netfd) : listener(netfd);
}

function must(syscall: string, n: number): number {
  if (n < 0) throw syscallError(syscall, n);
  return n;
}

// ── the kinds ───────────────────────────────────────────────────────────────────────────────────────────────────────────────

/** How a kind of socket is taken in. */
interface Kind {
  /** Its name, as in Go: without the family, which is not known to have been asked for. */
  readonly network: string;
  readonly describe: Describe;
  readonly conn: (fd: NetFD) => AdoptedSocket;
  /** Null for datagrams. */
  readonly listener: ((fd: NetFD) => AdoptedSocket) | null;
}

const settings = { noDelay: true, keepAlive: defaultKeepAlive };

const tcp: Kind = {
  network: 'tcp',
  describe: opError,
  conn: (fd) => TCPConn.made(fd, settings),
  listener: (fd) => new TCPListener(fd, settings),
};
const vsock: Kind = {
  network: 'vsock',
  describe: opError,
  conn: (fd) => new VsockConn(fd),
  listener: (fd) => new VsockListener(fd),
};
const unix: Kind = {
  network: 'unix',
  describe: opError,
  // The name of one that was accepted is its listener's.
  conn: (fd) => new UnixConn(fd, null, false),
  listener: (fd) => new UnixListener(fd, null),
};
const unixpacket: Kind = { ...unix, network: 'unixpacket' };
const unixgram: Kind = {
  network: 'unixgram',
  describe: packetError,
  conn: (fd) => new UnixConn(fd),
  listener: null,
};
const udp: Kind = { network: 'udp', describe: packetError, conn: (fd) => new UDPConn(fd), listener: null };
/** ICMP echo has one protocol in each family, so the family is known. */
const ping4: Kind = { ...udp, network: 'udp4' };
const ping6: Kind = { ...udp, network: 'udp6' };
const ip: Kind = { ...udp, network: 'ip', conn: (fd) => new IPConn(fd) };

/** The kind of a socket; null for one that this package does not know. */
function kindOf(family: number, sotype: number, protocol: number): Kind | null {
  if (family === AF_VSOCK) return sotype === SOCK_STREAM ? vsock : null;
  if (family === AF_UNIX) return LOCAL.get(sotype) ?? null;
  if (family !== AF_INET && family !== AF_INET6) return null;
  if (sotype === SOCK_RAW) return ip;
  if (sotype === SOCK_STREAM) return protocol === IPPROTO_TCP || protocol === IPPROTO_MPTCP ? tcp : null;
  if (sotype !== SOCK_DGRAM) return null;
  if (protocol === IPPROTO_UDP) return udp;
  if (protocol === IPPROTO_ICMP && family === AF_INET) return ping4;
  return protocol === IPPROTO_ICMPV6 && family === AF_INET6 ? ping6 : null;
}

const LOCAL: ReadonlyMap<number, Kind> = new Map([
  [SOCK_STREAM, unix],
  [SOCK_SEQPACKET, unixpacket],
  [SOCK_DGRAM, unixgram],
]);
