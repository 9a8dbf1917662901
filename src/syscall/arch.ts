// What differs between the systems that run this package: the only place that looks at process.platform and process.arch.

/** Why the socket floors cannot run on this system, or null where they can. */
export function unsupported(): string | null {
  if (process.platform !== 'linux') return `gonet needs Linux, this is ${process.platform}`;
  if (process.arch !== 'x64' && process.arch !== 'arm64') return `gonet needs x64 or arm64, this is ${process.arch}`;
  return null;
}

/** struct epoll_event in 32-bit words: packed on x64 (12 bytes), padded elsewhere (16), see epoll_ctl(2). */
export const EPOLL_EVENT_WORDS: 3 | 4 = process.arch === 'x64' ? 3 : 4;

/** The word in which epoll_data begins: we keep the descriptor there and its generation in the next. */
export const EPOLL_DATA_WORD: 1 | 2 = process.arch === 'x64' ? 1 : 2;
