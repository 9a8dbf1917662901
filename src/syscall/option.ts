// Any socket option by number, getsockopt(2) and setsockopt(2): for options that sockopt.ts has no function for. Public as
// `gonet/syscall`, and so the one place on this floor that throws.

import { syscallError } from './errno.ts';
import { sys } from './sys.ts';

/** What an option can be set to: an `int`, a flag, bytes, or text. */
export type OptionValue = number | boolean | string | Uint8Array;

/** getsockopt(2) on a descriptor: an `int`, or, given a length, the option's bytes. Throws a SyscallError. */
export function getsockopt(fd: number, level: number, name: number): number;
export function getsockopt(fd: number, level: number, name: number, length: number): Buffer;
export function getsockopt(fd: number, level: number, name: number, length?: number): number | Buffer {
  const value = Buffer.alloc(length ?? 4);
  const room = new Uint32Array([value.length]);
  const n = sys.getsockopt(fd, level, name, value, room);
  if (n < 0) throw syscallError('getsockopt', n);
  return length === undefined ? value.readInt32LE() : value.subarray(0, room[0]);
}

/** setsockopt(2) on a descriptor. Throws a SyscallError, or a TypeError for a value that no option can have. */
export function setsockopt(fd: number, level: number, name: number, value: OptionValue): void {
  const bytes = toBytes(value);
  const n = sys.setsockopt(fd, level, name, bytes, bytes.byteLength);
  if (n < 0) throw syscallError('setsockopt', n);
}

function toBytes(value: OptionValue): Uint8Array {
  if (typeof value === 'string') return Buffer.from(value);
  if (value instanceof Uint8Array) return value;
  const n = Number(value);
  if ((typeof value !== 'number' && typeof value !== 'boolean') || (n | 0) !== n) {
    throw new TypeError(`Option value must be a 32-bit integer, a boolean, a string or bytes, not ${String(value)}`);
  }
  return new Uint8Array(Int32Array.of(n).buffer);
}
