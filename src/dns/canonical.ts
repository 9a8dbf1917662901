// The canonical name of a host: what the hosts file says, or the end of its chain of aliases, if there is an address at that end.

import { DNSError } from '../errors.ts';
import { askServers, openExchange, type Ground } from './host.ts';
import type { Exchange } from './exchange.ts';
import { noSuchHost, renamed } from './failure.ts';
import { isLocalhost, isOnion } from './order.ts';
import { absoluteName } from './records.ts';

/** The longest chain of aliases that is followed. */
const HOPS = 10;

/** The canonical name. getaddrinfo is never asked: Node does not tell what it says of this. Rejects with a DNSError. */
export async function canonicalName(ground: Ground, host: string, signal: AbortSignal): Promise<string> {
  const entry = ground.setup.hosts().entry(host);
  if (entry !== null) return entry.canonical;
  if (isLocalhost(host)) return host.endsWith('.') ? host : `${host}.`;
  if (isOnion(host)) throw noSuchHost(host);
  const exchange = openExchange(ground, signal);
  try {
    const name = await askServers(ground, '', host, signal, () => undefined, exchange);
    if (name !== null) return await endOf(exchange, name);
  } catch (error) {
    throw error instanceof DNSError ? renamed(error, host, error.notFound ? 'ENOTFOUND' : error.code) : error;
  }
  throw noSuchHost(host);
}

/** Follows the aliases of a name that has an address. */
async function endOf(exchange: Exchange, start: string): Promise<string> {
  let name = start;
  for (let hop = 0; hop < HOPS; hop++) {
    const next = await aliasOf(exchange, name);
    if (next === null) return name;
    name = next;
  }
  throw noSuchHost(start);
}

/** What a name is an alias of; null if it is none. */
async function aliasOf(exchange: Exchange, name: string): Promise<string | null> {
  try {
    const [target = ''] = await exchange.ask(name, (channel) => channel.resolveCname(name));
    return absoluteName(target);
  } catch (error) {
    if (error instanceof DNSError && error.notFound) return null;
    throw error;
  }
}
