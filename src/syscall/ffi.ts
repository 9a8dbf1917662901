// The border to koffi, and the only file that knows it: declared C functions, errno, addresses of buffers, and the poll
// handle on Node's loop. Everything koffi returns is given its type here, once. koffi is loaded at the first use.
//
// Traps, each seen: koffi checks no integer (close(NaN) closes descriptor 0), so libc.ts checks before it calls; any call in
// between changes errno, so it is read from a view on __errno_location() as the very next thing; a poll handle stops when it
// is collected, and using it after close() crashes.

import { createRequire } from 'node:module';
import { isMainThread } from 'node:worker_threads';
import type * as Koffi from 'koffi';
import { UnsupportedError } from '../errors.ts';
import type { Watch } from './backend.ts';

/** An argument of a C function: a number, or a buffer whose first byte's address is passed. */
export type Argument = number | string | Uint8Array | Int32Array | Uint32Array | BigUint64Array;
/** A C function that answers with a number. */
export type CFunction = (...args: Argument[]) => number;

/** A loaded C library. */
export interface Library {
  /** Declares a function by its C prototype. */
  declare(prototype: string): CFunction;
  /** This thread's errno, mapped: `errno[0]` is its value now. */
  readonly errno: Int32Array;
  /** The address of a buffer's first byte; the buffer must stay referenced while it is used. */
  address(buf: Uint8Array): bigint;
  /** See Backend.watch. */
  watch(fd: number, wake: () => void): Watch;
}

/** koffi knows these only by what they are on a 64-bit Linux. */
const aliases: Readonly<Record<string, string>> = { ssize_t: 'intptr_t', socklen_t: 'uint32_t' };

/** Opens the C library that the process already has. Throws an UnsupportedError where koffi has no binary, or may not load it. */
export function openLibc(): Library {
  const koffi = loadKoffi();
  const handle = koffi.load(null);
  const declare = (prototype: string): CFunction =>
    handle.func(prototype.replace(/\b(ssize_t|socklen_t)\b/g, (name) => aliases[name] ?? name)) as CFunction;
  const location = handle.func('void *__errno_location(void)') as () => bigint;
  return {
    declare,
    errno: new Int32Array(koffi.view(location(), 4)),
    address: (buf) => koffi.address(buf),
    watch: (fd, wake) => watch(koffi, fd, wake),
  };
}

function loadKoffi(): typeof Koffi {
  try {
    return createRequire(import.meta.url)('koffi') as typeof Koffi;
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new UnsupportedError(`gonet needs koffi, which cannot be loaded: ${why}`, { cause });
  }
}

function watch(koffi: typeof Koffi, fd: number, wake: () => void): Watch {
  if (!isMainThread) {
    throw new UnsupportedError(
      'gonet on a worker thread needs its native backend: koffi can poll only on the main thread',
    );
  }
  // koffi calls back outside a Node callback scope: promises would not run (Node 26), bytes pushed into TLS get out of order
  // (Node 20), a throw would surface in the next koffi call. setImmediate leaves all of that behind.
  let handle: Koffi.node.PollHandle | null = koffi.node.poll(fd, { readable: true }, () => setImmediate(wake));
  handle.unref();
  const close = (): void => {
    handle?.close();
    handle = null;
    process.removeListener('exit', close);
  };
  // An event that is pending while the process exits would abort it.
  process.on('exit', close);
  return { ref: () => handle?.ref(), unref: () => handle?.unref(), close };
}
