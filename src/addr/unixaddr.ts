// The address of a local socket: a path, a name that starts with `@` (abstract), or nothing. unix(7).

import type { Addr } from './addr.ts';
import type { UnixNetwork } from './network.ts';

/** The address of a Unix end. Immutable. */
export class UnixAddr implements Addr {
  /** The path, or `@` and the abstract name; empty for an unnamed socket. */
  readonly name: string;
  readonly network: UnixNetwork;

  constructor(name: string, network: UnixNetwork) {
    this.name = name;
    this.network = network;
  }

  /** Whether the socket has no name. */
  isWildcard(): boolean {
    return this.name === '';
  }

  /** Whether both have the same name and network. */
  equals(other: UnixAddr): boolean {
    return this.name === other.name && this.network === other.network;
  }

  toString(): string {
    return this.name;
  }
}
