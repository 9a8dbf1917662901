// What a host stands for, and which of the addresses that a look-up gave are used: the family that the network asks for, the
// wildcards, and Go's choice where only one can be taken. Pure: the look-up itself is the dns floor's.

import { AddrError } from '../errors.ts';
import { Addr } from './ip.ts';
import { familySuffix } from './network.ts';

/** A host that needs no look-up, with its addresses, or one that does, with its name. */
export type HostTarget = { readonly ips: readonly Addr[] } | { readonly name: string };

/**
 * Tells a literal from a name. The empty host is one entry, the zero address: this machine to dial, the wildcard to listen.
 *
 * `127.1`, `010.0.0.1`, `[::1]` and IPv4 with a zone are no literals: they go on as names, which `isDomainName` then refuses.
 */
export function literalOrName(host: string): HostTarget {
  if (host === '') return { ips: [Addr.zero] };
  const literal = Addr.tryParse(host);
  return literal === null ? { name: host } : { ips: [literal] };
}

/** Whether the address is IPv4, also inside IPv6: for sockets both are the same. */
export function isIPv4(ip: Addr): boolean {
  return ip.is4() || ip.is4In6();
}

/**
 * Keeps the addresses that fit the network: a `4` keeps IPv4, a `6` what is not, and anything else all of them.
 *
 * `host` is what they were looked up for, and what the `AddrError` names if none is left. Where `::` is the only one, `0.0.0.0`
 * comes after it, for machines that bind to `::` but cannot connect to it (golang/go#18806). The list of the empty host stays.
 */
export function selectAddrs(network: string, ips: readonly Addr[], host: string): Addr[] {
  if (host === '') return [...ips];
  const alone = ips.length === 1 && ips[0]?.withZone('').equals(Addr.ipv6Unspecified());
  const list = alone ? [...ips, Addr.ipv4Unspecified()] : ips;
  const fit = ofFamily(network, list);
  if (fit.length === 0) throw new AddrError('no suitable address found', host);
  return fit;
}

/** Keeps the addresses that fit the network; may leave none. */
export function ofFamily(network: string, ips: readonly Addr[]): Addr[] {
  const suffix = familySuffix(network);
  return suffix === '' ? [...ips] : ips.filter((ip) => ip.isValid() && isIPv4(ip) === (suffix === '4'));
}

/** The address to listen on: the first IPv4 one, or else the first. */
export function firstIPv4(list: readonly Addr[]): Addr {
  return first(list, isIPv4);
}

/**
 * The address that stands for a whole address text: the first IPv4 one, or, if the text is an IPv6 literal, the first other one.
 *
 * The text is taken for such a literal if it has a bracket on tcp and udp, and a colon on ip.
 */
export function forResolve(list: readonly Addr[], network: string, addressText: string): Addr {
  const mark = network === 'ip' ? ':' : network === 'tcp' || network === 'udp' ? '[' : null;
  return first(list, mark !== null && addressText.includes(mark) ? (ip) => !isIPv4(ip) : isIPv4);
}

function first(list: readonly Addr[], wanted: (ip: Addr) => boolean): Addr {
  const found = list.find(wanted) ?? list[0];
  if (found === undefined) throw new RangeError('An address list cannot be empty');
  return found;
}
