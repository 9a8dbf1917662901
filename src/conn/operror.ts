// Where the errors of connections and listeners get their context: Go's fields, once per failure.

import { OpError } from '../errors.ts';
import type { Ends } from '../fd/ends.ts';
import { Letter } from '../fd/letter.ts';
import { syscallError } from '../syscall/errno.ts';

/**
 * The error of an operation: with both ends where there are two, else the local one alone. The failure of a connect passes as
 * it is: it is part of a dial, which gives it its context.
 */
export function opError({ network, local, remote }: Ends, op: string, cause: Error, bytesWritten?: number): Error {
  if (op === 'connect') return cause;
  const fields = remote === null ? { addr: local } : { source: local, addr: remote };
  return new OpError({ op, net: network, ...fields, cause, ...(bytesWritten === undefined ? {} : { bytesWritten }) });
}

/**
 * The error of an operation on a socket of datagrams: from the local end, and to where a datagram went, or to the peer if there
 * is one.
 */
export function packetError(ends: Ends, op: string, cause: Error, bytesWritten?: number, subject?: unknown): Error {
  if (op === 'connect') return cause;
  const { network, local: source, remote } = ends;
  // A batch has many receivers and names none.
  const addr = (subject instanceof Letter ? subject.addr : null) ?? remote;
  return new OpError({
    op,
    net: network,
    source,
    addr,
    cause,
    ...(bytesWritten === undefined ? {} : { bytesWritten }),
  });
}

/** The error of a setting that concerns only this end, a deadline or a buffer's size. */
export function ownEndError({ network, local }: Ends, cause: Error): OpError {
  return new OpError({ op: 'set', net: network, addr: local, cause });
}

/** Throws the error of `op` if the record's call `syscall` answered `-errno`. */
export function must(ends: Ends, op: string, syscall: string, n: number): void {
  if (n < 0) throw opError(ends, op, syscallError(syscall, n));
}
