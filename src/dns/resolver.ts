// The Resolver: Go's look-ups by name. Each call checks its arguments, joins the look-up of the same thing that may be under way,
// and waits under its own limits.

import { selectAddrs } from '../addr/addrlist.ts';
import { isDomainName, isOldIPv4 } from '../addr/domainname.ts';
import { Addr } from '../addr/ip.ts';
import { lookupPort, parsePort } from '../addr/port.ts';
import type { IOOptions } from '../conn/conn.ts';
import { toLimits, wantNetwork } from '../conn/limits.ts';
import { DNSError, UnknownNetworkError } from '../errors.ts';
import { check } from '../fd/limited.ts';
import type { Limits } from '../fd/op.ts';
import { NEVER } from '../poll/deadline.ts';
import { sortByRFC6724 } from './addrsort.ts';
import { wholeAnswer, type Answer, type Suffix } from './answer.ts';
import { canonicalName } from './canonical.ts';
import type { Query } from './exchange.ts';
import { limitError, noSuchHost } from './failure.ts';
import { Flights, type Work } from './flight.ts';
import { lookUpHost, type Ground } from './host.ts';
import { Setup, systemSetup, type Files } from './machine.ts';
import { toSettings, type ResolverOptions } from './options.ts';
import { lookUpRecords, type Found } from './query.ts';
import { absoluteNames, orderMX, orderSRV, type MX, type NS, type SRV } from './records.ts';
import { lookingUp } from '../trace.ts';
import { namesOf } from './reverse.ts';
import { systemServices } from './services.ts';

export type { Answer } from './answer.ts';
export type { ResolverOptions } from './options.ts';
export type { MX, NS, SRV } from './records.ts';

/** Limits of one look-up: a deadline or a signal ends the wait, and the query too if nobody else waits for it. */
export type LookupOptions = IOOptions;

const NONE: Limits = { deadline: NEVER, signal: null };

/**
 * Looks up names and addresses.
 *
 * Every look-up rejects with a {@link DNSError}; a waiting one keeps the process alive. Equal look-ups under way are one. Names
 * that come from name servers end with a dot, those of the hosts file are as they stand there. Wrong arguments throw a TypeError
 * or RangeError at once.
 *
 * @see Go's net.Resolver
 */
export class Resolver {
  readonly #ground: Ground;
  readonly #hosts = new Flights<Answer>();
  readonly #others = new Flights<unknown>();

  constructor(options?: ResolverOptions);
  /** @internal With other files than the system's. */
  constructor(options: ResolverOptions | undefined, files: Files);
  constructor(options: ResolverOptions = {}, files?: Files) {
    this.#ground = {
      settings: toSettings(options),
      setup: files === undefined ? systemSetup : new Setup(files),
      turn: 0,
    };
  }

  /** The addresses of a host, as text, the best first; a literal as it is. */
  lookupHost(host: string, options?: LookupOptions): Promise<string[]> {
    const limits = limitsOf(host, options);
    if (Addr.tryParse(host) !== null) return Promise.resolve([host]);
    return this.#addrs('', host, limits).then((addrs) => addrs.map(String));
  }

  /** The addresses of a host, the best first, of one family or both; rejects with an AddrError if it has none of that family. */
  lookupNetIP(network: 'ip' | 'ip4' | 'ip6', host: string, options?: LookupOptions): Promise<Addr[]> {
    wantNetwork(network);
    return this.#netIP(network, host, limitsOf(host, options));
  }

  /** The port of a service, or the number itself; rejects with a DNSError or an AddrError. */
  lookupPort(network: string, service: string, options?: LookupOptions): Promise<number> {
    wantNetwork(network);
    const limits = limitsOf(service, options);
    return under(service, limits, async () =>
      lookupPort(network, service, parsePort(service).isName ? systemServices() : undefined),
    );
  }

  /** The names of an address: those of the hosts file, or else of the name servers. */
  lookupAddr(addr: string, options?: LookupOptions): Promise<string[]> {
    const limits = limitsOf(addr, options);
    const ip = Addr.tryParse(addr);
    if (ip === null) return Promise.reject(unrecognized(addr));
    return this.#one('addr', addr, limits, (signal) => namesOf(this.#ground, ip, addr, signal)).then((names) => [
      ...names,
    ]);
  }

  /** The name at the end of a host's aliases, if that has an address: of the hosts file, or else of the name servers. */
  lookupCNAME(host: string, options?: LookupOptions): Promise<string> {
    const limits = limitsOf(host, options);
    if (!isName(host)) return Promise.reject(noSuchHost(host));
    return this.#one('cname', host, limits, (signal) => canonicalName(this.#ground, host, signal));
  }

  /**
   * The hosts of a service, `_service._proto.name`, by priority and drawn by weight, and the name that they were found under. With
   * both `service` and `proto` empty, `name` is looked up as it is.
   */
  lookupSRV(
    service: string,
    proto: string,
    name: string,
    options?: LookupOptions,
  ): Promise<{ cname: string; addrs: SRV[] }> {
    wantText(service);
    wantText(proto);
    const limits = limitsOf(name, options);
    const target = service === '' && proto === '' ? name : `_${service}._${proto}.${name}`;
    const found = this.#records('srv', target, limits, (each) => (channel) => channel.resolveSrv(each));
    return found.then(({ name: cname, records }) => ({ cname, addrs: orderSRV(records) }));
  }

  /** The mail exchangers of a domain, by preference. */
  lookupMX(name: string, options?: LookupOptions): Promise<MX[]> {
    const limits = limitsOf(name, options);
    const found = this.#records('mx', name, limits, (each) => (channel) => channel.resolveMx(each));
    return found.then(({ records }) => orderMX(records));
  }

  /** The name servers of a domain. */
  lookupNS(name: string, options?: LookupOptions): Promise<NS[]> {
    const limits = limitsOf(name, options);
    const found = this.#records('ns', name, limits, (each) => (channel) => channel.resolveNs(each));
    return found.then(({ records }) => absoluteNames(records).map((host) => ({ host })));
  }

  /** The texts of a domain, each put together from its parts. */
  lookupTXT(name: string, options?: LookupOptions): Promise<string[]> {
    const limits = limitsOf(name, options);
    const found = this.#records('txt', name, limits, (each) => (channel) => channel.resolveTxt(each));
    return found.then(({ records }) => records.map((parts) => parts.join('')));
  }

  /**
   * @internal Calls `hear` with the addresses of a host as they come: one answer for each family that was asked, or one for all
   * where they come at once, each in the order of RFC 6724. Resolves when there is no more, and then something was found, unless
   * nothing may be asked (`.onion`); rejects with a DNSError. `hear` is not called after that, and may be called at once.
   */
  async arrivals(suffix: Suffix, host: string, limits: Limits, hear: (answer: Answer) => void): Promise<void> {
    const literal = Addr.tryParse(host);
    if (literal !== null) return hear(wholeAnswer(suffix, [literal.unmap()]));
    if (!isName(host)) throw noSuchHost(host);
    const work: Work<Answer> = (tell, signal) => lookUpHost(this.#ground, suffix, host, tell, signal);
    const copy = ({ families, addrs }: Answer): void => hear({ families: [...families], addrs: [...addrs] });
    return under(host, limits, () => this.#hosts.join(`${suffix}\0${host}`, limits, work, copy));
  }

  async #netIP(network: string, host: string, limits: Limits): Promise<Addr[]> {
    if (network !== 'ip' && network !== 'ip4' && network !== 'ip6') throw new UnknownNetworkError(network);
    const literal = Addr.tryParse(host)?.unmap();
    const suffix = network === 'ip' ? '' : network === 'ip4' ? '4' : '6';
    return selectAddrs(network, literal === undefined ? await this.#addrs(suffix, host, limits) : [literal], host);
  }

  #addrs(suffix: Suffix, host: string, limits: Limits): Promise<Addr[]> {
    if (!lookingUp.hasSubscribers) return this.#allAddrs(suffix, host, limits);
    return lookingUp.tracePromise(() => this.#allAddrs(suffix, host, limits), { network: `ip${suffix}`, host });
  }

  async #allAddrs(suffix: Suffix, host: string, limits: Limits): Promise<Addr[]> {
    const answers: Answer[] = [];
    await this.arrivals(suffix, host, limits, (answer) => answers.push(answer));
    const addrs = answers.flatMap((answer) => answer.addrs);
    return answers.length === 1 ? addrs : sortByRFC6724(addrs);
  }

  async #records<T>(
    kind: string,
    name: string,
    limits: Limits,
    query: (name: string) => Query<readonly T[]>,
  ): Promise<Found<T>> {
    if (!isName(name)) throw noSuchHost(name);
    return this.#one(kind, name, limits, (signal) => lookUpRecords(this.#ground, name, query, signal));
  }

  /** Joins a look-up that has one result. */
  #one<T>(kind: string, name: string, limits: Limits, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    if (!lookingUp.hasSubscribers) return this.#shared(kind, name, limits, work);
    return lookingUp.tracePromise(() => this.#shared(kind, name, limits, work), { network: kind, host: name });
  }

  async #shared<T>(kind: string, name: string, limits: Limits, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const results: T[] = [];
    await under(name, limits, () =>
      this.#others.join(
        `${kind} ${name}`,
        limits,
        async (tell, signal) => tell(await work(signal)),
        (result) => results.push(result as T),
      ),
    );
    return results[0]!;
  }
}

/** The resolver of everybody who brings none. */
export const defaultResolver: Resolver = new Resolver();

/** Whether a name server, or the C library, is to be asked at all. */
const isName = (name: string): boolean => isDomainName(name) && !isOldIPv4(name);

const unrecognized = (addr: string): DNSError =>
  new DNSError({ err: 'unrecognized address', hostname: addr, code: 'ERR_NET_ADDR' });

function wantText(text: unknown): asserts text is string {
  if (typeof text !== 'string') throw new TypeError(`A name must be a string, not ${typeof text}`);
}

function limitsOf(name: string, options: LookupOptions | undefined): Limits {
  wantText(name);
  return toLimits(options) ?? NONE;
}

/** Runs a look-up under limits; if these end it, with a DNSError that says so. */
async function under<T>(name: string, limits: Limits, work: () => Promise<T>): Promise<T> {
  try {
    check(limits);
    return await work();
  } catch (error) {
    throw limitError(name, error);
  }
}
