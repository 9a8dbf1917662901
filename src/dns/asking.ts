// Names asked of name servers: each name of the search list in turn until one has an answer. A and AAAA of one name are asked
// apart and, unless resolv.conf says otherwise, at once; what comes first is told first.

import { Addr } from '../addr/ip.ts';
import { DNSError } from '../errors.ts';
import { sortByRFC6724 } from './addrsort.ts';
import type { Answer, Family } from './answer.ts';
import type { Exchange, Query } from './exchange.ts';
import { noSuchHost } from './failure.ts';

/** One family of one name: its addresses in their order, and if there are none, why. */
interface Part {
  readonly addrs: readonly Addr[];
  readonly failure: Error | null;
}

/**
 * Tells the addresses of the first name that has any, one answer for each family, and resolves with that name; null where there
 * was nothing to ask. Rejects with a DNSError, of the last name in question as it was asked.
 *
 * A family without addresses is told only when it is certain that no other name is asked. A family that failed is then empty.
 */
export async function askFamilies(
  exchange: Exchange,
  names: readonly string[],
  families: readonly Family[],
  original: string,
  oneByOne: boolean,
  tell: (answer: Answer) => void,
): Promise<string | null> {
  let failure: Error | null = null;
  for (const name of names) {
    const empty: Family[] = [];
    const failures: Error[] = [];
    let found = false;
    const ask = async (family: Family): Promise<void> => {
      const { addrs, failure } = await askFamily(exchange, name, family);
      if (failure !== null) failures.push(failure);
      if (addrs.length === 0) empty.push(family);
      else tell({ families: [family], addrs });
      found ||= addrs.length > 0;
      // The family that the other one has made certain of.
      if (found) for (const each of empty.splice(0)) tell({ families: [each], addrs: [] });
    };
    if (oneByOne) for (const family of families) await ask(family);
    else await Promise.all(families.map(ask));
    if (found) return name;
    if (failure === null || name === `${original}.`) failure = worst(failures);
  }
  if (failure !== null) throw failure;
  return null;
}

/** The answer to a query about the first name that has one, and that name; null where there was nothing to ask. */
export async function askNames<T>(
  exchange: Exchange,
  names: readonly string[],
  query: (name: string) => Query<T>,
): Promise<{ name: string; records: T } | null> {
  let failure: Error | null = null;
  for (const name of names) {
    try {
      return { name, records: await exchange.ask(name, query(name)) };
    } catch (error) {
      failure = error as Error;
    }
  }
  if (failure !== null) throw failure;
  return null;
}

async function askFamily(exchange: Exchange, name: string, family: Family): Promise<Part> {
  try {
    const texts = await exchange.ask(name, (channel) =>
      family === 'IPv4' ? channel.resolve4(name) : channel.resolve6(name),
    );
    const addrs = texts.map((text) => Addr.tryParse(text)?.unmap()).filter((addr) => addr !== undefined);
    return { addrs: sortByRFC6724(addrs), failure: addrs.length > 0 ? null : noSuchHost(name) };
  } catch (error) {
    return { addrs: [], failure: error as Error };
  }
}

/** Of the failures of one name one that leaves open whether it exists, if there is such. */
function worst(failures: readonly Error[]): Error | null {
  return failures.find((failure) => !(failure instanceof DNSError && failure.notFound)) ?? failures[0] ?? null;
}
