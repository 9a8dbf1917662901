// ICMP echo as bytes, RFC 792 and RFC 4443, and as a question with its answer, over a raw socket or one that needs no privilege.

import { IPAddr, type IPConn, UDPAddr, type UDPConn } from 'gonet';
import { Addr } from 'gonet/netip';

/** A message of ICMP: of an error, what follows is the packet that it is about. */
export interface Message {
  readonly type: number;
  readonly code: number;
  readonly id: number;
  readonly seq: number;
  readonly data: string;
}

/** Types of request and reply. */
export const ECHO = { 4: [8, 0], 6: [128, 129] } as const;
export const TIME_EXCEEDED = { 4: 11, 6: 3 } as const;
export type Version = keyof typeof ECHO;

/** The Internet checksum, RFC 1071: of what has its own in it, 0. */
export function checksum(data: Buffer): number {
  let sum = 0;
  for (let at = 0; at < data.length; at += 2)
    sum += at + 1 < data.length ? data.readUInt16BE(at) : data.readUInt8(at) << 8;
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}

/** A request; of IPv6 the kernel computes the checksum, which the addresses are part of. */
export function request(version: Version, id: number, seq: number, data: string): Buffer {
  const packet = Buffer.concat([Buffer.alloc(8), Buffer.from(data)]);
  packet.writeUInt8(ECHO[version][0]);
  packet.writeUInt16BE(id, 4);
  packet.writeUInt16BE(seq, 6);
  if (version === 4) packet.writeUInt16BE(checksum(packet), 2);
  return packet;
}

export function parse(packet: Buffer): Message {
  const [id, seq] = [packet.readUInt16BE(4), packet.readUInt16BE(6)];
  return { type: packet.readUInt8(0), code: packet.readUInt8(1), id, seq, data: packet.toString('utf8', 8) };
}

/** The kernel's own identifier for a socket that needs no privilege, this one's for a raw one. */
export const idOf = (conn: IPConn | UDPConn): number =>
  conn.localAddr instanceof UDPAddr ? conn.localAddr.port : process.pid & 0xffff;

/** Where a conn finds a host: a raw one has no ports. */
export function target(conn: IPConn | UDPConn, ip: string): IPAddr | UDPAddr {
  return conn.localAddr instanceof UDPAddr ? new UDPAddr(Addr.parse(ip), 0) : new IPAddr(Addr.parse(ip));
}

/** Sends a request, to the peer of a connected conn. */
export async function ask(conn: IPConn | UDPConn, ip: string, seq: number, data: string): Promise<void> {
  const packet = request(ip.includes(':') ? 6 : 4, idOf(conn), seq, data);
  const to = target(conn, ip);
  const n = conn.remoteAddr === null ? await conn.writeTo(packet, to as IPAddr & UDPAddr) : await conn.write(packet);
  if (n !== packet.length) throw new Error(`Sent ${n} bytes of ${packet.length}`);
}

/** The next message that `wanted` takes, and its sender: a raw socket hears what others are told, and its own requests. */
export async function hear(
  conn: IPConn | UDPConn,
  wanted: (message: Message) => boolean,
): Promise<Message & { readonly sender: string }> {
  const into = Buffer.alloc(2000);
  for (;;) {
    const { n, addr } = await conn.readFrom(into, { deadline: Date.now() + 5000 });
    const message = parse(into.subarray(0, n));
    if (wanted(message)) return { ...message, sender: addr.address };
  }
}

/** Asks and hears the answer. */
export async function ping(
  conn: IPConn | UDPConn,
  ip: string,
  seq: number,
  data: string,
): Promise<Message & { readonly sender: string }> {
  await ask(conn, ip, seq, data);
  const reply = ECHO[ip.includes(':') ? 6 : 4][1];
  return hear(conn, (message) => message.type === reply && message.id === idOf(conn) && message.seq === seq);
}
