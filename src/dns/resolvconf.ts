// The configuration of look-ups through name servers, resolv.conf(5), from its text. What c-ares reads by itself (use-vc, edns0)
// is known here and left to it; an option that nobody here knows is noted, so that the system's own look-up can be asked instead.

import { leadingNumber } from '../addr/fields.ts';
import { Addr } from '../addr/ip.ts';

/** What the file says. */
export interface ResolvConf {
  /** The name servers, at most three. */
  readonly servers: readonly Addr[];
  /** The domains to search, each with its final dot; null where the file names none. */
  readonly search: readonly string[] | null;
  /** A name with at least so many dots is tried as it is before the domains. */
  readonly ndots: number;
  /** Milliseconds for one try of one server. */
  readonly timeout: number;
  /** How often each server is tried. */
  readonly attempts: number;
  /** Whether each look-up starts with another server. */
  readonly rotate: boolean;
  /** Whether A and AAAA are asked one after the other. */
  readonly singleRequest: boolean;
  /** Whether the file says something that is not known here. */
  readonly unknown: boolean;
}

type Draft = { -readonly [K in keyof ResolvConf]: ResolvConf[K] };

const MAX_SERVERS = 3;
const DEFAULT_SERVERS: readonly Addr[] = [Addr.from4([127, 0, 0, 1]), Addr.ipv6Loopback()];

/** Options that ask for nothing of ours. */
const LEFT_TO_C_ARES: ReadonlySet<string> = new Set(['use-vc', 'usevc', 'tcp', 'edns0', 'trust-ad', 'no-reload']);

/** Reads the text of a resolv.conf; null, for no file, gives the defaults. Bad values are skipped; nothing throws. */
export function parseResolvConf(text: string | null): ResolvConf {
  const servers: Addr[] = [];
  const conf: Draft = {
    servers,
    search: null,
    ndots: 1,
    timeout: 5000,
    attempts: 2,
    rotate: false,
    singleRequest: false,
    unknown: false,
  };
  for (const line of (text ?? '').split('\n')) {
    if (line.startsWith('#') || line.startsWith(';')) continue;
    const [keyword, ...words] = line.split(/[ \r\t]+/).filter((word) => word !== '');
    if (keyword === 'nameserver') addServer(servers, words[0]);
    else if (keyword === 'domain' || keyword === 'search')
      setSearch(conf, keyword === 'domain' ? words.slice(0, 1) : words);
    else if (keyword === 'options') for (const word of words) setOption(conf, word);
    else if (keyword !== undefined) conf.unknown = true;
  }
  if (servers.length === 0) conf.servers = DEFAULT_SERVERS;
  return conf;
}

function addServer(servers: Addr[], word: string | undefined): void {
  const addr = word === undefined ? null : Addr.tryParse(word);
  if (addr !== null && servers.length < MAX_SERVERS) servers.push(addr);
}

function setSearch(conf: Draft, words: readonly string[]): void {
  const search = words.map((word) => (word.endsWith('.') ? word : `${word}.`)).filter((domain) => domain !== '.');
  conf.search = search.length === 0 ? null : search;
}

function setOption(conf: Draft, word: string): void {
  const [name = '', value = ''] = word.split(':', 2);
  const number = leadingNumber(value)?.value ?? 0;
  if (name === 'ndots') conf.ndots = Math.min(number, 15);
  else if (name === 'timeout') conf.timeout = Math.max(number, 1) * 1000;
  else if (name === 'attempts') conf.attempts = Math.max(number, 1);
  else if (word === 'rotate') conf.rotate = true;
  else if (word === 'single-request' || word === 'single-request-reopen') conf.singleRequest = true;
  else if (!LEFT_TO_C_ARES.has(word)) conf.unknown = true;
}
