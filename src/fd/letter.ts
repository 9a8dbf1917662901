// A datagram that is being sent.

import type { Addr } from '../addr/addr.ts';

/** What is being sent, and where to; null to the connected peer. */
export class Letter {
  readonly data: Uint8Array;
  readonly addr: Addr | null;
  /** Milliseconds until a full receiver is asked again. */
  delay = 1;
  /** Whether it is about to be. */
  asks = false;

  constructor(data: Uint8Array, addr: Addr | null) {
    this.data = data;
    this.addr = addr;
  }
}
