// The front door: what the package offers.

export type { Addr } from './addr/addr.ts';
export { joinHostPort, splitHostPort } from './addr/hostport.ts';
export { IPAddr } from './addr/ipaddr.ts';
export { TCPAddr } from './addr/tcpaddr.ts';
export { UDPAddr } from './addr/udpaddr.ts';
export { UnixAddr } from './addr/unixaddr.ts';
export { VsockAddr } from './addr/vsockaddr.ts';
export { listenFds, type ListenFd, type ListenFdsOptions } from './conn/activation.ts';
export { type AdoptedSocket, fromFd } from './conn/adopt.ts';
export type { Conn, Deadline, IOOptions, Listener, PacketConn } from './conn/conn.ts';
export { dialIP, listenIP } from './conn/ip.ts';
export { IPConn } from './conn/ipconn.ts';
export { pipe } from './conn/pipe.ts';
export type { KeepAliveConfig } from './conn/keepalive.ts';
export type {
  LocalOptions,
  SocketFileOptions,
  UnixDialOptions,
  UnixgramOptions,
  UnixListenOptions,
} from './conn/localplan.ts';
export { RawConn } from './conn/rawconn.ts';
export type { DialSocketOptions, ListenSocketOptions, SocketOptions } from './conn/options.ts';
export type { PacketControl, ReceiveOptions } from './conn/control.ts';
export type { GroupOptions, PacketMessage } from './conn/packetconn.ts';
export type {
  Control,
  PacketDialOptions,
  PacketListenOptions,
  PacketOptions,
  TCPDialOptions,
  TCPListenOptions,
  TCPOptions,
} from './conn/plan.ts';
export { dialTCP, listenTCP } from './conn/tcp.ts';
export { TCPConn } from './conn/tcpconn.ts';
export { TCPListener } from './conn/tcplistener.ts';
export { dialUDP, listenMulticastUDP, listenUDP } from './conn/udp.ts';
export { UDPConn } from './conn/udpconn.ts';
export { denyPrivate, type DenyPrivateOptions } from './dial/deny.ts';
export {
  dial,
  Dialer,
  type DialerOptions,
  type DialOptions,
  type IPNetwork,
  type TCPNetwork,
  type UDPNetwork,
} from './dial/dial.ts';
export { listen, ListenConfig, listenPacket, type ListenOptions, type ListenPacketOptions } from './dial/listen.ts';
export { dialUnix, listenUnix, listenUnixgram } from './conn/unix.ts';
export { UnixConn, type FdLike, type UnixControl } from './conn/unixconn.ts';
export { UnixListener } from './conn/unixlistener.ts';
export { VsockConn, VsockListener } from './conn/vsock.ts';
export type { UnixNetwork, UnixStreamNetwork } from './dial/local.ts';
export {
  lookupAddr,
  lookupCNAME,
  lookupHost,
  lookupMX,
  lookupNetIP,
  lookupNS,
  lookupPort,
  lookupSRV,
  lookupTXT,
} from './dns/lookups.ts';
export {
  defaultResolver,
  Resolver,
  type LookupOptions,
  type MX,
  type NS,
  type ResolverOptions,
  type SRV,
} from './dns/resolver.ts';
export type { PeerCred, UnixMessage } from './fd/message.ts';
export { OwnedFd } from './fd/ownedfd.ts';
export { PacketBatch, type PacketBatchOptions } from './fd/packetbatch.ts';
export type { Packet, Received } from './fd/packet.ts';
export type { HostResolver } from './dial/lookup.ts';
export { resolveIPAddr, resolveTCPAddr, resolveUDPAddr, resolveUnixAddr, type Address } from './dial/resolve.ts';
export { traceDial, type Span, type Timeline, type TracedDial } from './dial/timeline.ts';
export {
  AddrError,
  CanceledError,
  ClosedError,
  ControlTruncatedError,
  DeadlineError,
  DNSError,
  InvalidAddrError,
  OpError,
  ParseError,
  SyscallError,
  UnknownNetworkError,
  UnsupportedError,
  WriteToConnectedError,
} from './errors.ts';
export type { Control as ControlMessages, ExtendedError, PacketInfo } from './syscall/control.ts';
export { backend } from './syscall/sys.ts';
