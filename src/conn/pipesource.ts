// The bytes of one write into a pipe, and how far readers have come with them: a pure machine, with no queue, timer or promise.

import { EFAULT } from '../syscall/zconst_linux.ts';

/** What one write offers. The chunks are the caller's own memory: nothing is copied before a reader comes. */
export class Source {
  readonly #chunks: readonly Uint8Array[];
  /** The chunk to go on with, from `#skip` on. */
  #at = 0;
  #skip = 0;
  /** Bytes that readers have taken. */
  taken = 0;
  /** Bytes that they have not. */
  left = 0;

  constructor(chunks: readonly Uint8Array[]) {
    this.#chunks = chunks.filter((chunk) => chunk.byteLength > 0);
    for (const chunk of this.#chunks) this.left += chunk.byteLength;
  }

  /** Moves into `into` what fits: the count, or -EFAULT if the next bytes were transferred away since the write began. */
  moveTo(into: Uint8Array): number {
    const room = Math.min(into.byteLength, this.left);
    let n = 0;
    while (n < room) {
      const chunk = this.#chunks[this.#at];
      const size = chunk === undefined ? 0 : Math.min(chunk.byteLength - this.#skip, room - n);
      if (chunk === undefined || size <= 0) break;
      into.set(new Uint8Array(chunk.buffer, chunk.byteOffset + this.#skip, size), n);
      n += size;
      this.#skip += size;
      if (this.#skip < chunk.byteLength) continue;
      this.#at++;
      this.#skip = 0;
    }
    this.taken += n;
    this.left -= n;
    return n === 0 && room > 0 ? -EFAULT : n;
  }
}
