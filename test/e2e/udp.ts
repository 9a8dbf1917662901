// UDP for the black-box tests: sockets on loopback, datagrams as texts, options by their C names, and a port that refuses.

import { readFileSync } from 'node:fs';

import { listenPacket, PacketBatch, type PacketListenOptions, type PacketMessage, UDPAddr, type UDPConn } from 'gonet';
import { Addr } from 'gonet/netip';

export const at = (ip: string, port = 0): UDPAddr => new UDPAddr(ip === '' ? null : Addr.parse(ip), port);

/** Nobody has port 1 of UDP, and the kernel says so. */
export const NOBODY: Readonly<Record<'127.0.0.1' | '::1', UDPAddr>> = {
  '127.0.0.1': at('127.0.0.1', 1),
  '::1': at('::1', 1),
};

/** A socket at a free port of `host`. */
export const bound = (host = '127.0.0.1', options: PacketListenOptions = {}, network = 'udp'): Promise<UDPConn> =>
  listenPacket(network as 'udp', { host, port: 0 }, options);

/** Where a socket is reached whose host is a wildcard. */
export const reached = (conn: UDPConn, host: string): UDPAddr => at(host, conn.localAddr.port);

/** The next datagram as a text, and its sender's address as one. */
export async function told(conn: UDPConn): Promise<[text: string, sender: string]> {
  const into = Buffer.alloc(70_000);
  const { n, addr } = await conn.readFrom(into);
  return [into.toString('utf8', 0, n), String(addr)];
}

export const text = async (conn: UDPConn): Promise<string> => (await told(conn))[0];

/** The next message, without its data. */
export const message = (conn: UDPConn): Promise<PacketMessage<UDPAddr>> => conn.readMsg(Buffer.alloc(70_000));

/** An option as the kernel has it. */
export const option = (conn: UDPConn, level: number, name: number): number =>
  conn.syscallConn().getsockopt(level, name);

/** A batch of texts, all to one address. */
export function batchOf(texts: readonly string[], addr: UDPAddr | null): PacketBatch {
  const batch = new PacketBatch();
  for (const each of texts) batch.add(Buffer.from(each), addr);
  return batch;
}

/** The index of the loopback interface. */
export const LO: number = Number(readFileSync('/sys/class/net/lo/ifindex', 'utf8'));
