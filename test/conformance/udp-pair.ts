// Pairs of UDP sockets over loopback, connected to each other or not.

import { dialUDP, listenPacket, OpError, UDPAddr, type UDPConn, type UDPNetwork } from 'gonet';
import { Addr } from 'gonet/netip';
import type { PacketPair } from './packet-pair.ts';

function pairOf(a: UDPConn, b: UDPConn, more: Omit<PacketPair, 'a' | 'b' | 'stop'>): PacketPair<UDPConn> {
  const stop = (): void => {
    a.close();
    b.close();
  };
  return { a, b, ...more, stop };
}

/** Two that receive from all, at `host`; at no host at all of both families, and `reached` is where they are. */
export async function udpPair(network: UDPNetwork, host: string, reached: string = host): Promise<PacketPair<UDPConn>> {
  const a = await listenPacket(network, { host, port: 0 });
  const b = await listenPacket(network, { host, port: 0 });
  const at = (conn: UDPConn): UDPAddr => new UDPAddr(Addr.parse(reached), conn.localAddr.port);
  return pairOf(a, b, { network, ...(host !== reached && { atA: at(a), atB: at(b) }) });
}

/** Two that are connected to each other. */
export async function connectedUDP(network: UDPNetwork, host: string): Promise<PacketPair<UDPConn>> {
  for (;;) {
    const { a: first, b: second, stop } = await udpPair(network, host);
    const [atA, atB] = [first.localAddr, second.localAddr];
    stop();
    try {
      const a = await dialUDP(network, atA, atB);
      try {
        return pairOf(a, await dialUDP(network, atB, atA), { network });
      } catch (error) {
        a.close();
        throw error;
      }
    } catch (error) {
      // Somebody else has one of the ports by now.
      if (!(error instanceof OpError && error.code === 'EADDRINUSE')) throw error;
    }
  }
}
