// What connections of every stream network have: half-close.

import { SHUT_RD, SHUT_WR } from '../syscall/zconst_linux.ts';
import { NetConn } from './netconn.ts';

/** A connection that is dialed or accepted. */
export abstract class StreamConn extends NetConn {
  /**
   * Ends the reading side: what has arrived can still be read, then comes the end. TCP does not tell the peer;
   * on a Unix socket its writes fail. shutdown(2)
   */
  closeRead(): void {
    this.shutdown(SHUT_RD);
  }

  /** Ends the writing side: the peer reads to the end, and we can go on reading. shutdown(2) */
  closeWrite(): void {
    this.shutdown(SHUT_WR);
  }
}
