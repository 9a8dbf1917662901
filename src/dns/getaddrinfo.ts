// Names and addresses by the C library: getaddrinfo(3) and getnameinfo(3) through node:dns. A call takes one of Node's few threads
// until it is done, and cannot be stopped; who gives up only stops waiting for it.

import { lookup, lookupService, type LookupAddress } from 'node:dns';
import { Addr } from '../addr/ip.ts';
import { noSuchHost, systemError } from './failure.ts';

/** The addresses of a name, of one family or both, in the system's order. Rejects with a DNSError. */
export async function getaddrinfo(hostname: string, suffix: '' | '4' | '6' = ''): Promise<Addr[]> {
  const family = suffix === '' ? {} : { family: Number(suffix) };
  const found = await new Promise<LookupAddress[]>((resolve, reject) => {
    lookup(hostname, { all: true, verbatim: true, ...family }, (error, list) =>
      error === null ? resolve(list) : reject(systemError(hostname, error)),
    );
  });
  const addrs = found.map(({ address }) => Addr.tryParse(address)?.unmap()).filter((addr) => addr !== undefined);
  if (addrs.length === 0) throw noSuchHost(hostname);
  return addrs;
}

/** The name of an address. Rejects with a DNSError. */
export function getnameinfo(addr: Addr): Promise<string> {
  const text = addr.toString();
  return new Promise((resolve, reject) => {
    lookupService(addr.withZone('').toString(), 0, (error, name) =>
      error === null ? resolve(name) : reject(systemError(text, error)),
    );
  });
}
