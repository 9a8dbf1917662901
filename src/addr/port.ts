// The port half of an address: a number, or a service name to look up. The numbers are those of Go's parser, which takes a
// sign and leading zeros, and reads the empty text as 0.

import { AddrError, DNSError } from '../errors.ts';
import { lowerASCII } from './fields.ts';
import { builtinServices, type Services } from './services.ts';

/** What a port text says. */
export interface ParsedPort {
  /** The number, not yet checked to be a port; 0 for a name. */
  readonly port: number;
  /** Whether the text is no number, and so the name of a service. */
  readonly isName: boolean;
}

/** Numbers are clamped to below this, or, if negative, to this. */
const CLAMP = 2 ** 30;

/**
 * Reads a port text as a number where it is one. Never throws: whether the number is a port is asked later.
 *
 * Unlike Go, whose 32-bit sum wraps: there `4294967300` is port 4.
 */
export function parsePort(text: string): ParsedPort {
  if (!/^[+-]?\d*$/.test(text)) return { port: 0, isName: true };
  const number = Number(text.replace(/^[+-]/, ''));
  if (!text.startsWith('-')) return { port: Math.min(number, CLAMP - 1), isName: false };
  return { port: number === 0 ? 0 : -Math.min(number, CLAMP), isName: false };
}

/** The protocols whose services each network looks in, in order. */
const LISTS: ReadonlyMap<string, readonly ['tcp' | 'udp', ...'udp'[]]> = new Map([
  ['tcp', ['tcp']],
  ['tcp4', ['tcp']],
  ['tcp6', ['tcp']],
  ['udp', ['udp']],
  ['udp4', ['udp']],
  ['udp6', ['udp']],
  ['ip', ['tcp', 'udp']],
  ['', ['tcp', 'udp']],
]);

/**
 * Gives the port for a number or a service name.
 *
 * Throws `AddrError` for a number out of range, and for a name on a network without services; `DNSError` for a name that is not
 * known. A number never looks at the network.
 */
export function lookupPort(network: string, service: string, services: Services = builtinServices): number {
  const { port, isName } = parsePort(service);
  const found = isName ? servicePort(network, service, services) : port;
  if (found < 0 || found > 65535) throw new AddrError('invalid port', service);
  return found;
}

function servicePort(network: string, service: string, services: Services): number {
  const protocols = LISTS.get(network);
  if (protocols === undefined) throw new AddrError('unknown network', network);
  const name = lowerASCII(service);
  for (const protocol of protocols) {
    const port = services.get(protocol)?.get(name);
    if (port !== undefined) return port;
  }
  const asked = protocols.length > 1 ? 'ip' : protocols[0];
  throw new DNSError({ err: 'unknown port', hostname: `${asked}/${service}`, notFound: true });
}
