// Messages as recvmmsg(2) and sendmmsg(2) take and give them: rows of numbers, and beside them names and control data, in memory that is
// used again and again.

import { ControlReader } from '../syscall/cmsg.ts';
import { NAME, ROW } from '../syscall/msghdr.ts';
import { IPPROTO_UDP, UDP_GRO } from '../syscall/zconst_linux.ts';

/** Room for the control data of one message: 328 bytes for all that can be asked for, of both families on an IPv6 socket. */
export const CONTROL = 384;

const reader = new ControlReader();

/** The messages. */
export class Messages {
  readonly rows: Int32Array;
  readonly names: Buffer;
  readonly controls: Buffer;

  constructor(capacity: number) {
    this.rows = new Int32Array(capacity * ROW.words);
    this.names = Buffer.allocUnsafeSlow(capacity * NAME);
    this.controls = Buffer.allocUnsafeSlow(capacity * CONTROL);
  }

  /** The control data of message `i`, and their length. */
  controlOf(i: number): [control: Uint8Array, length: number] {
    const length = this.rows[i * ROW.words + ROW.controllen]!;
    return [this.controls.subarray(i * CONTROL, i * CONTROL + length), length];
  }

  /** The size of the datagrams in a message that has several, UDP_GRO; 0 for one. */
  segmentSize(i: number): number {
    reader.reset(...this.controlOf(i));
    while (reader.next()) {
      const { level, type, size, view, offset } = reader;
      if (level === IPPROTO_UDP && type === UDP_GRO && size >= 4) return Math.max(0, view.getInt32(offset, true));
    }
    return 0;
  }
}
