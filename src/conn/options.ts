// The options of a socket that a user may name when dialing or listening: what they may be, and how they are set, in one order,
// after the package's own and before bind, connect and listen. One that cannot be set fails the dial or listen, and its error
// names what is missing.

import { SyscallError } from '../errors.ts';
import { errnoName, errnoText } from '../syscall/errno.ts';
import * as ipopt from '../syscall/ipopt.ts';
import * as sockopt from '../syscall/sockopt.ts';
import * as tcpopt from '../syscall/tcpopt.ts';
import { EPERM } from '../syscall/zconst_linux.ts';

/** Options for dialing and listening. What is accepted inherits them from its listener, all but `priority`. */
export interface SocketOptions {
  /** SO_REUSEADDR: bind although connections of the port's earlier owner linger; a listener's default is true. socket(7) */
  readonly reuseAddr?: boolean | undefined;
  /** SO_REUSEPORT: several sockets share the address, if all of them say so. socket(7) */
  readonly reusePort?: boolean | undefined;
  /** IP_FREEBIND: bind to an address that this machine does not have, or not yet. ip(7) */
  readonly freebind?: boolean | undefined;
  /** IP_TRANSPARENT: bind to an address that is somebody else's, as a proxy. Needs CAP_NET_ADMIN or CAP_NET_RAW. ip(7) */
  readonly transparent?: boolean | undefined;
  /** SO_BINDTODEVICE: go through this interface only. socket(7) */
  readonly bindToDevice?: string | undefined;
  /** SO_MARK: 32 bits that routes and filters see. Needs CAP_NET_ADMIN or CAP_NET_RAW. socket(7) */
  readonly mark?: number | undefined;
  /** SO_PRIORITY: the queue on the way out; above 6 it needs CAP_NET_ADMIN or CAP_NET_RAW. socket(7) */
  readonly priority?: number | undefined;
  /** IP_TOS and IPV6_TCLASS: the byte with the DSCP in its upper six bits. ip(7), ipv6(7) */
  readonly tos?: number | undefined;
  /** SO_RCVBUF: bytes, which the kernel doubles. Early enough for the window scale. socket(7), tcp(7) */
  readonly readBuffer?: number | undefined;
  /** SO_SNDBUF: bytes, which the kernel doubles. socket(7) */
  readonly writeBuffer?: number | undefined;
  /** TCP_USER_TIMEOUT: milliseconds that sent data may stay without an answer before the connection is given up. tcp(7) */
  readonly userTimeout?: number | undefined;
  /** TCP_CONGESTION: an algorithm that the kernel has; one that is not free for all needs CAP_NET_ADMIN. tcp(7) */
  readonly congestion?: string | undefined;
  /** MPTCP, or TCP where the kernel has none or refuses an option on it (`userTimeout`, `synRetries`). Default false. RFC 8684 */
  readonly multipath?: boolean | undefined;
}

/** Options for dialing alone. */
export interface DialSocketOptions extends SocketOptions {
  /** IP_BIND_ADDRESS_NO_PORT: with a local address, share its ports among connections to different peers. ip(7) */
  readonly bindAddressNoPort?: boolean | undefined;
  /** TCP_SYNCNT: how often the first packet is sent again, 1 to 127. tcp(7) */
  readonly synRetries?: number | undefined;
  /** TCP_QUICKACK: answer at once, at first; set after the connect. tcp(7) */
  readonly quickAck?: boolean | undefined;
  /**
   * TCP_FASTOPEN_CONNECT: where the peer has given a cookie before, the dial is done at once and the first write takes the
   * handshake along; that the peer refuses is then the error of that write, or of the read after it. Until the first write
   * nothing is sent, so it is not for protocols in which the server speaks first. Rejects where net.ipv4.tcp_fastopen is off for
   * clients. RFC 7413, tcp(7)
   */
  readonly fastOpen?: boolean | undefined;
}

/** Options for listening alone. */
export interface ListenSocketOptions extends SocketOptions {
  /** TCP_FASTOPEN: accept data with the handshake, for so many clients at a time; true is 256. RFC 7413, tcp(7) */
  readonly fastOpen?: boolean | number | undefined;
}

/** What a dial has that says nothing. */
export const NO_OPTIONS: DialSocketOptions = Object.freeze({});

/** One option, checked: how it is set, and what a process needs to be allowed to. */
export interface Setting {
  readonly name: string;
  readonly apply: (fd: number, family: number) => number;
}

type Kind = 'flag' | 'name' | readonly [min: number, max: number];
type Value = boolean | number | string;
type Apply = (fd: number, value: never, family: number) => number;

/** sizeof(int) as a range, and IFNAMSIZ and TCP_CA_NAME_MAX less the final NUL. */
const INT = 0x7fffffff;
const NAME_MAX = 15;
/** How many clients a listener takes with data in their SYN, if it does not say. */
const FAST_OPEN_QUEUE = 256;

const own =
  (apply: (fd: number, family: number, on: boolean) => number) =>
  (fd: number, on: boolean, family: number): number =>
    apply(fd, family, on);

/** Every option in the order in which they are set. */
const TABLE: readonly (readonly [name: string, kind: Kind, apply: Apply])[] = [
  ['reuseAddr', 'flag', sockopt.setReuseAddr],
  ['reusePort', 'flag', sockopt.setReusePort],
  ['freebind', 'flag', own(ipopt.setFreebind)],
  ['transparent', 'flag', own(ipopt.setTransparent)],
  ['bindAddressNoPort', 'flag', ipopt.setBindAddressNoPort],
  ['bindToDevice', 'name', sockopt.setBindToDevice],
  ['mark', [0, 0xffffffff], sockopt.setMark],
  // It changes the priority too, ip(7), so it comes first.
  ['tos', [0, 255], (fd: number, tos: number, family: number): number => ipopt.setTOS(fd, family, tos)],
  ['priority', [0, INT], sockopt.setPriority],
  ['readBuffer', [0, INT], sockopt.setReadBuffer],
  ['writeBuffer', [0, INT], sockopt.setWriteBuffer],
  ['userTimeout', [0, INT], tcpopt.setUserTimeout],
  ['synRetries', [1, 127], tcpopt.setSynRetries],
  ['congestion', 'name', tcpopt.setCongestion],
];

/** What a process lacks that may not set an option, capabilities(7). */
const NEEDS: Readonly<Record<string, string>> = {
  transparent: 'CAP_NET_ADMIN or CAP_NET_RAW',
  bindToDevice: 'CAP_NET_RAW',
  mark: 'CAP_NET_ADMIN or CAP_NET_RAW',
  priority: 'CAP_NET_ADMIN or CAP_NET_RAW',
  tos: 'CAP_NET_ADMIN',
  congestion: 'CAP_NET_ADMIN',
};

/** Options that only a dial has. */
export const DIAL_ONLY: ReadonlySet<string> = new Set(['bindAddressNoPort', 'synRetries']);
/** Options that only TCP has. */
export const TCP_ONLY: ReadonlySet<string> = new Set(['userTimeout', 'synRetries', 'congestion']);
/** Options that say nothing to a socket outside IP. */
export const INET_ONLY: ReadonlySet<string> = new Set([
  'reusePort',
  'freebind',
  'transparent',
  'bindAddressNoPort',
  'bindToDevice',
  'tos',
  'userTimeout',
  'synRetries',
  'congestion',
]);
/** Options that say nothing to a raw socket, which has no ports. */
export const NOT_RAW: ReadonlySet<string> = new Set([...TCP_ONLY, 'bindAddressNoPort']);
const NOTHING: ReadonlySet<string> = new Set();

/**
 * Checks the options of a dial or listen; throws a TypeError or RangeError. What is undefined is not set; what is `foreign` is checked
 * and means nothing.
 */
export function toSettings(
  options: DialSocketOptions | ListenSocketOptions,
  foreign: ReadonlySet<string> = NOTHING,
): Setting[] {
  const settings: Setting[] = [];
  if (options === NO_OPTIONS) return settings;
  for (const [name, kind, apply] of TABLE) {
    const value = (options as Readonly<Record<string, unknown>>)[name];
    if (value === undefined) continue;
    const setting = toSetting(name, check(name, kind, value), apply);
    if (!foreign.has(name)) settings.push(setting);
  }
  return settings;
}

/** TCP_FASTOPEN_CONNECT of a dial; a kernel where that is off takes no 0 for it either. */
export function toFastOpenConnect({ fastOpen }: DialSocketOptions): Setting[] {
  return toFlag('fastOpen', fastOpen, false) ? [toSetting('fastOpen', true, tcpopt.setFastOpenConnect)] : [];
}

/** TCP_QUICKACK of a dial, which is set after the connect. */
export function toQuickAck({ quickAck }: DialSocketOptions): Setting[] {
  return quickAck === undefined ? [] : [toSetting('quickAck', check('quickAck', 'flag', quickAck), tcpopt.setQuickAck)];
}

/** TCP_FASTOPEN of a listener, as a number of clients. */
export function toFastOpenQueue({ fastOpen }: ListenSocketOptions): Setting[] {
  if (fastOpen === undefined) return [];
  const queue = typeof fastOpen === 'boolean' ? Number(fastOpen) * FAST_OPEN_QUEUE : fastOpen;
  return [toSetting('fastOpen', check('fastOpen', [0, INT], queue), tcpopt.setFastOpen)];
}

/** A flag that is no option of a socket; throws a TypeError. */
export function toFlag(name: string, value: boolean | undefined, preset: boolean): boolean {
  return value === undefined ? preset : (check(name, 'flag', value) as boolean);
}

const toSetting = (name: string, value: Value, apply: Apply): Setting => ({
  name,
  apply: (fd, family) => apply(fd, value as never, family),
});

function check(name: string, kind: Kind, value: unknown): Value {
  if (kind === 'flag') {
    if (typeof value !== 'boolean') throw new TypeError(`Option ${name} must be a boolean, not ${typeof value}`);
    return value;
  }
  if (kind === 'name') {
    if (typeof value !== 'string') throw new TypeError(`Option ${name} must be a string, not ${typeof value}`);
    const length = Buffer.byteLength(value);
    if (length >= 1 && length <= NAME_MAX && !value.includes('\0')) return value;
    throw new RangeError(`Option ${name} must have 1 to ${NAME_MAX} bytes, not ${JSON.stringify(value)}`);
  }
  if (typeof value !== 'number') throw new TypeError(`Option ${name} must be a number, not ${typeof value}`);
  const [min, max] = kind;
  if (Number.isInteger(value) && value >= min && value <= max) return value;
  throw new RangeError(`Option ${name} must be a whole number from ${min} to ${max}, not ${value}`);
}

/** Sets options on a new socket. Throws a SyscallError that names the option, and what the process lacks. */
export function applySettings(settings: readonly Setting[], fd: number, family: number): void {
  for (const { name, apply } of settings) {
    const n = apply(fd, family);
    if (n < 0) throw optionError(name, n);
  }
}

function optionError(name: string, errno: number): SyscallError {
  const needs = errno === -EPERM ? NEEDS[name] : undefined;
  const what = needs === undefined ? name : `${name} needs ${needs}`;
  return new SyscallError('setsockopt', errno, errnoName(errno), `${errnoText(errno)} (${what})`);
}
