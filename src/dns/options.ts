// What a Resolver is told when it is made, checked, and what the system's own configuration fills in.

import { joinHostPort } from '../addr/hostport.ts';
import { Addr } from '../addr/ip.ts';
import type { Method } from './order.ts';
import type { ResolvConf } from './resolvconf.ts';

/** How a Resolver looks names up. */
export interface ResolverOptions {
  /**
   * Where names are looked up: `auto`, the default, as nsswitch.conf and resolv.conf say, by Go's rules; `dns` in the hosts file
   * and with name servers, never with getaddrinfo; `getaddrinfo` with the C library, which cannot be stopped and takes one of
   * the few threads that Node has for files too.
   */
  readonly method?: Method | undefined;
  /** Name servers in place of resolv.conf's, and then the method is `dns`: `192.0.2.1`, `[2001:db8::1]:53`, `127.0.0.1:5353`. */
  readonly servers?: readonly string[] | undefined;
  /** Milliseconds for one try of one server, at least 250; resolv.conf's, or 5,000. */
  readonly timeout?: number | undefined;
  /** How often each server is tried; resolv.conf's, or 2. */
  readonly attempts?: number | undefined;
}

/** A name server. */
export interface Server {
  /** `10.0.0.1:53`, as errors name it. */
  readonly name: string;
  /** Whether its address has a zone, which c-ares takes from resolv.conf only. */
  readonly zoned: boolean;
}

/** The options of a Resolver, checked. */
export interface Settings {
  readonly method: Method;
  readonly servers: readonly Server[] | null;
  readonly timeout: number | null;
  readonly attempts: number | null;
}

/** How name servers are asked. */
export interface Line {
  readonly servers: readonly Server[];
  readonly timeout: number;
  readonly attempts: number;
}

const METHODS: readonly unknown[] = ['auto', 'dns', 'getaddrinfo'] satisfies Method[];
const DNS_PORT = 53;
const MAX_TIMEOUT = 2 ** 31 - 1;

/** Checks the options; throws a TypeError or RangeError. */
export function toSettings(options: ResolverOptions): Settings {
  if (options === null || typeof options !== 'object') throw new TypeError('Options must be an object');
  const { servers, timeout, attempts } = options;
  const { method = servers === undefined ? 'auto' : 'dns' } = options;
  if (typeof method !== 'string') throw new TypeError(`Method must be a string, not ${typeof method}`);
  if (!METHODS.includes(method))
    throw new RangeError(`Method must be "auto", "dns" or "getaddrinfo", not "${method as string}"`);
  return {
    method,
    servers: servers === undefined ? null : toServers(servers),
    timeout: toCount('Timeout', timeout, MAX_TIMEOUT),
    attempts: toCount('Attempts', attempts, 100),
  };
}

/** How to ask now. `turn` counts look-ups, for where each is to begin with another server. */
export function toLine({ servers, timeout, attempts }: Settings, conf: ResolvConf, turn: number): Line {
  const list = servers ?? conf.servers.map((addr) => serverOf(addr, DNS_PORT));
  const start = servers === null && conf.rotate ? turn % list.length : 0;
  return {
    servers: [...list.slice(start), ...list.slice(0, start)],
    timeout: timeout ?? conf.timeout,
    attempts: attempts ?? conf.attempts,
  };
}

function toServers(servers: unknown): Server[] {
  if (!Array.isArray(servers)) throw new TypeError('Servers must be an array of strings');
  if (servers.length === 0) throw new RangeError('Servers must name at least one');
  return servers.map(toServer);
}

function toServer(text: unknown): Server {
  if (typeof text !== 'string') throw new TypeError(`A server must be a string, not ${typeof text}`);
  const bare = Addr.tryParse(/^\[(.*)\]$/.exec(text)?.[1] ?? text);
  const server = bare === null ? withPort(text) : serverOf(bare, DNS_PORT);
  if (server === null || server.zoned)
    throw new RangeError(`A server must be an IP address, with or without a port, not "${text}"`);
  return server;
}

function withPort(text: string): Server | null {
  const [, bracketed, bare, digits] = /^(?:\[([^\]]+)\]|([^:]+)):(\d{1,5})$/.exec(text) ?? [];
  const addr = Addr.tryParse(bracketed ?? bare ?? '');
  const port = Number(digits);
  return addr === null || port < 1 || port > 65535 ? null : serverOf(addr, port);
}

function serverOf(addr: Addr, port: number): Server {
  return { name: joinHostPort(addr.toString(), port), zoned: addr.zone !== '' };
}

function toCount(what: string, value: unknown, max: number): number | null {
  if (value === undefined) return null;
  if (typeof value !== 'number') throw new TypeError(`${what} must be a number, not ${typeof value}`);
  if (!(value > 0 && value <= max))
    throw new RangeError(`${what} must be more than 0 and at most ${max}, not ${value}`);
  return Math.ceil(value);
}
