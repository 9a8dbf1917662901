// Socket options of unix(7), one function per option: who is at the other end. Numbers in, the value or -errno out. A pidfd is
// a descriptor like any other, close-on-exec, and the caller's to close.

import type { Ucred } from './cmsg.ts';
import { flag, getInt, setInt } from './sockopt.ts';
import { sys } from './sys.ts';
import {
  ERANGE,
  SOL_SOCKET,
  SO_PASSCRED,
  SO_PASSPIDFD,
  SO_PEERCRED,
  SO_PEERGROUPS,
  SO_PEERPIDFD,
} from './zconst_linux.ts';

const room = new Uint32Array(1);
const ucred = new Uint8Array(12);
const view = new DataView(ucred.buffer);

/** SO_PASSCRED: each message brings its sender's process, user and group. */
export const setPassCred = (fd: number, on: boolean): number => setInt(fd, SOL_SOCKET, SO_PASSCRED, flag(on));
export const getPassCred = (fd: number): number => getInt(fd, SOL_SOCKET, SO_PASSCRED);
/** SO_PASSPIDFD, Linux 6.5: each message brings a descriptor of its sender's process. */
export const setPassPidfd = (fd: number, on: boolean): number => setInt(fd, SOL_SOCKET, SO_PASSPIDFD, flag(on));
export const getPassPidfd = (fd: number): number => getInt(fd, SOL_SOCKET, SO_PASSPIDFD);

/**
 * SO_PEERCRED: who connected, listened or made the pair, as it was then. Without a peer, and on what is no Unix socket, pid 0
 * and the ids 2^32-1.
 */
export function getPeerCred(fd: number): Ucred | number {
  room[0] = ucred.length;
  const n = sys.getsockopt(fd, SOL_SOCKET, SO_PEERCRED, ucred, room);
  if (n < 0) return n;
  return { pid: view.getInt32(0, true), uid: view.getUint32(4, true), gid: view.getUint32(8, true) };
}

/** SO_PEERPIDFD, Linux 6.5: a descriptor of the peer's process. ENODATA without a peer, ESRCH when it is gone. */
export const getPeerPidfd = (fd: number): number => getInt(fd, SOL_SOCKET, SO_PEERPIDFD);

/** SO_PEERGROUPS: the peer's supplementary groups. ENODATA without a peer. */
export function getPeerGroups(fd: number): number[] | number {
  let groups = new Uint32Array(32);
  for (;;) {
    room[0] = groups.byteLength;
    const n = sys.getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, new Uint8Array(groups.buffer), room);
    if (n >= 0) return [...groups.subarray(0, room[0] / 4)];
    // The kernel says how much room it needs.
    if (n !== -ERANGE || room[0] <= groups.byteLength) return n;
    groups = new Uint32Array(room[0] / 4);
  }
}
