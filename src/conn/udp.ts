// UDP sockets: dialUDP and listenUDP, with options.

import { UDPAddr } from '../addr/udpaddr.ts';
import { AddrError, OpError, UnknownNetworkError } from '../errors.ts';
import type { Limits } from '../fd/op.ts';
import { dialSocket, packetSocket, type SocketSpec } from '../fd/socket.ts';
import { NEVER } from '../poll/deadline.ts';
import { SOCK_DGRAM } from '../syscall/zconst_linux.ts';
import { toDialLimits, toSignal, wantInt, wantNetwork } from './limits.ts';
import { packetError } from './operror.ts';
import { type PacketDialOptions, type PacketListenOptions, type PacketPlan, toPacketPlan } from './plan.ts';
import { UDPConn } from './udpconn.ts';

const NETWORKS: ReadonlySet<string> = new Set(['udp', 'udp4', 'udp6']);

const toSpec = (network: string, { prepare, control }: PacketPlan): SocketSpec => ({
  network,
  sotype: SOCK_DGRAM,
  proto: 0,
  describe: packetError,
  prepare,
  control,
});

/** Connects. Rejects with the bare reason. */
export async function doDialUDP(
  network: string,
  local: UDPAddr | null,
  remote: UDPAddr,
  plan: PacketPlan,
  limits: Limits,
): Promise<UDPConn> {
  return new UDPConn(await dialSocket(toSpec(network, plan), local, remote, limits));
}

/**
 * A socket from `local`, or from any address if it is null, that is connected to `remote`: it sends there, and receives from there
 * only. Rejects with an OpError.
 *
 * @see Go's net.DialUDP
 */
export function dialUDP(
  network: string,
  local: UDPAddr | null,
  remote: UDPAddr | null,
  options: PacketDialOptions = {},
): Promise<UDPConn> {
  wantNetwork(network);
  wantAddr(local);
  wantAddr(remote);
  const plan = toPacketPlan(options);
  const limits = toDialLimits(options);
  const failed = (cause: unknown): OpError =>
    new OpError({ op: 'dial', net: network, source: local, addr: remote, cause });
  if (!NETWORKS.has(network)) return Promise.reject(failed(new UnknownNetworkError(network)));
  if (remote === null) return Promise.reject(failed(new AddrError('missing address', '')));
  return doDialUDP(network, local, remote, plan, limits).catch((cause: unknown) => {
    throw failed(cause);
  });
}

/**
 * A socket that receives what is sent to `local`, or to a free port of every address if it is null. For a multicast address it is
 * bound to that port of all addresses, and joins nothing. Rejects with an OpError.
 *
 * @see Go's net.ListenUDP
 */
export function listenUDP(network: string, local: UDPAddr | null, options: PacketListenOptions = {}): Promise<UDPConn> {
  wantNetwork(network);
  wantAddr(local);
  const plan = toPacketPlan(options);
  const limits = { deadline: NEVER, signal: toSignal(options.signal) };
  const failed = (cause: unknown): OpError => new OpError({ op: 'listen', net: network, addr: local, cause });
  if (!NETWORKS.has(network)) return Promise.reject(failed(new UnknownNetworkError(network)));
  const spec = { ...toSpec(network, plan), ipv6Only: plan.ipv6Only };
  return packetSocket(spec, local ?? new UDPAddr(null, 0), limits).then(
    (fd) => new UDPConn(fd),
    (cause: unknown) => {
      throw failed(cause);
    },
  );
}

/**
 * A socket that receives what is sent to the multicast address `group`, on an interface (a name or an index; the system's choice for
 * null), and shares its port with others on this machine. What it sends to the group does not come back to this machine. For one
 * group and no more; `joinGroup` of a socket of `listenUDP` does the rest. Rejects with an OpError.
 *
 * @see Go's net.ListenMulticastUDP
 */
export function listenMulticastUDP(
  network: string,
  ifi: string | number | null,
  group: UDPAddr,
  options: PacketListenOptions = {},
): Promise<UDPConn> {
  wantAddr(group);
  if (group === null) throw new TypeError('Group must be a UDPAddr');
  if (typeof ifi === 'number') wantInt('Interface', ifi, 0);
  else if (ifi !== null && typeof ifi !== 'string') throw new TypeError('Interface must be a name, an index or null');
  return listenUDP(network, group, options).then((conn) => {
    try {
      if (ifi !== null) conn.setMulticastInterface(ifi);
      conn.setMulticastLoop(false);
      conn.joinGroup(group.ip, { interface: ifi ?? undefined });
      return conn;
    } catch (error) {
      conn.close();
      const cause = error instanceof OpError ? error.cause : error;
      throw error instanceof TypeError ? error : new OpError({ op: 'listen', net: network, addr: group, cause });
    }
  });
}

function wantAddr(addr: unknown): asserts addr is UDPAddr | null {
  if (addr !== null && !(addr instanceof UDPAddr)) throw new TypeError('Address must be a UDPAddr or null');
}
