// UDP sockets under a fault plan: on loopback, their descriptors, batches of numbers, and what has arrived.

import { listenPacket, PacketBatch, type UDPAddr, type UDPConn } from 'gonet';

export const listening = (): Promise<UDPConn> => listenPacket('udp', '127.0.0.1:0');

/** `0`, `1.`, `2..` …: each longer than the one before, so that none leave as one message. */
export const growing = (n: number): string[] => Array.from({ length: n }, (_, i) => `${i}${'.'.repeat(2 * i)}`);

/** A batch of them to one address, or to the connected peer. */
export function batchOf(n: number, addr: UDPAddr | null): PacketBatch {
  const batch = new PacketBatch();
  for (const each of growing(n)) batch.add(Buffer.from(each), addr);
  return batch;
}

/** The next `n` datagrams. */
export async function texts(conn: UDPConn, n: number): Promise<string[]> {
  const all: string[] = [];
  for await (const { data } of conn.packets()) if (all.push(data.toString()) === n) break;
  return all;
}
