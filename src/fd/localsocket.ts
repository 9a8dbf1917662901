// Stream sockets whose names are no IP addresses, made whole: those of unix(7), stream and seqpacket, and of vsock(7). Go's order
// (net/sock_posix.go), and where Go leaves a file behind or gives up at once, this does not.

import type { Addr } from '../addr/addr.ts';
import { UnixAddr } from '../addr/unixaddr.ts';
import { VsockAddr } from '../addr/vsockaddr.ts';
import { SyscallError } from '../errors.ts';
import { NEVER, now, passed } from '../poll/deadline.ts';
import { syscallError } from '../syscall/errno.ts';
import { setReuseAddr } from '../syscall/sockopt.ts';
import { Sockaddr } from '../syscall/sockaddr.ts';
import { sys } from '../syscall/sys.ts';
import { AF_UNIX, AF_VSOCK, EADDRINUSE } from '../syscall/zconst_linux.ts';
import { step, steps } from '../trace.ts';
import { maxBacklog } from './backlog.ts';
import { pause } from './limited.ts';
import { localName } from './names.ts';
import type { NetFD } from './netfd.ts';
import type { Limits } from './op.ts';
import { control, open, type SocketSpec } from './socket.ts';
import { isPath, removeStale, setMode, SocketFile } from './socketfile.ts';

/** An address outside IP. */
export type LocalAddr = UnixAddr | VsockAddr;

/** What can be said of the file that a bind makes. */
export interface FileSpec {
  /** Its permission bits, exactly; undefined: 0777 less the umask. */
  readonly mode?: number | undefined;
  /** Whether a socket at the path on which nobody listens makes room. */
  readonly replaceStale?: boolean | undefined;
}

/** What only a listener needs to know. */
export interface LocalListenSpec extends SocketSpec, FileSpec {
  readonly backlog?: number | undefined;
}

/** Milliseconds before a server whose backlog is full is asked again, doubled each time. */
const FIRST_PAUSE = 1;
const LONGEST_PAUSE = 100;
/** VMADDR_PORT_ANY of vsock(7). */
const ANY_PORT = 0xffffffff;

/** Filled and used without a turn in between. */
const sa = new Sockaddr();

const familyOf = (addr: Addr): number => (addr instanceof VsockAddr ? AF_VSOCK : AF_UNIX);

/** Encodes the address of a peer: the length, or -EINVAL for a name that does not fit. */
function encode(addr: LocalAddr): number {
  return addr instanceof VsockAddr ? sa.setVsock(addr.cid, addr.port) : sa.setUnix(addr.name);
}

/** A socket that is connected to `remote`, from `local` if one is given, whose file stays only if that succeeds. */
export async function dialLocal(
  spec: SocketSpec,
  local: LocalAddr | null,
  remote: LocalAddr,
  limits: Limits,
): Promise<{ fd: NetFD; file: SocketFile | null }> {
  const fd = open(spec, familyOf(remote));
  let file: SocketFile | null = null;
  try {
    spec.prepare?.(fd);
    if (spec.control !== undefined) await control(spec, fd, remote, limits);
    if (local !== null) file = await bindLocal(fd, local, {}, limits);
    await connect(fd, remote, limits);
    return { fd, file };
  } catch (error) {
    file?.unlink();
    fd.close();
    throw error;
  }
}

/**
 * Connects. A Unix server whose backlog is full answers EAGAIN, and nothing tells when there is room: it is asked again until the
 * deadline, and without one the answer is the error at once, as in Go. It is never a timeout.
 */
async function connect(fd: NetFD, remote: LocalAddr, limits: Limits): Promise<void> {
  const { deadline, signal } = limits;
  for (let ms = FIRST_PAUSE; ; ms = Math.min(2 * ms, LONGEST_PAUSE)) {
    const length = encode(remote);
    if (length < 0) throw syscallError('connect', length);
    try {
      return await fd.connect(sa, remote, limits);
    } catch (error) {
      const full = error instanceof SyscallError && error.code === 'EAGAIN';
      if (!full || deadline === NEVER) throw error;
      step(2, 'EAGAIN: the backlog is full, asked again in a moment');
      await pause(Math.min(ms, deadline - now()), { deadline: NEVER, signal });
      if (passed(deadline)) throw error;
    }
  }
}

/** A socket that listens on `local`, and the file that was made for it, if one was. */
export async function listenLocal(
  spec: LocalListenSpec,
  local: LocalAddr,
  limits: Limits,
): Promise<{ fd: NetFD; file: SocketFile | null }> {
  const fd = open(spec, familyOf(local));
  let file: SocketFile | null = null;
  try {
    const reused = setReuseAddr(fd.desc.fd, true);
    if (reused < 0) throw syscallError('setsockopt', reused);
    spec.prepare?.(fd);
    if (spec.control !== undefined) await control(spec, fd, local, limits);
    file = await bindLocal(fd, local, spec, limits);
    const n = sys.listen(fd.desc.fd, spec.backlog ?? maxBacklog());
    if (n < 0) throw syscallError('listen', n);
    fd.join();
    fd.ends.local = localName(fd.desc.fd, fd.sotype);
    if (steps.hasSubscribers) step(2, `listening on ${String(fd.ends.local)}`);
    return { fd, file };
  } catch (error) {
    file?.unlink();
    fd.close();
    throw error;
  }
}

/** A socket of datagrams that receives what is sent to `local`, and the file that was made for it, if one was. */
export async function packetLocal(
  spec: SocketSpec & FileSpec,
  local: LocalAddr,
  limits: Limits,
): Promise<{ fd: NetFD; file: SocketFile | null }> {
  const fd = open(spec, familyOf(local));
  let file: SocketFile | null = null;
  try {
    spec.prepare?.(fd);
    if (spec.control !== undefined) await control(spec, fd, local, limits);
    file = await bindLocal(fd, local, spec, limits);
    fd.join();
    fd.ends.local = localName(fd.desc.fd, fd.sotype);
    if (steps.hasSubscribers) step(2, `bound to ${String(fd.ends.local)}`);
    return { fd, file };
  } catch (error) {
    file?.unlink();
    fd.close();
    throw error;
  }
}

/**
 * Binds to `local`, and answers which file that has made, if any. Its mode is 0 until it is what was asked for, so that nobody has
 * more of it in between than after.
 */
export async function bindLocal(
  fd: NetFD,
  local: LocalAddr,
  { mode, replaceStale }: FileSpec,
  limits: Limits,
): Promise<SocketFile | null> {
  const path = local instanceof UnixAddr && isPath(local.name) ? local.name : null;
  if (path !== null && mode !== undefined) {
    const n = sys.fchmod(fd.desc.fd, 0);
    if (n < 0) throw syscallError('fchmod', n);
  }
  try {
    bind(fd, local);
  } catch (error) {
    const taken = error instanceof SyscallError && error.errno === -EADDRINUSE;
    if (!taken || path === null || replaceStale !== true) throw error;
    if (!(await removeStale(path, fd.sotype, limits))) throw error;
    step(2, 'nobody listened on the socket that was there: removed');
    bind(fd, local);
  }
  if (path === null) return null;
  const file = SocketFile.at(path);
  try {
    if (mode !== undefined) setMode(path, mode);
    return file;
  } catch (error) {
    file?.unlink();
    throw error;
  }
}

function bind(fd: NetFD, local: LocalAddr): void {
  // On an end of our own, port 0 is any free one, as on the other networks.
  const anyPort = local instanceof VsockAddr && local.port === 0;
  const length = anyPort ? sa.setVsock(local.cid, ANY_PORT) : encode(local);
  const n = length < 0 ? length : sys.bind(fd.desc.fd, sa.bytes, length);
  if (n < 0) throw syscallError('bind', n);
}
