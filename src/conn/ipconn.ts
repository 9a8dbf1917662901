// A raw IP socket.

import { IPAddr } from '../addr/ipaddr.ts';
import { DatagramConn } from './packetconn.ts';

/**
 * A raw socket of one IP protocol: connected to one peer (`dial`), or receiving from all (`listenPacket`).
 *
 * On IPv4 the kernel hands out packets with their header: `read`, `readMsg`, batches and `for await` keep it, `readFrom` and
 * `packets` leave it out, as in Go, and need no room for it. On IPv6 there is none. Needs CAP_NET_RAW. raw(7), ipv6(7)
 *
 * @see Go's net.IPConn
 */
export class IPConn extends DatagramConn<IPAddr> {
  override get localAddr(): IPAddr {
    return super.localAddr as IPAddr;
  }

  override get remoteAddr(): IPAddr | null {
    return super.remoteAddr as IPAddr | null;
  }

  protected wantAddr(addr: unknown): asserts addr is IPAddr {
    if (!(addr instanceof IPAddr)) throw new TypeError('Address must be an IPAddr');
  }
}
