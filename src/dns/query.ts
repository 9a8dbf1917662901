// The look-up of records other than addresses, with name servers only: no file of this machine has any.

import { DNSError } from '../errors.ts';
import { askNames } from './asking.ts';
import type { Query } from './exchange.ts';
import { noSuchHost, renamed } from './failure.ts';
import { openExchange, type Ground } from './host.ts';
import { nameList } from './namelist.ts';
import { isOnion } from './order.ts';

/** The records of the first name that has any, and that name with its final dot. */
export interface Found<T> {
  readonly name: string;
  readonly records: readonly T[];
}

/** Asks for the records of a name, or of the name in one of the domains to search. Rejects with a DNSError. */
export async function lookUpRecords<T>(
  ground: Ground,
  name: string,
  query: (name: string) => Query<readonly T[]>,
  signal: AbortSignal,
): Promise<Found<T>> {
  const names = isOnion(name) ? [] : nameList(name, ground.setup.resolv());
  try {
    const found = await askNames(openExchange(ground, signal), names, query);
    if (found !== null) return found;
  } catch (error) {
    throw error instanceof DNSError ? renamed(error, name) : error;
  }
  throw noSuchHost(name);
}
