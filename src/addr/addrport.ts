// An IP address and a port as one value, as in Go's net/netip. Numbers only: service names belong to port.ts.

import { ParseError } from '../errors.ts';
import { inspectCustom } from './inspect.ts';
import { Addr } from './ip.ts';
import { quote } from './quote.ts';

/** An IP address and a port from 0 to 65535. Immutable; compare with `equals`. */
export class AddrPort {
  readonly addr: Addr;
  readonly port: number;

  private constructor(addr: Addr, port: number) {
    this.addr = addr;
    this.port = port | 0; // and so never -0
  }

  /** Makes a pair; throws `TypeError` if the port is no integer and `RangeError` if it is not a 16-bit one. */
  static from(addr: Addr, port: number): AddrPort {
    if (!Number.isInteger(port)) throw new TypeError(`Port must be an integer, not ${String(port)}`);
    if (port < 0 || port > 65535) throw new RangeError(`Port must be from 0 to 65535, not ${port}`);
    return new AddrPort(addr, port);
  }

  /** Reads `192.0.2.1:80` or `[2001:db8::1%eth0]:80`; throws `ParseError` with the reason. */
  static parse(text: string): AddrPort {
    const { ip, port, bracketed } = split(text);
    if (!/^\d+$/.test(port) || Number(port) > 65535)
      throw fault(text, `invalid port ${quote(port)} parsing ${quote(text)}`);
    const addr = Addr.parse(ip);
    if (bracketed && addr.is4()) {
      throw fault(text, `invalid ip:port ${quote(text)}, square brackets can only be used with IPv6 addresses`);
    }
    if (!bracketed && addr.is6()) {
      throw fault(text, `invalid ip:port ${quote(text)}, IPv6 addresses must be surrounded by square brackets`);
    }
    return new AddrPort(addr, Number(port));
  }

  /** Whether the address is valid; every port is. */
  isValid(): boolean {
    return this.addr.isValid();
  }

  /** By address, then by port. Negative, 0 or positive. */
  compare(other: AddrPort): number {
    return this.addr.compare(other.addr) || this.port - other.port;
  }

  /** Whether both have the same address and port. */
  equals(other: AddrPort): boolean {
    return this.port === other.port && this.addr.equals(other.addr);
  }

  /** `192.0.2.1:80` or `[2001:db8::1]:80`; `invalid AddrPort` if the address is the zero one. */
  toString(): string {
    if (!this.addr.isValid()) return 'invalid AddrPort';
    const addr = this.addr.toString();
    return this.addr.is4() ? `${addr}:${this.port}` : `[${addr}]:${this.port}`;
  }

  /** The text; empty if the address is the zero one. */
  toJSON(): string {
    return this.isValid() ? this.toString() : '';
  }

  /** @internal */
  [inspectCustom](): string {
    return this.toString();
  }
}

function split(text: string): { ip: string; port: string; bracketed: boolean } {
  const colon = text.lastIndexOf(':');
  if (colon < 0) throw fault(text, 'not an ip:port');
  const ip = text.slice(0, colon);
  const port = text.slice(colon + 1);
  if (ip === '') throw fault(text, 'no IP');
  if (port === '') throw fault(text, 'no port');
  if (!ip.startsWith('[')) return { ip, port, bracketed: false };
  if (!ip.endsWith(']')) throw fault(text, 'missing ]');
  return { ip: ip.slice(1, -1), port, bracketed: true };
}

function fault(text: string, message: string): ParseError {
  return new ParseError('ip:port', text, message);
}
