// Many datagrams in one call, recvmmsg(2) and sendmmsg(2), on memory that is used again and again. Datagrams to one place that lie one
// behind the other leave as one message that the kernel, or the device, cuts up (UDP_SEGMENT), and such messages are cut up here
// when they are received (UDP_GRO): on the wire and for the caller they are the same datagrams.

import { isUint8Array } from 'node:util/types';
import type { Addr } from '../addr/addr.ts';
import { WriteToConnectedError } from '../errors.ts';
import { ControlWriter } from '../syscall/cmsg.ts';
import { type Control, decodeControl } from '../syscall/control.ts';
import { MOST, NAME, ROW } from '../syscall/msghdr.ts';
import { Sockaddr } from '../syscall/sockaddr.ts';
import { sys } from '../syscall/sys.ts';
import { EINVAL, EIO, EMSGSIZE, MSG_NOSIGNAL, MSG_TRUNC, SOCK_DGRAM } from '../syscall/zconst_linux.ts';
import { encodeFor } from './family.ts';
import { addrOf } from './names.ts';
import { CONTROL, Messages } from './messages.ts';
import type { NetFD } from './netfd.ts';
import { tryReceive } from './receive.ts';

/** The most datagrams in one message: UDP_MAX_SEGMENTS of older kernels. */
const SEGMENTS = 64;
/** The most bytes in one message, what IPv4 and IPv6 both carry. */
const PAYLOAD = 65_487;

/** How large a {@link PacketBatch} is. */
export interface PacketBatchOptions {
  /** Messages, 1 to 64; default 64. Each is one datagram, or after `setReceive({ segmentSize: true })` several. */
  readonly capacity?: number | undefined;
  /** Bytes for each message; default 2048. With `segmentSize` 65,535, or messages are truncated. */
  readonly size?: number | undefined;
}

const view = new Sockaddr();
const writer = new ControlWriter();

/**
 * Datagrams that are received or sent together. What was received can be sent again as it is, changed in place or not, to where it
 * came from. A batch belongs to one call at a time.
 */
export class PacketBatch {
  readonly capacity: number;
  /** Bytes of a message. */
  readonly size: number;
  /** Datagrams in it now. */
  length = 0;
  /** Of the last write, how many datagrams the kernel has taken. */
  sent = 0;
  readonly #space: Buffer;
  readonly #in: Messages;
  #out: Messages | null = null;
  /** Of each datagram three words: where it begins, how long it is, and in which message it came. */
  #grams: Int32Array;
  /** Where each goes; undefined for where it came from. */
  readonly #to: (Addr | null | undefined)[] = [];
  /** Of each message that is to be sent, its first datagram. */
  readonly #firsts: number[] = [];
  /** The first datagram behind them. */
  #next = 0;
  /** Whether several as one message were refused, and each is tried alone now. */
  #alone = false;
  #sotype = SOCK_DGRAM;

  constructor({ capacity = MOST, size = 2048 }: PacketBatchOptions = {}) {
    want('capacity', capacity, MOST);
    want('size', size, 65_535);
    this.capacity = capacity;
    this.size = size;
    this.#space = Buffer.allocUnsafeSlow(capacity * size);
    this.#in = new Messages(capacity);
    this.#grams = new Int32Array(3 * capacity);
  }

  /** The bytes of datagram `i`, in place: overwritten by the next read, and by `add` after `clear`. */
  data(i: number): Buffer {
    this.#want(i);
    const off = this.#offset(i);
    return this.#space.subarray(off, off + this.#bytes(i));
  }

  /** Who sent datagram `i`, or where it goes; null for nobody that has a name, and for the connected peer. */
  addr(i: number): Addr | null {
    this.#want(i);
    const to = this.#to[i];
    if (to !== undefined) return to;
    const origin = this.#origin(i);
    const length = this.#in.rows[origin * ROW.words + ROW.addrlen]!;
    view.clear().bytes.set(this.#in.names.subarray(origin * NAME, origin * NAME + length));
    view.len[0] = length;
    return addrOf(view, this.#sotype);
  }

  /** Whether a part of datagram `i` did not fit, and is lost. */
  truncated(i: number): boolean {
    this.#want(i);
    if (this.#to[i] !== undefined) return false;
    const origin = this.#origin(i);
    const last = i + 1 === this.length || this.#origin(i + 1) !== origin;
    return last && (this.#in.rows[origin * ROW.words + ROW.flags]! & MSG_TRUNC) !== 0;
  }

  /** What came beside datagram `i`. */
  control(i: number): Control {
    this.#want(i);
    return this.#to[i] === undefined ? decodeControl(...this.#in.controlOf(this.#origin(i))) : {};
  }

  #want(i: number): void {
    if (!(Number.isInteger(i) && i >= 0 && i < this.length)) throw new RangeError(`The batch has no datagram ${i}`);
  }

  /** Forgets all datagrams, to add others. */
  clear(): this {
    this.length = 0;
    return this;
  }

  /**
   * Adds a copy of `data` to what is to be sent, to `addr` or to the connected peer; false if there are `capacity` already. Throws a
   * RangeError for more than `size`.
   */
  add(data: Uint8Array, addr: Addr | null = null): boolean {
    const i = this.length;
    if (i >= this.capacity) return false;
    if (!isUint8Array(data)) throw new TypeError('Data must be a Uint8Array');
    const bytes = data.byteLength;
    if (bytes > this.size) throw new RangeError(`A datagram of ${bytes} bytes does not fit into ${this.size}`);
    // One behind the other, so that they can leave together.
    const packed = i > 0 && this.#to[i - 1] !== undefined;
    const off = packed ? this.#offset(i - 1) + this.#bytes(i - 1) : i * this.size;
    this.#space.set(data, off);
    this.#put(i, off, bytes, 0);
    this.#to[i] = addr;
    this.length = i + 1;
    return true;
  }

  #put(i: number, off: number, bytes: number, origin: number): void {
    if (3 * i === this.#grams.length) {
      const more = new Int32Array(2 * this.#grams.length);
      more.set(this.#grams);
      this.#grams = more;
    }
    this.#grams[3 * i] = off;
    this.#grams[3 * i + 1] = bytes;
    this.#grams[3 * i + 2] = origin;
  }

  #offset(i: number): number {
    return this.#grams[3 * i]!;
  }

  #bytes(i: number): number {
    return this.#grams[3 * i + 1]!;
  }

  #origin(i: number): number {
    return this.#grams[3 * i + 2]!;
  }

  /** @internal Reads what is there, at least one: how many datagrams, or -errno. */
  receive(fd: NetFD): number {
    const { rows, names, controls } = this.#in;
    for (let i = 0, row = 0; i < this.capacity; i++, row += ROW.words) {
      rows[row + ROW.off] = i * this.size;
      rows[row + ROW.len] = this.size;
      rows[row + ROW.addrlen] = NAME;
      rows[row + ROW.controllen] = CONTROL;
    }
    this.length = 0;
    this.#sotype = fd.sotype;
    const n = tryReceive(fd, (s) => sys.recvmmsg(s, this.#space, rows, 0, this.capacity, 0, names, controls));
    for (let i = 0; i < n; i++) this.#split(i);
    this.#to.fill(undefined);
    return n < 0 ? n : this.length;
  }

  /** Takes in the datagrams of message `i`. */
  #split(i: number): void {
    const { rows } = this.#in;
    const row = i * ROW.words;
    const off = rows[row + ROW.off]!;
    const bytes = rows[row + ROW.len]!;
    const size = rows[row + ROW.controllen] === 0 ? 0 : this.#in.segmentSize(i);
    if (size === 0) return this.#put(this.length++, off, bytes, i);
    for (let at = 0; at < bytes; at += size) this.#put(this.length++, off + at, Math.min(size, bytes - at), i);
  }

  /** @internal Has every address checked that was given. */
  wantAddrs(want: (addr: unknown) => void): void {
    for (let i = 0; i < this.length; i++) {
      const to = this.#to[i];
      if (to !== undefined && to !== null && to !== this.#to[i - 1]) want(to);
    }
  }

  /**
   * @internal Makes messages of the datagrams from `first` on, each of as many as can leave together: how many. Throws an AddrError
   * or a WriteToConnectedError.
   */
  pack(fd: NetFD, first: number): number {
    const together = fd.segments && !this.#alone;
    this.#out ??= new Messages(this.capacity);
    const { rows, controls } = this.#out;
    let count = 0;
    for (let i = first; i < this.length && count < this.capacity; count++) {
      const row = count * ROW.words;
      const end = together ? this.#run(i) : i + 1;
      this.#firsts[count] = i;
      rows[row + ROW.off] = this.#offset(i);
      rows[row + ROW.len] = this.#offset(end - 1) + this.#bytes(end - 1) - this.#offset(i);
      rows[row + ROW.addrlen] = this.#name(fd, i, count);
      rows[row + ROW.controllen] = 0;
      if (end > i + 1) {
        rows[row + ROW.controllen] = writer.reset().segmentSize(this.#bytes(i));
        controls.set(writer.bytes.subarray(0, writer.length), count * CONTROL);
      }
      i = this.#next = end;
    }
    return count;
  }

  /** The end of the datagrams from `i` on that can leave together: all of one size, but the last, which may be shorter. */
  #run(i: number): number {
    const size = this.#bytes(i);
    const first = this.#offset(i);
    let j = i + 1;
    for (; j < this.length && j - i < SEGMENTS; j++) {
      const bytes = this.#bytes(j);
      const fits = this.#bytes(j - 1) === size && bytes <= size && bytes > 0;
      const follows = this.#offset(j) === this.#offset(j - 1) + size && this.#offset(j) + bytes - first <= PAYLOAD;
      if (!fits || !follows || this.#to[j] !== this.#to[i]) break;
      if (this.#to[i] === undefined && this.#origin(j) !== this.#origin(i)) break;
    }
    return j;
  }

  /** Puts the name of where datagram `i` goes to message `count`; its length. */
  #name(fd: NetFD, i: number, count: number): number {
    const to = this.#to[i];
    const { names } = this.#out!;
    const connected = fd.ends.remote !== null;
    if (to === undefined) {
      const origin = this.#origin(i);
      const length = connected ? 0 : this.#in.rows[origin * ROW.words + ROW.addrlen]!;
      this.#in.names.copy(names, count * NAME, origin * NAME, origin * NAME + length);
      return length;
    }
    if (to === null) return 0;
    if (connected) throw new WriteToConnectedError();
    // The kernel says EINVAL for what cannot be encoded.
    const length = Math.max(1, encodeFor(fd, view, to));
    names.set(view.bytes.subarray(0, length), count * NAME);
    return length;
  }

  /** @internal Sends `count` messages: how many, or -errno. */
  send(fd: NetFD, count: number): number {
    const { rows, names, controls } = this.#out!;
    const n = sys.sendmmsg(fd.desc.fd, this.#space, rows, 0, count, MSG_NOSIGNAL, names, controls);
    if (n <= 0) return n;
    this.sent = n < count ? this.#firsts[n]! : this.#next;
    // They go alone, so that was it, and will be again.
    if (this.#alone) fd.segments = this.#alone = false;
    return n;
  }

  /** @internal Bytes of what the kernel has taken from the datagram `first` on. */
  bytesSent(first: number): number {
    let bytes = 0;
    for (let i = first; i < this.sent; i++) bytes += this.#bytes(i);
    return bytes;
  }

  /**
   * @internal Whether to go on one by one after `errno`: the first message has several datagrams, and they may be larger than the
   * device's packets, or nobody computes the checksums of each. udp(7)
   */
  unpacks(errno: number): boolean {
    const ours = errno === -EINVAL || errno === -EMSGSIZE || errno === -EIO;
    this.#alone = ours && this.#out!.rows[ROW.controllen]! > 0;
    return this.#alone;
  }
}

function want(name: string, value: number, most: number): void {
  if (Number.isInteger(value) && value >= 1 && value <= most) return;
  throw new RangeError(`Option ${name} must be a whole number from 1 to ${most}, not ${value}`);
}
