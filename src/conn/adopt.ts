// Descriptors made elsewhere, taken in: what are they, and which kind of conn or listener is that? socket(7).

import { OpError, SyscallError } from '../errors.ts';
import { NetFD } from '../fd/netfd.ts';
import { addrOf, localName } from '../fd/names.ts';
import { syscallError } from '../syscall/errno.ts';
import { Sockaddr } from '../syscall/sockaddr.ts';
import * as sockopt from '../syscall/sockopt.ts';
import { load, own, sys } from '../syscall/sys.ts';
import {
  AF_INET,
  AF_INET6,
  AF_UNIX,
  AF_VSOCK,
  EPROTONOSUPPORT,
  FD_CLOEXEC,
  F_GETFL,
  F_SETFD,
  F_SETFL,
  IPPROTO_MPTCP,
  IPPROTO_TCP,
  O_NONBLOCK,
  SOCK_SEQPACKET,
  SOCK_STREAM,
} from '../syscall/zconst_linux.ts';
import { defaultKeepAlive } from './keepalive.ts';
import { opError } from './operror.ts';
import { TCPConn } from './tcpconn.ts';
import { TCPListener } from './tcplistener.ts';
import { UnixConn } from './unixconn.ts';
import { UnixListener } from './unixlistener.ts';
import { VsockConn, VsockListener } from './vsock.ts';

/** What can come of it. */
type Adopted = ReturnType<typeof fromFd>;

const settings = { noDelay: true, keepAlive: defaultKeepAlive };

/**
 * Adopts a descriptor: a connected or listening socket of TCP, of `unix` or `unixpacket`, or of vsock. It becomes non-blocking and close-on-exec, and from now on belongs to
 * the conn or listener. Throws an OpError where it is something else, and the descriptor stays the caller's, or a TypeError
 * where it is no descriptor's number. The file of a Unix listener stays when it is closed.
 *
 * @see Go's net.FileConn and net.FileListener
 */
export function fromFd(fd: number): TCPConn | TCPListener | UnixConn | UnixListener | VsockConn | VsockListener {
  if (!Number.isInteger(fd) || fd < 0 || fd > 0x7fffffff) {
    throw new TypeError(`Descriptor must be a whole number from 0, not ${String(fd)}`);
  }
  try {
    return adopt(fd);
  } catch (cause) {
    throw cause instanceof SyscallError ? new OpError({ op: 'file', net: 'file+net', cause }) : cause;
  }
}

function adopt(fd: number): Adopted {
  load();
  const sotype = must('getsockopt', sockopt.soType(fd));
  const family = must('getsockopt', sockopt.soDomain(fd));
  const protocol = must('getsockopt', sockopt.soProtocol(fd));
  const kind = kindOf(family, sotype, protocol);
  if (kind === null) throw syscallError('socket', EPROTONOSUPPORT);
  const listens = must('getsockopt', sockopt.soAcceptConn(fd)) !== 0;
  const netfd = new NetFD(fd, family, sotype, kind.network, opError);
  netfd.ends.local = localName(fd, sotype);
  if (!listens) {
    const peer = new Sockaddr();
    must('getpeername', sys.getpeername(fd, peer.bytes, peer.clear().len));
    netfd.ends.remote = addrOf(peer, sotype);
  }
  must('fcntl', sys.fcntl(fd, F_SETFL, must('fcntl', sys.fcntl(fd, F_GETFL, 0)) | O_NONBLOCK));
  must('fcntl', sys.fcntl(fd, F_SETFD, FD_CLOEXEC));
  netfd.lingers = sockopt.linger(fd) > 0;
  netfd.join();
  own(fd);
  return listens ? kind.listener(netfd) : kind.conn(netfd);
}

/** How a kind of socket is taken in. */
interface Kind {
  readonly network: string;
  readonly conn: (fd: NetFD) => Adopted;
  readonly listener: (fd: NetFD) => Adopted;
}

const tcp: Kind = {
  network: 'tcp',
  conn: (fd) => TCPConn.made(fd, settings),
  listener: (fd) => new TCPListener(fd, settings),
};
const vsock: Kind = {
  network: 'vsock',
  conn: (fd) => new VsockConn(fd),
  listener: (fd) => new VsockListener(fd),
};
const unix: Kind = {
  network: 'unix',
  conn: (fd) => new UnixConn(fd),
  listener: (fd) => new UnixListener(fd, null),
};
const unixpacket: Kind = { ...unix, network: 'unixpacket' };

/** The kind of a socket; null for one that this package does not know. */
function kindOf(family: number, sotype: number, protocol: number): Kind | null {
  if (family === AF_UNIX && sotype === SOCK_SEQPACKET) return unixpacket;
  if (sotype !== SOCK_STREAM) return null;
  if (family === AF_UNIX) return unix;
  if (family === AF_VSOCK) return vsock;
  const isTCP = protocol === IPPROTO_TCP || protocol === IPPROTO_MPTCP;
  return isTCP && (family === AF_INET || family === AF_INET6) ? tcp : null;
}

function must(syscall: string, n: number): number {
  if (n < 0) throw syscallError(syscall, n);
  return n;
}
