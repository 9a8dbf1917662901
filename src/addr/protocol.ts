// IP protocol numbers by name: a few that are always there, and those of /etc/protocols, given as text. protocols(5).

import { fieldLines, leadingNumber, lowerASCII } from './fields.ts';

/** The protocols that need no file; a file cannot change them. */
export const builtinProtocols: ReadonlyMap<string, number> = new Map([
  ['icmp', 1],
  ['igmp', 2],
  ['tcp', 6],
  ['udp', 17],
  ['ipv6-icmp', 58],
]);

/** Reads the text of /etc/protocols, names and aliases, on top of the built-in ones; the first to take a name keeps it. */
export function parseProtocols(text: string): ReadonlyMap<string, number> {
  const protocols = new Map(builtinProtocols);
  for (const [name, digits, ...aliases] of fieldLines(text)) {
    const number = leadingNumber(digits);
    if (number === null) continue;
    for (const each of [name, ...aliases]) {
      if (!protocols.has(each)) protocols.set(each, number.value);
    }
  }
  return protocols;
}

/** Makes the look-up that `parseNetwork` takes. The name asked for is lowered, those of the file are not: `TCP` finds `tcp`. */
export function protocolLookup(
  protocols: ReadonlyMap<string, number> = builtinProtocols,
): (name: string) => number | undefined {
  return (name) => protocols.get(lowerASCII(name));
}
