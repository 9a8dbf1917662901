// TCP between addresses: dialTCP with its tries, and listenTCP.

import { TCPAddr } from '../addr/tcpaddr.ts';
import { AddrError, OpError, SyscallError, UnknownNetworkError } from '../errors.ts';
import type { NetFD } from '../fd/netfd.ts';
import type { Limits } from '../fd/op.ts';
import { dialSocket, listenSocket, type SocketSpec } from '../fd/socket.ts';
import { NEVER } from '../poll/deadline.ts';
import { IPPROTO_MPTCP, SOCK_STREAM } from '../syscall/zconst_linux.ts';
import { step, steps } from '../trace.ts';
import { toDialLimits, toSignal, wantNetwork } from './limits.ts';
import { opError } from './operror.ts';
import { applySettings, type Setting } from './options.ts';
import {
  type TCPDialOptions,
  type TCPDialPlan,
  type TCPListenOptions,
  type TCPPlan,
  toDialPlan,
  toListenPlan,
} from './plan.ts';
import { TCPConn, type TCPSettings } from './tcpconn.ts';
import { TCPListener } from './tcplistener.ts';

const NETWORKS: ReadonlySet<string> = new Set(['tcp', 'tcp4', 'tcp6']);

/** How often a dial is tried again when the kernel chose a bad local port. */
const MORE_TRIES = 2;

/**
 * One dial of one address, with the reason of a failure as it is. A kernel that picks the port it is to connect to connects the
 * socket to itself (golang/go#2690), and one that picks a port in use says EADDRNOTAVAIL; where the caller asked for no local
 * port, both are tried again, twice.
 */
export function doDialTCP(
  network: string,
  local: TCPAddr | null,
  remote: TCPAddr,
  plan: TCPDialPlan,
  limits: Limits,
): Promise<TCPConn> {
  return orPlain(plan, async (proto, control) => {
    const { prepare, late, settings } = plan;
    const spec: SocketSpec = { network, sotype: SOCK_STREAM, proto, describe: opError, prepare, control };
    const anyPort = local === null || local.port === 0;
    for (let left = anyPort ? MORE_TRIES : 0; ; left--) {
      if (steps.hasSubscribers)
        step(3, `dialTCP ${local === null ? '' : `${local.toString()} `}-> ${remote.toString()}`);
      try {
        const fd = await dialSocket(spec, local, remote, limits);
        if (left === 0 || !selfConnected(fd)) return made(fd, settings, late);
        fd.close();
        step(3, 'connected to itself: closed, and tried again');
      } catch (error) {
        if (left === 0 || !(error instanceof SyscallError && error.code === 'EADDRNOTAVAIL')) throw error;
        step(3, `${error.message}: tried again`);
      }
    }
  });
}

function made(fd: NetFD, settings: TCPSettings, late: readonly Setting[]): TCPConn {
  const conn = TCPConn.made(fd, settings);
  try {
    applySettings(late, fd.desc.fd, fd.family);
    return conn;
  } catch (error) {
    fd.close();
    throw error;
  }
}

/**
 * Makes a socket of MPTCP if that is wanted, and one of TCP where the kernel cannot, or cannot set a named option on the former.
 * What the user's hook throws is none of that.
 */
async function orPlain<T>(
  { multipath, control }: Pick<TCPPlan, 'multipath' | 'control'>,
  make: (proto: number, control: SocketSpec['control']) => Promise<T>,
): Promise<T> {
  if (!multipath) return make(0, control);
  let refused: unknown;
  const noted: SocketSpec['control'] =
    control &&
    (async (...args) => {
      try {
        await control(...args);
      } catch (error) {
        refused = error;
        throw error;
      }
    });
  try {
    return await make(IPPROTO_MPTCP, noted);
  } catch (error) {
    const ours = error instanceof SyscallError && error !== refused;
    if (!ours || (error.syscall !== 'socket' && error.syscall !== 'setsockopt')) throw error;
    step(3, `${error.message}: TCP instead of MPTCP`);
    return make(0, control);
  }
}

/** Whether both ends of a connected socket are one and the same, or one of them is not known. */
export function selfConnected({ ends: { local, remote } }: Pick<NetFD, 'ends'>): boolean {
  if (!(local instanceof TCPAddr && remote instanceof TCPAddr)) return true;
  return local.port === remote.port && local.ip.unmap().equals(remote.ip.unmap());
}

/**
 * Connects from `local`, or from any address if it is null, to `remote`. Rejects with an OpError.
 *
 * @see Go's net.DialTCP
 */
export function dialTCP(
  network: string,
  local: TCPAddr | null,
  remote: TCPAddr | null,
  options: TCPDialOptions = {},
): Promise<TCPConn> {
  wantNetwork(network);
  wantAddr(local);
  wantAddr(remote);
  const plan = toDialPlan(options);
  const limits = toDialLimits(options);
  const failed = (cause: unknown): OpError =>
    new OpError({ op: 'dial', net: network, source: local, addr: remote, cause });
  if (!NETWORKS.has(network)) return Promise.reject(failed(new UnknownNetworkError(network)));
  if (remote === null) return Promise.reject(failed(new AddrError('missing address', '')));
  return doDialTCP(network, local, remote, plan, limits).catch((cause: unknown) => {
    throw failed(cause);
  });
}

/**
 * Listens on `local`, or on a free port of every address if it is null. Rejects with an OpError.
 *
 * @see Go's net.ListenTCP
 */
export function listenTCP(
  network: string,
  local: TCPAddr | null,
  options: TCPListenOptions = {},
): Promise<TCPListener> {
  wantNetwork(network);
  wantAddr(local);
  const plan = toListenPlan(options);
  const limits = { deadline: NEVER, signal: toSignal(options.signal) };
  const failed = (cause: unknown): OpError => new OpError({ op: 'listen', net: network, addr: local, cause });
  if (!NETWORKS.has(network)) return Promise.reject(failed(new UnknownNetworkError(network)));
  return orPlain(plan, (proto, control) => {
    const spec = { network, sotype: SOCK_STREAM, proto, describe: opError, ...plan, control };
    return listenSocket(spec, local ?? new TCPAddr(null, 0), limits);
  }).then(
    (fd) => new TCPListener(fd, plan.settings),
    (cause: unknown) => {
      throw failed(cause);
    },
  );
}

function wantAddr(addr: unknown): asserts addr is TCPAddr | null {
  if (addr !== null && !(addr instanceof TCPAddr)) throw new TypeError('Address must be a TCPAddr or null');
}
