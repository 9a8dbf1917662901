// The slow plain twin of the control message decoder: slices instead of offsets, a table instead of branches, texts instead of
// addresses.

import { Addr } from '../../src/addr/ip.ts';
import * as c from '../../src/syscall/zconst_linux.ts';
import { indexToZone } from '../../src/syscall/zone.ts';

const { SOL_SOCKET, IPPROTO_IP, IPPROTO_IPV6, IPPROTO_UDP } = c;

export interface Message {
  level: number;
  type: number;
  data: Buffer;
  cut: boolean;
}

/** The twin's walk: each step is a new slice. */
export function slowWalk(control: Buffer): Message[] {
  const messages: Message[] = [];
  for (let rest = control; rest.length >= 16;) {
    const length = rest.readBigUInt64LE(0);
    if (length < 16n) break;
    const cut = length > BigInt(rest.length);
    const data = Buffer.from(cut ? rest.subarray(16) : rest.subarray(16, Number(length)));
    messages.push({ level: rest.readInt32LE(8), type: rest.readInt32LE(12), data, cut });
    if (cut) break;
    rest = rest.subarray(Number(((length + 7n) / 8n) * 8n));
  }
  return messages;
}

/** Numbers and texts by field, the same for both decoders. */
export type Plain = Record<string, unknown>;

const v4 = (data: Buffer, at: number): string => [...data.subarray(at, at + 4)].join('.');
const v6 = (data: Buffer, at: number, zone = ''): string =>
  Addr.from16(data.subarray(at, at + 16))
    .withZone(zone)
    .toString();

function slowSockaddr(data: Buffer): { ip: string; port: number } | null {
  if (data.length < 2) return null;
  const family = data.readUInt16LE(0);
  if (family === c.AF_INET && data.length >= 16) return { ip: v4(data, 4), port: data.readUInt16BE(2) };
  if (family !== c.AF_INET6 || data.length < 28) return null;
  return { ip: v6(data, 8, indexToZone(data.readUInt32LE(24))), port: data.readUInt16BE(2) };
}

function slowError(data: Buffer): Plain {
  const [origin, type, code] = data.subarray(4, 7);
  const numbers = { errno: data.readUInt32LE(0), origin, type, code, info: data.readUInt32LE(8) };
  return { error: { ...numbers, data: data.readUInt32LE(12), offender: slowSockaddr(data.subarray(16))?.ip ?? null } };
}

function slowDestination(data: Buffer): Plain {
  const sa = slowSockaddr(data);
  if (sa === null) return {};
  return { originalDestination: sa.ip.includes(':') ? `[${sa.ip}]:${sa.port}` : `${sa.ip}:${sa.port}` };
}

const time = (data: Buffer, at: number, unit: bigint): bigint =>
  data.readBigInt64LE(at) * 10n ** 9n + data.readBigInt64LE(at + 8) * unit;

type Kind = [level: number, type: number, least: number, decode: (data: Buffer, before: Plain) => Plain];
export const KINDS: Kind[] = [
  [
    SOL_SOCKET,
    c.SCM_CREDENTIALS,
    12,
    (d) => ({ creds: { pid: d.readInt32LE(0), uid: d.readUInt32LE(4), gid: d.readUInt32LE(8) } }),
  ],
  [SOL_SOCKET, c.SO_RXQ_OVFL, 4, (d) => ({ dropped: d.readUInt32LE(0) })],
  [SOL_SOCKET, c.SCM_TIMESTAMP, 16, (d) => ({ timestamp: time(d, 0, 1000n) })],
  [SOL_SOCKET, c.SCM_TIMESTAMPNS, 16, (d) => ({ timestamp: time(d, 0, 1n) })],
  [
    SOL_SOCKET,
    c.SCM_TIMESTAMPING,
    48,
    (d, before) => {
      const ns = time(d, 0, 1n) === 0n ? time(d, 32, 1n) : time(d, 0, 1n);
      return ns === 0n || 'timestamp' in before ? {} : { timestamp: ns };
    },
  ],
  [
    IPPROTO_IP,
    c.IP_PKTINFO,
    12,
    (d) => ({ packetInfo: { ifIndex: d.readInt32LE(0), destination: v4(d, 8), specDst: v4(d, 4) } }),
  ],
  [IPPROTO_IP, c.IP_TTL, 4, (d) => ({ ttl: d.readInt32LE(0) })],
  [IPPROTO_IP, c.IP_TOS, 1, (d) => ({ tos: d[0] })],
  [IPPROTO_IP, c.IP_RECVERR, 16, slowError],
  [IPPROTO_IP, c.IP_ORIGDSTADDR, 0, slowDestination],
  [IPPROTO_IPV6, c.IPV6_PKTINFO, 20, (d) => ({ packetInfo: { ifIndex: d.readInt32LE(16), destination: v6(d, 0) } })],
  [IPPROTO_IPV6, c.IPV6_HOPLIMIT, 4, (d) => ({ ttl: d.readInt32LE(0) })],
  [IPPROTO_IPV6, c.IPV6_TCLASS, 4, (d) => ({ tos: d.readInt32LE(0) })],
  [IPPROTO_IPV6, c.IPV6_RECVERR, 16, slowError],
  [IPPROTO_IPV6, c.IPV6_ORIGDSTADDR, 0, slowDestination],
  [IPPROTO_UDP, c.UDP_GRO, 4, (d) => ({ segmentSize: d.readInt32LE(0) })],
];

export const wholeInts = (data: Buffer): number[] =>
  Array.from({ length: Math.floor(data.length / 4) }, (_, i) => data.readInt32LE(4 * i));
export const isRights = (m: Message): boolean => m.level === SOL_SOCKET && m.type === c.SCM_RIGHTS;
export const isPidfd = (m: Message): boolean => m.level === SOL_SOCKET && m.type === c.SCM_PIDFD;

/** The twin's answer. */
export function slowDecode(control: Buffer): Plain {
  const found: Plain = {};
  const messages = slowWalk(control);
  for (const { level, type, data, cut } of messages) {
    const kind = KINDS.find(([l, t, least]) => l === level && t === type && data.length >= least);
    if (kind !== undefined && !cut) Object.assign(found, kind[3](data, found));
  }
  const rights = messages.filter(isRights);
  if (rights.length > 0) found['fds'] = rights.flatMap(({ data }) => wholeInts(data)).filter((fd) => fd >= 0);
  const pidfd = messages.filter((m) => isPidfd(m) && m.data.length >= 4).at(-1);
  if (pidfd !== undefined) found['pidfd'] = pidfd.data.readInt32LE(0);
  return found;
}
