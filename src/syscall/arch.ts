// What differs between the systems that run this package: the only place that looks at process.platform and process.arch.

import { closeSync, openSync, readSync } from 'node:fs';

/** Why the socket floors cannot run on this system, or null where they can. */
export function unsupported(): string | null {
  if (process.platform !== 'linux') return `gonet needs Linux, this is ${process.platform}`;
  if (process.arch !== 'x64' && process.arch !== 'arm64') return `gonet needs x64 or arm64, this is ${process.arch}`;
  return null;
}

/** This system, as a folder of prebuilt addons is called: `linux-x64-glibc`. */
export function target(): string {
  return `${process.platform}-${process.arch}-${isMusl() ? 'musl' : 'glibc'}`;
}

/** The dynamic loader is named in the first page of the executable, elf(5). */
function isMusl(): boolean {
  const head = Buffer.alloc(4096);
  const fd = openSync(process.execPath, 'r');
  try {
    readSync(fd, head);
  } finally {
    closeSync(fd);
  }
  return head.includes('/ld-musl-');
}

/** struct epoll_event in 32-bit words: packed on x64 (12 bytes), padded elsewhere (16), see epoll_ctl(2). */
export const EPOLL_EVENT_WORDS: 3 | 4 = process.arch === 'x64' ? 3 : 4;

/** The word in which epoll_data begins: we keep the descriptor there and its generation in the next. */
export const EPOLL_DATA_WORD: 1 | 2 = process.arch === 'x64' ? 1 : 2;
