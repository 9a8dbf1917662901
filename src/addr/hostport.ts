// "host:port" taken apart and put together, by Go's rules and in Go's order of checks: what is wrong first is what the error
// says. Looks at colons and brackets only; whether the host is an address and the port a number is for others to say.

import { AddrError } from '../errors.ts';

/** The two halves of an address text. */
export interface HostPort {
  /** Without brackets; a zone stays in it. May be empty. */
  readonly host: string;
  /** A number or a service name, unchecked. May be empty. */
  readonly port: string;
}

/**
 * Splits `host:port`, `[host]:port` or `[host%zone]:port` at the last colon.
 *
 * Throws `AddrError` with one of Go's texts: `missing port in address`, `too many colons in address`, `missing ']' in address`,
 * `unexpected '[' in address`, `unexpected ']' in address`. `:` and `[]:80` are fine.
 */
export function splitHostPort(hostport: string): HostPort {
  const colon = hostport.lastIndexOf(':');
  if (colon < 0) throw new AddrError('missing port in address', hostport);
  const bracketed = hostport.startsWith('[');
  const end = bracketed ? closing(hostport, colon) : colon;
  const host = hostport.slice(bracketed ? 1 : 0, end);
  if (!bracketed && host.includes(':')) throw new AddrError('too many colons in address', hostport);
  if (hostport.includes('[', bracketed ? 1 : 0)) throw new AddrError("unexpected '[' in address", hostport);
  if (hostport.includes(']', bracketed ? end + 1 : 0)) throw new AddrError("unexpected ']' in address", hostport);
  return { host, port: hostport.slice(colon + 1) };
}

/** Finds the bracket that closes the first one, and requires that the last colon comes right after it. */
function closing(hostport: string, colon: number): number {
  const end = hostport.indexOf(']');
  if (end < 0) throw new AddrError("missing ']' in address", hostport);
  if (end + 1 === colon) return end;
  // A colon after the bracket that is not the last one: too many; anything else, or nothing: no port.
  const many = hostport[end + 1] === ':';
  throw new AddrError(many ? 'too many colons in address' : 'missing port in address', hostport);
}

/** Puts host and port together, a host with a colon in brackets. Checks nothing. */
export function joinHostPort(host: string, port: string | number): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

/** Splits `fe80::1%eth0` at the last `%`, unless that comes first; without one the zone is empty. */
export function splitHostZone(text: string): { host: string; zone: string } {
  const percent = text.lastIndexOf('%');
  if (percent <= 0) return { host: text, zone: '' };
  return { host: text.slice(0, percent), zone: text.slice(percent + 1) };
}
