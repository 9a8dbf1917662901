// A dial on an IP network: from the text to candidates, and then one of them alone, all of them in a race, or one after another.

import type { Addr } from '../addr/addr.ts';
import { ofFamily } from '../addr/addrlist.ts';
import type { IPEndpoint } from '../addr/endpoint.ts';
import type { Addr as IP } from '../addr/ip.ts';
import { sortByRFC6724 } from '../dns/addrsort.ts';
import type { Limits } from '../fd/op.ts';
import { passed } from '../poll/deadline.ts';
import { step, steps } from '../trace.ts';
import type { Attempts } from './attempt.ts';
import { pair, type Racer, toLocals, wantAny } from './candidate.ts';
import { familiesOf, type HostResolver, literals, lookupAll, lookupAsItComes } from './lookup.ts';
import { dialParallel, type Find } from './parallel.ts';
import { split } from './resolve.ts';
import { dialSerial } from './serial.ts';

/** Milliseconds before the next address joins the race: RFC 8305, section 8. */
const CONNECTION_ATTEMPT_DELAY = 250;

/** Checks the delay of a race; throws a TypeError or RangeError. Negative: no race. */
export function toDelay(delay: number | undefined): number {
  if (delay === undefined || delay === 0) return CONNECTION_ATTEMPT_DELAY;
  if (typeof delay !== 'number') throw new TypeError(`Option fallbackDelay must be a number, not ${typeof delay}`);
  if (Number.isNaN(delay)) throw new RangeError('Option fallbackDelay is not a number of milliseconds');
  return delay;
}

/** What is to be dialed. */
export interface InetTarget<A extends IPEndpoint> {
  /** The class of the network's addresses. */
  readonly kind: new (ip: IP, port: number) => A;
  /** The network without its protocol. */
  readonly afnet: string;
  readonly text: string;
  readonly locals: readonly Addr[];
  readonly delay: number;
  readonly resolver: HostResolver;
  /** Told before several addresses are tried at a time. */
  readonly onRace?: (() => void) | undefined;
}

/** Dials. Rejects with an OpError of the attempts, or with the bare reason why there were none. */
export async function dialInet<A extends IPEndpoint, C extends Disposable>(
  { kind, afnet, text, locals: anyLocals, delay, resolver, onRace }: InetTarget<A>,
  attempts: Attempts<A, C>,
  limits: Limits,
): Promise<C> {
  const { host, port } = split(afnet, text);
  const locals = toLocals(kind, anyLocals);
  const toRacers = (ips: readonly IP[]): Racer<A>[] => {
    const remotes = ips.map((ip) => new kind(ip, port));
    if (steps.hasSubscribers) step(5, `addresses: ${remotes.join(', ')}`);
    return pair(remotes, locals);
  };
  const known = literals(afnet, host) ?? (delay < 0 ? await lookupAll(resolver, afnet, host, limits) : null);
  if (known !== null) {
    const racers = toRacers(known);
    wantAny(racers, locals, host);
    const late = limits.signal?.aborted === true || passed(limits.deadline);
    if (racers.length === 1 || delay < 0 || late) return dialSerial(racers, attempts, limits);
    onRace?.();
    return dialParallel({ families: [], find: atOnce(racers), delay, sort }, attempts, limits);
  }
  onRace?.();
  const find: Find<A> = async (own, hear) => {
    let found = false;
    let any = false;
    await lookupAsItComes(resolver, afnet, host, own, ({ families, addrs }) => {
      const fitting = ofFamily(afnet, addrs);
      const candidates = toRacers(fitting);
      found ||= fitting.length > 0;
      any ||= candidates.length > 0;
      hear({ families, candidates });
    });
    if (!any) wantAny([], found ? locals : [], host);
  };
  return dialParallel({ families: familiesOf(afnet), find, delay, sort }, attempts, limits);
}

/** Nothing to look up. */
const atOnce =
  <A extends IPEndpoint>(candidates: readonly Racer<A>[]): Find<A> =>
  (_, hear) =>
    Promise.resolve(hear({ families: [], candidates }));

/** The candidates of several answers in one order, RFC 6724. */
function sort<A extends IPEndpoint>(candidates: readonly Racer<A>[]): readonly Racer<A>[] {
  const place = new Map(sortByRFC6724(candidates.map(({ remote }) => remote.ip)).map((ip, i) => [ip.toString(), i]));
  const placeOf = ({ remote }: Racer<A>): number => place.get(remote.ip.toString())!;
  return candidates.toSorted((a, b) => placeOf(a) - placeOf(b));
}
