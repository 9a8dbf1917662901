// From an address text to a list of addresses, in Go's order: the split, the port, the host (net/ipsock.go).

import { firstIPv4, forResolve, literalOrName, selectAddrs } from '../addr/addrlist.ts';
import { joinHostPort } from '../addr/hostport.ts';
import type { Addr } from '../addr/ip.ts';
import { splitTarget } from '../addr/target.ts';
import { TCPAddr } from '../addr/tcpaddr.ts';
import { toSignalOf, wantNetwork } from '../conn/limits.ts';
import { lookupIP } from '../dns/lookup.ts';
import { systemServices } from '../dns/services.ts';
import { UnknownNetworkError } from '../errors.ts';
import type { Limits } from '../fd/op.ts';
import { NEVER } from '../poll/deadline.ts';

/** An address as a caller may give it: `host:port`, `[v6%zone]:port`, or its parts. */
export type Address = string | { readonly host?: string | undefined; readonly port: number | string };

/** The text of an address; throws a TypeError for what is none. */
export function toText(address: Address): string {
  if (typeof address === 'string') return address;
  if (address === null || typeof address !== 'object') throw new TypeError('Address must be a string or an object');
  const { host = '', port } = address;
  if (typeof host !== 'string') throw new TypeError('Address host must be a string');
  if (typeof port !== 'number' && typeof port !== 'string')
    throw new TypeError('Address port must be a number or a string');
  return joinHostPort(host, port);
}

interface Resolved {
  readonly ips: readonly Addr[];
  readonly port: number;
}

async function resolve(network: string, text: string, limits: Limits): Promise<Resolved> {
  // Only a port by name needs the services of the system.
  const numeric = /^[+-]?\d*$/.test(text.slice(text.lastIndexOf(':') + 1));
  const { host, port } = splitTarget(network, text, numeric ? undefined : systemServices());
  const target = literalOrName(host);
  const ips = 'ips' in target ? target.ips : await lookupIP(target.name, limits);
  return { ips: selectAddrs(network, ips, host), port };
}

/** Every address that a text stands for on a TCP network. Throws an AddrError, a DNSError or an UnknownNetworkError. */
export async function resolveList(network: string, text: string, limits: Limits): Promise<TCPAddr[]> {
  const { ips, port } = await resolve(network, text, limits);
  return ips.map((ip) => new TCPAddr(ip, port));
}

/** The one address to listen on. */
export async function resolveListen(network: string, text: string, limits: Limits): Promise<TCPAddr> {
  const { ips, port } = await resolve(network, text, limits);
  return new TCPAddr(firstIPv4(ips), port);
}

/**
 * The TCP address that a text stands for, looked up if it is a name: an IPv4 one if there is one, unless the text has brackets.
 * The empty network is `tcp`. Rejects with an AddrError, a DNSError or an UnknownNetworkError.
 *
 * @see Go's net.ResolveTCPAddr
 */
export function resolveTCPAddr(
  network: string,
  address: Address,
  options?: { readonly signal?: AbortSignal | undefined },
): Promise<TCPAddr> {
  wantNetwork(network);
  return resolveOne(network, toText(address), { deadline: NEVER, signal: toSignalOf(options) });
}

async function resolveOne(network: string, text: string, limits: Limits): Promise<TCPAddr> {
  const net = network === '' ? 'tcp' : network;
  if (net !== 'tcp' && net !== 'tcp4' && net !== 'tcp6') throw new UnknownNetworkError(network);
  const { ips, port } = await resolve(net, text, limits);
  return new TCPAddr(forResolve(ips, net, text), port);
}
