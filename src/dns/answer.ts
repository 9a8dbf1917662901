// What a look-up of a host finds out: addresses of one family or of both, as they come.

import { isIPv4 } from '../addr/addrlist.ts';
import type { Addr } from '../addr/ip.ts';

/** The two families, under Node's names. */
export type Family = 'IPv4' | 'IPv6';

/** Which families a look-up is about: both, IPv4, IPv6. */
export type Suffix = '' | '4' | '6';

/** What a look-up has found out about one family, or about both at once. Addresses may be none. */
export interface Answer {
  readonly families: readonly Family[];
  readonly addrs: readonly Addr[];
}

/** The families that a look-up asks for. */
export function familiesOf(suffix: Suffix): readonly Family[] {
  return suffix === '' ? ['IPv4', 'IPv6'] : suffix === '4' ? ['IPv4'] : ['IPv6'];
}

/** One answer for all that was asked: those of the addresses that are of such a family. */
export function wholeAnswer(suffix: Suffix, addrs: readonly Addr[]): Answer {
  const fit = suffix === '' ? [...addrs] : addrs.filter((addr) => isIPv4(addr) === (suffix === '4'));
  return { families: familiesOf(suffix), addrs: fit };
}
