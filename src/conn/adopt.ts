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
  EPROTONOSUPPORT,
  FD_CLOEXEC,
  F_GETFL,
  F_SETFD,
  F_SETFL,
  IPPROTO_MPTCP,
  IPPROTO_TCP,
  O_NONBLOCK,
  SOCK_STREAM,
} from '../syscall/zconst_linux.ts';
import { defaultKeepAlive } from './keepalive.ts';
import { opError } from './operror.ts';
import { TCPConn } from './tcpconn.ts';
import { TCPListener } from './tcplistener.ts';

const settings = { noDelay: true, keepAlive: defaultKeepAlive };

/**
 * Adopts a descriptor: a connected or listening TCP socket. It becomes non-blocking and close-on-exec, and from now on belongs to
 * the conn or listener. Throws an OpError where it is something else, and the descriptor stays the caller's, or a TypeError
 * where it is no descriptor's number.
 *
 * @see Go's net.FileConn and net.FileListener
 */
export function fromFd(fd: number): TCPConn | TCPListener {
  if (!Number.isInteger(fd) || fd < 0 || fd > 0x7fffffff) {
    throw new TypeError(`Descriptor must be a whole number from 0, not ${String(fd)}`);
  }
  try {
    return adopt(fd);
  } catch (cause) {
    throw cause instanceof SyscallError ? new OpError({ op: 'file', net: 'file+net', cause }) : cause;
  }
}

function adopt(fd: number): TCPConn | TCPListener {
  load();
  const sotype = must('getsockopt', sockopt.soType(fd));
  const family = must('getsockopt', sockopt.soDomain(fd));
  const protocol = must('getsockopt', sockopt.soProtocol(fd));
  const tcp = protocol === IPPROTO_TCP || protocol === IPPROTO_MPTCP;
  if (sotype !== SOCK_STREAM || (family !== AF_INET && family !== AF_INET6) || !tcp) {
    throw syscallError('socket', EPROTONOSUPPORT);
  }
  const listens = must('getsockopt', sockopt.soAcceptConn(fd)) !== 0;
  const netfd = new NetFD(fd, family, sotype, 'tcp', opError);
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
  return listens ? new TCPListener(netfd, settings) : TCPConn.made(netfd, settings);
}

function must(syscall: string, n: number): number {
  if (n < 0) throw syscallError(syscall, n);
  return n;
}
