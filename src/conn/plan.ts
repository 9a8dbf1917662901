// What can be said about a TCP dial or listen, checked once and put into the order in which it is set: the package's defaults, the
// options that the user names, the user's hook. Where there is a hook, the defaults of a connection come before it too, so that
// what the hook sets stays set.

import { OpError } from '../errors.ts';
import type { NetFD } from '../fd/netfd.ts';
import type { SocketSpec } from '../fd/socket.ts';
import { type KeepAliveConfig, toKeepAlive } from './keepalive.ts';
import { type DialLimits, wantObject } from './limits.ts';
import {
  applySettings,
  DIAL_ONLY,
  type DialSocketOptions,
  type ListenSocketOptions,
  type Setting,
  type SocketOptions,
  TCP_ONLY,
  toFastOpenConnect,
  toFastOpenQueue,
  toFlag,
  toQuickAck,
  toSettings,
} from './options.ts';
import { RawConn } from './rawconn.ts';
import { applyTCPSettings, type TCPSettings } from './tcpconn.ts';

/**
 * Called with a new socket after the default options and those that are named, and before bind, connect or listen; may set
 * options, may wait, may refuse by throwing. Sees the concrete network (`tcp4`, `tcp6`) and the final address, of each attempt.
 */
export type Control = (network: string, address: string, raw: RawConn) => void | Promise<void>;

/** What can be set for connections that are dialed or accepted. */
export interface TCPOptions {
  /** Whether small writes go out at once; default true. */
  readonly noDelay?: boolean | undefined;
  /** Default on, 15 s idle, 15 s apart, 9 probes; false leaves the socket alone. */
  readonly keepAlive?: boolean | KeepAliveConfig | undefined;
  readonly control?: Control | undefined;
}

/** What can be said about one dial. */
export interface TCPDialOptions extends TCPOptions, DialSocketOptions, DialLimits {}

/** What can be said about a listener. */
export interface TCPListenOptions extends TCPOptions, ListenSocketOptions {
  /** How many clients may wait to be accepted; default net.core.somaxconn. listen(2) */
  readonly backlog?: number | undefined;
  /** On a wildcard without a family: IPv6 only, instead of IPv6 and IPv4. */
  readonly ipv6Only?: boolean | undefined;
  /** Ends the step of listening itself, a look-up and a hook included; not the listener, and no accept. */
  readonly signal?: AbortSignal | undefined;
}

/** Checked options. */
export interface TCPPlan {
  /** What is set on a connection once it is there. */
  readonly settings: TCPSettings;
  readonly multipath: boolean;
  readonly prepare: SocketSpec['prepare'];
  readonly control: SocketSpec['control'];
}

/** Checked options of a dial. */
export interface TCPDialPlan extends TCPPlan {
  /** What is set when the connection is there, and fails it. */
  readonly late: readonly Setting[];
}

/** Checked options of a listener. */
export interface TCPListenPlan extends TCPPlan {
  readonly backlog: number | undefined;
  readonly ipv6Only: boolean;
}

const UNTOUCHED: TCPSettings = { noDelay: null, keepAlive: null };

/** Checks the options of a TCP dial; throws a TypeError or RangeError. */
export function toDialPlan(options: TCPDialOptions): TCPDialPlan {
  wantObject(options);
  const { noDelay, keepAlive, multipath } = options;
  const defaults = { noDelay: toFlag('noDelay', noDelay, true), keepAlive: toKeepAlive(keepAlive) };
  const named = [...toSettings(options), ...toFastOpenConnect(options)];
  const control = toControl(options.control);
  return {
    multipath: toFlag('multipath', multipath, false),
    prepare: toPrepare(named, control === undefined ? undefined : defaults),
    control,
    settings: control === undefined ? defaults : UNTOUCHED,
    late: toQuickAck(options),
  };
}

/** Checks the options of a TCP listen; throws a TypeError or RangeError. */
export function toListenPlan(options: TCPListenOptions): TCPListenPlan {
  wantObject(options);
  const { noDelay, keepAlive, backlog, ipv6Only, multipath } = options;
  return {
    settings: { noDelay: toFlag('noDelay', noDelay, true), keepAlive: toKeepAlive(keepAlive) },
    multipath: toFlag('multipath', multipath, false),
    prepare: toPrepare([...toSettings(options, DIAL_ONLY), ...toFastOpenQueue(options)]),
    control: toControl(options.control),
    backlog: toBacklog(backlog),
    ipv6Only: toFlag('ipv6Only', ipv6Only, false),
  };
}

/** What can be said about a socket of datagrams: of the options for all sockets, those of TCP alone mean nothing. */
export interface PacketOptions extends SocketOptions {
  readonly control?: Control | undefined;
  /** On a wildcard without a family: IPv6 only, instead of IPv6 and IPv4. */
  readonly ipv6Only?: boolean | undefined;
}

/** What can be said about one dial of datagrams. */
export interface PacketDialOptions extends Omit<PacketOptions, 'ipv6Only'>, DialLimits {}

/** What can be said about one socket that receives datagrams. */
export interface PacketListenOptions extends PacketOptions {
  /** Ends the making of the socket, a look-up and a hook included; no read or write. */
  readonly signal?: AbortSignal | undefined;
}

/** Checked options of a socket of datagrams. */
export interface PacketPlan {
  readonly prepare: SocketSpec['prepare'];
  readonly control: SocketSpec['control'];
  readonly ipv6Only: boolean;
}

/** Checks the options of a socket of datagrams; throws a TypeError or RangeError. */
export function toPacketPlan(options: PacketOptions, foreign: ReadonlySet<string> = TCP_ONLY): PacketPlan {
  wantObject(options);
  return {
    prepare: toPrepare(toSettings(options, foreign)),
    control: toControl(options.control),
    ipv6Only: toFlag('ipv6Only', options.ipv6Only, false),
  };
}

/** Checks the length of a backlog; throws a RangeError. */
export function toBacklog(backlog: number | undefined): number | undefined {
  if (backlog === undefined || (Number.isInteger(backlog) && backlog >= 0 && backlog <= 0x7fffffff)) return backlog;
  throw new RangeError(`Option backlog must be a whole number from 0, not ${String(backlog)}`);
}

/** Checks a hook, and lends it the descriptor. */
export function toControl(control: Control | undefined): SocketSpec['control'] {
  if (control === undefined) return undefined;
  if (typeof control !== 'function') throw new TypeError('Option control must be a function');
  return async (network, address, fd) => {
    try {
      await control(network, address, new RawConn(fd));
    } catch (error) {
      // The dial or listen says where; what the hook's own setsockopt adds to it is the reason.
      throw error instanceof OpError && error.op === 'set' ? error.cause : error;
    }
  };
}

/** What is to be done with a new socket; undefined for nothing. */
export function toPrepare(named: readonly Setting[], defaults?: TCPSettings): SocketSpec['prepare'] {
  if (named.length === 0 && defaults === undefined) return undefined;
  return ({ desc, family }: NetFD) => {
    if (defaults !== undefined) applyTCPSettings(desc.fd, defaults);
    applySettings(named, desc.fd, family);
  };
}
