// struct msghdr and struct mmsghdr, written by hand into memory that does not move, for recvmsg(2), sendmsg(2), recvmmsg(2) and
// sendmmsg(2); and the layout of the rows that stand for them. Knows layouts and addresses, and calls nothing.
//
// x64 and arm64 are alike. Where musl has 32 bits and padding, glibc has a size_t: the upper half is written as 0, which is both.

import { badInt, badRange } from './check.ts';
import { EFAULT, EINVAL } from './zconst_linux.ts';

/** The most messages of one recvmmsg or sendmmsg; rows beyond are not looked at. */
export const MOST = 64;
/** Words of a row: where in the buffer the message is, the lengths of its address and its control data, its flags. */
export const ROW = { off: 0, len: 1, addrlen: 2, controllen: 3, flags: 4, words: 5 } as const;
/** sizeof(struct sockaddr_storage): the name of row i is at i times this. */
export const NAME = 128;

/** The control data of row i is at i times this, and has as much room: `controls` in equal parts, each a multiple of 8. */
export function controlStride(rows: Int32Array, controls: Uint8Array): number {
  const total = Math.floor(rows.length / ROW.words);
  return total === 0 ? 0 : Math.floor(controls.length / total / 8) * 8;
}

/** Words of 32 bits in struct mmsghdr, which begins with its struct msghdr. An address has two, and so has a size_t. */
export const HEADER = {
  name: 0,
  namelen: 2,
  iov: 4,
  iovlen: 6,
  control: 8,
  controllen: 10,
  flags: 12,
  len: 14,
  words: 16,
} as const;
/** Words in struct iovec: an address and a length. */
const IOVEC_WORDS = 4;
const IOVECS = MOST * HEADER.words;
/** What brings the upper half of a number of 64 bits down. */
const UPPER = 2 ** -32;

const outside = (buf: Uint8Array, len: number): boolean => !(len >= 0 && len <= buf.byteLength);

/** MOST headers, each with a struct iovec of its own. */
export class Headers {
  /** The headers, and behind them what they point to. */
  readonly words: Uint32Array = new Uint32Array(IOVECS + MOST * IOVEC_WORDS);
  /** The address of the first header. */
  readonly at: number;
  readonly #address: (buf: Uint8Array) => bigint;
  readonly #known = new WeakMap<Uint8Array, number>();
  /** What must live until the call is over: V8 sees no use of a buffer any more once its address is taken. */
  readonly #kept: (Uint8Array | null)[] = [null, null, null];

  /** `address` gives that of a buffer's first byte. */
  constructor(address: (buf: Uint8Array) => bigint) {
    this.#address = address;
    this.at = this.#learn(new Uint8Array(this.words.buffer));
    for (let i = 0; i < MOST; i++) {
      this.#pointer(i * HEADER.words + HEADER.iov, this.at + 4 * (IOVECS + i * IOVEC_WORDS));
      this.words[i * HEADER.words + HEADER.iovlen] = 1;
    }
  }

  /** The address of a byte of `buf`, for one call: `release` comes after it. */
  pin(buf: Uint8Array, off: number): number {
    this.#kept[0] = buf;
    return this.#addressOf(buf) + off;
  }

  /** The call is over. */
  release(): void {
    this.#kept[0] = null;
    this.#kept[1] = null;
    this.#kept[2] = null;
  }

  /** One message into the first header: 0 or -errno. */
  setOne(
    buf: Uint8Array,
    off: number,
    len: number,
    addr: Uint8Array,
    control: Uint8Array,
    addrlen: number,
    controllen: number,
  ): number {
    if (badRange(buf, off, len) || outside(addr, addrlen) || outside(control, controllen)) return -EFAULT;
    const name = addrlen === 0 ? 0 : this.#addressOf(addr);
    const data = controllen === 0 ? 0 : this.#addressOf(control);
    this.#set(0, this.#addressOf(buf) + off, len, name, addrlen, data, controllen);
    this.#keep(buf, addr, control);
    return 0;
  }

  /** Rows into the headers, all or none of them: how many, or -errno. */
  setRows(
    buf: Uint8Array,
    rows: Int32Array,
    first: number,
    count: number,
    names: Uint8Array,
    controls: Uint8Array,
  ): number {
    if (badInt(first) || badInt(count) || first < 0 || count < 0) return -EINVAL;
    if ((first + count) * ROW.words > rows.length) return -EINVAL;
    const n = Math.min(count, MOST);
    const size = buf.byteLength;
    const stride = controlStride(rows, controls);
    const base = this.#addressOf(buf);
    const name = this.#addressOf(names);
    const control = this.#addressOf(controls);
    for (let i = 0; i < n; i++) {
      const row = first + i;
      const at = row * ROW.words;
      const off = rows[at + ROW.off]!;
      const len = rows[at + ROW.len]!;
      const addrlen = rows[at + ROW.addrlen]!;
      const controllen = rows[at + ROW.controllen]!;
      if (off < 0 || len < 0 || off + len > size || addrlen < 0 || addrlen > NAME) return -EFAULT;
      if (addrlen > 0 && row * NAME + addrlen > names.byteLength) return -EFAULT;
      if (controllen < 0 || controllen > stride) return -EFAULT;
      this.#set(i, base + off, len, name + row * NAME, addrlen, control + row * stride, controllen);
    }
    this.#keep(buf, names, controls);
    return n;
  }

  /**
   * The address of a buffer, remembered: memory outside V8's heap stays where it is until it is taken away, and then the buffer has
   * no range left to be asked for. NaN, which is written as NULL, should an address ever not fit into a double.
   */
  #addressOf(buf: Uint8Array): number {
    return this.#known.get(buf) ?? this.#learn(buf);
  }

  #learn(buf: Uint8Array): number {
    // Asking for the ArrayBuffer moves a small array out of V8's heap, where it would not stay in place.
    const n = buf.buffer.byteLength === 0 ? 0 : Number(this.#address(buf));
    const at = Number.isSafeInteger(n) ? n : NaN;
    // A view of a resizable buffer may be empty now, and not later.
    if (buf.byteLength > 0) this.#known.set(buf, at);
    return at;
  }

  #keep(buf: Uint8Array, names: Uint8Array, controls: Uint8Array): void {
    this.#kept[0] = buf;
    this.#kept[1] = names;
    this.#kept[2] = controls;
  }

  #pointer(word: number, address: number): void {
    this.words[word] = address;
    this.words[word + 1] = address * UPPER;
  }

  /** Header `i`. What has a length of 0 is NULL. */
  #set(i: number, at: number, len: number, name: number, namelen: number, control: number, controllen: number): void {
    const { words } = this;
    const header = i * HEADER.words;
    const iov = IOVECS + i * IOVEC_WORDS;
    this.#pointer(iov, at);
    this.#pointer(iov + 2, len);
    this.#pointer(header + HEADER.name, namelen === 0 ? 0 : name);
    words[header + HEADER.namelen] = namelen;
    this.#pointer(header + HEADER.control, controllen === 0 ? 0 : control);
    words[header + HEADER.controllen] = controllen;
    words[header + HEADER.controllen + 1] = 0;
    words[header + HEADER.flags] = 0;
  }
}
