// The names of an address: the hosts file, the name servers or the C library, in the order that the system's configuration gives.

import type { Addr } from '../addr/ip.ts';
import { DNSError } from '../errors.ts';
import { noSuchHost, renamed } from './failure.ts';
import { getnameinfo } from './getaddrinfo.ts';
import type { Ground } from './host.ts';
import { hostOrder } from './order.ts';
import { lookUpRecords } from './query.ts';
import { absoluteNames, arpaName } from './records.ts';

/** The names; `text` is the address as the caller gave it, for the error. Rejects with a DNSError. */
export async function namesOf(
  ground: Ground,
  addr: Addr,
  text: string,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const { settings, setup } = ground;
  const order = hostOrder(settings.method, '', setup.machine());
  try {
    if (order === 'getaddrinfo') return absoluteNames([await getnameinfo(addr)]);
    const listed = order.includes('files') ? setup.hosts().names(addr) : [];
    if (listed.length > 0 && (order[0] === 'files' || !order.includes('dns'))) return listed;
    if (!order.includes('dns')) throw noSuchHost(text);
    const query = (name: string) => (channel: { resolvePtr(name: string): Promise<string[]> }) =>
      channel.resolvePtr(name);
    const asked = lookUpRecords(ground, arpaName(addr), query, signal);
    // Second in the order, the hosts file answers for name servers that do not.
    const found = listed.length === 0 ? await asked : await asked.catch(() => null);
    if (found === null) signal.throwIfAborted();
    return found === null ? listed : absoluteNames(found.records);
  } catch (error) {
    throw error instanceof DNSError ? renamed(error, text) : error;
  }
}
