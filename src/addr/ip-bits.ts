// The value under an IP address: its bits, its zone, and every question about them that is answered with a boolean, a number
// or bytes. What makes new addresses or text stands in ip.ts. The registries: RFC 6890, RFC 4291, RFC 4193, RFC 2365.

/** 0 is the zero address, which is neither IPv4 nor IPv6. */
export type IPKind = 0 | 4 | 6;

/** What is known of an address without making another one. Use it as `Addr`. */
export class AddrBits {
  /** @internal */
  readonly kind: IPKind;
  // int32, which V8 keeps inside the object; an array or a bigint would be an object of its own for each connection.
  /** @internal */
  readonly a: number;
  /** @internal */
  readonly b: number;
  /** @internal 0xffff, after two zero words, for IPv4 as for IPv4 inside IPv6. */
  readonly c: number;
  /** @internal */
  readonly d: number;
  /** The zone of a scoped IPv6 address, or empty. */
  readonly zone: string;

  protected constructor(kind: IPKind, a: number, b: number, c: number, d: number, zone: string) {
    this.kind = kind;
    this.a = a;
    this.b = b;
    this.c = c;
    this.d = d;
    this.zone = zone;
  }

  /** Whether this is an address at all, not the zero one. */
  isValid(): boolean {
    return this.kind !== 0;
  }

  /** Whether this is an IPv4 address; one inside IPv6 is not. */
  is4(): boolean {
    return this.kind === 4;
  }

  /** Whether this is an IPv6 address; one that holds an IPv4 address is. */
  is6(): boolean {
    return this.kind === 6;
  }

  /** Whether this is an IPv4 address inside IPv6, `::ffff:0:0/96`. */
  is4In6(): boolean {
    return this.kind === 6 && holds4(this);
  }

  /** How many bits the address has: 32, 128, or 0 for the zero address. */
  get bitLen(): number {
    return this.kind === 4 ? 32 : this.kind === 6 ? 128 : 0;
  }

  // As in Go, the two unspecified addresses are exact: `::%eth0` and `::ffff:0.0.0.0` are other addresses.

  /** Whether this is exactly `0.0.0.0` or `::`. */
  isUnspecified(): boolean {
    if (this.kind === 4) return this.d === 0;
    return this.kind === 6 && (this.a | this.b | this.c | this.d) === 0 && this.zone === '';
  }

  // The predicates below judge an IPv4 address inside IPv6 as the IPv4 address that it holds.

  /** Whether this is in `127.0.0.0/8`, or is `::1`. */
  isLoopback(): boolean {
    if (holds4(this)) return this.d >>> 24 === 127;
    return this.kind === 6 && (this.a | this.b | this.c) === 0 && this.d === 1;
  }

  /** Whether this is in `10.0.0.0/8`, `172.16.0.0/12`, `192.168.0.0/16` or `fc00::/7`. */
  isPrivate(): boolean {
    if (!holds4(this)) return this.a >>> 25 === 0xfc >> 1;
    return this.d >>> 24 === 10 || this.d >>> 20 === 0xac1 || this.d >>> 16 === 0xc0a8;
  }

  /** Whether this is in `224.0.0.0/4` or `ff00::/8`. */
  isMulticast(): boolean {
    return holds4(this) ? this.d >>> 28 === 0xe : this.a >>> 24 === 0xff;
  }

  /** Whether this is an IPv6 multicast address that stays on one interface; IPv4 has none. */
  isInterfaceLocalMulticast(): boolean {
    return !holds4(this) && ((this.a >>> 16) & 0xff0f) === 0xff01;
  }

  /** Whether this is in `224.0.0.0/24`, or an IPv6 multicast address that stays on one link. */
  isLinkLocalMulticast(): boolean {
    return holds4(this) ? this.d >>> 8 === 0xe00000 : ((this.a >>> 16) & 0xff0f) === 0xff02;
  }

  /** Whether this is in `169.254.0.0/16` or `fe80::/10`. */
  isLinkLocalUnicast(): boolean {
    return holds4(this) ? this.d >>> 16 === 0xa9fe : this.a >>> 22 === 0xfe80 >>> 6;
  }

  /** Whether this is neither unspecified, loopback, link-local, multicast nor the IPv4 broadcast; private ones are global. */
  isGlobalUnicast(): boolean {
    if (this.kind === 0 || this.isUnspecified()) return false;
    if (holds4(this) && (this.d === 0 || this.d === -1)) return false;
    return !this.isLoopback() && !this.isMulticast() && !this.isLinkLocalUnicast();
  }

  /** The order of Go: zero, IPv4, IPv6; then by bits; then by zone. Negative, 0 or positive. */
  compare(other: AddrBits): number {
    if (this.kind !== other.kind) return this.kind - other.kind;
    return (
      (this.a >>> 0) - (other.a >>> 0) ||
      (this.b >>> 0) - (other.b >>> 0) ||
      (this.c >>> 0) - (other.c >>> 0) ||
      (this.d >>> 0) - (other.d >>> 0) ||
      (this.zone < other.zone ? -1 : this.zone > other.zone ? 1 : 0)
    );
  }

  /** Whether this sorts before `other`. */
  less(other: AddrBits): boolean {
    return this.compare(other) < 0;
  }

  /** Whether both are the same address: kind, bits and zone. An IPv4 address and its form inside IPv6 differ. */
  equals(other: AddrBits): boolean {
    return this.compare(other) === 0;
  }

  /** The address as 4 bytes, also for IPv4 inside IPv6; throws `TypeError` where there is no IPv4 address. */
  as4(): Uint8Array {
    if (this.kind === 0) throw new TypeError('as4 of the zero address');
    if (!holds4(this)) throw new TypeError('as4 of an IPv6 address');
    return toBytes([this.d]);
  }

  /** The address as 16 bytes, IPv4 as `::ffff:a.b.c.d`, without the zone; the zero address is all zeros. */
  as16(): Uint8Array {
    return toBytes([this.a, this.b, this.c, this.d]);
  }

  /** The address as 4 or 16 bytes, without the zone; `null` for the zero address. */
  asSlice(): Uint8Array | null {
    if (this.kind === 0) return null;
    return this.kind === 4 ? this.as4() : this.as16();
  }
}

// Functions rather than private methods: a class with those puts a mark on each of its objects, which costs a word.

/** Whether there is an IPv4 address in the last word, alone or inside IPv6. */
function holds4(bits: AddrBits): boolean {
  return bits.c === 0xffff && bits.a === 0 && bits.b === 0;
}

function toBytes(words: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(words.length * 4);
  // Not through a DataView: asking for the buffer would move so small an array out of V8's heap.
  for (let i = 0; i < bytes.length; i++) bytes[i] = words[i >> 2]! >>> (24 - 8 * (i & 3));
  return bytes;
}
