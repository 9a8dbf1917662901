// TCP between addresses: dialTCP with its tries, and listenTCP.

import { TCPAddr } from '../addr/tcpaddr.ts';
import { AddrError, OpError, SyscallError, UnknownNetworkError } from '../errors.ts';
import type { NetFD } from '../fd/netfd.ts';
import type { Limits } from '../fd/op.ts';
import { dialSocket, listenSocket, type SocketSpec } from '../fd/socket.ts';
import { NEVER } from '../poll/deadline.ts';
import { SOCK_STREAM } from '../syscall/zconst_linux.ts';
import { step } from '../trace.ts';
import { type KeepAliveConfig, toKeepAlive } from './keepalive.ts';
import { type DialLimits, toDialLimits, toSignal, wantNetwork, wantObject } from './limits.ts';
import { opError } from './operror.ts';
import { RawConn } from './rawconn.ts';
import { TCPConn, type TCPSettings } from './tcpconn.ts';
import { TCPListener } from './tcplistener.ts';

/**
 * Called with a new socket after the default options and before bind, connect or listen; may set options, may wait, may refuse
 * by throwing. Sees the concrete network (`tcp4`, `tcp6`) and the final address.
 */
export type Control = (network: string, address: string, raw: RawConn) => void | Promise<void>;

/** What can be set for connections that are dialed or accepted. */
export interface TCPOptions {
  /** Whether small writes go out at once; default true. */
  readonly noDelay?: boolean | undefined;
  /** Default on, 15 s idle, 15 s apart, 9 probes; false leaves the socket alone. */
  readonly keepAlive?: boolean | KeepAliveConfig | undefined;
  readonly control?: Control | undefined;
}

/** What can be said about one dial. */
export interface TCPDialOptions extends TCPOptions, DialLimits {}

/** What can be said about a listener. */
export interface TCPListenOptions extends TCPOptions {
  /** How many clients may wait to be accepted; default net.core.somaxconn. listen(2) */
  readonly backlog?: number | undefined;
  /** SO_REUSEPORT: several listeners share the port, and the kernel spreads the clients. */
  readonly reusePort?: boolean | undefined;
  /** On a wildcard without a family: IPv6 only, instead of IPv6 and IPv4. */
  readonly ipv6Only?: boolean | undefined;
  /** Ends the step of listening itself, a look-up and a hook included; not the listener, and no accept. */
  readonly signal?: AbortSignal | undefined;
}

/** Checked options. */
export interface TCPPlan {
  readonly settings: TCPSettings;
  readonly control: SocketSpec['control'];
}

const NETWORKS: ReadonlySet<string> = new Set(['tcp', 'tcp4', 'tcp6']);

/** Checks the options of a TCP dial or listen; throws a TypeError or RangeError. */
export function toPlan(options: TCPListenOptions): TCPPlan {
  wantObject(options);
  const { noDelay = true, keepAlive, control, backlog, reusePort = false, ipv6Only = false } = options;
  for (const [name, flag] of Object.entries({ noDelay, reusePort, ipv6Only })) {
    if (typeof flag !== 'boolean') throw new TypeError(`Option ${name} must be a boolean, not ${typeof flag}`);
  }
  if (control !== undefined && typeof control !== 'function') throw new TypeError('Option control must be a function');
  if (backlog !== undefined && !(Number.isInteger(backlog) && backlog >= 0 && backlog <= 0x7fffffff)) {
    throw new RangeError(`Option backlog must be a whole number from 0, not ${String(backlog)}`);
  }
  return {
    settings: { noDelay, keepAlive: toKeepAlive(keepAlive) },
    control: control && ((network, address, fd) => control(network, address, new RawConn(fd))),
  };
}

/** How often a dial is tried again when the kernel chose a bad local port. */
const MORE_TRIES = 2;

/**
 * One dial of one address, with the reason of a failure as it is. A kernel that picks the port it is to connect to connects the
 * socket to itself (golang/go#2690), and one that picks a port in use says EADDRNOTAVAIL; where the caller asked for no local
 * port, both are tried again, twice.
 */
export async function doDialTCP(
  network: string,
  local: TCPAddr | null,
  remote: TCPAddr,
  plan: TCPPlan,
  limits: Limits,
): Promise<TCPConn> {
  const spec: SocketSpec = { network, sotype: SOCK_STREAM, proto: 0, describe: opError, control: plan.control };
  const anyPort = local === null || local.port === 0;
  for (let left = anyPort ? MORE_TRIES : 0; ; left--) {
    step(3, `dialTCP ${local === null ? '' : `${local.toString()} `}-> ${remote.toString()}`);
    try {
      const fd = await dialSocket(spec, local, remote, limits);
      if (left === 0 || !selfConnected(fd)) return TCPConn.made(fd, plan.settings);
      fd.close();
      step(3, 'connected to itself: closed, and tried again');
    } catch (error) {
      if (left === 0 || !(error instanceof SyscallError && error.code === 'EADDRNOTAVAIL')) throw error;
      step(3, `${error.message}: tried again`);
    }
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
  const plan = toPlan(options);
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
  const { control, settings } = toPlan(options);
  const limits = { deadline: NEVER, signal: toSignal(options.signal) };
  const { backlog, reusePort, ipv6Only } = options;
  const failed = (cause: unknown): OpError => new OpError({ op: 'listen', net: network, addr: local, cause });
  if (!NETWORKS.has(network)) return Promise.reject(failed(new UnknownNetworkError(network)));
  const spec = { network, sotype: SOCK_STREAM, proto: 0, describe: opError, control, backlog, reusePort, ipv6Only };
  return listenSocket(spec, local ?? new TCPAddr(null, 0), limits).then(
    (fd) => new TCPListener(fd, settings),
    (cause: unknown) => {
      throw failed(cause);
    },
  );
}

function wantAddr(addr: unknown): asserts addr is TCPAddr | null {
  if (addr !== null && !(addr instanceof TCPAddr)) throw new TypeError('Address must be a TCPAddr or null');
}
