// Which of a host's addresses to try first: the rules of RFC 6724 section 6, as a pure function of the addresses and of the
// source address from which each would be reached. Rules 3, 4 and 7 ask what a socket does not tell, and are left out. Rule 9
// counts for IPv6 only: on IPv4 it would undo the round robin of name servers (golang/go#13283).

import { Prefix, type Addr } from '../addr/ip.ts';

/** A destination and where it would be reached from; null where there is no route. */
export interface Candidate {
  readonly addr: Addr;
  readonly source: Addr | null;
}

/** Orders two destinations: negative if the first is better. Of two that are equal, neither moves. */
export function compareCandidates(a: Candidate, b: Candidate): number {
  if (a.source === null || b.source === null) return Number(a.source === null) - Number(b.source === null);
  const [rankA, rankB] = [policyOf(a.addr), policyOf(b.addr)];
  return (
    // Rule 2: the scope of the source is the destination's.
    Number(scopeOf(b.addr) === scopeOf(b.source)) - Number(scopeOf(a.addr) === scopeOf(a.source)) ||
    // Rule 5: so is its label.
    Number(rankB.label === policyOf(b.source).label) - Number(rankA.label === policyOf(a.source).label) ||
    // Rule 6: higher precedence.
    rankB.precedence - rankA.precedence ||
    // Rule 8: smaller scope.
    scopeOf(a.addr) - scopeOf(b.addr) ||
    // Rule 9: more of the prefix in common with the source.
    (isIPv6(a.addr) && isIPv6(b.addr) ? commonPrefix(b.addr, b.source) - commonPrefix(a.addr, a.source) : 0)
  );
}

interface Policy {
  readonly prefix: Prefix;
  readonly precedence: number;
  readonly label: number;
}

const row = (prefix: string, precedence: number, label: number): Policy => ({
  prefix: Prefix.parse(prefix),
  precedence,
  label,
});

/** Section 2.1, the longest prefix first. IPv4 is judged as IPv4 inside IPv6. */
const POLICIES: readonly Policy[] = [
  row('::1/128', 50, 0),
  row('::ffff:0:0/96', 35, 4),
  row('::/96', 1, 3),
  row('2001::/32', 5, 5),
  row('2002::/16', 30, 2),
  row('3ffe::/16', 1, 12),
  row('fec0::/10', 1, 11),
  row('fc00::/7', 3, 13),
];
const IPV4: Policy = POLICIES[1]!;
const OTHERS: Policy = row('::/0', 40, 1);

function policyOf(addr: Addr): Policy {
  if (!isIPv6(addr)) return IPV4;
  const bare = addr.withZone('');
  return POLICIES.find(({ prefix }) => prefix.contains(bare)) ?? OTHERS;
}

const LINK_LOCAL = 0x2;
const SITE_LOCAL = 0x5;
const GLOBAL = 0xe;
const SITE: Prefix = Prefix.parse('fec0::/10');

/** Sections 3.1 and 3.2: loopback counts as link-local. */
function scopeOf(addr: Addr): number {
  if (addr.isLoopback() || addr.isLinkLocalUnicast()) return LINK_LOCAL;
  if (!isIPv6(addr)) return GLOBAL;
  if (addr.isMulticast()) return (addr.a >>> 16) & 0xf;
  return SITE.contains(addr.withZone('')) ? SITE_LOCAL : GLOBAL;
}

/** Section 2.2: how many of the first 64 bits, those before the interface, are the same. */
function commonPrefix(addr: Addr, source: Addr): number {
  if (!isIPv6(source)) return 0;
  const first = Math.clz32(addr.a ^ source.a);
  return first < 32 ? first : 32 + Math.clz32(addr.b ^ source.b);
}

const isIPv6 = (addr: Addr): boolean => addr.is6() && !addr.is4In6();
