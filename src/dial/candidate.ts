// What is dialed: remote addresses, each with the local one that it is dialed from.

import type { Addr } from '../addr/addr.ts';
import { isIPv4 } from '../addr/addrlist.ts';
import type { IPEndpoint } from '../addr/endpoint.ts';
import { AddrError } from '../errors.ts';
import type { Entrant, Family } from './race.ts';

/** A remote address with the local one that it is dialed from. */
export interface Candidate<A extends Addr = Addr> {
  readonly local: A | null;
  readonly remote: A;
}

/** A candidate that may take part in a race. */
export interface Racer<A extends IPEndpoint> extends Candidate<A>, Entrant {}

/** A local address to dial from, on the same network as what is dialed. */
export type Locals<A extends IPEndpoint> = readonly A[];

const familyOf = ({ ip }: IPEndpoint): Family => (isIPv4(ip) || !ip.isValid() ? 'IPv4' : 'IPv6');

/** The local addresses as addresses of the network that is dialed. Throws an AddrError for one of another network. */
export function toLocals<A extends IPEndpoint>(kind: new (...args: never[]) => A, locals: readonly Addr[]): Locals<A> {
  return locals.map((local) => {
    if (local instanceof kind) return local;
    throw new AddrError('mismatched local address type', String(local));
  });
}

/**
 * Pairs remote addresses with local ones: a pair fits if either is a wildcard or both are of one family, and a remote without a
 * fitting local is left out.
 */
export function pair<A extends IPEndpoint>(remotes: readonly A[], locals: Locals<A>): Racer<A>[] {
  if (locals.length === 0) return remotes.map((remote) => ({ local: null, remote, family: familyOf(remote) }));
  const fits = (local: A, remote: A): boolean =>
    local.isWildcard() || remote.isWildcard() || isIPv4(local.ip) === isIPv4(remote.ip);
  return remotes.flatMap((remote) => {
    const own = locals.find((each) => isIPv4(each.ip) === isIPv4(remote.ip) && fits(each, remote));
    const local = own ?? locals.find((each) => fits(each, remote));
    return local === undefined ? [] : [{ local, remote, family: familyOf(remote) }];
  });
}

/** Throws an AddrError that names the local address, or the host, if nothing is left to dial. */
export function wantAny(candidates: readonly unknown[], locals: readonly Addr[], host: string): void {
  if (candidates.length > 0) return;
  throw new AddrError('no suitable address found', locals.length === 0 ? host : String(locals[0]));
}
