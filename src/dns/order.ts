// Which sources a host name is looked up in, and in which order: a pure function of the name, of what the system's files say, and
// of the environment. Whatever only the C library can answer goes to getaddrinfo(3), and nothing else does.

import { lowerASCII } from '../addr/fields.ts';
import type { HostSources } from './nsswitch.ts';

/** A source of ours: the hosts file or the name servers. */
export type Source = 'files' | 'dns';

/** The sources in their order, or the C library instead of them. */
export type Order = readonly Source[] | 'getaddrinfo';

/** What a caller asks for: the system's rules, never getaddrinfo, or always. */
export type Method = 'auto' | 'dns' | 'getaddrinfo';

/** What is known of this machine. */
export interface Machine {
  readonly sources: HostSources;
  /** Whether resolv.conf asks for what is not known here. */
  readonly unknownOptions: boolean;
  /** Whether the environment changes what the C library does. */
  readonly environment: boolean;
  /** Whether the multicast look-up has a list of its own of the domains that it answers for. */
  readonly mdnsAllow: boolean;
  /** The machine's own name; empty where it has none. */
  readonly hostname: string;
}

const USUAL: Order = ['files', 'dns'];

/** Decides. The empty name asks for the order of everything that is not about one host. */
export function hostOrder(method: Method, host: string, machine: Machine): Order {
  if (method === 'dns') return USUAL;
  if (method === 'getaddrinfo' || machine.unknownOptions || machine.environment) return 'getaddrinfo';
  if (/[\\%]/.test(host)) return 'getaddrinfo';
  const { sources } = machine;
  if (sources === null) return 'getaddrinfo';
  if (sources.length === 0) return USUAL;
  const order: Source[] = [];
  for (const { name, standard } of sources) {
    if (name === 'files' || name === 'dns') {
      if (!standard) return 'getaddrinfo';
      if (!order.includes(name)) order.push(name);
    } else if (!canSkip(name, bareName(host), machine)) return 'getaddrinfo';
  }
  return order.length === 0 ? 'getaddrinfo' : order;
}

/** Whether a source that is not ours has nothing to say of the name. */
function canSkip(source: string, name: string, machine: Machine): boolean {
  if (source === 'myhostname') {
    return !isLocalhost(name) && !NEIGHBOURS.has(name) && name !== bareName(machine.hostname);
  }
  return source.startsWith('mdns') && !machine.mdnsAllow && !name.endsWith('.local');
}

/** What nss-myhostname(8) answers for, besides localhost and the machine's own name. */
const NEIGHBOURS: ReadonlySet<string> = new Set(['gateway', '_gateway', '_outbound']);

/** Whether the name stands for this machine wherever it is asked: RFC 6761 section 6.3, and what nss-myhostname(8) adds. */
export function isLocalhost(host: string): boolean {
  return /(?:^|\.)localhost(?:\.localdomain)?$/.test(bareName(host));
}

/** Whether the name must never be asked of a name server: RFC 7686. */
export function isOnion(host: string): boolean {
  return bareName(host).endsWith('.onion');
}

function bareName(host: string): string {
  return lowerASCII(host.endsWith('.') ? host.slice(0, -1) : host);
}
