// The records that a Resolver gives, and what is done with a server's answer before it is one: names with their final dot and
// without those that are none, services in the order of RFC 2782, mail exchangers by preference.

import type { MxRecord, SrvRecord } from 'node:dns';
import type { Addr } from '../addr/ip.ts';
import { isDomainName } from '../addr/domainname.ts';

/** A service's host and port. @see Go's net.SRV */
export interface SRV {
  readonly target: string;
  readonly port: number;
  readonly priority: number;
  readonly weight: number;
}

/** A mail exchanger. @see Go's net.MX */
export interface MX {
  readonly host: string;
  readonly pref: number;
}

/** A name server. @see Go's net.NS */
export interface NS {
  readonly host: string;
}

/** A number from 0 to below 1, as Math.random gives. */
export type Random = () => number;

/** A name as a server gave it, with its final dot; null if it is none. */
export function absoluteName(name: string): string | null {
  const absolute = name.endsWith('.') ? name : `${name}.`;
  return isDomainName(absolute) ? absolute : null;
}

/** The names that are such. */
export function absoluteNames(names: readonly string[]): string[] {
  return names.map(absoluteName).filter((name) => name !== null);
}

/** Services by priority, and those of one priority drawn by weight: the heavier, the sooner. RFC 2782 */
export function orderSRV(records: readonly SrvRecord[], random: Random = Math.random): SRV[] {
  const left: SRV[] = [];
  for (const { name, port, priority, weight } of records) {
    const target = absoluteName(name);
    if (target !== null) left.push({ target, port, priority, weight });
  }
  // Those of weight 0 stand first, so that they have some chance.
  left.sort((a, b) => a.priority - b.priority || a.weight - b.weight);
  const ordered: SRV[] = [];
  while (left.length > 0) {
    const { priority } = left[0]!;
    const rivals = left.filter((srv) => srv.priority === priority);
    ordered.push(...left.splice(draw(rivals, random), 1));
  }
  return ordered;
}

/** Draws the index of one: the first whose running sum of weights reaches a random number up to the whole sum. */
function draw(rivals: readonly SRV[], random: Random): number {
  const sum = rivals.reduce((total, { weight }) => total + weight, 0);
  if (sum === 0) return Math.floor(random() * rivals.length);
  let mark = Math.floor(random() * (sum + 1));
  return rivals.findIndex(({ weight }) => (mark -= weight) <= 0);
}

/** Mail exchangers by preference; of equal ones, any may come first. */
export function orderMX(records: readonly MxRecord[], random: Random = Math.random): MX[] {
  const drawn: { readonly mx: MX; readonly lot: number }[] = [];
  for (const { exchange, priority } of records) {
    const host = absoluteName(exchange);
    if (host !== null) drawn.push({ mx: { host, pref: priority }, lot: random() });
  }
  return drawn.sort((a, b) => a.mx.pref - b.mx.pref || a.lot - b.lot).map(({ mx }) => mx);
}

/** The name under which an address is looked up: RFC 1035 section 3.5, RFC 3596 section 2.5. */
export function arpaName(addr: Addr): string {
  const bare = addr.unmap();
  if (bare.is4()) return `${bare.as4().toReversed().join('.')}.in-addr.arpa.`;
  const digits = Buffer.from(bare.as16()).toString('hex');
  return `${digits.split('').toReversed().join('.')}.ip6.arpa.`;
}
