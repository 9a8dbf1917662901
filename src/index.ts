// The front door: what the package offers.

export type { Addr } from './addr/addr.ts';
export { joinHostPort, splitHostPort } from './addr/hostport.ts';
export { IPAddr } from './addr/ipaddr.ts';
export { TCPAddr } from './addr/tcpaddr.ts';
export { UDPAddr } from './addr/udpaddr.ts';
export { UnixAddr } from './addr/unixaddr.ts';
export { fromFd } from './conn/adopt.ts';
export type { Conn, Deadline, IOOptions, Listener } from './conn/conn.ts';
export type { KeepAliveConfig } from './conn/keepalive.ts';
export { RawConn } from './conn/rawconn.ts';
export type { DialSocketOptions, ListenSocketOptions, SocketOptions } from './conn/options.ts';
export type { Control, TCPDialOptions, TCPListenOptions, TCPOptions } from './conn/plan.ts';
export { dialTCP, listenTCP } from './conn/tcp.ts';
export { TCPConn } from './conn/tcpconn.ts';
export { TCPListener } from './conn/tcplistener.ts';
export { denyPrivate, type DenyPrivateOptions } from './dial/deny.ts';
export { dial, Dialer, type DialerOptions, type DialOptions, type TCPNetwork } from './dial/dial.ts';
export { listen, ListenConfig, type ListenOptions } from './dial/listen.ts';
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
export type { HostResolver } from './dial/lookup.ts';
export { resolveIPAddr, resolveTCPAddr, resolveUDPAddr, resolveUnixAddr, type Address } from './dial/resolve.ts';
export { traceDial, type Span, type Timeline, type TracedDial } from './dial/timeline.ts';
export {
  AddrError,
  CanceledError,
  ClosedError,
  DeadlineError,
  DNSError,
  InvalidAddrError,
  OpError,
  ParseError,
  SyscallError,
  UnknownNetworkError,
  UnsupportedError,
} from './errors.ts';
export { backend } from './syscall/sys.ts';
