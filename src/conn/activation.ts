// Socket activation: the descriptors that systemd, or whoever speaks its protocol, has handed to this process. sd_listen_fds(3)

import { OpError, ParseError } from '../errors.ts';
import { OwnedFd } from '../fd/ownedfd.ts';
import { poller } from '../poll/epoll.ts';
import { syscallError } from '../syscall/errno.ts';
import { load, sys } from '../syscall/sys.ts';
import { FD_CLOEXEC, F_SETFD } from '../syscall/zconst_linux.ts';
import { type AdoptedSocket, fromFd } from './adopt.ts';
import { wantObject } from './limits.ts';

/** A descriptor that was handed over under a name: `socket` if `fromFd` takes it in, else `fd`, a FIFO, say. */
export type ListenFd =
  | { readonly name: string; readonly socket: AdoptedSocket; readonly fd: null }
  | { readonly name: string; readonly socket: null; readonly fd: OwnedFd };

/** Options of {@link listenFds}. */
export interface ListenFdsOptions {
  /** Whether the variables leave `process.env`, so that no child mistakes them; default true. */
  readonly unset?: boolean | undefined;
}

/** SD_LISTEN_FDS_START */
const FIRST = 3;
const VARIABLES = ['LISTEN_PID', 'LISTEN_FDS', 'LISTEN_FDNAMES'] as const;

/** They have owners now, whatever the environment still says. */
let taken = false;

/**
 * The sockets that the service manager has opened for this process, in its order, close-on-exec and adopted: listeners, sockets of
 * datagrams, with `Accept=yes` a connection. `name` is that of `FileDescriptorName=` or of the unit, `unknown` where none is given. What
 * is not used is to be closed.
 *
 * Without `LISTEN_PID`, with that of another process, and from the second time on there are none. Throws a ParseError for variables
 * that are malformed, and an OpError where one of the descriptors is not open; nothing is taken then. The variables are unset in
 * every case, unless `unset` is false. Call it early and on the main thread: the descriptors are the process's.
 *
 * @see sd_listen_fds(3), systemd.socket(5)
 */
export function listenFds(options: ListenFdsOptions = {}): ListenFd[] {
  wantObject(options);
  const { unset = true } = options;
  if (typeof unset !== 'boolean') throw new TypeError(`Unset must be a boolean, not ${typeof unset}`);
  try {
    return taken ? [] : takeAll(process.env);
  } finally {
    if (unset) for (const name of VARIABLES) delete process.env[name];
  }
}

function takeAll({ LISTEN_PID: pid, LISTEN_FDS: fds, LISTEN_FDNAMES: text }: NodeJS.ProcessEnv): ListenFd[] {
  if (pid === undefined || count('LISTEN_PID', pid, 'a process id') !== process.pid || fds === undefined) return [];
  const n = count('LISTEN_FDS', fds, 'a number of descriptors');
  const names = text?.split(':');
  if (names !== undefined && names.length !== n) {
    throw new ParseError('LISTEN_FDNAMES', text!, `LISTEN_FDNAMES must have ${n} names, not ${names.length}`);
  }
  // What can fail comes first.
  load();
  must('epoll_create1', poller.open());
  for (let fd = FIRST; fd < FIRST + n; fd++) must('fcntl', sys.fcntl(fd, F_SETFD, FD_CLOEXEC));
  taken = true;
  return Array.from({ length: n }, (_, i) => take(names?.[i] ?? 'unknown', new OwnedFd(FIRST + i)));
}

function count(variable: string, text: string, what: string): number {
  const n = Number(text);
  if (/^\d+$/.test(text) && n > 0 && n <= 0x7fffffff - FIRST) return n;
  throw new ParseError(variable, text, `${variable} must be ${what}, not "${text}"`);
}

function must(syscall: string, n: number): void {
  if (n < 0) throw new OpError({ op: 'file', net: 'file+net', cause: syscallError(syscall, n) });
}

function take(name: string, fd: OwnedFd): ListenFd {
  try {
    return { name, socket: fromFd(fd), fd: null };
  } catch (error) {
    if (error instanceof OpError) return { name, socket: null, fd };
    throw error;
  }
}
