// A UDP socket.

import { UDPAddr } from '../addr/udpaddr.ts';
import { setSegmentSize } from '../syscall/udpopt.ts';
import { wantInt } from './limits.ts';
import { DatagramConn } from './packetconn.ts';

/**
 * A UDP socket: connected to one peer (`dial`), or receiving from all (`listenPacket`).
 *
 * A datagram that nobody takes is answered by the peer's kernel: the next read or write of a connected socket rejects with
 * `ECONNREFUSED`, and the socket stays usable. udp(7)
 *
 * @see Go's net.UDPConn
 */
export class UDPConn extends DatagramConn<UDPAddr> {
  override get localAddr(): UDPAddr {
    return super.localAddr as UDPAddr;
  }

  override get remoteAddr(): UDPAddr | null {
    return super.remoteAddr as UDPAddr | null;
  }

  /** Cuts each payload that is sent into datagrams of so many bytes, 64 at most; 0: no. UDP_SEGMENT of udp(7) */
  setSegmentSize(bytes: number): void {
    wantInt('Segment size', bytes, 0, 65_535);
    this.option((fd) => setSegmentSize(fd, bytes));
    // What leaves together would be cut up otherwise than that.
    this.fd.segments = bytes === 0;
  }

  protected wantAddr(addr: unknown): asserts addr is UDPAddr {
    if (!(addr instanceof UDPAddr)) throw new TypeError('Address must be a UDPAddr');
  }
}
