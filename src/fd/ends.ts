// What a descriptor is called: its network and its two addresses. Refers to no descriptor, so that a warning about a dropped
// one can still name it.

import type { Addr } from '../addr/addr.ts';

/** The two ends of a socket. */
export class Ends {
  /** The network as it was given: `tcp`, `tcp4` … */
  readonly network: string;
  local: Addr | null = null;
  remote: Addr | null = null;

  constructor(network: string) {
    this.network = network;
  }

  /** `tcp 127.0.0.1:1->127.0.0.1:2` */
  toString(): string {
    return `${this.network} ${String(this.local)}${this.remote === null ? '' : `->${this.remote.toString()}`}`;
  }
}

/** Makes the error of a failed operation on `subject`; the conn floor's, so that an error gets its context once. */
export type Describe = (ends: Ends, op: string, cause: Error, bytesWritten?: number, subject?: unknown) => Error;
