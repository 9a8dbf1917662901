// The address of one end of a UDP socket.

import type { AddrPort } from './addrport.ts';
import { PortEndpoint } from './endpoint.ts';

/** The address of a UDP end: an IP address and a port. */
export class UDPAddr extends PortEndpoint {
  /** Makes one from a `netip` value. */
  static fromAddrPort(addrPort: AddrPort): UDPAddr {
    return new UDPAddr(addrPort.addr, addrPort.port);
  }

  /** Always `udp`, also for what was asked of udp4 or udp6. */
  override get network(): 'udp' {
    return 'udp';
  }
}
