// Unix sockets between addresses: dialUnix, listenUnix and listenUnixgram.

import { UnixAddr } from '../addr/unixaddr.ts';
import { AddrError, OpError, UnknownNetworkError } from '../errors.ts';
import type { Describe } from '../fd/ends.ts';
import { dialLocal, type FileSpec, listenLocal, packetLocal } from '../fd/localsocket.ts';
import type { Limits } from '../fd/op.ts';
import { NEVER } from '../poll/deadline.ts';
import { SOCK_DGRAM, SOCK_SEQPACKET, SOCK_STREAM } from '../syscall/zconst_linux.ts';
import { step, steps } from '../trace.ts';
import { toDialLimits, toSignal, wantNetwork } from './limits.ts';
import {
  type LocalPlan,
  toLocalListenPlan,
  toLocalPlan,
  type UnixDialOptions,
  type UnixgramOptions,
  type UnixListenOptions,
} from './localplan.ts';
import { opError, packetError } from './operror.ts';
import { UnixConn } from './unixconn.ts';
import { UnixListener } from './unixlistener.ts';

const TYPES: ReadonlyMap<string, number> = new Map([
  ['unix', SOCK_STREAM],
  ['unixpacket', SOCK_SEQPACKET],
  ['unixgram', SOCK_DGRAM],
]);

const describeOf = (network: string): Describe => (network === 'unixgram' ? packetError : opError);

/** One dial of one address. Rejects with the bare reason. */
export async function doDialUnix(
  network: string,
  local: UnixAddr | null,
  remote: UnixAddr,
  { prepare, control }: LocalPlan,
  limits: Limits,
): Promise<UnixConn> {
  if (steps.hasSubscribers) step(3, `dialUnix ${local === null ? '' : `${local.toString()} `}-> ${remote.toString()}`);
  const sotype = TYPES.get(network)!;
  // An empty name is as good as none.
  const from = local?.isWildcard() === true ? null : local;
  const spec = { network, sotype, proto: 0, describe: describeOf(network), prepare, control };
  const { fd, file } = await dialLocal(spec, from, remote, limits);
  return new UnixConn(fd, file);
}

/**
 * Connects to `remote`, bound to `local` if it is not null; the file of that name stays. Networks are `unix`, `unixpacket` and
 * `unixgram`, on which `remote` may be null: then the socket is bound only, and for `writeTo`. A
 * server whose backlog is full is asked again until the deadline; then, and at once where there is none, the error's code is
 * `EAGAIN`, and it is no timeout. Rejects with an OpError.
 *
 * @see Go's net.DialUnix
 */
export function dialUnix(
  network: string,
  local: UnixAddr | null,
  remote: UnixAddr | null,
  options: UnixDialOptions = {},
): Promise<UnixConn> {
  wantNetwork(network);
  wantAddr(local);
  wantAddr(remote);
  const plan = toLocalPlan(options);
  const limits = toDialLimits(options);
  const failed = (cause: unknown): OpError =>
    new OpError({ op: 'dial', net: network, source: local, addr: remote, cause });
  if (!TYPES.has(network)) return Promise.reject(failed(new UnknownNetworkError(network)));
  if (network === 'unixgram' && isNamed(local) && !isNamed(remote)) {
    return bound(network, local, plan, limits).catch((cause: unknown) => {
      throw failed(cause);
    });
  }
  if (!isNamed(remote)) return Promise.reject(failed(new AddrError('missing address', '')));
  return doDialUnix(network, local, remote, plan, limits).catch((cause: unknown) => {
    throw failed(cause);
  });
}

/**
 * Listens on `local`: a path, `@` and an abstract name, or nothing, and then the kernel chooses an abstract one. Networks are
 * `unix` and `unixpacket`. Rejects with an OpError, and leaves no file behind then.
 *
 * @see Go's net.ListenUnix
 */
export function listenUnix(
  network: string,
  local: UnixAddr | null,
  options: UnixListenOptions = {},
): Promise<UnixListener> {
  wantNetwork(network);
  wantAddr(local);
  const plan = toLocalListenPlan(options);
  const limits = { deadline: NEVER, signal: toSignal(options.signal) };
  const failed = (cause: unknown): OpError => new OpError({ op: 'listen', net: network, addr: local, cause });
  const sotype = TYPES.get(network);
  if (sotype === undefined || network === 'unixgram') return Promise.reject(failed(new UnknownNetworkError(network)));
  if (local === null) return Promise.reject(failed(new AddrError('missing address', '')));
  return listenLocal({ network, sotype, proto: 0, describe: opError, ...plan }, local, limits).then(
    ({ fd, file }) => new UnixListener(fd, file),
    (cause: unknown) => {
      throw failed(cause);
    },
  );
}

/**
 * A socket of datagrams that receives what is sent to `local`: a path, whose file stays when it is closed unless `setUnlinkOnClose`
 * says otherwise, `@` and an abstract name, or nothing, and then the kernel chooses an abstract one. Rejects with an OpError.
 *
 * @see Go's net.ListenUnixgram
 */
export function listenUnixgram(
  network: string,
  local: UnixAddr | null,
  options: UnixgramOptions = {},
): Promise<UnixConn> {
  wantNetwork(network);
  wantAddr(local);
  const plan = toLocalListenPlan(options);
  const limits = { deadline: NEVER, signal: toSignal(options.signal) };
  const failed = (cause: unknown): OpError => new OpError({ op: 'listen', net: network, addr: local, cause });
  if (network !== 'unixgram') return Promise.reject(failed(new UnknownNetworkError(network)));
  if (local === null) return Promise.reject(failed(new AddrError('missing address', '')));
  return bound(network, local, plan, limits).catch((cause: unknown) => {
    throw failed(cause);
  });
}

/** A socket of datagrams with a name and no peer. Rejects with the bare reason. */
async function bound(network: string, local: UnixAddr, plan: LocalPlan & FileSpec, limits: Limits): Promise<UnixConn> {
  const spec = { network, sotype: SOCK_DGRAM, proto: 0, describe: packetError, ...plan };
  const { fd, file } = await packetLocal(spec, local, limits);
  return new UnixConn(fd, file);
}

const isNamed = (addr: UnixAddr | null): addr is UnixAddr => addr !== null && !addr.isWildcard();

function wantAddr(addr: unknown): asserts addr is UnixAddr | null {
  if (addr !== null && !(addr instanceof UnixAddr)) throw new TypeError('Address must be a UnixAddr or null');
}
