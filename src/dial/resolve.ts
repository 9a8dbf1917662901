// From an address text to addresses, in Go's order: the split, the port, the host (net/ipsock.go).

import { firstIPv4, forResolve } from '../addr/addrlist.ts';
import { joinHostPort } from '../addr/hostport.ts';
import { IPAddr } from '../addr/ipaddr.ts';
import type { Addr } from '../addr/ip.ts';
import { parseNetwork } from '../addr/network.ts';
import { type Target, splitTarget } from '../addr/target.ts';
import { TCPAddr } from '../addr/tcpaddr.ts';
import { UDPAddr } from '../addr/udpaddr.ts';
import { UnixAddr } from '../addr/unixaddr.ts';
import { toSignalOf, wantNetwork } from '../conn/limits.ts';
import { systemProtocol } from '../conn/protocols.ts';
import { defaultResolver } from '../dns/resolver.ts';
import { systemServices } from '../dns/services.ts';
import { UnknownNetworkError } from '../errors.ts';
import type { Limits } from '../fd/op.ts';
import { NEVER } from '../poll/deadline.ts';
import { literals, lookupAll } from './lookup.ts';

/** An address as a caller may give it: `host:port`, `[v6%zone]:port`, a path, or the parts of one. */
export type Address =
  string | { readonly host?: string | undefined; readonly port: number | string } | { readonly path: string };

/** What a call that only looks something up can be told. */
interface ResolveOptions {
  readonly signal?: AbortSignal | undefined;
}

/** The text of an address; throws a TypeError for what is none. */
export function toText(address: Address): string {
  if (typeof address === 'string') return address;
  if (address === null || typeof address !== 'object') throw new TypeError('Address must be a string or an object');
  if ('path' in address) {
    if (typeof address.path !== 'string') throw new TypeError('Address path must be a string');
    return address.path;
  }
  const { host = '', port } = address;
  if (typeof host !== 'string') throw new TypeError('Address host must be a string');
  if (typeof port !== 'number' && typeof port !== 'string')
    throw new TypeError('Address port must be a number or a string');
  return joinHostPort(host, port);
}

/** Host and port of an address text. Throws an AddrError, a DNSError or an UnknownNetworkError. */
export function split(network: string, text: string): Target {
  // Only a port by name needs the services of the system.
  const numeric = /^[+-]?\d*$/.test(text.slice(text.lastIndexOf(':') + 1));
  return splitTarget(network, text, numeric ? undefined : systemServices());
}

async function lookup(network: string, host: string, limits: Limits): Promise<readonly Addr[]> {
  return literals(network, host) ?? lookupAll(defaultResolver, network, host, limits);
}

/** The one address to listen on. */
export async function resolveListen<A>(
  kind: new (ip: Addr, port: number) => A,
  network: string,
  text: string,
  limits: Limits,
): Promise<A> {
  const { host, port } = split(network, text);
  return new kind(firstIPv4(await lookup(network, host, limits)), port);
}

/**
 * The TCP address that a text stands for, looked up if it is a name: an IPv4 one if there is one, unless the text has brackets.
 * The empty network is `tcp`. Rejects with an AddrError, a DNSError or an UnknownNetworkError.
 *
 * @see Go's net.ResolveTCPAddr
 */
export function resolveTCPAddr(network: string, address: Address, options?: ResolveOptions): Promise<TCPAddr> {
  return resolveOne('tcp', network, address, options, (ip, port) => new TCPAddr(ip, port));
}

/**
 * The UDP address that a text stands for; as {@link resolveTCPAddr} otherwise, and the empty network is `udp`.
 *
 * @see Go's net.ResolveUDPAddr
 */
export function resolveUDPAddr(network: string, address: Address, options?: ResolveOptions): Promise<UDPAddr> {
  return resolveOne('udp', network, address, options, (ip, port) => new UDPAddr(ip, port));
}

/**
 * The IP address of a host, which is all of the text: an IPv4 one if there is one, unless the text has a colon. The empty network
 * is `ip`, and a protocol after a colon is checked.
 *
 * @see Go's net.ResolveIPAddr
 */
export function resolveIPAddr(network: string, address: string, options?: ResolveOptions): Promise<IPAddr> {
  return resolveOne('ip', network, address, options, (ip) => new IPAddr(ip));
}

/**
 * The address of a local socket: a path, or `@` and an abstract name. Throws an UnknownNetworkError for what is not `unix`,
 * `unixgram` or `unixpacket`.
 *
 * @see Go's net.ResolveUnixAddr
 */
export function resolveUnixAddr(network: string, address: Address): UnixAddr {
  wantNetwork(network);
  if (network === 'unix' || network === 'unixgram' || network === 'unixpacket') {
    return new UnixAddr(toText(address), network);
  }
  throw new UnknownNetworkError(network);
}

function resolveOne<A>(
  family: 'tcp' | 'udp' | 'ip',
  network: string,
  address: Address,
  options: ResolveOptions | undefined,
  make: (ip: Addr, port: number) => A,
): Promise<A> {
  wantNetwork(network);
  const text = toText(address);
  const limits = { deadline: NEVER, signal: toSignalOf(options) };
  return resolveFirst(family, network, text, limits, make);
}

async function resolveFirst<A>(
  family: 'tcp' | 'udp' | 'ip',
  network: string,
  text: string,
  limits: Limits,
  make: (ip: Addr, port: number) => A,
): Promise<A> {
  const parsed = parseNetwork(network === '' ? family : network, false, systemProtocol);
  if (parsed.family !== family) throw new UnknownNetworkError(network);
  const { host, port } = split(parsed.afnet, text);
  return make(forResolve(await lookup(parsed.afnet, host, limits), parsed.afnet, text), port);
}
