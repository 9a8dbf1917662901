// listen and listenPacket: from a network string and an address text to a listener, or to a socket of datagrams.

import { IPAddr } from '../addr/ipaddr.ts';
import { type ParsedNetwork, parseNetwork } from '../addr/network.ts';
import { TCPAddr } from '../addr/tcpaddr.ts';
import { UDPAddr } from '../addr/udpaddr.ts';
import { UnixAddr } from '../addr/unixaddr.ts';
import { parseVsockAddr } from '../addr/vsockaddr.ts';
import type { Listener, PacketConn } from '../conn/conn.ts';
import { type SocketFileOptions, toSocketFile } from '../conn/localplan.ts';
import { toSignal, toSignalOf, wantNetwork } from '../conn/limits.ts';
import { type PacketListenOptions, type TCPListenOptions, toListenPlan, toPacketPlan } from '../conn/plan.ts';
import { systemProtocol } from '../conn/protocols.ts';
import { listenIP, listenPing, parsePing, type PingNetwork } from '../conn/ip.ts';
import type { IPConn } from '../conn/ipconn.ts';
import { listenTCP } from '../conn/tcp.ts';
import type { TCPListener } from '../conn/tcplistener.ts';
import { listenUDP } from '../conn/udp.ts';
import type { UDPConn } from '../conn/udpconn.ts';
import { listenUnix, listenUnixgram } from '../conn/unix.ts';
import type { UnixConn } from '../conn/unixconn.ts';
import type { UnixListener } from '../conn/unixlistener.ts';
import { listenVsock, type VsockListener } from '../conn/vsock.ts';
import { AddrError, CanceledError, OpError } from '../errors.ts';
import type { Limits } from '../fd/op.ts';
import { NEVER } from '../poll/deadline.ts';
import { step } from '../trace.ts';
import type { IPNetwork, TCPNetwork, UDPNetwork } from './dial.ts';
import type { UnixStreamNetwork } from './local.ts';
import { type Address, resolveListen, toText } from './resolve.ts';

/** What can be said about one listen. All of it is checked at once; wrong values throw. */
export interface ListenOptions extends TCPListenOptions, SocketFileOptions {}

/** What can be said about one socket of datagrams. All of it is checked at once; wrong values throw. */
export interface ListenPacketOptions extends PacketListenOptions, SocketFileOptions {}

/**
 * Listens on `address` and resolves with the listener.
 *
 * An empty host, `0.0.0.0` and `[::]` on `tcp` mean every address, IPv6 and IPv4 both, as in Go; `tcp4` and `tcp6` keep to one
 * family. Port 0 takes a free one, which `listener.addr` tells. On `unix` and `unixpacket` the address is a path, `@` and an
 * abstract name, or empty for one that the kernel chooses; on `vsock` it is `cid:port`, and an empty cid is any. Rejects with an OpError.
 *
 * @see Go's net.Listen
 */
export function listen(network: TCPNetwork, address: Address, options?: ListenOptions): Promise<TCPListener>;
export function listen(network: UnixStreamNetwork, address: Address, options?: ListenOptions): Promise<UnixListener>;
export function listen(network: 'vsock', address: Address, options?: ListenOptions): Promise<VsockListener>;
export function listen(network: string, address: Address, options?: ListenOptions): Promise<Listener>;
export function listen(network: string, address: Address, options: ListenOptions = {}): Promise<Listener> {
  toListenPlan(options);
  toSocketFile(options);
  return prepare<Listener>(network, address, options.signal, async ({ family }, text, limits) => {
    switch (family) {
      case 'tcp': {
        const local = await resolveListen(TCPAddr, network, text, limits);
        return () => listenTCP(network, local, options);
      }
      case 'vsock': {
        const local = parseVsockAddr(text, 'any');
        return () => listenVsock(local, options);
      }
      default:
        if (network !== 'unix' && network !== 'unixpacket') throw new AddrError('unexpected address type', text);
        return () => listenUnix(network, new UnixAddr(text, network), options);
    }
  });
}

/**
 * A socket that receives what is sent to `address`. Host and port are as for {@link listen}; a multicast address joins nothing,
 * `listenMulticastUDP` does. Rejects with an OpError.
 *
 * @see Go's net.ListenPacket
 */
export function listenPacket(network: UDPNetwork, address: Address, options?: ListenPacketOptions): Promise<UDPConn>;
export function listenPacket(network: IPNetwork, address: Address, options?: ListenPacketOptions): Promise<IPConn>;
export function listenPacket(network: 'unixgram', address: Address, options?: ListenPacketOptions): Promise<UnixConn>;
export function listenPacket(network: string, address: Address, options?: ListenPacketOptions): Promise<PacketConn>;
export function listenPacket(
  network: string,
  address: Address,
  options: ListenPacketOptions = {},
): Promise<PacketConn> {
  toPacketPlan(options);
  toSocketFile(options);
  return prepare<PacketConn>(network, address, options.signal, async (parsed, text, limits) => {
    switch (parsed.family) {
      case 'udp': {
        const local = await resolveListen(UDPAddr, network, text, limits);
        return () => listenUDP(network, local, options);
      }
      case 'ip': {
        const local = await resolveListen(IPAddr, parsed.afnet, text, limits);
        return () => listenIP(network, local, options);
      }
      case 'ping': {
        const local = await resolveListen(UDPAddr, parsed.hosts, text, limits);
        return () => listenPing(network, parsed, local, options);
      }
      default:
        if (network === 'unixgram') return () => listenUnixgram(network, new UnixAddr(text, network), options);
        throw new AddrError('unexpected address type', text);
    }
  });
}

/** Everything before the socket, which `locate` then makes; a failure tells the network only, as in Go. */
function prepare<T>(
  network: string,
  address: Address,
  given: AbortSignal | undefined,
  locate: (parsed: ParsedNetwork | PingNetwork, text: string, limits: Limits) => Promise<() => Promise<T>>,
): Promise<T> {
  const signal = toSignal(given);
  wantNetwork(network);
  const text = toText(address);
  const located = async (): Promise<() => Promise<T>> => {
    try {
      const parsed = parsePing(network) ?? parseNetwork(network, true, systemProtocol);
      if (signal?.aborted === true) throw new CanceledError(signal.reason);
      step(5, `listen ${network} ${text}`);
      return await locate(parsed, text, { deadline: NEVER, signal });
    } catch (cause) {
      throw new OpError({ op: 'listen', net: network, cause });
    }
  };
  return located().then((make) => make());
}

/** What only one of many listens is told. */
interface OneListen {
  readonly signal?: AbortSignal | undefined;
}

/**
 * Options for many listens.
 *
 * @see Go's net.ListenConfig
 */
export class ListenConfig {
  readonly #options: Omit<ListenOptions, 'signal'>;

  constructor(options: Omit<ListenOptions, 'signal'> = {}) {
    toListenPlan(options);
    toSocketFile(options);
    this.#options = { ...options };
  }

  /** Listens with these options; see {@link listen}. */
  listen(network: TCPNetwork, address: Address, options?: OneListen): Promise<TCPListener>;
  listen(network: UnixStreamNetwork, address: Address, options?: OneListen): Promise<UnixListener>;
  listen(network: 'vsock', address: Address, options?: OneListen): Promise<VsockListener>;
  listen(network: string, address: Address, options?: OneListen): Promise<Listener>;
  listen(network: string, address: Address, options?: OneListen): Promise<Listener> {
    return listen(network, address, { ...this.#options, signal: toSignalOf(options) ?? undefined });
  }

  /** A socket of datagrams with these options, those of TCP left out; see {@link listenPacket}. */
  listenPacket(network: UDPNetwork, address: Address, options?: OneListen): Promise<UDPConn>;
  listenPacket(network: IPNetwork, address: Address, options?: OneListen): Promise<IPConn>;
  listenPacket(network: 'unixgram', address: Address, options?: OneListen): Promise<UnixConn>;
  listenPacket(network: string, address: Address, options?: OneListen): Promise<PacketConn>;
  listenPacket(network: string, address: Address, options?: OneListen): Promise<PacketConn> {
    return listenPacket(network, address, { ...this.#options, signal: toSignalOf(options) ?? undefined });
  }
}
