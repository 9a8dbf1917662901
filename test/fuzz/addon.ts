// Every function of the addon as a table: what its arguments are, what is wrong with a value, and where it may write. The
// addon itself, not the record above it, because the record cannot be called with anything at all.

import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { types } from 'node:util';

import { EPOLL_EVENT_WORDS, target } from '../../src/syscall/arch.ts';
import * as c from '../../src/syscall/zconst_linux.ts';

/** A function of the addon, called with anything. */
export type Entry = (...args: unknown[]) => unknown;
export interface Addon extends Readonly<Record<string, Entry>> {}

const path = fileURLToPath(new URL(`../../../prebuilds/${target()}/gonet.node`, import.meta.url));

/** Why there is nothing to be fed here; false where there is. */
export const missing: string | false = !existsSync(path) && `there is no ${target()}/gonet.node: npm run build:native`;

/** The addon, as the first call in this environment loads it; `again` makes a second one. */
export function loadAddon(again = false): { addon: Addon; numbers: Float64Array } {
  const require = createRequire(import.meta.url);
  if (again) delete require.cache[path];
  const addon = require(path) as Addon & { numbers: unknown };
  assert.ok(addon.numbers instanceof Float64Array);
  return { addon, numbers: addon.numbers };
}

/** What an argument is. */
export type Kind =
  'fd' | 'int' | 'size' | 'index' | 'bytes' | 'lens' | 'events' | 'words' | 'bufs' | 'name' | 'function';

export interface Row {
  readonly kinds: readonly Kind[];
  /** What is wrong with arguments that are fine each by itself: an errno, or a wrong type inside an array. */
  readonly range?: (args: readonly unknown[]) => number | 'type' | null;
  /** The arguments that a call with answer `n` may have written to, and from where to where; without it, none. */
  readonly writes?: (args: readonly unknown[], n: number) => readonly Written[];
}
export type Written = readonly [argument: number, from: number, to: number];

const inside =
  (buf: number, off: number | null, len: number): NonNullable<Row['range']> =>
  (args) => {
    const [from, size] = [off === null ? 0 : (args[off] as number), args[len] as number];
    return from + size <= (args[buf] as Uint8Array).length ? null : c.EFAULT;
  };
const roomIn =
  (buf: number, lens: number): NonNullable<Row['range']> =>
  (args) => {
    const room = (args[lens] as Uint32Array)[0];
    return room !== undefined && room <= (args[buf] as Uint8Array).length ? null : c.EFAULT;
  };
const wroteRoom =
  (buf: number): NonNullable<Row['writes']> =>
  (args) => [[buf, 0, (args[buf] as Uint8Array).length]];
/** With MSG_TRUNC the answer is longer than what was written, recv(2). */
const wroteRead = (args: readonly unknown[], n: number): [Written] => {
  const [, , off, len] = args as [number, unknown, number, number];
  return [[1, off, off + Math.min(n, len)]];
};
const wroteAll = (args: readonly unknown[], ...which: number[]): Written[] =>
  which.map((i) => [i, 0, (args[i] as ArrayBufferView).byteLength]);

const vector: NonNullable<Row['range']> = ([, array, first, count, skip]) => {
  const [bufs, from, n] = [array as unknown[], first as number, count as number];
  if (from < 0 || n < 0 || n > 1024 || from + n > bufs.length) return c.EINVAL;
  const used = bufs.slice(from, from + n);
  // Element by element, as they are looked at: the first alone has a skip.
  if (n > 0 && isOf('bytes', used[0]) && (skip as number) > (used[0] as Uint8Array).length) return c.EFAULT;
  return Array.from(used).every((each) => isOf('bytes', each)) ? null : 'type';
};
const inRange = (len: number, room: number): boolean => len >= 0 && len <= room;

/** What is wrong with rows of recvmmsg and sendmmsg, of which only the first 64 are looked at. */
export function rowsRange(sizes: readonly number[], rows: Int32Array, first: number, count: number): number | null {
  const [size = 0, names = 0, controls = 0] = sizes;
  const total = Math.floor(rows.length / 5);
  if (first < 0 || count < 0 || first + count > total) return c.EINVAL;
  const stride = total === 0 ? 0 : Math.floor(controls / total / 8) * 8;
  for (let i = first; i < first + Math.min(count, 64); i++) {
    const [off = 0, len = 0, addrlen = 0, controllen = 0] = rows.subarray(5 * i);
    const nameFits = addrlen === 0 || (inRange(addrlen, 128) && 128 * i + addrlen <= names);
    if (!(off >= 0 && len >= 0 && off + len <= size && nameFits && inRange(controllen, stride))) return c.EFAULT;
  }
  return null;
}

const named: Row = { kinds: ['fd', 'bytes', 'lens'], range: roomIn(1, 2), writes: wroteRoom(1) };
const address: Row = { kinds: ['fd', 'bytes', 'size'], range: inside(1, null, 2) };
const message: Row = { kinds: ['fd', 'bytes', 'size', 'size', 'int'], range: inside(1, 2, 3) };
const vectored: Row = { kinds: ['fd', 'bufs', 'int', 'int', 'size'], range: vector };
const written: Row = { kinds: ['fd', 'bytes', 'size', 'size'], range: inside(1, 2, 3) };
const receivedFrom: Row = {
  kinds: ['fd', 'bytes', 'size', 'size', 'int', 'bytes', 'lens'],
  range: (args) => message.range!(args) ?? roomIn(5, 6)(args),
  writes: (args, n) => [...wroteRead(args, n), ...wroteAll(args, 5)],
};
const sentTo: Row = {
  kinds: ['fd', 'bytes', 'size', 'size', 'int', 'bytes', 'size'],
  range: (args) => message.range!(args) ?? inside(5, null, 6)(args),
};
const header = (least: number): Row => ({
  kinds: ['fd', 'bytes', 'size', 'size', 'int', 'bytes', 'bytes', 'words'],
  range: (args) => {
    const [addr, control, io] = args.slice(5) as [Uint8Array, Uint8Array, Int32Array];
    const { 0: addrlen = -1, 1: controllen = -1 } = io;
    const good = io.length >= least && inRange(addrlen, addr.length) && inRange(controllen, control.length);
    return good ? message.range!(args) : c.EFAULT;
  },
});
const rows: Row = {
  kinds: ['fd', 'bytes', 'words', 'int', 'int', 'int', 'bytes', 'bytes'],
  range: ([, buf, words, first, count, , names, controls]) =>
    rowsRange(
      [buf, names, controls].map((each) => (each as Uint8Array).length),
      words as Int32Array,
      first as number,
      count as number,
    ),
};
const batch: Row = {
  kinds: ['int', 'int'],
  range: ([count]) => ((count as number) >= 0 && (count as number) <= 64 ? null : c.EINVAL),
};

export const TABLE: Readonly<Record<string, Row>> = {
  socket: { kinds: ['int', 'int', 'int'] },
  socketpair: {
    kinds: ['int', 'int', 'int', 'words'],
    range: ([, , , fds]) => ((fds as Int32Array).length >= 2 ? null : c.EFAULT),
    writes: () => [[3, 0, 8]],
  },
  bind: address,
  connect: address,
  listen: { kinds: ['fd', 'int'] },
  accept4: { ...named, kinds: ['fd', 'bytes', 'lens', 'int'] },
  getsockname: named,
  getpeername: named,
  shutdown: { kinds: ['fd', 'int'] },
  getsockopt: { kinds: ['fd', 'int', 'int', 'bytes', 'lens'], range: roomIn(3, 4), writes: wroteRoom(3) },
  setsockopt: { kinds: ['fd', 'int', 'int', 'bytes', 'size'], range: inside(3, null, 4) },
  recv: { ...message, writes: wroteRead },
  send: message,
  recvfrom: receivedFrom,
  sendto: sentTo,
  recvmsg: { ...header(3), writes: (args, n) => [...wroteRead(args, n), ...wroteAll(args, 5, 6), [7, 0, 12]] },
  sendmsg: header(2),
  recvmmsg: { ...rows, writes: (args) => wroteAll(args, 1, 2, 6, 7) },
  sendmmsg: { ...rows, writes: (args) => wroteAll(args, 2) },
  read: { ...written, writes: wroteRead },
  write: written,
  readv: vectored,
  writev: vectored,
  close: { kinds: ['fd'] },
  fcntl: { kinds: ['fd', 'int', 'int'] },
  fchmod: { kinds: ['fd', 'int'] },
  epoll_create1: { kinds: ['int'] },
  epoll_ctl: {
    kinds: ['fd', 'int', 'fd', 'events'],
    range: ([, , , event]) => ((event as Int32Array).length >= EPOLL_EVENT_WORDS ? null : c.EFAULT),
  },
  epoll_wait: {
    kinds: ['fd', 'events', 'int', 'int'],
    range: ([, events, most]) =>
      (most as number) * EPOLL_EVENT_WORDS <= (events as Int32Array).length ? null : c.EFAULT,
    writes: (_args, n) => [[1, 0, n * EPOLL_EVENT_WORDS * 4]],
  },
  if_nametoindex: { kinds: ['name'] },
  if_indextoname: {
    kinds: ['index', 'bytes'],
    range: ([, name]) => ((name as Uint8Array).length >= 16 ? null : c.EFAULT),
    writes: () => [[1, 0, 16]],
  },
  recv_batch: batch,
  send_batch: batch,
  own: { kinds: ['fd'] },
  disown: { kinds: ['fd'] },
  watch: { kinds: ['fd', 'function'] },
  watch_ref: { kinds: ['int'] },
  unwatch: { kinds: [] },
};

/** Whether a function finds its numbers in `numbers`, and leaves its answer there. */
export const isMessage = (name: string): boolean => /^(?:recv|send|recvfrom|sendto)$/.test(name);
/** Whether an argument of such a function is one of the numbers. */
export const isNumber = (kind: Kind): boolean => kind === 'fd' || kind === 'int' || kind === 'size';

/** Calls a function of the addon. */
export function invoke(addon: Addon, numbers: Float64Array, name: string, args: readonly unknown[]): unknown {
  if (!isMessage(name)) return addon[name]!(...args);
  const { kinds } = TABLE[name]!;
  numbers.set(args.filter((_, i) => isNumber(kinds[i]!)) as number[]);
  assert.equal(addon[name]!(...args.filter((_, i) => !isNumber(kinds[i]!))), undefined);
  return numbers[0];
}

const whole = (value: unknown, least: number, most: number): boolean =>
  Number.isInteger(value) && (value as number) >= least && (value as number) <= most;
const typed = (value: unknown, name: string): boolean =>
  ArrayBuffer.isView(value) && (value as { [Symbol.toStringTag]?: string })[Symbol.toStringTag] === name;

/** Whether a value is of the type that this kind of argument has. */
export function isOf(kind: Kind, value: unknown): boolean {
  if (kind === 'bytes') return typed(value, 'Uint8Array');
  if (kind === 'lens') return typed(value, 'Uint32Array');
  if (kind === 'events' || kind === 'words') return typed(value, 'Int32Array');
  if (kind === 'bufs') return Array.isArray(value) && !types.isProxy(value);
  if (kind === 'name') return typeof value === 'string';
  if (kind === 'function') return typeof value === 'function';
  return typeof value === 'number';
}

function errnoOf(kind: Kind, value: unknown): number | null {
  if (kind === 'fd') return whole(value, 0, 0x7fffffff) ? null : c.EBADF;
  if (kind === 'int') return whole(value, -0x80000000, 0x7fffffff) ? null : c.EINVAL;
  if (kind === 'size') return whole(value, 0, 2 ** 53) ? null : c.EFAULT;
  if (kind === 'index') return whole(value, 0, 0xffffffff) ? null : c.ENODEV;
  // Not a name that begins as another one, if_nametoindex(3).
  if (kind === 'name')
    return (value as string).includes('\0') || Buffer.byteLength(value as string) > 15 ? c.ENODEV : null;
  return null;
}

/** What is wrong with a call before the kernel sees it: an argument of a wrong type, and the errnos of the values. */
export function judge(name: string, args: readonly unknown[]): { type: boolean; errnos: readonly number[] } {
  const { kinds, range } = TABLE[name]!;
  const type = kinds.some((kind, i) => !isOf(kind, args[i]));
  const errnos = kinds.flatMap((kind, i) => (isOf(kind, args[i]) ? (errnoOf(kind, args[i]) ?? []) : []));
  // Which of two mistakes is seen first does not matter.
  if (type) return { type, errnos: [...errnos, c.EFAULT, c.EINVAL] };
  if (errnos.length > 0) return { type, errnos };
  const outside = range?.(args) ?? null;
  return { type: outside === 'type', errnos: typeof outside === 'number' ? [outside] : [] };
}

/** What a wrong type ends in. */
export const TYPE_ERROR = { name: 'TypeError', code: 'ERR_INVALID_ARG_TYPE' };
