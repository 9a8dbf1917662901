// Single datagrams on a socket, recv(2), recvfrom(2), send(2) and sendto(2): one call each, never split, never repeated for the
// rest. Try first, wait only when the kernel says so; a short read says nothing about what is left, so only EAGAIN ends it.

import type { Addr } from '../addr/addr.ts';
import { arm, type Due, fromNow } from '../poll/deadline.ts';
import { spend } from '../poll/loop.ts';
import { syscallError } from '../syscall/errno.ts';
import { Sockaddr } from '../syscall/sockaddr.ts';
import { sys } from '../syscall/sys.ts';
import {
  AF_INET,
  AF_UNIX,
  EAGAIN,
  EFAULT,
  EINTR,
  MSG_NOSIGNAL,
  MSG_PEEK,
  MSG_TRUNC,
  SOCK_SEQPACKET,
  SOCK_STREAM,
  SOCK_RAW,
} from '../syscall/zconst_linux.ts';
import { encodeFor } from './family.ts';
import type { FD } from './fd.ts';
import { readNothing } from './io.ts';
import { Letter } from './letter.ts';
import * as mailbag from './mailbag.ts';
import { addrOf } from './names.ts';
import type { NetFD } from './netfd.ts';
import { BLOCKED, DONE, type Limits, type Op, type Step } from './op.ts';
import { tryReceive } from './receive.ts';

/** A datagram's length and its sender; null for one without a name. */
export interface Received {
  readonly n: number;
  readonly addr: Addr | null;
}

/** A whole datagram and its sender. */
export interface Packet {
  readonly data: Buffer;
  readonly addr: Addr | null;
}

/** Filled and used without a turn in between. */
const sender = new Sockaddr();
const receiver = new Sockaddr();

// ── receive ─────────────────────────────────────────────────────────────────────────────────────────────────────────────────

/** Reads one datagram into `into`: its length, or what of it fits; 0 for an empty one. An empty `into` reads nothing. */
export function read(fd: NetFD, into: Uint8Array, limits: Limits | null): Promise<number> {
  if (into.byteLength === 0) return readNothing(fd, limits);
  const { desc } = fd;
  if (limits === null && desc.readable && fd.isFree(fd.reading) && spend()) {
    const n = sys.recv(desc.fd, into, 0, into.byteLength, 0);
    if (n >= 0) return Promise.resolve(n);
    if (n === -EAGAIN) desc.readable = false;
    else if (n !== -EINTR) return Promise.reject(fd.describe(fd.ends, 'read', syscallError('read', n)));
  }
  return fd.begin(fd.op(fd.reading, 'read', readStep, into, limits));
}

const readStep: Step = (fd, op) => {
  const into = op.subject as Uint8Array;
  // Transferred away while the read waited: a datagram would be lost in it.
  if (into.byteLength === 0) return fd.fail(op, 'read', -EFAULT);
  const n = tryReceive(fd, (s) => sys.recv(s, into, 0, into.byteLength, 0));
  if (n >= 0) return fd.resolve(op, n);
  return n === -EAGAIN ? BLOCKED : fd.fail(op, 'read', n);
};

/** More than a datagram of IP can have. */
const SPACE = 65_536;
const space = Buffer.allocUnsafeSlow(SPACE);

const recvfrom = (s: number, into: Uint8Array): number =>
  sys.recvfrom(s, into, 0, into.byteLength, 0, sender.bytes, sender.clear().len);

/** Whether packets come with their IPv4 header, which is not for whoever asks for the payload and its sender. raw(7) */
const isRaw4 = ({ family, sotype }: NetFD): boolean => sotype === SOCK_RAW && family === AF_INET;

/** The length of the IPv4 header that the packet in `space` begins with. RFC 791 */
function headerLength(n: number): number {
  const first = space[0]!;
  const length = (first & 0x0f) * 4;
  return n >= 20 && first >> 4 === 4 && length >= 20 && length <= n ? length : 0;
}

/** recvfrom(2), or of a raw packet its payload. */
function receiveFrom(fd: NetFD, into: Uint8Array): number {
  if (!isRaw4(fd)) return recvfrom(fd.desc.fd, into);
  const n = recvfrom(fd.desc.fd, space);
  if (n < 0) return n;
  const header = headerLength(n);
  return space.copy(into, 0, header, Math.min(n, header + into.byteLength));
}

/** Reads one datagram with its sender, of a raw packet the payload. An empty `into` takes one too. */
export function readFrom(fd: NetFD, into: Uint8Array, limits: Limits | null): Promise<Received> {
  const { desc } = fd;
  if (limits === null && desc.readable && fd.isFree(fd.reading) && spend()) {
    const n = receiveFrom(fd, into);
    if (n >= 0) return Promise.resolve({ n, addr: addrOf(sender, fd.sotype) });
    if (n === -EAGAIN) desc.readable = false;
    else if (n !== -EINTR) return Promise.reject(fd.describe(fd.ends, 'read', syscallError('recvfrom', n)));
  }
  const op = fd.op(fd.reading, 'read', readFromStep, into, limits);
  op.position = into.byteLength;
  return fd.begin(op);
}

const readFromStep: Step = (fd, op) => {
  const into = op.subject as Uint8Array;
  if (into.byteLength === 0 && op.position > 0) return fd.fail(op, 'recvfrom', -EFAULT);
  const n = tryReceive(fd, () => receiveFrom(fd as NetFD, into));
  if (n >= 0) return fd.resolve(op, { n, addr: addrOf(sender, (fd as NetFD).sotype) } satisfies Received);
  return n === -EAGAIN ? BLOCKED : fd.fail(op, 'recvfrom', n);
};

/** One step of an iteration, which has an end on a stream only. */
export type Next<T> = IteratorResult<T, undefined>;
const END: Next<never> = Object.freeze({ done: true, value: undefined });

/** The next datagram with its sender, of a raw packet the payload, in a buffer of its own. */
export function next(fd: NetFD): Promise<Next<Packet>> {
  return fd.begin(fd.op(fd.reading, 'read', nextStep, null, null));
}

/** The next datagram without its sender. */
export function nextData(fd: NetFD): Promise<Next<Buffer>> {
  return fd.begin(fd.op(fd.reading, 'read', nextDataStep, null, null));
}

const nextStep: Step = (fd, op) =>
  takeNext(fd as NetFD, op, (whole) => {
    const data = isRaw4(fd as NetFD) ? whole.subarray(headerLength(whole.length)) : whole;
    return { data, addr: addrOf(sender, (fd as NetFD).sotype) } satisfies Packet;
  });
const nextDataStep: Step = (fd, op) => takeNext(fd as NetFD, op, (data) => data);

function takeNext(fd: NetFD, op: Op, toValue: (data: Buffer) => unknown): ReturnType<Step> {
  let into = space;
  let n = 0;
  // A local datagram may be larger than any of IP.
  if (fd.family === AF_UNIX) {
    n = tryReceive(fd, (s) => sys.recv(s, space, 0, 0, MSG_PEEK | MSG_TRUNC));
    if (n > SPACE) into = Buffer.allocUnsafeSlow(n);
  }
  if (n >= 0) n = tryReceive(fd, (s) => recvfrom(s, into));
  if (n < 0) return n === -EAGAIN ? BLOCKED : fd.fail(op, 'recvfrom', n);
  if (n === 0 && (fd.sotype === SOCK_STREAM || fd.sotype === SOCK_SEQPACKET)) return fd.resolve(op, END);
  const data = into === space ? Buffer.from(space.subarray(0, n)) : into.subarray(0, n);
  return fd.resolve(op, { done: false, value: toValue(data) } satisfies Next<unknown>);
}

// ── send ────────────────────────────────────────────────────────────────────────────────────────────────────────────────────

/** Sends `data` as one datagram to the connected peer; its length. */
export function write(fd: NetFD, data: Uint8Array, limits: Limits | null): Promise<number> {
  const { desc } = fd;
  const follows = mailbag.takes(fd);
  if (limits === null && desc.writable) {
    if (follows) return fd.enqueue(fd.op(fd.writing, 'write', writeStep, new Letter(data, null), null));
    if (fd.isFree(fd.writing) && spend()) {
      mailbag.opens(fd);
      const n = sys.send(desc.fd, data, 0, data.byteLength, MSG_NOSIGNAL);
      if (n >= 0) return Promise.resolve(n);
      if (n === -EAGAIN) desc.writable = false;
      else if (n !== -EINTR) return Promise.reject(fd.describe(fd.ends, 'write', syscallError('write', n), 0));
    }
  }
  return fd.begin(fd.op(fd.writing, 'write', writeStep, new Letter(data, null), limits));
}

const writeStep: Step = (fd, op) => {
  const { data } = op.subject as Letter;
  return sentWith(fd, op, 'write', (s) => sys.send(s, data, 0, data.byteLength, MSG_NOSIGNAL));
};

/** Sends `data` as one datagram to `addr`; its length. */
export function writeTo(fd: NetFD, data: Uint8Array, addr: Addr, limits: Limits | null): Promise<number> {
  const { desc } = fd;
  // Before the address is encoded: what goes out now is addressed in the same place.
  const follows = mailbag.takes(fd);
  let length: number;
  try {
    length = encodeFor(fd, receiver, addr);
  } catch (cause) {
    return Promise.reject(fd.describe(fd.ends, 'write', cause as Error, 0, new Letter(data, addr)));
  }
  if (limits === null && desc.writable && length > 0) {
    if (follows) return fd.enqueue(fd.op(fd.writing, 'write', writeToStep, new Letter(data, addr), null));
    if (fd.isFree(fd.writing) && spend()) {
      mailbag.opens(fd);
      const n = sys.sendto(desc.fd, data, 0, data.byteLength, MSG_NOSIGNAL, receiver.bytes, length);
      if (n >= 0) return Promise.resolve(n);
      if (n === -EAGAIN) desc.writable &&= !heard(fd);
      else if (n !== -EINTR) {
        return Promise.reject(fd.describe(fd.ends, 'write', syscallError('sendto', n), 0, new Letter(data, addr)));
      }
    }
  }
  return fd.begin(fd.op(fd.writing, 'write', writeToStep, new Letter(data, addr), limits));
}

const writeToStep: Step = (fd, op) => {
  const { data, addr } = op.subject as Letter;
  return sentWith(fd, op, 'sendto', (s) => {
    const length = encodeFor(fd as NetFD, receiver, addr!);
    return length < 0 ? length : sys.sendto(s, data, 0, data.byteLength, MSG_NOSIGNAL, receiver.bytes, length);
  });
};

/** Sends one datagram, with those behind it where that pays. */
function sentWith(fd: FD, op: Op, syscall: string, call: (fd: number) => number): ReturnType<Step> {
  if (op.next !== null && fd.desc.writable && (fd as NetFD).segments) {
    const n = mailbag.sendWith(fd as NetFD, op);
    if (n === 0) return DONE;
    if (n === -EAGAIN) fd.desc.writable = false;
    else if (n < 0) return fd.fail(op, syscall, n);
  }
  return sent(fd, op, syscall, call);
}

/** Sends one datagram by `call`, as far as an operation is concerned; its subject is a Letter. */
export function sent(fd: FD, op: Op, syscall: string, call: (fd: number) => number): ReturnType<Step> {
  const { desc } = fd;
  const letter = op.subject as Letter;
  if (letter.echo) {
    letter.echo = false;
    return BLOCKED;
  }
  while (desc.writable) {
    const n = call(desc.fd);
    if (n >= 0) {
      op.written = n;
      return fd.resolve(op, n);
    }
    if (n === -EAGAIN && !heard(fd as NetFD)) {
      askAgain(op, letter);
      return BLOCKED;
    }
    if (n === -EAGAIN) desc.writable = false;
    else if (n !== -EINTR) return fd.fail(op, syscall, n);
  }
  return BLOCKED;
}

/**
 * Whether the poller hears of room again. A local socket that is not connected to the receiver whose queue is full never does
 * (unix_dgram_poll), so the receiver is asked again, at growing distances. What it hears instead is itself: the kernel frees the copy
 * that found no room, and reports that as room (sock_wfree), which answered with another try would go round for ever. So each try's
 * own event is passed over; `writable` stays true, because there may be room at another receiver.
 */
function heard({ family, ends }: NetFD): boolean {
  return family !== AF_UNIX || ends.remote !== null;
}

/** Milliseconds; the delays double up to here. */
const LONGEST = 64;

function askAgain(op: Op, letter: Letter): void {
  letter.echo = true;
  if (letter.asks) return;
  letter.asks = true;
  arm(new Again(op, letter, fromNow(letter.delay)));
  letter.delay = Math.min(2 * letter.delay, LONGEST);
}

/** The time at which a send is tried again, if it is still there. */
class Again implements Due {
  at = 0;
  slot = -1;
  readonly due: number;
  readonly #op: Op;
  readonly #letter: Letter;

  constructor(op: Op, letter: Letter, due: number) {
    this.#op = op;
    this.#letter = letter;
    this.due = due;
  }

  expire(): void {
    if (this.#op.subject !== this.#letter) return;
    this.#letter.asks = this.#letter.echo = false;
    this.#op.wake();
  }
}
