// Which addresses lead where a request from outside has no business: this machine, the networks behind it, the services that a
// cloud keeps for its machines. Pure. The registries: RFC 6890 and the IANA special-purpose tables; forms that carry an IPv4
// address inside IPv6 are judged by that address: RFC 4291, RFC 6052, RFC 8215, RFC 3056, RFC 4380.

import { Addr, Prefix } from './ip.ts';

/** Networks, and what they are, the narrower before the wider. */
const RESERVED: readonly (readonly [Prefix, string])[] = (
  [
    ['0.0.0.0/8', 'unspecified'],
    ['10.0.0.0/8', 'private'],
    ['100.100.100.200/32', 'metadata'],
    ['100.64.0.0/10', 'shared'],
    ['127.0.0.0/8', 'loopback'],
    ['168.63.129.16/32', 'metadata'],
    ['169.254.169.254/32', 'metadata'],
    ['169.254.170.2/32', 'metadata'],
    ['169.254.0.0/16', 'link-local'],
    ['172.16.0.0/12', 'private'],
    ['192.0.0.192/32', 'metadata'],
    ['192.0.0.0/24', 'reserved'],
    ['192.0.2.0/24', 'reserved'],
    ['192.88.99.0/24', 'reserved'],
    ['192.168.0.0/16', 'private'],
    ['198.18.0.0/15', 'reserved'],
    ['198.51.100.0/24', 'reserved'],
    ['203.0.113.0/24', 'reserved'],
    ['224.0.0.0/4', 'multicast'],
    ['240.0.0.0/4', 'reserved'],
    ['::/128', 'unspecified'],
    ['::1/128', 'loopback'],
    ['2001:db8::/32', 'reserved'],
    ['2001:2::/48', 'reserved'],
    ['2001:10::/28', 'reserved'],
    ['3fff::/20', 'reserved'],
    ['fd00:ec2::254/128', 'metadata'],
    ['fd20:ce::254/128', 'metadata'],
    ['fc00::/7', 'unique-local'],
    ['fe80::/10', 'link-local'],
    ['fec0::/10', 'site-local'],
    ['ff00::/8', 'multicast'],
  ] as const
).map(([prefix, kind]) => [Prefix.parse(prefix), kind]);

/** Networks of IPv6 with an IPv4 address inside, the byte where it begins, and whether its bits are inverted. */
const CARRIERS: readonly (readonly [Prefix, at: number, inverted?: true])[] = (
  [
    ['::ffff:0:0/96', 12],
    ['::ffff:0:0:0/96', 12],
    ['64:ff9b::/96', 12],
    ['2002::/16', 2],
    ['2001::/32', 12, true],
    ['::/96', 12],
  ] as const
).map(([prefix, at, inverted]) => (inverted ? [Prefix.parse(prefix), at, inverted] : [Prefix.parse(prefix), at]));

/** All that IPv6 has given out so far: RFC 4291, section 2.4. */
const GLOBAL = Prefix.parse('2000::/3');

/** What an address is that is not for the public, e.g. `private` or `loopback`; null for one that is. */
export function notPublic(addr: Addr): string | null {
  const bare = addr.withZone('');
  for (const [prefix, kind] of RESERVED) if (prefix.contains(bare)) return kind;
  if (!bare.is6()) return null;
  const inner = carried(bare);
  if (inner !== null) return notPublic(inner);
  return GLOBAL.contains(bare) ? null : 'reserved';
}

/** The IPv4 address that an IPv6 one carries, where it is of a form that does; else null. */
export function carried(addr: Addr): Addr | null {
  const bare = addr.withZone('');
  for (const [prefix, at, inverted] of CARRIERS) {
    if (!prefix.contains(bare)) continue;
    const bytes = bare.as16().subarray(at, at + 4);
    return Addr.from4(inverted ? bytes.map((byte) => ~byte) : bytes);
  }
  return null;
}
