// The hosts file, hosts(5): names to addresses and back, from its text. Names are looked up without regard to case or to a
// final dot; what a name has on several lines adds up, in the order of the file. Bad lines are skipped; nothing here throws.

import { fieldLines, lowerASCII } from '../addr/fields.ts';
import { Addr } from '../addr/ip.ts';

/** What the file says of one name. */
export interface HostEntry {
  readonly addrs: readonly Addr[];
  /** The first name of the first line that has the name, as it stands there. */
  readonly canonical: string;
}

/** The file's lines, by name and by address. */
export class Hosts {
  readonly #byName: ReadonlyMap<string, HostEntry>;
  readonly #byAddr: ReadonlyMap<string, readonly string[]>;

  constructor(byName: ReadonlyMap<string, HostEntry>, byAddr: ReadonlyMap<string, readonly string[]>) {
    this.#byName = byName;
    this.#byAddr = byAddr;
  }

  /** The addresses of a name and its canonical form; null if the file has no such name. */
  entry(name: string): HostEntry | null {
    return this.#byName.get(keyOf(name)) ?? null;
  }

  /** The names of an address, as they stand in the file; none if it is not there. */
  names(addr: Addr): readonly string[] {
    return this.#byAddr.get(addr.unmap().toString()) ?? [];
  }
}

/** Reads the text of a hosts file; null, for no file, has no lines. */
export function parseHosts(text: string | null): Hosts {
  const byName = new Map<string, { addrs: Addr[]; canonical: string }>();
  const byAddr = new Map<string, string[]>();
  for (const [literal, canonical, ...aliases] of fieldLines(text ?? '')) {
    const addr = Addr.tryParse(literal)?.unmap();
    if (addr === undefined) continue;
    const names = [canonical, ...aliases];
    for (const name of names) {
      const entry = byName.get(keyOf(name));
      if (entry === undefined) byName.set(keyOf(name), { addrs: [addr], canonical });
      else entry.addrs.push(addr);
    }
    const known = byAddr.get(addr.toString());
    if (known === undefined) byAddr.set(addr.toString(), names);
    else known.push(...names);
  }
  return new Hosts(byName, byAddr);
}

function keyOf(name: string): string {
  return lowerASCII(name.endsWith('.') ? name.slice(0, -1) : name);
}
