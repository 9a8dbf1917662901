// Keep-alive: what a user may say, Go's defaults, and the four options in their order, tcp(7).

import { setKeepAlive } from '../syscall/sockopt.ts';
import { setKeepCount, setKeepIdle, setKeepInterval } from '../syscall/tcpopt.ts';

/** How dead peers are found. Times are milliseconds and are rounded up to seconds. */
export interface KeepAliveConfig {
  /** Whether probes are sent at all; default true. */
  readonly enable?: boolean | undefined;
  /** Idle time before the first probe; default 15,000. 0: the default. Negative: left as the system has it. */
  readonly idle?: number | undefined;
  /** Time between probes; default 15,000. 0: the default. Negative: left as the system has it. */
  readonly interval?: number | undefined;
  /** Probes without an answer before the connection is given up; default 9. 0: the default. Negative: left as it is. */
  readonly count?: number | undefined;
}

/** A checked configuration in the kernel's units; negative values leave the socket alone. */
export interface KeepAlive {
  readonly enable: boolean;
  readonly idle: number;
  readonly interval: number;
  readonly count: number;
}

/** 15 s, 15 s, 9: a dead peer is found after 2 min 30 s (golang/go#23459). */
export const defaultKeepAlive: KeepAlive = { enable: true, idle: 15, interval: 15, count: 9 };

/** The kernel's limits: MAX_TCP_KEEPIDLE, MAX_TCP_KEEPINTVL, MAX_TCP_KEEPCNT. */
const MAX_SECONDS = 32_767;
const MAX_COUNT = 127;

function whole(name: string, value: number, unit: number, max: number): number {
  if (typeof value !== 'number') throw new TypeError(`Keep-alive ${name} must be a number, not ${typeof value}`);
  const n = Math.ceil(value / unit);
  if (!(n <= max)) throw new RangeError(`Keep-alive ${name} must be at most ${max * unit}, not ${value}`);
  return n < 0 || value < 0 ? -1 : n;
}

/** Checks what the user said: true or nothing is the default, false is null, which leaves the socket alone. */
export function toKeepAlive(option: boolean | KeepAliveConfig | undefined): KeepAlive | null {
  if (option === undefined || option === true) return defaultKeepAlive;
  if (option === false) return null;
  if (option === null || typeof option !== 'object') {
    throw new TypeError('Keep-alive must be a boolean or an object');
  }
  const { enable = true, idle = 0, interval = 0, count = 0 } = option;
  if (typeof enable !== 'boolean') throw new TypeError('Keep-alive enable must be a boolean');
  return {
    enable,
    idle: whole('idle', idle, 1000, MAX_SECONDS) || defaultKeepAlive.idle,
    interval: whole('interval', interval, 1000, MAX_SECONDS) || defaultKeepAlive.interval,
    count: whole('count', count, 1, MAX_COUNT) || defaultKeepAlive.count,
  };
}

/** Sets the four options, up to the first that fails: 0 or -errno. */
export function applyKeepAlive(fd: number, { enable, idle, interval, count }: KeepAlive): number {
  let n = setKeepAlive(fd, enable);
  if (n >= 0 && idle >= 0) n = setKeepIdle(fd, idle);
  if (n >= 0 && interval >= 0) n = setKeepInterval(fd, interval);
  if (n >= 0 && count >= 0) n = setKeepCount(fd, count);
  return n;
}
