// UDP sockets under a fault plan: on loopback, their descriptors, batches of numbers, and what has arrived.

import { listenPacket, PacketBatch, type UDPAddr, type UDPConn } from 'gonet';

export const listening = (): Promise<UDPConn> => listenPacket('udp', '127.0.0.1:0');

/** A batch of `0`, `1` … to one address, or to the connected peer. */
export function batchOf(n: number, addr: UDPAddr | null): PacketBatch {
  const batch = new PacketBatch();
  for (let i = 0; i < n; i++) batch.add(Buffer.from(`${i}`), addr);
  return batch;
}

/** The next `n` datagrams. */
export async function texts(conn: UDPConn, n: number): Promise<string[]> {
  const all: string[] = [];
  for await (const { data } of conn.packets()) if (all.push(data.toString()) === n) break;
  return all;
}
