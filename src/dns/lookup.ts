// A name to its addresses, by the system's own look-up: getaddrinfo(3) through node:dns. The call itself cannot be stopped; a
// deadline or signal ends the wait for it.

import { lookup, type LookupAddress } from 'node:dns';
import { isDomainName } from '../addr/domainname.ts';
import { Addr } from '../addr/ip.ts';
import { CanceledError, DNSError, DeadlineError } from '../errors.ts';
import type { Limits } from '../fd/op.ts';
import { arm, disarm, type Due } from '../poll/deadline.ts';
import { step } from '../trace.ts';

const noSuchHost = (hostname: string): DNSError => new DNSError({ err: 'no such host', hostname, notFound: true });

/** The addresses of a name, in the system's order. Rejects with a DNSError. */
export function lookupIP(hostname: string, limits: Limits): Promise<Addr[]> {
  // Go's idea of a name, so that getaddrinfo does not take 127.1 or 010.0.0.1 for an address.
  if (!isDomainName(hostname)) return Promise.reject(noSuchHost(hostname));
  return new Wait(hostname, limits).promise;
}

/** Node's codes as Go's reasons. */
function dnsError(hostname: string, error: NodeJS.ErrnoException): DNSError {
  const { code = 'EAI_FAIL' } = error;
  if (code === 'ENOTFOUND' || code === 'ENODATA' || code === 'EAI_NODATA') return noSuchHost(hostname);
  const temporary = code === 'EAI_AGAIN';
  return new DNSError({ err: temporary ? 'server misbehaving' : error.message, hostname, code, temporary });
}

/** One look-up that is waited for: its own deadline and its own listener. */
class Wait implements Due {
  readonly promise: Promise<Addr[]>;
  readonly due: number;
  readonly #hostname: string;
  readonly #signal: AbortSignal | null;
  #resolve!: (addrs: Addr[]) => void;
  #reject!: (error: DNSError) => void;
  at = 0;
  slot = -1;

  constructor(hostname: string, { deadline, signal }: Limits) {
    this.#hostname = hostname;
    this.#signal = signal;
    this.due = deadline;
    this.promise = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    if (signal?.aborted === true) {
      this.handleEvent();
      return;
    }
    arm(this);
    signal?.addEventListener('abort', this, { once: true });
    lookup(hostname, { all: true, verbatim: true }, (error, found) => this.#done(error, found));
  }

  #done(error: NodeJS.ErrnoException | null, found: LookupAddress[]): void {
    this.#leave();
    if (error !== null) {
      this.#reject(dnsError(this.#hostname, error));
      return;
    }
    const addrs = found.map(({ address }) => Addr.tryParse(address)).filter((addr) => addr !== null);
    step(4, `${this.#hostname} is ${addrs.join(', ')}`);
    if (addrs.length === 0) this.#reject(noSuchHost(this.#hostname));
    else this.#resolve(addrs);
  }

  #leave(): void {
    disarm(this);
    this.#signal?.removeEventListener('abort', this);
  }

  expire(): void {
    const cause = new DeadlineError();
    this.#cut(new DNSError({ err: cause.message, hostname: this.#hostname, code: cause.code, timeout: true, cause }));
  }

  handleEvent(): void {
    const cause = new CanceledError(this.#signal?.reason);
    this.#cut(new DNSError({ err: cause.message, hostname: this.#hostname, code: cause.code, cause }));
  }

  #cut(error: DNSError): void {
    this.#leave();
    this.#reject(error);
  }
}
