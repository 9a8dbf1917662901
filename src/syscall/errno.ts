// Errno numbers as names, texts and errors: errno(3). Names are Node's, texts Go's.

import { SyscallError } from '../errors.ts';
import { ERRNO } from './zerrno_linux.ts';

const byNumber = new Map(ERRNO.map(([errno, name, text]) => [errno, { name, text }]));

/** The name of an errno, positive or negative: `ECONNREFUSED`; an unknown one is `errno 4095`. */
export function errnoName(errno: number): string {
  const value = Math.abs(errno);
  return byNumber.get(value)?.name ?? `errno ${value}`;
}

/** The text of an errno, positive or negative: `connection refused`. */
export function errnoText(errno: number): string {
  const value = Math.abs(errno);
  return byNumber.get(value)?.text ?? `errno ${value}`;
}

/** The error for a call of the record that answered `-errno`. */
export function syscallError(syscall: string, errno: number): SyscallError {
  return new SyscallError(syscall, -Math.abs(errno), errnoName(errno), errnoText(errno));
}
