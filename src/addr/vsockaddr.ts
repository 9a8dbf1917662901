// The address of one end of a connection between a virtual machine and its host: a context id and a port, each 32 bits. vsock(7)

import { AddrError } from '../errors.ts';
import type { Addr } from './addr.ts';
import { splitHostPort } from './hostport.ts';

/** Context ids that have a name. */
const NAMES: ReadonlyMap<string, number> = new Map([
  ['hypervisor', 0],
  ['local', 1],
  ['host', 2],
  ['any', 0xffffffff],
]);

/** A 32-bit number without a sign. */
function wantUint32(what: string, n: number): number {
  if (n >>> 0 !== n) throw new TypeError(`${what} must be a whole number from 0 to 4294967295, not ${String(n)}`);
  return n >>> 0; // and so never -0
}

/** The address of a vsock end. Immutable. */
export class VsockAddr implements Addr {
  /** The context id: 1 is this machine, 2 the host, 0xffffffff any. */
  readonly cid: number;
  /** 32 bits; below 1024 for the privileged. */
  readonly port: number;

  /** Throws a TypeError for what is no 32-bit number. */
  constructor(cid: number, port: number) {
    this.cid = wantUint32('Context id', cid);
    this.port = wantUint32('Port', port);
  }

  get network(): 'vsock' {
    return 'vsock';
  }

  /** Whether both name the same end. */
  equals(other: VsockAddr): boolean {
    return this.cid === other.cid && this.port === other.port;
  }

  /** `2:1024` */
  toString(): string {
    return `${this.cid}:${this.port}`;
  }
}

/**
 * The address in `cid:port`: both as decimal numbers, the cid also as `hypervisor`, `local`, `host` or `any`; an empty one is
 * `empty`. Throws an AddrError.
 */
export function parseVsockAddr(text: string, empty: 'any' | 'local'): VsockAddr {
  const { host, port } = splitHostPort(text);
  const cid = NAMES.get(host === '' ? empty : host) ?? toUint32(host);
  if (cid === null) throw new AddrError('invalid context id', host);
  const number = toUint32(port);
  if (number === null) throw new AddrError('invalid port', port);
  return new VsockAddr(cid, number);
}

function toUint32(text: string): number | null {
  const n = /^\d{1,10}$/.test(text) ? Number(text) : Infinity;
  return n <= 0xffffffff ? n : null;
}
