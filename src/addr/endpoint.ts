// What TCPAddr, UDPAddr and IPAddr share: an IP address, or none, with Go's text for it. One of these is kept for each end of
// each connection, so what can be computed is a getter and the network's name is on the prototype.

import type { Addr as NetAddr } from './addr.ts';
import { AddrPort } from './addrport.ts';
import { joinHostPort } from './hostport.ts';
import { Addr } from './ip.ts';

/** An address on an IP network. Immutable. */
export abstract class IPEndpoint implements NetAddr {
  /** The IP address; the zero one stands for any address, or this machine. */
  readonly ip: Addr;

  /** Takes an address; `null` stands for the zero one. */
  constructor(ip: Addr | null) {
    this.ip = ip ?? Addr.zero;
  }

  abstract get network(): string;

  /** The IP address as Node has it, with its zone and IPv4 inside IPv6 as IPv4; empty if there is none. */
  get address(): string {
    if (!this.ip.isValid()) return '';
    const zone = this.ip.zone === '' ? '' : `%${this.ip.zone}`;
    return this.ip.is4In6() ? `${this.ip.unmap().toString()}${zone}` : this.ip.toString();
  }

  /** The family as Node names it: IPv4 also for IPv4 inside IPv6, and where there is no address. */
  get family(): 'IPv4' | 'IPv6' {
    return this.ip.is6() && !this.ip.is4In6() ? 'IPv6' : 'IPv4';
  }

  /** Whether this stands for every address of the machine: no address, `0.0.0.0`, `::`, or the first inside IPv6. */
  isWildcard(): boolean {
    return !this.ip.isValid() || this.ip.unmap().withZone('').isUnspecified();
  }

  /** The text of Go; see `address`. */
  toString(): string {
    return this.address;
  }

  /** Whether both name the same end: network and address, IPv4 inside IPv6 taken for the IPv4 address. */
  equals(other: IPEndpoint): boolean {
    if (this.network !== other.network || this.ip.zone !== other.ip.zone) return false;
    return this.ip.unmap().equals(other.ip.unmap());
  }
}

/** An address and a port on an IP network. Immutable. */
export abstract class PortEndpoint extends IPEndpoint {
  readonly port: number;

  /**
   * Takes an address, where `null` stands for the zero one, and a port; throws `TypeError` if that is not a 32-bit integer.
   *
   * A port that is not in 0 to 65535 is refused when it is used, with `EINVAL`, as in Go.
   */
  constructor(ip: Addr | null, port: number) {
    super(ip);
    if ((port | 0) !== port) throw new TypeError(`Port must be a 32-bit integer, not ${String(port)}`);
    this.port = port | 0; // and so never -0
  }

  /** `192.0.2.1:80`, `[fe80::1%eth0]:80`, or `:80` where there is no address. */
  override toString(): string {
    return joinHostPort(this.address, this.port);
  }

  /** The same as a `netip` value, IPv4 inside IPv6 left so; throws `RangeError` if the port is not in 0 to 65535. */
  addrPort(): AddrPort {
    return AddrPort.from(this.ip, this.port);
  }

  override equals(other: IPEndpoint): boolean {
    return other instanceof PortEndpoint && this.port === other.port && super.equals(other);
  }
}
