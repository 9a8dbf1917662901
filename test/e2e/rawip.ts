// Raw IP for the black-box tests: what this machine must give them, addresses of 127.0.0.0/8 that no other process here uses, and
// packets of RFC 791, RFC 792 and RFC 4443 as bytes.

import { readFileSync } from 'node:fs';

import { IPAddr, listenPacket, type IPConn, type PacketListenOptions } from 'gonet';
import { Addr } from 'gonet/netip';

import { withoutIPv6 } from './loopback.ts';

/** Bit of CAP_NET_RAW, capabilities(7). */
const CAP_NET_RAW = 1n << 13n;

function isCapable(): boolean {
  const [, mask = '0'] = /^CapEff:\s*(\w+)$/m.exec(readFileSync('/proc/self/status', 'utf8')) ?? [];
  return (BigInt(`0x${mask}`) & CAP_NET_RAW) !== 0n;
}

/** For `skip`: why there can be no raw sockets, or false. */
export const withoutRaw: string | false = isCapable() ? false : 'raw sockets need CAP_NET_RAW';
/** For `skip`: why there can be none of IPv6, or false. */
export const withoutRaw6: string | false = withoutRaw === false ? withoutIPv6 : withoutRaw;

/**
 * A protocol that is nobody's, 147 to 252, or for experiments, 253 and 254 (RFC 3692), and not the one of a process beside this
 * one: from socket(2) to bind(2) a raw socket hears all that the machine gets of its protocol. raw(7)
 */
export const EXPERIMENT: number = 147 + (process.pid % 108);

/** A bound one hears what any process sends to its address, so this process has addresses of its own, too. */
const own = (first: number): string => {
  const { pid } = process;
  return `127.${first + ((pid >> 16) & 63)}.${(pid >> 8) & 255}.${pid & 255}`;
};
export const NEAR: string = own(64);
export const FAR: string = own(128);
export const THIRD: string = own(191);

export const at = (ip: string): IPAddr => new IPAddr(Addr.parse(ip));

/** A raw socket of the experiment at an address. */
export const bound = (ip: string, options: PacketListenOptions = {}): Promise<IPConn> =>
  listenPacket(`ip4:${EXPERIMENT}`, ip, options);

/** The next payload as a text, and its sender as one. */
export async function told(conn: IPConn): Promise<[text: string, sender: string]> {
  const into = Buffer.alloc(2000);
  const { n, addr } = await conn.readFrom(into);
  return [into.toString('latin1', 0, n), String(addr)];
}

/** The length of the IPv4 header of a packet that carries this; fails for what is none. */
export function headerLength(packet: Buffer): number {
  if (packet.readUInt8(0) >> 4 !== 4 || packet.readUInt16BE(2) !== packet.length) {
    throw new Error(`No IPv4 packet: ${packet.toString('hex')}`);
  }
  return (packet.readUInt8(0) & 15) * 4;
}
