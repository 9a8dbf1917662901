// Sockets made whole: family, options, hook, then bind and listen, or bind and connect, in Go's order (net/sock_posix.go). A
// failure at any step closes the descriptor and throws the bare reason.

import type { Addr } from '../addr/addr.ts';
import type { IPEndpoint, PortEndpoint } from '../addr/endpoint.ts';
import { Addr as IP } from '../addr/ip.ts';
import { UDPAddr } from '../addr/udpaddr.ts';
import { poller } from '../poll/epoll.ts';
import { syscallError } from '../syscall/errno.ts';
import { setV6Only } from '../syscall/ipopt.ts';
import { setBroadcast, setReuseAddr } from '../syscall/sockopt.ts';
import { Sockaddr } from '../syscall/sockaddr.ts';
import { load, sys } from '../syscall/sys.ts';
import {
  AF_INET,
  AF_INET6,
  AF_UNIX,
  AF_VSOCK,
  SOCK_CLOEXEC,
  SOCK_DGRAM,
  SOCK_NONBLOCK,
  SOCK_RAW,
  SOCK_STREAM,
} from '../syscall/zconst_linux.ts';
import { step, steps } from '../trace.ts';
import { maxBacklog } from './backlog.ts';
import type { Describe } from './ends.ts';
import { chooseFamily, encode } from './family.ts';
import { check, limited } from './limited.ts';
import { localName } from './names.ts';
import { NetFD } from './netfd.ts';
import type { Limits } from './op.ts';

/** What both kinds of socket need to know. */
export interface SocketSpec {
  /** The network as it was given. */
  readonly network: string;
  readonly sotype: number;
  readonly proto: number;
  readonly describe: Describe;
  /** Called after the default options, to set what the user has named. May refuse by throwing. */
  readonly prepare?: ((fd: NetFD) => void) | undefined;
  /**
   * Called after that and before bind, connect and listen, with the concrete network (`tcp4`, `tcp6`) and the
   * address. May refuse by throwing.
   */
  readonly control?: ((network: string, address: string, fd: NetFD) => void | Promise<void>) | undefined;
}

/** What only a listener needs to know. */
export interface ListenSpec extends SocketSpec {
  readonly backlog?: number | undefined;
  /** Overrides Go's choice of family for a wildcard: IPv6 without IPv4. */
  readonly ipv6Only?: boolean | undefined;
}

const names: Readonly<Record<number, string>> = {
  [AF_INET]: 'AF_INET',
  [AF_INET6]: 'AF_INET6',
  [AF_UNIX]: 'AF_UNIX',
  [AF_VSOCK]: 'AF_VSOCK',
};

/** A non-blocking, close-on-exec socket with the default options. */
export function open(spec: SocketSpec, family: number, v6Only = false): NetFD {
  load();
  const ready = poller.open();
  if (ready < 0) throw syscallError('epoll_create1', ready);
  if (steps.hasSubscribers) step(2, `family ${names[family] ?? family}${v6Only ? ', IPv6 only' : ''}`);
  const fd = sys.socket(family, spec.sotype | SOCK_NONBLOCK | SOCK_CLOEXEC, spec.proto);
  if (fd < 0) throw syscallError('socket', fd);
  // As in Go, a kernel that cannot say so keeps its own default.
  if (family === AF_INET6 && spec.sotype !== SOCK_RAW) setV6Only(fd, v6Only);
  const inet = family === AF_INET || family === AF_INET6;
  const broadcast = inet && spec.sotype !== SOCK_STREAM ? setBroadcast(fd, true) : 0;
  if (broadcast < 0) {
    sys.close(fd);
    throw syscallError('setsockopt', broadcast);
  }
  const made = new NetFD(fd, family, spec.sotype, spec.network, spec.describe);
  made.segments = inet && spec.sotype === SOCK_DGRAM && spec.proto === 0;
  return made;
}

/** The network as a Control hook sees it: with its family, where it has several. */
function concrete(network: string, family: number): string {
  if (family !== AF_INET && family !== AF_INET6) return network;
  return /[46]$/.test(network) ? network : `${network}${family === AF_INET ? '4' : '6'}`;
}

/** The user's hook, if there is one. Rejects with what it throws, or with the limit that it has overrun. */
export async function control(spec: SocketSpec, fd: NetFD, address: Addr, limits: Limits): Promise<void> {
  if (spec.control === undefined) return;
  step(2, 'Control hook');
  const answer = spec.control(concrete(spec.network, fd.family), address.toString(), fd);
  // Plain JavaScript may answer with what is no promise; it means nothing.
  if (answer !== undefined) await limited(Promise.resolve(answer), limits);
  check(limits);
}

/** Filled and used without a turn in between. */
const sa = new Sockaddr();

function bind(fd: NetFD, local: IPEndpoint): void {
  // Encoded here and not earlier: a Control hook may have used the time.
  const length = encode(sa, local, fd.family);
  const n = length < 0 ? length : sys.bind(fd.desc.fd, sa.bytes, length);
  if (n < 0) throw syscallError('bind', n);
}

/** A socket that is connected to `remote`, from `local` if one is given. */
export async function dialSocket(
  spec: SocketSpec,
  local: IPEndpoint | null,
  remote: IPEndpoint,
  limits: Limits,
): Promise<NetFD> {
  const { family, v6Only } = chooseFamily(spec.network, local, remote, 'dial');
  const fd = open(spec, family, v6Only);
  try {
    spec.prepare?.(fd);
    if (spec.control !== undefined) await control(spec, fd, remote, limits);
    if (local !== null) bind(fd, local);
    const length = encode(sa, remote, family);
    if (length < 0) throw syscallError('connect', length);
    await fd.connect(sa, remote, limits);
    return fd;
  } catch (error) {
    fd.close();
    throw error;
  }
}

/** A stream socket that listens on `local`. */
export async function listenSocket(spec: ListenSpec, local: PortEndpoint, limits: Limits): Promise<NetFD> {
  const chosen = chooseFamily(spec.network, local, null, 'listen');
  const v6Only = spec.ipv6Only === true && chosen.family === AF_INET6 ? true : chosen.v6Only;
  const fd = open(spec, chosen.family, v6Only);
  try {
    const reused = setReuseAddr(fd.desc.fd, true);
    if (reused < 0) throw syscallError('setsockopt', reused);
    spec.prepare?.(fd);
    encode(sa, local, fd.family);
    await control(spec, fd, local, limits);
    bind(fd, local);
    const n = sys.listen(fd.desc.fd, spec.backlog ?? maxBacklog());
    if (n < 0) throw syscallError('listen', n);
    fd.join();
    fd.ends.local = localName(fd.desc.fd, SOCK_STREAM);
    if (steps.hasSubscribers) step(2, `listening on ${String(fd.ends.local)}`);
    return fd;
  } catch (error) {
    fd.close();
    throw error;
  }
}

/**
 * A socket that receives what is sent to `local`. One for a multicast address is bound to all of its family with that port, so that
 * several may, and joins nothing.
 */
export async function packetSocket(spec: ListenSpec, wanted: IPEndpoint, limits: Limits): Promise<NetFD> {
  const chosen = chooseFamily(spec.network, wanted, null, 'listen');
  const v6Only = spec.ipv6Only === true && chosen.family === AF_INET6 ? true : chosen.v6Only;
  const fd = open(spec, chosen.family, v6Only);
  try {
    const shared = spec.sotype === SOCK_DGRAM && wanted.ip.unmap().isMulticast();
    const local = shared ? wildcardOf(wanted as PortEndpoint, fd.family) : wanted;
    const reused = shared ? setReuseAddr(fd.desc.fd, true) : 0;
    if (reused < 0) throw syscallError('setsockopt', reused);
    spec.prepare?.(fd);
    encode(sa, local, fd.family);
    await control(spec, fd, local, limits);
    bind(fd, local);
    fd.join();
    fd.ends.local = localName(fd.desc.fd, spec.sotype);
    if (steps.hasSubscribers) step(2, `bound to ${String(fd.ends.local)}`);
    return fd;
  } catch (error) {
    fd.close();
    throw error;
  }
}

function wildcardOf({ port }: PortEndpoint, family: number): UDPAddr {
  return new UDPAddr(family === AF_INET ? IP.ipv4Unspecified() : IP.ipv6Unspecified(), port);
}
