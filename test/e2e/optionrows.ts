// The options of a socket as data: a value for each that is not the system's own, where the kernel keeps it, what it tells of
// it, and which values nobody may name.

import { readFileSync } from 'node:fs';

import type { RawConn } from 'gonet';
import * as c from 'gonet/syscall';

/** Level and name of getsockopt(2). */
export type Place = readonly [level: number, option: number];

/** One option, named in a dial or a listen. */
export interface Row {
  readonly name: string;
  readonly value: boolean | number | string;
  /** Where it is on an IPv4 socket, and on an IPv6 one. */
  readonly place: Place;
  readonly place6: Place;
  /** What is read of it: a number, or a text. */
  readonly reads: number | string;
  /** What is read where nobody named it, of a socket that is not connected yet. */
  readonly preset: number | string;
  /** Whether what is accepted has it from its listener. */
  readonly inherited: boolean;
  /** Whether it takes a capability that an ordinary user has not. */
  readonly privileged: boolean;
}

const sysctl = (name: string): string => readFileSync(`/proc/sys/net/${name}`, 'utf8').trim();
const second = (name: string): number => Number(sysctl(name).split(/\s+/)[1]);

type Rest = Partial<Omit<Row, 'name' | 'value' | 'place' | 'reads'>>;

const row = (name: string, value: Row['value'], place: Place, reads: Row['reads'], rest: Rest = {}): Row => ({
  name,
  value,
  place,
  reads,
  place6: place,
  preset: 0,
  inherited: true,
  privileged: false,
  ...rest,
});

const { IPPROTO_IP: IP, IPPROTO_IPV6: IPV6, IPPROTO_TCP: TCP, SOL_SOCKET: SOCKET } = c;

const SHARED: readonly Row[] = [
  row('reusePort', true, [SOCKET, c.SO_REUSEPORT], 1),
  row('freebind', true, [IP, c.IP_FREEBIND], 1, { place6: [IPV6, c.IPV6_FREEBIND] }),
  row('transparent', true, [IP, c.IP_TRANSPARENT], 1, { place6: [IPV6, c.IPV6_TRANSPARENT], privileged: true }),
  row('bindToDevice', 'lo', [SOCKET, c.SO_BINDTODEVICE], 'lo', { preset: '' }),
  row('mark', 0xfffffff1, [SOCKET, c.SO_MARK], 0xfffffff1 | 0, { privileged: true }),
  // Linux gives what is accepted the priority 0 (sk_clone_lock).
  row('priority', 5, [SOCKET, c.SO_PRIORITY], 5, { inherited: false }),
  row('tos', 0xb8, [IP, c.IP_TOS], 0xb8, { place6: [IPV6, c.IPV6_TCLASS] }),
  row('readBuffer', 20_000, [SOCKET, c.SO_RCVBUF], 40_000, { preset: second('ipv4/tcp_rmem') }),
  row('writeBuffer', 30_000, [SOCKET, c.SO_SNDBUF], 60_000, { preset: second('ipv4/tcp_wmem') }),
  row('userTimeout', 12_345, [TCP, c.TCP_USER_TIMEOUT], 12_345),
  row('congestion', 'reno', [TCP, c.TCP_CONGESTION], 'reno', { preset: sysctl('ipv4/tcp_congestion_control') }),
];

/** What a dial can be told, but for quickAck, which is set when it is over. In the order in which it is set. */
export const DIALED: readonly Row[] = [
  row('reuseAddr', true, [SOCKET, c.SO_REUSEADDR], 1),
  ...SHARED,
  row('bindAddressNoPort', true, [IP, c.IP_BIND_ADDRESS_NO_PORT], 1),
  row('synRetries', 3, [TCP, c.TCP_SYNCNT], 3, { preset: Number(sysctl('ipv4/tcp_syn_retries')) }),
  row('fastOpen', true, [TCP, c.TCP_FASTOPEN_CONNECT], 1),
];

/** What a listener can be told. */
export const LISTENING: readonly Row[] = [
  row('reuseAddr', false, [SOCKET, c.SO_REUSEADDR], 0, { preset: 1 }),
  ...SHARED,
  row('fastOpen', 16, [TCP, c.TCP_FASTOPEN], 16, { inherited: false }),
];

/** Where the kernel keeps an option on a socket of an address. */
export const placeOf = ({ place, place6 }: Row, host: string): Place => (host.startsWith('[') ? place6 : place);

/** What the kernel tells of an option now. */
export function readRow(raw: RawConn, each: Row, host: string): number | string {
  const [level, option] = placeOf(each, host);
  if (typeof each.reads === 'number') return raw.getsockopt(level, option);
  return raw.getsockopt(level, option, 16).toString('latin1').split('\0')[0]!;
}

/** Bits of CAP_NET_ADMIN and CAP_NET_RAW, capabilities(7). */
const CAPABLE = (1n << 12n) | (1n << 13n);

/** Whether this process may set what takes a capability. */
export function isCapable(): boolean {
  const [, mask = '0'] = /^CapEff:\s*(\w+)$/m.exec(readFileSync('/proc/self/status', 'utf8')) ?? [];
  return (BigInt(`0x${mask}`) & CAPABLE) === CAPABLE;
}

/** For `skip`: why this row cannot be set here, or false. */
export function whyNotSet({ name, value, privileged }: Row): string | false {
  if (privileged && !isCapable()) return `${name} needs CAP_NET_ADMIN and CAP_NET_RAW`;
  if (name === 'fastOpen' && value === true && (Number(sysctl('ipv4/tcp_fastopen')) & 1) === 0)
    return 'net.ipv4.tcp_fastopen is off for clients';
  return false;
}

/** For `skip`: the reason why nothing of MPTCP can be tested, or false. */
export function withoutMultipath(): string | false {
  try {
    return sysctl('mptcp/enabled') === '1' ? false : 'net.mptcp.enabled is 0';
  } catch {
    return 'no MPTCP in this kernel';
  }
}

/** Values of no option: of another type, and beyond its range. */
export interface Wrong {
  readonly name: string;
  readonly types: readonly unknown[];
  readonly ranges: readonly unknown[];
  readonly of: 'both' | 'dial' | 'listen';
}

const NO_FLAG = [1, 0, 'yes', '', null, {}, [], 1n];
const NO_NAME = [5, true, null, {}, [], Buffer.from('lo')];
const NO_NUMBER = ['5', '', true, null, {}, [], 5n];
const NO_INT = [-1, 0.5, NaN, Infinity, -Infinity, 2 ** 31, 2 ** 53];

const flag = (name: string, of: Wrong['of'] = 'both'): Wrong => ({ name, types: NO_FLAG, ranges: [], of });
const int = (name: string, ranges: readonly number[] = [], of: Wrong['of'] = 'both'): Wrong => ({
  name,
  types: NO_NUMBER,
  ranges: [...NO_INT, ...ranges],
  of,
});
/** 16 bytes, of 8 letters in the one. */
const LONG_NAMES = ['', 'a'.repeat(16), 'ä'.repeat(8), 'l\0o', '\0'];

export const WRONG: readonly Wrong[] = [
  ...['reuseAddr', 'reusePort', 'freebind', 'transparent', 'multipath'].map((name) => flag(name)),
  ...['bindAddressNoPort', 'quickAck', 'fastOpen'].map((name) => flag(name, 'dial')),
  ...['bindToDevice', 'congestion'].map((name): Wrong => ({ name, types: NO_NAME, ranges: LONG_NAMES, of: 'both' })),
  ...['priority', 'readBuffer', 'writeBuffer', 'userTimeout'].map((name) => int(name)),
  { name: 'mark', types: NO_NUMBER, ranges: [-1, 1.5, NaN, Infinity, 2 ** 32], of: 'both' },
  int('tos', [256]),
  int('synRetries', [0, 128], 'dial'),
  { name: 'fastOpen', types: ['5', null, {}, [], 5n], ranges: NO_INT, of: 'listen' },
];
