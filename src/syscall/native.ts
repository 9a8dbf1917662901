// The border to the addon, and the only file that knows it: C functions under the record's names (native/). The addon is found
// under prebuilds/, where `npm ci` in a checkout builds it and where the published package brings it along.

import { closeSync, existsSync, fstatSync, openSync, readSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { target } from './arch.ts';
import type { Backend, Batch, Sys } from './backend.ts';

/** The contract of the entries that this file understands; native/gonet.c has the same number. */
const CONTRACT = 3;

/** The type of a section that is a table of strings, elf(5). */
const SHT_STRTAB = 3;

/** What the addon exports. */
interface Addon extends Omit<Sys, 'recv' | 'send' | 'recvfrom' | 'sendto'> {
  readonly contract: number;
  /**
   * Where recv, send, recvfrom and sendto find fd, off, len, flags and addrlen, and leave their answer: passing them as arguments
   * would cost more.
   */
  readonly numbers: Float64Array;
  recv(buf: Uint8Array): void;
  send(buf: Uint8Array): void;
  recvfrom(buf: Uint8Array, addr: Uint8Array, addrlen: Uint32Array): void;
  sendto(buf: Uint8Array, addr: Uint8Array): void;
  /** The memory of the two batches, see Batch. */
  readonly recv_rows: Int32Array;
  readonly recv_space: Uint8Array;
  readonly send_rows: Int32Array;
  readonly send_space: Uint8Array;
  recv_batch(count: number, flags: number): number;
  send_batch(count: number, flags: number): number;
  /** The descriptor is closed when the environment ends … */
  own(fd: number): number;
  /** … or is not any more. What socket, socketpair, accept4 and epoll_create1 answer is owned until it is closed. */
  disown(fd: number): number;
  /** Calls `wake` whenever `fd` is readable: 0 or -errno. One at a time; it starts unref'd. */
  watch(fd: number, wake: () => void): number;
  watch_ref(on: 0 | 1): number;
  unwatch(): number;
}

/** Where the addon for this system is, or would be. */
function addonPath(): string {
  return fileURLToPath(new URL(`../../../prebuilds/${target()}/gonet.node`, import.meta.url));
}

/** Whether there is an addon to be loaded; not where files may not be read, or where the package is inside a bundle. */
export function hasAddon(): boolean {
  try {
    return existsSync(addonPath());
  } catch {
    return false;
  }
}

/** Builds the native backend. Throws an Error where the addon is missing, does not load, or is of another contract. */
export function nativeBackend(): Backend {
  const path = addonPath();
  checkWhole(path);
  const addon = createRequire(import.meta.url)(path) as Addon;
  if (addon.contract !== CONTRACT) {
    throw new Error(`its contract is ${String(addon.contract)}, not ${CONTRACT}: npm run build:native`);
  }
  const {
    contract: _,
    own,
    disown,
    watch,
    watch_ref,
    unwatch,
    numbers,
    recv,
    send,
    recvfrom,
    sendto,
    ...others
  } = addon;
  const { recv_rows, recv_space, recv_batch, send_rows, send_space, send_batch, ...calls } = others;
  const message =
    (call: typeof recv): Sys['recv'] =>
    (fd, buf, off, len, flags) => {
      numbers[0] = fd;
      numbers[1] = off;
      numbers[2] = len;
      numbers[3] = flags;
      call(buf);
      return numbers[0] | 0;
    };
  const receiveFrom: Sys['recvfrom'] = (fd, buf, off, len, flags, addr, addrlen) => {
    numbers[0] = fd;
    numbers[1] = off;
    numbers[2] = len;
    numbers[3] = flags;
    recvfrom(buf, addr, addrlen);
    return numbers[0] | 0;
  };
  const sendTo: Sys['sendto'] = (fd, buf, off, len, flags, addr, addrlen) => {
    numbers[0] = fd;
    numbers[1] = off;
    numbers[2] = len;
    numbers[3] = flags;
    numbers[4] = addrlen;
    sendto(buf, addr);
    return numbers[0] | 0;
  };
  return {
    name: 'native',
    sys: { ...calls, recv: message(recv), send: message(send), recvfrom: receiveFrom, sendto: sendTo },
    batches: { recv: batch(recv_rows, recv_space, recv_batch), send: batch(send_rows, send_space, send_batch) },
    own,
    disown,
    watch: (fd, wake) => {
      const n = watch(fd, wake);
      if (n < 0) throw new Error(`watching the poller failed with errno ${-n}`);
      return { ref: () => void watch_ref(1), unref: () => void watch_ref(0), close: () => void unwatch() };
    },
  };
}

function batch(rows: Int32Array, space: Uint8Array, call: Batch['call']): Batch {
  return { rows, space: Buffer.from(space.buffer), call };
}

/**
 * An ELF file ends with its section headers, elf(5). One that was cut off would be mapped all the same, and end the process with
 * SIGBUS when a missing page is touched.
 */
function checkWhole(path: string): void {
  const fd = openSync(path, 'r');
  try {
    const head = Buffer.alloc(64);
    const read = readSync(fd, head);
    const end = head.readBigUInt64LE(40) + BigInt(head.readUInt16LE(58)) * BigInt(head.readUInt16LE(60));
    const whole = read === head.length && head.toString('latin1', 0, 4) === '\x7fELF' && end <= fstatSync(fd).size;
    // A hole in the file, as after a power loss, leaves zeros: the section of the section names must be a table of strings.
    const names = Buffer.alloc(8);
    const at = head.readBigUInt64LE(40) + BigInt(head.readUInt16LE(58)) * BigInt(head.readUInt16LE(62));
    if (whole) readSync(fd, names, 0, names.length, at);
    if (names.readUInt32LE(4) !== SHT_STRTAB) throw new Error(`"${path}" is no whole ELF file`);
  } finally {
    closeSync(fd);
  }
}
