// Connections between a virtual machine and its host, or on one machine: stream sockets of vsock(7), as thin as can be.

import type { VsockAddr } from '../addr/vsockaddr.ts';
import { OpError } from '../errors.ts';
import { dialLocal, listenLocal } from '../fd/localsocket.ts';
import type { NetFD } from '../fd/netfd.ts';
import type { Limits } from '../fd/op.ts';
import { NEVER } from '../poll/deadline.ts';
import { SOCK_STREAM } from '../syscall/zconst_linux.ts';
import { toSignal } from './limits.ts';
import { type LocalPlan, toLocalListenPlan, type UnixListenOptions } from './localplan.ts';
import { opError } from './operror.ts';
import { StreamConn } from './streamconn.ts';
import { StreamListener } from './streamlistener.ts';

const socket = { network: 'vsock', sotype: SOCK_STREAM, proto: 0, describe: opError };

/** A vsock connection, dialed, accepted or adopted. */
export class VsockConn extends StreamConn {
  override get localAddr(): VsockAddr {
    return super.localAddr as VsockAddr;
  }

  override get remoteAddr(): VsockAddr {
    return super.remoteAddr as VsockAddr;
  }
}

/** A vsock listener. */
export class VsockListener extends StreamListener<VsockConn> {
  /** @internal */
  constructor(fd: NetFD) {
    super(fd, (accepted) => new VsockConn(accepted));
  }

  override get addr(): VsockAddr {
    return super.addr as VsockAddr;
  }
}

/** One dial of one address. Rejects with the bare reason. */
export async function doDialVsock(
  local: VsockAddr | null,
  remote: VsockAddr,
  { prepare, control }: LocalPlan,
  limits: Limits,
): Promise<VsockConn> {
  const { fd } = await dialLocal({ ...socket, prepare, control }, local, remote, limits);
  return new VsockConn(fd);
}

/** Listens on `local`. Rejects with an OpError. */
export async function listenVsock(
  local: VsockAddr,
  options: Omit<UnixListenOptions, 'mode' | 'replaceStale'>,
): Promise<VsockListener> {
  const plan = toLocalListenPlan(options);
  const limits = { deadline: NEVER, signal: toSignal(options.signal) };
  try {
    const { fd } = await listenLocal({ ...socket, ...plan }, local, limits);
    return new VsockListener(fd);
  } catch (cause) {
    throw new OpError({ op: 'listen', net: 'vsock', addr: local, cause });
  }
}
