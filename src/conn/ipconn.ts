// A raw IP socket.

import { IPAddr } from '../addr/ipaddr.ts';
import type { Packet, Received } from '../fd/packet.ts';
import type { IOOptions } from './conn.ts';
import { DatagramConn, packets } from './packetconn.ts';

/**
 * A raw socket of one IP protocol: connected to one peer (`dial`), or receiving from all (`listenPacket`).
 *
 * On IPv4 the kernel hands out packets with their header: `read`, `readMsg`, batches and `for await` keep it, `readFrom` and
 * `packets` leave it out, as in Go. On IPv6 there is none. Needs CAP_NET_RAW. raw(7), ipv6(7)
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

  /** Reads the payload of one packet with its sender. What does not fit into `into`, header and all, is lost. */
  override async readFrom(into: Uint8Array, options?: IOOptions): Promise<Received & { readonly addr: IPAddr }> {
    const { n, addr } = await super.readFrom(into, options);
    const header = headerOf(into, n, addr);
    if (header > 0) into.copyWithin(0, header, n);
    return { n: n - header, addr };
  }

  override packets(): AsyncIterableIterator<Packet & { readonly addr: IPAddr }, undefined> {
    const all = super.packets();
    return packets(async () => {
      const { value } = (await all.next()) as IteratorYieldResult<Packet & { readonly addr: IPAddr }>;
      const { data, addr } = value;
      return { done: false, value: { data: data.subarray(headerOf(data, data.length, addr)), addr } };
    });
  }

  protected wantAddr(addr: unknown): asserts addr is IPAddr {
    if (!(addr instanceof IPAddr)) throw new TypeError('Address must be an IPAddr');
  }
}

/** The length of the IPv4 header that a packet begins with; 0 for none. RFC 791 */
function headerOf(packet: Uint8Array, n: number, { ip }: IPAddr): number {
  const first = packet[0] ?? 0;
  const length = (first & 0x0f) * 4;
  return ip.is4() && n >= 20 && first >> 4 === 4 && length >= 20 && length <= n ? length : 0;
}
