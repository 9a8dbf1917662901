// The address of one end of a TCP connection.

import type { AddrPort } from './addrport.ts';
import { PortEndpoint } from './endpoint.ts';

/** The address of a TCP end: an IP address and a port. */
export class TCPAddr extends PortEndpoint {
  /** Makes one from a `netip` value. */
  static fromAddrPort(addrPort: AddrPort): TCPAddr {
    return new TCPAddr(addrPort.addr, addrPort.port);
  }

  /** Always `tcp`, also for what was asked of tcp4 or tcp6. */
  override get network(): 'tcp' {
    return 'tcp';
  }
}
