// One try of a call that takes a whole datagram or message.

import { EAGAIN, EINTR } from '../syscall/zconst_linux.ts';
import type { FD } from './fd.ts';

/** Makes `call` until it gives something else than EINTR; -EAGAIN is remembered. */
export function tryReceive(fd: FD, call: (fd: number) => number): number {
  const { desc } = fd;
  while (desc.readable) {
    const n = call(desc.fd);
    if (n === -EAGAIN) desc.readable = false;
    else if (n !== -EINTR) return n;
  }
  return -EAGAIN;
}
