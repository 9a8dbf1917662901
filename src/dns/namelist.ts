// The names that are asked of a name server for one that was given: as it is, and with the domains to search, resolv.conf(5).

import type { ResolvConf } from './resolvconf.ts';

/** The longest name with its final dot. */
const LONGEST = 254;

/** The names to ask for, each with its final dot, in their order. */
export function nameList(name: string, { ndots, search }: Pick<ResolvConf, 'ndots' | 'search'>): string[] {
  if (name.endsWith('.')) return name.length > LONGEST ? [] : [name];
  const rooted = `${name}.`;
  const searched = (search ?? []).map((domain) => rooted + domain);
  const dots = name.split('.').length - 1;
  const names = dots >= ndots ? [rooted, ...searched] : [...searched, rooted];
  return names.filter((each) => each.length <= LONGEST);
}

/** The domain to search where resolv.conf names none: what follows the first dot of the machine's own name. */
export function defaultSearch(hostname: string): string[] {
  const dot = hostname.indexOf('.');
  const domain = dot < 0 ? '' : hostname.slice(dot + 1);
  if (domain === '' || domain === '.') return [];
  return [domain.endsWith('.') ? domain : `${domain}.`];
}
