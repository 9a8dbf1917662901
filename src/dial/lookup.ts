// A host's addresses as they come: a literal at once, a name from the resolver, this package's or the caller's own.

import { literalOrName, selectAddrs } from '../addr/addrlist.ts';
import { Addr } from '../addr/ip.ts';
import { familySuffix } from '../addr/network.ts';
import { sortByRFC6724 } from '../dns/addrsort.ts';
import { type Answer, defaultResolver, Resolver } from '../dns/resolver.ts';
import { CanceledError, DeadlineError, DNSError, OpError } from '../errors.ts';
import { check, limited } from '../fd/limited.ts';
import type { Limits } from '../fd/op.ts';
import { lookingUp } from '../trace.ts';
import type { Family } from './race.ts';

/** Whoever knows the addresses of names: a `Resolver`, or anything with its `lookupNetIP`. */
export interface HostResolver {
  lookupNetIP(
    network: 'ip' | 'ip4' | 'ip6',
    host: string,
    options: { readonly signal: AbortSignal },
  ): Promise<readonly Addr[]>;
}

/** Checks a resolver; throws a TypeError. */
export function toResolver(resolver: HostResolver | undefined): HostResolver {
  if (resolver === undefined) return defaultResolver;
  if (resolver === null || typeof resolver !== 'object' || typeof resolver.lookupNetIP !== 'function') {
    throw new TypeError('Option resolver must be a Resolver or an object with lookupNetIP');
  }
  return resolver;
}

/** The families that a network's names are asked for. */
export function familiesOf(network: string): readonly Family[] {
  const suffix = familySuffix(network);
  if (suffix === '') return ['IPv4', 'IPv6'];
  return suffix === '4' ? ['IPv4'] : ['IPv6'];
}

/** The addresses of a host that needs no look-up, those that fit the network; null for a name. Throws an AddrError. */
export function literals(network: string, host: string): Addr[] | null {
  const target = literalOrName(host);
  return 'ips' in target ? selectAddrs(network, target.ips, host) : null;
}

/** Tells of the addresses of a name as they come, and resolves when all have; rejects with a DNSError. */
export function lookupAsItComes(
  resolver: HostResolver,
  network: string,
  host: string,
  limits: Limits,
  hear: (answer: Answer) => void,
): Promise<void> {
  if (!lookingUp.hasSubscribers) return ask(resolver, network, host, limits, hear);
  const found: Addr[] = [];
  const noted = (answer: Answer): void => {
    found.push(...answer.addrs);
    hear(answer);
  };
  const message = { network: `ip${familySuffix(network)}`, host };
  return lookingUp
    .tracePromise(() => ask(resolver, network, host, limits, noted).then(() => found), message)
    .then(nothing);
}

const nothing = (): void => {};

function ask(
  resolver: HostResolver,
  network: string,
  host: string,
  limits: Limits,
  hear: (answer: Answer) => void,
): Promise<void> {
  const suffix = familySuffix(network);
  if (resolver instanceof Resolver && resolver.lookupNetIP === Resolver.prototype.lookupNetIP) {
    return resolver.arrivals(suffix, host, limits, hear);
  }
  return askOther(resolver, `ip${suffix}`, host, limits).then((addrs) =>
    hear({ families: familiesOf(network), addrs }),
  );
}

/** Somebody else's resolver: what it makes of a signal is its own affair, the wait ends all the same. */
async function askOther(
  resolver: HostResolver,
  network: 'ip' | 'ip4' | 'ip6',
  host: string,
  limits: Limits,
): Promise<readonly Addr[]> {
  const done = new AbortController();
  try {
    check(limits);
    const { signal } = done;
    const addrs: unknown = await limited(Promise.resolve(resolver.lookupNetIP(network, host, { signal })), limits);
    if (Array.isArray(addrs) && addrs.every((addr) => addr instanceof Addr)) return addrs;
    throw new TypeError('A resolver must give an array of addresses');
  } catch (error) {
    const limit = error instanceof CanceledError || error instanceof DeadlineError;
    // An OpError here would look like one of this dial's attempts.
    if (!limit && !(error instanceof OpError)) throw error;
    const { message: err, code, timeout, temporary } = error;
    throw new DNSError({ err, hostname: host, code, timeout, temporary, cause: limit ? error : undefined });
  } finally {
    done.abort();
  }
}

/** All addresses of a host, literal or name, that fit the network. Rejects with an AddrError or a DNSError. */
export async function lookupAll(
  resolver: HostResolver,
  network: string,
  host: string,
  limits: Limits,
): Promise<readonly Addr[]> {
  const answers: (readonly Addr[])[] = [];
  await lookupAsItComes(resolver, network, host, limits, ({ addrs }) => void answers.push(addrs));
  const found = answers.flat();
  return selectAddrs(network, answers.length > 1 ? sortByRFC6724(found) : found, host);
}
