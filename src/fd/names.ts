// A socket's two names as address values: getsockname(2), getpeername(2), and what accept4(2) tells of the peer.

import type { Addr } from '../addr/addr.ts';
import { IPAddr } from '../addr/ipaddr.ts';
import { TCPAddr } from '../addr/tcpaddr.ts';
import { UDPAddr } from '../addr/udpaddr.ts';
import { UnixAddr } from '../addr/unixaddr.ts';
import { VsockAddr } from '../addr/vsockaddr.ts';
import { Sockaddr } from '../syscall/sockaddr.ts';
import { sys } from '../syscall/sys.ts';
import {
  AF_INET,
  AF_INET6,
  AF_UNIX,
  AF_VSOCK,
  SOCK_DGRAM,
  SOCK_SEQPACKET,
  SOCK_STREAM,
} from '../syscall/zconst_linux.ts';

const own = new Sockaddr();
const peer = new Sockaddr();
let lastLocal: TCPAddr | null = null;

/** The address value of a decoded socket address; null for a family that has none here, or no address at all. */
export function addrOf(sa: Sockaddr, sotype: number): Addr | null {
  const { family } = sa;
  if (family === AF_UNIX) {
    return new UnixAddr(
      sa.name,
      sotype === SOCK_STREAM ? 'unix' : sotype === SOCK_SEQPACKET ? 'unixpacket' : 'unixgram',
    );
  }
  if (family === AF_VSOCK) return new VsockAddr(sa.cid, sa.vsockPort);
  if (family !== AF_INET && family !== AF_INET6) return null;
  if (sotype === SOCK_STREAM) return new TCPAddr(sa.ip, sa.port);
  return sotype === SOCK_DGRAM ? new UDPAddr(sa.ip, sa.port) : new IPAddr(sa.ip);
}

/** The local name of a socket; null where the kernel does not tell. */
export function localName(fd: number, sotype: number): Addr | null {
  if (sys.getsockname(fd, own.bytes, own.clear().len) < 0) return null;
  // What a server accepts has the same local name again and again: one object does.
  const again = sotype === SOCK_STREAM && lastLocal !== null && lastLocal.ip === own.ip && lastLocal.port === own.port;
  if (again) return lastLocal;
  const name = addrOf(own, sotype);
  if (name instanceof TCPAddr) lastLocal = name;
  return name;
}

/** The peer's name; null where there is none yet. */
export function peerName(fd: number, sotype: number): Addr | null {
  return sys.getpeername(fd, peer.bytes, peer.clear().len) < 0 ? null : addrOf(peer, sotype);
}
