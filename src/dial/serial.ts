// Addresses one after another: which local address goes with each, how the time is shared, which error is told.

import type { Addr } from '../addr/addr.ts';
import { isIPv4 } from '../addr/addrlist.ts';
import { TCPAddr } from '../addr/tcpaddr.ts';
import { doDialTCP, type TCPPlan } from '../conn/tcp.ts';
import type { TCPConn } from '../conn/tcpconn.ts';
import { AddrError, CanceledError, DeadlineError, OpError } from '../errors.ts';
import type { Limits } from '../fd/op.ts';
import { NEVER, now, passed } from '../poll/deadline.ts';

/** A remote address with the local one that it is dialed from. */
export interface Candidate {
  readonly local: TCPAddr | null;
  readonly remote: TCPAddr;
}

/** What an address gets at least, in milliseconds, if so much is left. */
const SANE_MINIMUM = 2000;

/**
 * Pairs remote addresses with local ones: a pair fits if either is a wildcard or both are of one family, and a remote without a
 * fitting local is left out. Throws an AddrError for a local address of another network, or if nothing is left.
 */
export function pair(remotes: readonly TCPAddr[], locals: readonly Addr[]): Candidate[] {
  if (locals.length === 0) return remotes.map((remote) => ({ local: null, remote }));
  const own = locals.map((local) => {
    if (local instanceof TCPAddr) return local;
    throw new AddrError('mismatched local address type', String(local));
  });
  const fits = (local: TCPAddr, remote: TCPAddr): boolean =>
    local.isWildcard() || remote.isWildcard() || isIPv4(local.ip) === isIPv4(remote.ip);
  const pairs = remotes.flatMap((remote) => {
    const local = own.find((each) => fits(each, remote));
    return local === undefined ? [] : [{ local, remote }];
  });
  if (pairs.length === 0) throw new AddrError('no suitable address found', String(own[0]));
  return pairs;
}

/** The deadline of one try, with `left` addresses to go: its share of what is left, but 2 s if so much is there. */
export function partialDeadline(time: number, deadline: number, left: number): number {
  if (deadline === NEVER) return NEVER;
  const remaining = deadline - time;
  return time + Math.max(remaining / left, Math.min(remaining, SANE_MINIMUM));
}

/** Dials one candidate after another until one connects. Rejects with an OpError that tells of every one that was tried. */
export async function dialSerial(
  network: string,
  candidates: readonly Candidate[],
  plan: TCPPlan,
  limits: Limits,
): Promise<TCPConn> {
  const { signal, deadline } = limits;
  const attempts: OpError[] = [];
  for (const [i, { local, remote }] of candidates.entries()) {
    const failed = (cause: unknown): OpError =>
      new OpError({ op: 'dial', net: network, source: local, addr: remote, cause });
    if (signal?.aborted === true) throw failed(new CanceledError(signal.reason));
    if (passed(deadline)) {
      if (attempts.length === 0) attempts.push(failed(new DeadlineError()));
      break;
    }
    try {
      const own = { signal, deadline: partialDeadline(now(), deadline, candidates.length - i) };
      return await doDialTCP(network, local, remote, plan, own);
    } catch (cause) {
      attempts.push(failed(cause));
    }
  }
  const first = attempts[0]!;
  if (attempts.length === 1) throw first;
  throw new OpError({ op: 'dial', net: network, source: first.source, addr: first.addr, cause: first.cause, attempts });
}
