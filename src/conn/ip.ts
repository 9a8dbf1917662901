// Raw IP sockets, dialIP and listenIP, with options; and the sockets for ICMP echo that need no privilege.

import { IPAddr } from '../addr/ipaddr.ts';
import { type ParsedNetwork, parseNetwork } from '../addr/network.ts';
import type { UDPAddr } from '../addr/udpaddr.ts';
import { AddrError, OpError, UnknownNetworkError } from '../errors.ts';
import type { Limits } from '../fd/op.ts';
import { dialSocket, packetSocket, type SocketSpec } from '../fd/socket.ts';
import { NEVER } from '../poll/deadline.ts';
import { IPPROTO_ICMP, IPPROTO_ICMPV6, SOCK_DGRAM, SOCK_RAW } from '../syscall/zconst_linux.ts';
import { IPConn } from './ipconn.ts';
import { toDialLimits, toSignal, wantNetwork } from './limits.ts';
import { packetError } from './operror.ts';
import { NOT_RAW } from './options.ts';
import { type PacketDialOptions, type PacketListenOptions, type PacketPlan, toPacketPlan } from './plan.ts';
import { systemProtocol } from './protocols.ts';
import { UDPConn } from './udpconn.ts';

/** A network of packets with a protocol, taken apart. */
export type WithProtocol = Pick<ParsedNetwork, 'afnet' | 'proto'>;

const toSpec = (sotype: number, { afnet, proto }: WithProtocol, { prepare, control }: PacketPlan): SocketSpec => ({
  network: afnet,
  sotype,
  proto,
  describe: packetError,
  prepare,
  control,
});

/** Connects a raw socket. Rejects with the bare reason. */
export async function doDialIP(
  network: WithProtocol,
  local: IPAddr | null,
  remote: IPAddr,
  plan: PacketPlan,
  limits: Limits,
): Promise<IPConn> {
  return new IPConn(await dialSocket(toSpec(SOCK_RAW, network, plan), local, remote, limits));
}

/** Throws an UnknownNetworkError for what is no raw network with a protocol, an AddrError for an unknown protocol. */
function parseIP(network: string): ParsedNetwork {
  const parsed = parseNetwork(network, true, systemProtocol);
  if (parsed.family !== 'ip') throw new UnknownNetworkError(network);
  return parsed;
}

/**
 * A raw socket of the protocol in `network` (`ip4:icmp`, `ip6:58`) from `local`, or from any address if it is null, that is connected
 * to `remote`. Rejects with an OpError; its cause is `EPERM` without CAP_NET_RAW.
 *
 * @see Go's net.DialIP
 */
export function dialIP(
  network: string,
  local: IPAddr | null,
  remote: IPAddr | null,
  options: PacketDialOptions = {},
): Promise<IPConn> {
  wantNetwork(network);
  wantAddr(local);
  wantAddr(remote);
  const plan = toPacketPlan(options, NOT_RAW);
  const limits = toDialLimits(options);
  const run = async (): Promise<IPConn> => {
    const parsed = parseIP(network);
    if (remote === null) throw new AddrError('missing address', '');
    return doDialIP(parsed, local, remote, plan, limits);
  };
  return run().catch((cause: unknown) => {
    throw new OpError({ op: 'dial', net: network, source: local, addr: remote, cause });
  });
}

/**
 * A raw socket that receives what is sent to `local` with the protocol in `network`, or to any address if it is null. Rejects with an
 * OpError; its cause is `EPERM` without CAP_NET_RAW.
 *
 * @see Go's net.ListenIP
 */
export function listenIP(network: string, local: IPAddr | null, options: PacketListenOptions = {}): Promise<IPConn> {
  wantNetwork(network);
  wantAddr(local);
  const plan = toPacketPlan(options, NOT_RAW);
  const limits = { deadline: NEVER, signal: toSignal(options.signal) };
  const run = async (): Promise<IPConn> => {
    const spec = toSpec(SOCK_RAW, parseIP(network), plan);
    return new IPConn(await packetSocket(spec, local ?? new IPAddr(null), limits));
  };
  return run().catch((cause: unknown) => {
    throw new OpError({ op: 'listen', net: network, addr: local, cause });
  });
}

function wantAddr(addr: unknown): asserts addr is IPAddr | null {
  if (addr !== null && !(addr instanceof IPAddr)) throw new TypeError('Address must be an IPAddr or null');
}

// ── ICMP echo without privilege ─────────────────────────────────────────────────────────────────────────────────────────────

/** A network of sockets for ICMP echo. */
export interface PingNetwork extends WithProtocol {
  readonly family: 'ping';
  /** The network that its hosts are looked up on, which has no ports. */
  readonly hosts: 'ip4' | 'ip6';
}

const ICMP: PingNetwork = { family: 'ping', afnet: 'udp4', proto: IPPROTO_ICMP, hosts: 'ip4' };
const ICMP6: PingNetwork = { family: 'ping', afnet: 'udp6', proto: IPPROTO_ICMPV6, hosts: 'ip6' };
const PING: ReadonlyMap<string, PingNetwork> = new Map([
  ['udp4:icmp', ICMP],
  ['udp4:1', ICMP],
  ['udp6:ipv6-icmp', ICMP6],
  ['udp6:58', ICMP6],
]);

/** What `udp4:icmp` and `udp6:ipv6-icmp` mean; null for another network. */
export function parsePing(network: string): PingNetwork | null {
  return PING.get(network) ?? null;
}

/** Connects a socket for ICMP echo. Rejects with the bare reason. */
export async function doDialPing(
  network: WithProtocol,
  local: UDPAddr | null,
  remote: UDPAddr,
  plan: PacketPlan,
  limits: Limits,
): Promise<UDPConn> {
  return new UDPConn(await dialSocket(toSpec(SOCK_DGRAM, network, plan), local, remote, limits));
}

/** A socket for ICMP echo; the port of its address is the identifier in what it sends. Rejects with an OpError. */
export function listenPing(
  network: string,
  parsed: PingNetwork,
  local: UDPAddr,
  options: PacketListenOptions,
): Promise<UDPConn> {
  const limits = { deadline: NEVER, signal: toSignal(options.signal) };
  return packetSocket(toSpec(SOCK_DGRAM, parsed, toPacketPlan(options)), local, limits).then(
    (fd) => new UDPConn(fd),
    (cause: unknown) => {
      throw new OpError({ op: 'listen', net: network, addr: local, cause });
    },
  );
}
