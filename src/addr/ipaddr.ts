// The address of one end of a raw IP socket.

import { IPEndpoint } from './endpoint.ts';

/** The address of an IP end: an IP address and no port. */
export class IPAddr extends IPEndpoint {
  /** Always `ip`, also for what was asked of ip4 or ip6. */
  override get network(): 'ip' {
    return 'ip';
  }
}
