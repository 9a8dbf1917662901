// A name to its addresses, by the system's own look-up: getaddrinfo(3) through node:dns. The call itself cannot be stopped; a
// deadline or signal ends the wait for it.

import { lookup, type LookupAddress } from 'node:dns';
import { isDomainName, isOldIPv4 } from '../addr/domainname.ts';
import { Addr } from '../addr/ip.ts';
import { CanceledError, DNSError, DeadlineError } from '../errors.ts';
import { check, limited } from '../fd/limited.ts';
import type { Limits } from '../fd/op.ts';
import { step } from '../trace.ts';

/** The addresses of a name, in the system's order. Rejects with a DNSError. */
export async function lookupIP(hostname: string, limits: Limits): Promise<Addr[]> {
  // Go's idea of a name: getaddrinfo would take 127.1, 010.0.0.1 and 0x7f.1 for addresses.
  if (!isDomainName(hostname) || isOldIPv4(hostname)) throw noSuchHost(hostname);
  try {
    check(limits);
    const found = await limited(ask(hostname), limits);
    const addrs = found.map(({ address }) => Addr.tryParse(address)).filter((addr) => addr !== null);
    if (addrs.length === 0) throw noSuchHost(hostname);
    step(4, `${hostname} is ${addrs.join(', ')}`);
    return addrs;
  } catch (error) {
    throw dnsError(hostname, error as NodeJS.ErrnoException);
  }
}

function ask(hostname: string): Promise<LookupAddress[]> {
  return new Promise((resolve, reject) => {
    lookup(hostname, { all: true, verbatim: true }, (error, found) =>
      error === null ? resolve(found) : reject(error),
    );
  });
}

const noSuchHost = (hostname: string): DNSError => new DNSError({ err: 'no such host', hostname, notFound: true });

/** What ended the look-up, in Go's words; Node's code stays. */
function dnsError(hostname: string, error: NodeJS.ErrnoException): DNSError {
  if (error instanceof DNSError) return error;
  if (error instanceof CanceledError || error instanceof DeadlineError) {
    const { message: err, code, timeout } = error;
    return new DNSError({ err, hostname, code, timeout, cause: error });
  }
  const { code = 'EAI_FAIL' } = error;
  if (code === 'ENOTFOUND' || code === 'ENODATA' || code === 'EAI_NODATA') return noSuchHost(hostname);
  const temporary = code === 'EAI_AGAIN';
  return new DNSError({ err: temporary ? 'server misbehaving' : error.message, hostname, code, temporary });
}
