// Where the system looks for host names, the line `hosts:` of nsswitch.conf(5), from the file's text.

/** One source of a line, e.g. `files`, `dns` or `mdns4_minimal`. */
export interface NSSource {
  readonly name: string;
  /** Whether what follows in brackets, if anything, asks for what would be done anyway. */
  readonly standard: boolean;
}

/** The sources of host names in their order: none where the file names none, null where it cannot be understood. */
export type HostSources = readonly NSSource[] | null;

/** A source's name and its criteria in brackets; or what is neither. */
const SOURCE = /\s*(?:([^\s[\]]+)(?:\s*\[([^\]]*)\])?|(\S))/gy;

/** Reads the text of an nsswitch.conf; null, for no file, names no sources. Nothing throws. */
export function parseHostSources(text: string | null): HostSources {
  const sources: NSSource[] = [];
  for (const line of (text ?? '').split('\n')) {
    const [bare = ''] = line.split('#', 1);
    if (bare.trim() === '') continue;
    const colon = bare.indexOf(':');
    if (colon < 0) return null;
    if (bare.slice(0, colon).trim() !== 'hosts') continue;
    for (const [, name, criteria = '', stray] of bare.slice(colon + 1).matchAll(SOURCE)) {
      if (name === undefined || stray !== undefined) return null;
      sources.push({ name, standard: standardCriteria(criteria) });
    }
  }
  return sources;
}

/** What is done after each status where nothing else is said. */
const ACTIONS: ReadonlyMap<string, string> = new Map([
  ['success', 'return'],
  ['notfound', 'continue'],
  ['unavail', 'continue'],
  ['tryagain', 'continue'],
]);

/** Whether every criterion is what would be done anyway; the last may also return. */
function standardCriteria(text: string): boolean {
  const criteria = text
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== '');
  return criteria.every((criterion, index) => {
    const [status = '', action = ''] = criterion.split('=', 2);
    const usual = ACTIONS.get(status);
    return usual !== undefined && (action === usual || (action === 'return' && index === criteria.length - 1));
  });
}
