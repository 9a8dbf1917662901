// What every address can do, whatever its network. No I/O.

/** A network address: the name of its network and its text, as in Go's net.Addr. */
export interface Addr {
  /** `tcp`, `udp`, `ip`, `unix`, `unixgram`, `unixpacket`, `vsock` or `pipe`. */
  readonly network: string;
  toString(): string;
}
