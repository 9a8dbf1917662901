// A TCP listener: what it accepts gets its settings.

import type { TCPAddr } from '../addr/tcpaddr.ts';
import type { NetFD } from '../fd/netfd.ts';
import { StreamListener } from './streamlistener.ts';
import { TCPConn, type TCPSettings } from './tcpconn.ts';

/**
 * A TCP listener.
 *
 * @see Go's net.TCPListener
 */
export class TCPListener extends StreamListener<TCPConn> {
  /** @internal */
  constructor(fd: NetFD, settings: TCPSettings) {
    super(fd, (accepted) => TCPConn.made(accepted, settings));
  }

  override get addr(): TCPAddr {
    return super.addr as TCPAddr;
  }
}
