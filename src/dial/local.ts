// dial outside IP, on Unix sockets and vsock: one address, nothing to look up, nothing to race.

import type { Addr } from '../addr/addr.ts';
import { UnixAddr } from '../addr/unixaddr.ts';
import { parseVsockAddr, VsockAddr } from '../addr/vsockaddr.ts';
import type { LocalPlan } from '../conn/localplan.ts';
import { doDialUnix } from '../conn/unix.ts';
import type { UnixConn } from '../conn/unixconn.ts';
import { doDialVsock, type VsockConn } from '../conn/vsock.ts';
import { AddrError } from '../errors.ts';
import type { Limits } from '../fd/op.ts';
import { now } from '../poll/deadline.ts';
import { Attempts, type Connect } from './attempt.ts';
import { dialSerial } from './serial.ts';

/** The networks of Unix sockets. */
export type UnixNetwork = UnixStreamNetwork | 'unixgram';
/** Those with a listener. */
export type UnixStreamNetwork = 'unix' | 'unixpacket';

/** Dials. Rejects with an OpError of the attempt, or with the bare reason why there was none. */
export function dialLocal(
  network: UnixNetwork | 'vsock',
  text: string,
  plan: LocalPlan,
  locals: readonly Addr[],
  limits: Limits,
): Promise<UnixConn | VsockConn> {
  if (network === 'vsock') {
    const connect: Connect<VsockAddr, VsockConn> = (local, to, own) => doDialVsock(local, to, plan, own);
    const remote = parseVsockAddr(text, 'local');
    return dialOne(network, remote, locals, (each) => each instanceof VsockAddr, connect, limits);
  }
  const connect: Connect<UnixAddr, UnixConn> = (local, to, own) => doDialUnix(network, local, to, plan, own);
  const fits = (each: Addr): each is UnixAddr => each instanceof UnixAddr && each.network === network;
  return dialOne(network, new UnixAddr(text, network), locals, fits, connect, limits);
}

function dialOne<A extends Addr, C>(
  network: string,
  remote: A,
  locals: readonly Addr[],
  fits: (local: Addr) => local is A,
  connect: Connect<A, C>,
  limits: Limits,
): Promise<C> {
  const own = locals.map((each) => {
    if (fits(each)) return each;
    throw new AddrError('mismatched local address type', String(each));
  });
  return dialSerial([{ local: own[0] ?? null, remote }], new Attempts<A, C>(network, now(), connect), limits);
}
