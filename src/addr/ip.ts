// Addresses as values, as in Go's net/netip: immutable, compared by value, small enough to keep two per connection. Addr and
// Prefix stand in one file because each makes the other. Questions about the bits are in ip-bits.ts, texts in ip-parse.ts and
// ip-text.ts.

import { ParseError } from '../errors.ts';
import { inspectCustom } from './inspect.ts';
import { AddrBits, type IPKind } from './ip-bits.ts';
import { scanIP } from './ip-parse.ts';
import { expandIPv6, formatIPv4, formatIPv6 } from './ip-text.ts';
import { quote } from './quote.ts';

/**
 * An IPv4 or IPv6 address, with a zone if it is a scoped IPv6 one.
 *
 * Immutable; compare with `equals`, not with `===`. IPv4 inside IPv6 (`::ffff:1.2.3.4`) stays what it is until `unmap`.
 */
export class Addr extends AddrBits {
  /** The zero address: no address, `isValid()` is false. */
  static readonly zero: Addr = new Addr(0, 0, 0, 0, 0, '');

  private constructor(kind: IPKind, a: number, b: number, c: number, d: number, zone: string) {
    super(kind, a, b, c, d, zone);
  }

  /** @internal Makes an address from its words, each an int32: for the socket address codec. */
  static fromWords(kind: 4 | 6, a: number, b: number, c: number, d: number, zone: string): Addr {
    return new Addr(kind, a, b, c, d, zone);
  }

  /** Reads `192.0.2.1`, `2001:db8::1` or `fe80::1%eth0`; throws `ParseError` with the reason. */
  static parse(text: string): Addr {
    const scan = scanIP(text);
    if ('kind' in scan) return new Addr(scan.kind, scan.a, scan.b, scan.c, scan.d, scan.zone);
    const at = scan.rest === '' ? '' : ` (at ${quote(scan.rest)})`;
    throw new ParseError('IP address', text, `ParseAddr(${quote(text)}): ${scan.reason}${at}`);
  }

  /** Reads an address as `parse` does; `null`, and no Error made, if the text is none. */
  static tryParse(text: string): Addr | null {
    const scan = scanIP(text);
    return 'kind' in scan ? new Addr(scan.kind, scan.a, scan.b, scan.c, scan.d, scan.zone) : null;
  }

  /** Makes an IPv4 address from 4 bytes. */
  static from4(bytes: ArrayLike<number>): Addr {
    if (bytes.length !== 4) throw new RangeError(`An IPv4 address has 4 bytes, not ${bytes.length}`);
    return new Addr(4, 0, 0, 0xffff, wordAt(bytes, 0), '');
  }

  /** Makes an IPv6 address from 16 bytes; IPv4 inside IPv6 stays so. */
  static from16(bytes: ArrayLike<number>): Addr {
    if (bytes.length !== 16) throw new RangeError(`An IPv6 address has 16 bytes, not ${bytes.length}`);
    return new Addr(6, wordAt(bytes, 0), wordAt(bytes, 4), wordAt(bytes, 8), wordAt(bytes, 12), '');
  }

  /** Makes an address from 4 or 16 bytes; `null` for any other length. */
  static fromSlice(bytes: ArrayLike<number>): Addr | null {
    if (bytes.length === 4) return Addr.from4(bytes);
    return bytes.length === 16 ? Addr.from16(bytes) : null;
  }

  /** `0.0.0.0`. */
  static ipv4Unspecified(): Addr {
    return IPV4_UNSPECIFIED;
  }

  /** `::`. */
  static ipv6Unspecified(): Addr {
    return IPV6_UNSPECIFIED;
  }

  /** `::1`. */
  static ipv6Loopback(): Addr {
    return IPV6_LOOPBACK;
  }

  /** `ff02::1`, every host on the link. */
  static ipv6LinkLocalAllNodes(): Addr {
    return IPV6_ALL_NODES;
  }

  /** `ff02::2`, every router on the link. */
  static ipv6LinkLocalAllRouters(): Addr {
    return IPV6_ALL_ROUTERS;
  }

  /** The IPv4 address that this IPv6 one holds, without a zone; any other address as it is. */
  unmap(): Addr {
    return this.is4In6() ? new Addr(4, 0, 0, 0xffff, this.d, '') : this;
  }

  /** This address with another zone, or with none if that is empty; IPv4 has no zones and stays as it is. */
  withZone(zone: string): Addr {
    return this.kind !== 6 || zone === this.zone ? this : new Addr(6, this.a, this.b, this.c, this.d, zone);
  }

  /** The address after this one, in the same zone; the zero address after the last. */
  next(): Addr {
    return step(this, 1, -1);
  }

  /** The address before this one, in the same zone; the zero address before the first. */
  prev(): Addr {
    return step(this, -1, 0);
  }

  /** The network of this address, its host bits cleared and its zone dropped; throws `RangeError` for bits that it has not. */
  prefix(bits: number): Prefix {
    checkBits(bits);
    if (bits < 0) throw new RangeError('negative Prefix bits');
    if (this.kind === 0) return Prefix.zero;
    if (bits > this.bitLen) throw new RangeError(`prefix length ${bits} too large for IPv${this.kind}`);
    return Prefix.from(this, bits).masked();
  }

  /** @internal The first `bits` bits of this address, the others cleared, without its zone. */
  mask(bits: number): Addr {
    const { kind, a, b, c, d } = this;
    const kept = kind === 4 ? bits + 96 : bits;
    return new Addr(kind, a & maskAt(kept, 0), b & maskAt(kept, 32), c & maskAt(kept, 64), d & maskAt(kept, 96), '');
  }

  /** The text of RFC 5952, IPv4 inside IPv6 as `::ffff:1.2.3.4`; `invalid IP` for the zero address. */
  override toString(): string {
    if (this.kind === 0) return 'invalid IP';
    if (this.kind === 4) return formatIPv4(this.d);
    const text = this.is4In6() ? `::ffff:${formatIPv4(this.d)}` : formatIPv6(this.a, this.b, this.c, this.d);
    return zoned(text, this.zone);
  }

  /** The text with every digit of an IPv6 address: `2001:0db8:0000:0000:0000:0000:0000:0001`. */
  stringExpanded(): string {
    return this.kind === 6 ? zoned(expandIPv6(this.a, this.b, this.c, this.d), this.zone) : this.toString();
  }

  /** The text; empty for the zero address. */
  toJSON(): string {
    return this.kind === 0 ? '' : this.toString();
  }

  /** @internal */
  [inspectCustom](): string {
    return this.toString();
  }
}

/** An address and how many of its first bits name a network. Keeps the other bits; `masked` clears them. Immutable. */
export class Prefix {
  /** The zero prefix, which is invalid. */
  static readonly zero: Prefix = new Prefix(Addr.zero, -1);

  /** The address, as given but without its zone. */
  readonly addr: Addr;
  /** How many bits name the network; -1 if the prefix is invalid. */
  readonly bits: number;

  private constructor(addr: Addr, bits: number) {
    this.addr = addr;
    this.bits = bits;
  }

  /** Makes a prefix; it is invalid if the address is, or has not that many bits. Throws `TypeError` for a fraction. */
  static from(addr: Addr, bits: number): Prefix {
    checkBits(bits);
    return new Prefix(addr.withZone(''), addr.isValid() && bits >= 0 && bits <= addr.bitLen ? bits : -1);
  }

  /** Reads `192.0.2.0/24` or `2001:db8::/32`; throws `ParseError` with the reason. */
  static parse(text: string): Prefix {
    const slash = text.lastIndexOf('/');
    if (slash < 0) throw prefixError(text, "no '/'");
    const addr = parsePrefixAddr(text, slash);
    if (addr.zone !== '') throw prefixError(text, 'IPv6 zones cannot be present in a prefix');
    const digits = text.slice(slash + 1);
    if (!/^(?:\d|[1-9]\d*)$/.test(digits)) throw prefixError(text, `bad bits after slash: ${quote(digits)}`);
    // Go refuses what int64 cannot hold before it looks at the length.
    if (BigInt(digits) >= 2n ** 63n) throw prefixError(text, `bad bits after slash: ${quote(digits)}`);
    const bits = Number(digits);
    if (bits > addr.bitLen) throw prefixError(text, 'prefix length out of range');
    return new Prefix(addr, bits);
  }

  /** Whether this is a prefix at all. */
  isValid(): boolean {
    return this.bits >= 0;
  }

  /** Whether this holds exactly one address. */
  isSingleIP(): boolean {
    return this.isValid() && this.bits === this.addr.bitLen;
  }

  /** This prefix with the bits after the network's cleared; the zero prefix if it is invalid. */
  masked(): Prefix {
    return this.isValid() ? new Prefix(this.addr.mask(this.bits), this.bits) : Prefix.zero;
  }

  /** Whether the network holds the address; never one of the other family or with a zone, and IPv4 inside IPv6 is IPv6. */
  contains(addr: Addr): boolean {
    if (!this.isValid() || addr.zone !== '' || addr.kind !== this.addr.kind) return false;
    return addr.mask(this.bits).equals(this.addr.mask(this.bits));
  }

  /** Whether both networks have an address in common. */
  overlaps(other: Prefix): boolean {
    if (!this.isValid() || !other.isValid()) return false;
    return this.bits <= other.bits ? this.contains(other.addr) : other.contains(this.addr);
  }

  /** Invalid first, then by family, network address, bits, and the address as given. Negative, 0 or positive. */
  compare(other: Prefix): number {
    return this.masked().addr.compare(other.masked().addr) || this.bits - other.bits || this.addr.compare(other.addr);
  }

  /** Whether both have the same address and bits. */
  equals(other: Prefix): boolean {
    return this.bits === other.bits && this.addr.equals(other.addr);
  }

  /** `address/bits`; `invalid Prefix` if it is. */
  toString(): string {
    return this.isValid() ? `${this.addr.toString()}/${this.bits}` : 'invalid Prefix';
  }

  /** The text; empty for the zero prefix. */
  toJSON(): string {
    return this.addr.isValid() ? this.toString() : '';
  }

  /** @internal */
  [inspectCustom](): string {
    return this.toString();
  }
}

const IPV4_UNSPECIFIED: Addr = Addr.from4([0, 0, 0, 0]);
const IPV6_UNSPECIFIED: Addr = Addr.parse('::');
const IPV6_LOOPBACK: Addr = Addr.parse('::1');
const IPV6_ALL_NODES: Addr = Addr.parse('ff02::1');
const IPV6_ALL_ROUTERS: Addr = Addr.parse('ff02::2');

function zoned(text: string, zone: string): string {
  return zone === '' ? text : `${text}%${zone}`;
}

/** Adds `by` to the last word, and to the one before it for as long as the word stood at `edge`, and so wraps. */
function step({ kind, a, b, c, d, zone }: Addr, by: 1 | -1, edge: -1 | 0): Addr {
  if (kind === 4) return d === edge ? Addr.zero : Addr.fromWords(4, a, b, c, (d + by) | 0, zone);
  if (kind === 0 || (a === edge && b === edge && c === edge && d === edge)) return Addr.zero;
  const onC = d === edge;
  const onB = onC && c === edge;
  const onA = onB && b === edge;
  const next = (word: number, moves: boolean): number => (moves ? (word + by) | 0 : word);
  return Addr.fromWords(6, next(a, onA), next(b, onB), next(c, onC), next(d, true), zone);
}

function wordAt(bytes: ArrayLike<number>, index: number): number {
  let word = 0;
  for (let at = index; at < index + 4; at++) word = (word << 8) | ((bytes[at] ?? 0) & 255);
  return word;
}

/** The mask of the 32 bits from `offset` that keeps what lies in the first `kept` bits. */
function maskAt(kept: number, offset: number): number {
  const bits = kept - offset;
  if (bits <= 0) return 0;
  return bits >= 32 ? -1 : -1 << (32 - bits);
}

function checkBits(bits: number): void {
  if (!Number.isInteger(bits)) throw new TypeError(`Prefix bits must be an integer, not ${String(bits)}`);
}

function parsePrefixAddr(text: string, slash: number): Addr {
  try {
    return Addr.parse(text.slice(0, slash));
  } catch (error) {
    throw error instanceof ParseError ? prefixError(text, error.message) : error;
  }
}

function prefixError(text: string, reason: string): ParseError {
  return new ParseError('IP prefix', text, `netip.ParsePrefix(${quote(text)}): ${reason}`);
}
