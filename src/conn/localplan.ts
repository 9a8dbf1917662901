// What can be said about a dial or listen outside IP, on Unix sockets and vsock, checked. Options that are IP's or TCP's are checked
// by dial and listen, and mean nothing here.

import type { SocketSpec } from '../fd/socket.ts';
import { type DialLimits, wantObject } from './limits.ts';
import { INET_ONLY, type SocketOptions, toFlag, toSettings } from './options.ts';
import { type Control, toBacklog, toControl, toPrepare } from './plan.ts';

/** What can be set on a socket outside IP. */
export interface LocalOptions extends Pick<
  SocketOptions,
  'reuseAddr' | 'mark' | 'priority' | 'readBuffer' | 'writeBuffer'
> {
  /** Sees the network as it was given, `unix`, `unixpacket` or `vsock`, and the address: a path, or `cid:port`. */
  readonly control?: Control | undefined;
}

/** What can be said about one dial of a Unix socket. */
export interface UnixDialOptions extends LocalOptions, DialLimits {}

/** What can be said about the file that a listener makes; other networks have none. */
export interface SocketFileOptions {
  /**
   * The permission bits of the socket's file, exactly, whatever the umask is; who may write to it may connect. Nobody can connect
   * before they are set. Default 0o777 less the umask. unix(7)
   */
  readonly mode?: number | undefined;
  /**
   * If there is a socket at the path already: whether it is removed when nobody listens on it, which two test connects find out.
   * Default false: address already in use.
   */
  readonly replaceStale?: boolean | undefined;
}

/** What can be said about a Unix listener. */
export interface UnixListenOptions extends LocalOptions, SocketFileOptions {
  /** How many clients may wait to be accepted; default net.core.somaxconn. listen(2) */
  readonly backlog?: number | undefined;
  /** Ends the step of listening itself, not the listener, and no accept. */
  readonly signal?: AbortSignal | undefined;
}

/** What can be said about one Unix socket of datagrams. */
export type UnixgramOptions = Omit<UnixListenOptions, 'backlog'>;

/** Checked options. */
export interface LocalPlan {
  readonly prepare: SocketSpec['prepare'];
  readonly control: SocketSpec['control'];
}

/** Checked options of a listener. */
export interface LocalListenPlan extends LocalPlan {
  readonly backlog: number | undefined;
  readonly mode: number | undefined;
  readonly replaceStale: boolean;
}

/** Checks the options of a dial; throws a TypeError or RangeError. */
export function toLocalPlan(options: LocalOptions): LocalPlan {
  wantObject(options);
  return { prepare: toPrepare(toSettings(options, INET_ONLY)), control: toControl(options.control) };
}

/** Checks the options of a listen; throws a TypeError or RangeError. */
export function toLocalListenPlan(options: UnixListenOptions): LocalListenPlan {
  return { ...toLocalPlan(options), backlog: toBacklog(options.backlog), ...toSocketFile(options) };
}

/** Checks what is said about the file; throws a TypeError or RangeError. */
export function toSocketFile({
  mode,
  replaceStale,
}: SocketFileOptions): Pick<LocalListenPlan, 'mode' | 'replaceStale'> {
  if (mode !== undefined && typeof mode !== 'number') {
    throw new TypeError(`Option mode must be a number, not ${typeof mode}`);
  }
  if (mode !== undefined && !(Number.isInteger(mode) && mode >= 0 && mode <= 0o777)) {
    throw new RangeError(`Option mode must be permission bits from 0 to 0o777, not ${mode}`);
  }
  return { mode, replaceStale: toFlag('replaceStale', replaceStale, false) };
}
