// The calls that move messages with their addresses and control data, on koffi: recvfrom(2), sendto(2), recvmsg(2), sendmsg(2),
// recvmmsg(2) and sendmmsg(2). native/message.c is the same in C.

import type { Sys } from './backend.ts';
import { badFd, badInt, badRange, hasRoom } from './check.ts';
import type { CFunction, Library } from './ffi.ts';
import { HEADER, Headers, ROW } from './msghdr.ts';
import { EBADF, EFAULT, EINVAL } from './zconst_linux.ts';

type Plain = 'recvfrom' | 'sendto';
type WithHeader = 'recvmsg' | 'sendmsg' | 'recvmmsg' | 'sendmmsg';
type Functions<K extends string> = Readonly<Record<K, CFunction>>;

/** The entries, made of their C functions. */
export function messageCalls(libc: Library, c: Functions<Plain | WithHeader>): Pick<Sys, Plain | WithHeader> {
  const headers = new Headers((buf) => libc.address(buf));
  return { ...plain(libc.errno, headers, c), ...withHeader(libc.errno, headers, c) };
}

function plain(errno: Int32Array, headers: Headers, { recvfrom, sendto }: Functions<Plain>): Pick<Sys, Plain> {
  return {
    recvfrom: (fd, buf, off, len, flags, addr, addrlen) => {
      if (badFd(fd)) return -EBADF;
      if (badInt(flags)) return -EINVAL;
      if (badRange(buf, off, len) || !hasRoom(addr, addrlen)) return -EFAULT;
      const into = off === 0 ? buf : headers.pin(buf, off);
      const asked = addrlen[0]! > 0;
      const n = asked ? recvfrom(fd, into, len, flags, addr, addrlen) : recvfrom(fd, into, len, flags, 0, 0);
      const answer = n < 0 ? -errno[0]! : n;
      if (off !== 0) headers.release();
      return answer;
    },
    sendto: (fd, buf, off, len, flags, addr, addrlen) => {
      if (badFd(fd)) return -EBADF;
      if (badInt(flags)) return -EINVAL;
      if (badRange(buf, off, len) || badRange(addr, 0, addrlen)) return -EFAULT;
      const from = off === 0 ? buf : headers.pin(buf, off);
      const n = sendto(fd, from, len, flags, addrlen === 0 ? 0 : addr, addrlen);
      const answer = n < 0 ? -errno[0]! : n;
      if (off !== 0) headers.release();
      return answer;
    },
  };
}

function withHeader(errno: Int32Array, headers: Headers, c: Functions<WithHeader>): Pick<Sys, WithHeader> {
  const { words } = headers;
  const { recvmsg, sendmsg, recvmmsg, sendmmsg } = c;
  /** What ends every call with headers. */
  const over = (n: number): number => {
    const answer = n < 0 ? -errno[0]! : n;
    headers.release();
    return answer;
  };
  return {
    recvmsg: (fd, buf, off, len, flags, addr, control, io) => {
      if (badFd(fd)) return -EBADF;
      if (badInt(flags)) return -EINVAL;
      const set = io.length < 3 ? -EFAULT : headers.setOne(buf, off, len, addr, control, io[0]!, io[1]!);
      if (set < 0) return set;
      const n = over(recvmsg(fd, headers.at, flags));
      if (n < 0) return n;
      io[0] = words[HEADER.namelen]!;
      io[1] = words[HEADER.controllen]!;
      io[2] = words[HEADER.flags]!;
      return n;
    },
    sendmsg: (fd, buf, off, len, flags, addr, control, io) => {
      if (badFd(fd)) return -EBADF;
      if (badInt(flags)) return -EINVAL;
      const set = io.length < 2 ? -EFAULT : headers.setOne(buf, off, len, addr, control, io[0]!, io[1]!);
      return set < 0 ? set : over(sendmsg(fd, headers.at, flags));
    },
    recvmmsg: (fd, buf, rows, first, count, flags, names, controls) => {
      if (badFd(fd)) return -EBADF;
      if (badInt(flags)) return -EINVAL;
      const set = headers.setRows(buf, rows, first, count, names, controls);
      if (set < 0) return set;
      const n = over(recvmmsg(fd, headers.at, set, flags, 0));
      for (let i = 0; i < n; i++) {
        const row = (first + i) * ROW.words;
        const header = i * HEADER.words;
        rows[row + ROW.len] = words[header + HEADER.len]!;
        rows[row + ROW.addrlen] = words[header + HEADER.namelen]!;
        rows[row + ROW.controllen] = words[header + HEADER.controllen]!;
        rows[row + ROW.flags] = words[header + HEADER.flags]!;
      }
      return n;
    },
    sendmmsg: (fd, buf, rows, first, count, flags, names, controls) => {
      if (badFd(fd)) return -EBADF;
      if (badInt(flags)) return -EINVAL;
      const set = headers.setRows(buf, rows, first, count, names, controls);
      if (set < 0) return set;
      const n = over(sendmmsg(fd, headers.at, set, flags));
      for (let i = 0; i < n; i++) rows[(first + i) * ROW.words + ROW.flags] = words[i * HEADER.words + HEADER.len]!;
      return n;
    },
  };
}
