// The file of a Unix socket: which inode it is, what its mode is to be, that it goes with its listener, and whether the one that is
// there already is somebody's. unix(7). What happens to a path is done to the inode that was looked at, as far as Linux allows.

import { chmodSync, closeSync, constants, fstatSync, lstatSync, openSync, unlinkSync } from 'node:fs';
import { resolve } from 'node:path';
import { syscallError } from '../syscall/errno.ts';
import { Sockaddr } from '../syscall/sockaddr.ts';
import { sys } from '../syscall/sys.ts';
import { AF_UNIX, ECONNREFUSED, O_PATH, SOCK_CLOEXEC, SOCK_NONBLOCK } from '../syscall/zconst_linux.ts';
import { pause } from './limited.ts';
import type { Limits } from './op.ts';

/** Milliseconds after which a socket that refuses is asked once more: another process may be about to listen. */
const PATIENCE = 20;

/** Whether a name is that of a file: neither abstract nor empty. */
export function isPath(name: string): boolean {
  return name !== '' && name[0] !== '@' && name[0] !== '\0';
}

/** The inode of a socket, by the path that it had when it was looked at. */
export class SocketFile {
  /** Absolute, so that it stays true when the working directory changes. */
  readonly #path: string;
  readonly #dev: bigint;
  readonly #ino: bigint;

  private constructor(path: string, dev: bigint, ino: bigint) {
    this.#path = path;
    this.#dev = dev;
    this.#ino = ino;
  }

  /** The socket at a path, or the one that `fd` has opened there; null where there is none. */
  static at(name: string, fd?: number): SocketFile | null {
    if (!isPath(name)) return null;
    try {
      const path = resolve(name);
      const stat = fd === undefined ? lstatSync(path, { bigint: true }) : fstatSync(fd, { bigint: true });
      return stat.isSocket() ? new SocketFile(path, stat.dev, stat.ino) : null;
    } catch {
      return null;
    }
  }

  /**
   * Removes the file if it is still the one that was looked at; true if it has. The inode must be held meanwhile, by an open
   * descriptor or by the bound socket itself, or its number could be another one's.
   */
  unlink(): boolean {
    try {
      const { dev, ino } = lstatSync(this.#path, { bigint: true });
      if (dev !== this.#dev || ino !== this.#ino) return false;
      unlinkSync(this.#path);
      return true;
    } catch {
      return false;
    }
  }
}

/** Sets the mode of the socket at a path, whatever the umask is, and of nothing that a link leads to. Throws a SyscallError. */
export function setMode(name: string, mode: number): void {
  try {
    holding(name, (fd) => {
      if (fstatSync(fd).isSocket()) chmodSync(`/proc/self/fd/${fd}`, mode);
    });
  } catch (error) {
    const { errno } = error as NodeJS.ErrnoException;
    throw errno === undefined ? error : syscallError('chmod', errno);
  }
}

/** Removes the socket at a path if nobody listens on it. True if the path may be free now. */
export async function removeStale(name: string, sotype: number, limits: Limits): Promise<boolean> {
  let fd: number;
  try {
    fd = openPath(name);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT';
  }
  try {
    const file = SocketFile.at(name, fd);
    if (file === null || !refuses(name, sotype)) return false;
    await pause(PATIENCE, limits);
    return refuses(name, sotype) && file.unlink();
  } finally {
    closeSync(fd);
  }
}

/** Whether nobody listens at a path: a test connect is refused. One that is taken closes at once. */
function refuses(name: string, sotype: number): boolean {
  const fd = sys.socket(AF_UNIX, sotype | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) throw syscallError('socket', fd);
  const sa = new Sockaddr();
  const n = sys.connect(fd, sa.bytes, sa.setUnix(name));
  sys.close(fd);
  return n === -ECONNREFUSED;
}

/** A descriptor that names an inode and cannot do anything else with it. O_PATH of open(2) */
function openPath(name: string): number {
  return openSync(name, O_PATH | constants.O_NOFOLLOW);
}

function holding<T>(name: string, use: (fd: number) => T): T {
  const fd = openPath(name);
  try {
    return use(fd);
  } finally {
    closeSync(fd);
  }
}
