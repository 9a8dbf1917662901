// A datagram that is being sent.

import type { Addr } from '../addr/addr.ts';

/** What is being sent, and where to; null to the connected peer. */
export class Letter {
  readonly data: Uint8Array;
  readonly addr: Addr | null;
  /** Milliseconds until a full receiver is asked again. */
  delay = 1;
  /** Whether that time is awaited. */
  asks = false;
  /** Whether the next event of room is only the echo of our own try. */
  echo = false;

  constructor(data: Uint8Array, addr: Addr | null) {
    this.data = data;
    this.addr = addr;
  }
}
