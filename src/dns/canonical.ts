// The canonical name of a host: what the hosts file says, or the end of its chain of aliases, if there is an address at that end.

import { DNSError } from '../errors.ts';
import { askServers, openExchange, type Ground } from './host.ts';
import type { Exchange } from './exchange.ts';
import { noSuchHost, renamed } from './failure.ts';
import { hostOrder, isLocalhost, isOnion } from './order.ts';
import { absoluteName } from './records.ts';

/** The longest chain of aliases that is followed. */
const HOPS = 10;

/** The canonical name. getaddrinfo is never asked: Node does not tell what it says of this. Rejects with a DNSError. */
export async function canonicalName(ground: Ground, host: string, signal: AbortSignal): Promise<string> {
  const { settings, setup } = ground;
  const wanted = hostOrder(settings.method, host, setup.machine());
  const order = wanted === 'getaddrinfo' ? (['files', 'dns'] as const) : wanted;
  const entry = order.includes('files') || isLocalhost(host) ? setup.hosts().entry(host) : null;
  if (entry !== null && (order[0] === 'files' || isLocalhost(host))) return entry.canonical;
  if (isLocalhost(host)) return host.endsWith('.') ? host : `${host}.`;
  if (isOnion(host) || !order.includes('dns')) throw noSuchHost(host);
  const exchange = openExchange(ground, signal);
  try {
    const name = await askServers(ground, '', host, signal, () => undefined, exchange);
    if (name !== null) return await endOf(exchange, name);
  } catch (error) {
    if (entry !== null && !signal.aborted) return entry.canonical;
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
