// What a caller says about time and cancelling, checked, on the monotonic clock.

import { NEVER, earlier, fromNow, fromWall } from '../poll/deadline.ts';
import type { Limits } from '../fd/op.ts';
import type { Deadline, IOOptions } from './conn.ts';

/** Throws a TypeError for options that are no object. */
export function wantObject(options: unknown): asserts options is object {
  if (options === null || typeof options !== 'object') throw new TypeError('Options must be an object');
}

/** Throws a TypeError for a network that is no string. */
export function wantNetwork(network: unknown): asserts network is string {
  if (typeof network !== 'string') throw new TypeError(`Network must be a string, not ${typeof network}`);
}

/** Throws a TypeError or RangeError for what is no C `int` from `min` to `max`. */
export function wantInt(name: string, value: number, min: number, max: number = 0x7fff_ffff): void {
  if (typeof value !== 'number') throw new TypeError(`${name} must be a number, not ${typeof value}`);
  if ((value | 0) === value && value >= min && value <= max) return;
  const range = max === 0x7fff_ffff ? `from ${min}` : `from ${min} to ${max}`;
  throw new RangeError(`${name} must be a whole number ${range}, not ${value}`);
}

/** A deadline on the monotonic clock; throws a TypeError or RangeError for what is none. */
export function toMonotonic(t: Deadline): number {
  if (t === null) return NEVER;
  const epoch = t instanceof Date ? t.getTime() : t;
  if (typeof epoch !== 'number') {
    throw new TypeError(`Deadline must be a Date, epoch milliseconds or null, not ${typeof t}`);
  }
  if (Number.isNaN(epoch)) throw new RangeError('Deadline is not a time');
  return epoch === Infinity ? NEVER : fromWall(epoch);
}

/** The options of a call that takes a signal only, checked; null for none. */
export function toSignalOf(options: { readonly signal?: AbortSignal | undefined } | undefined): AbortSignal | null {
  if (options === undefined) return null;
  wantObject(options);
  return toSignal(options.signal);
}

/** Checks a signal; null for none. */
export function toSignal(signal: AbortSignal | undefined): AbortSignal | null {
  if (signal === undefined) return null;
  if (!(signal instanceof AbortSignal)) throw new TypeError('Signal must be an AbortSignal');
  return signal;
}

/** The limits of one call; null for none. */
export function toLimits(options: IOOptions | undefined): Limits | null {
  if (options === undefined) return null;
  wantObject(options);
  const { signal, deadline } = options;
  if (signal === undefined && (deadline === undefined || deadline === null)) return null;
  return { signal: toSignal(signal), deadline: toMonotonic(deadline ?? null) };
}

/** What a dial says about time: `timeout` counts from now, the earlier of the two limits it. */
export interface DialLimits extends IOOptions {
  /** Milliseconds for the whole dial, look-up included; a negative one has already passed, 0 means none. */
  readonly timeout?: number | undefined;
}

/** The limits of a dial. */
export function toDialLimits({ timeout, deadline, signal }: DialLimits): Limits {
  if (timeout !== undefined && typeof timeout !== 'number') {
    throw new TypeError(`Timeout must be a number of milliseconds, not ${typeof timeout}`);
  }
  if (Number.isNaN(timeout)) throw new RangeError('Timeout is not a number of milliseconds');
  const own = timeout === undefined || timeout === 0 || timeout === Infinity ? NEVER : fromNow(timeout);
  return { deadline: earlier(toMonotonic(deadline ?? null), own), signal: toSignal(signal) };
}
