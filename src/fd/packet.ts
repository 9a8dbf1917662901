// Single datagrams on a socket, recv(2), recvfrom(2), send(2) and sendto(2): one call each, never split, never repeated for the
// rest. Try first, wait only when the kernel says so; a short read says nothing about what is left, so only EAGAIN ends it.

import type { Addr } from '../addr/addr.ts';
import { arm, type Due, fromNow } from '../poll/deadline.ts';
import { spend } from '../poll/loop.ts';
import { syscallError } from '../syscall/errno.ts';
import { Sockaddr } from '../syscall/sockaddr.ts';
import { sys } from '../syscall/sys.ts';
import { AF_UNIX, EAGAIN, EINTR, MSG_NOSIGNAL, MSG_PEEK, MSG_TRUNC } from '../syscall/zconst_linux.ts';
import { encodeFor } from './family.ts';
import type { FD } from './fd.ts';
import { addrOf } from './names.ts';
import type { NetFD } from './netfd.ts';
import { BLOCKED, type Limits, type Op, type Step } from './op.ts';

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

/** What is being sent, and where to; null to the connected peer. */
export class Letter {
  readonly data: Uint8Array;
  readonly addr: Addr | null;
  /** Milliseconds until a full receiver is asked again. */
  delay = 1;

  constructor(data: Uint8Array, addr: Addr | null) {
    this.data = data;
    this.addr = addr;
  }
}

/** Filled and used without a turn in between. */
const sender = new Sockaddr();
const receiver = new Sockaddr();

// ── receive ─────────────────────────────────────────────────────────────────────────────────────────────────────────────────

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

/** Reads one datagram into `into`: its length, or what of it fits; 0 for an empty one. An empty `into` reads nothing. */
export function read(fd: NetFD, into: Uint8Array, limits: Limits | null): Promise<number> {
  if (into.byteLength === 0) return fd.begin(fd.op(fd.reading, 'read', nothingStep, into, limits));
  const { desc } = fd;
  if (limits === null && desc.readable && fd.isFree(fd.reading) && spend()) {
    const n = sys.recv(desc.fd, into, 0, into.byteLength, 0);
    if (n >= 0) return Promise.resolve(n);
    if (n === -EAGAIN) desc.readable = false;
    else if (n !== -EINTR) return Promise.reject(fd.describe(fd.ends, 'read', syscallError('read', n)));
  }
  return fd.begin(fd.op(fd.reading, 'read', readStep, into, limits));
}

const nothingStep: Step = (fd, op) => fd.resolve(op, 0);

const readStep: Step = (fd, op) => {
  const into = op.subject as Uint8Array;
  const n = tryReceive(fd, (s) => sys.recv(s, into, 0, into.byteLength, 0));
  if (n >= 0) return fd.resolve(op, n);
  return n === -EAGAIN ? BLOCKED : fd.fail(op, 'read', n);
};

const recvfrom = (s: number, into: Uint8Array): number =>
  sys.recvfrom(s, into, 0, into.byteLength, 0, sender.bytes, sender.clear().len);

/** Reads one datagram with its sender. An empty `into` takes one too. */
export function readFrom(fd: NetFD, into: Uint8Array, limits: Limits | null): Promise<Received> {
  const { desc } = fd;
  if (limits === null && desc.readable && fd.isFree(fd.reading) && spend()) {
    const n = recvfrom(desc.fd, into);
    if (n >= 0) return Promise.resolve({ n, addr: addrOf(sender, fd.sotype) });
    if (n === -EAGAIN) desc.readable = false;
    else if (n !== -EINTR) return Promise.reject(fd.describe(fd.ends, 'read', syscallError('recvfrom', n)));
  }
  return fd.begin(fd.op(fd.reading, 'read', readFromStep, into, limits));
}

const readFromStep: Step = (fd, op) => {
  const into = op.subject as Uint8Array;
  const n = tryReceive(fd, (s) => recvfrom(s, into));
  if (n >= 0) return fd.resolve(op, { n, addr: addrOf(sender, (fd as NetFD).sotype) } satisfies Received);
  return n === -EAGAIN ? BLOCKED : fd.fail(op, 'recvfrom', n);
};

/** More than a datagram of IP can have. */
const SPACE = 65_536;
const space = Buffer.allocUnsafeSlow(SPACE);

/** The next datagram with its sender, in a buffer of its own. */
export function next(fd: NetFD, limits: Limits | null): Promise<Packet> {
  return fd.begin(fd.op(fd.reading, 'read', nextStep, null, limits));
}

const nextStep: Step = (fd, op) => {
  let into = space;
  let n = 0;
  // A local datagram may be larger than any of IP.
  if ((fd as NetFD).family === AF_UNIX) {
    n = tryReceive(fd, (s) => sys.recv(s, space, 0, 0, MSG_PEEK | MSG_TRUNC));
    if (n > SPACE) into = Buffer.allocUnsafeSlow(n);
  }
  if (n >= 0) n = tryReceive(fd, (s) => recvfrom(s, into));
  if (n < 0) return n === -EAGAIN ? BLOCKED : fd.fail(op, 'recvfrom', n);
  const data = into === space ? Buffer.from(space.subarray(0, n)) : into.subarray(0, n);
  return fd.resolve(op, { data, addr: addrOf(sender, (fd as NetFD).sotype) } satisfies Packet);
};

// ── send ────────────────────────────────────────────────────────────────────────────────────────────────────────────────────

/** Sends `data` as one datagram to the connected peer; its length. */
export function write(fd: NetFD, data: Uint8Array, limits: Limits | null): Promise<number> {
  const { desc } = fd;
  if (limits === null && desc.writable && fd.isFree(fd.writing) && spend()) {
    const n = sys.send(desc.fd, data, 0, data.byteLength, MSG_NOSIGNAL);
    if (n >= 0) return Promise.resolve(n);
    if (n === -EAGAIN) desc.writable = false;
    else if (n !== -EINTR) return Promise.reject(fd.describe(fd.ends, 'write', syscallError('write', n), 0));
  }
  return fd.begin(fd.op(fd.writing, 'write', writeStep, new Letter(data, null), limits));
}

const writeStep: Step = (fd, op) => {
  const { data } = op.subject as Letter;
  return sent(fd, op, 'write', () => sys.send(fd.desc.fd, data, 0, data.byteLength, MSG_NOSIGNAL));
};

/** Sends `data` as one datagram to `addr`; its length. */
export function writeTo(fd: NetFD, data: Uint8Array, addr: Addr, limits: Limits | null): Promise<number> {
  const { desc } = fd;
  let length: number;
  try {
    length = encodeFor(fd, receiver, addr);
  } catch (cause) {
    return Promise.reject(fd.describe(fd.ends, 'write', cause as Error, 0, new Letter(data, addr)));
  }
  if (limits === null && desc.writable && fd.isFree(fd.writing) && spend()) {
    const n = length < 0 ? length : sys.sendto(desc.fd, data, 0, data.byteLength, MSG_NOSIGNAL, receiver.bytes, length);
    if (n >= 0) return Promise.resolve(n);
    if (n === -EAGAIN) desc.writable &&= !heard(fd);
    else if (n !== -EINTR) {
      return Promise.reject(fd.describe(fd.ends, 'write', syscallError('sendto', n), 0, new Letter(data, addr)));
    }
  }
  return fd.begin(fd.op(fd.writing, 'write', writeToStep, new Letter(data, addr), limits));
}

const writeToStep: Step = (fd, op) => {
  const { data, addr } = op.subject as Letter;
  const length = encodeFor(fd as NetFD, receiver, addr!);
  return sent(fd, op, 'sendto', (s) =>
    length < 0 ? length : sys.sendto(s, data, 0, data.byteLength, MSG_NOSIGNAL, receiver.bytes, length),
  );
};

/** Sends one datagram by `call`, as far as an operation is concerned; its subject is a Letter or has one's delay. */
export function sent(fd: FD, op: Op, syscall: string, call: (fd: number) => number): ReturnType<Step> {
  const { desc } = fd;
  while (desc.writable) {
    const n = call(desc.fd);
    if (n >= 0) {
      op.written = n;
      return fd.resolve(op, n);
    }
    if (n === -EAGAIN) {
      desc.writable = false;
      if (!heard(fd as NetFD)) askAgain(fd, op);
    } else if (n !== -EINTR) return fd.fail(op, syscall, n);
  }
  return BLOCKED;
}

/**
 * Whether the poller hears of room again. A local socket that is not connected to the receiver whose queue is full never does
 * (unix_dgram_poll), so the receiver is asked again, at growing distances.
 */
function heard({ family, ends }: NetFD): boolean {
  return family !== AF_UNIX || ends.remote !== null;
}

/** Milliseconds; the delays double up to here. */
const LONGEST = 64;

function askAgain(fd: FD, op: Op): void {
  const letter = op.subject as { delay: number };
  arm(new Again(fd, op, fromNow(letter.delay)));
  letter.delay = Math.min(2 * letter.delay, LONGEST);
}

/** The time at which a send is tried again, if it is still there. */
class Again implements Due {
  at = 0;
  slot = -1;
  readonly due: number;
  readonly #fd: FD;
  readonly #op: Op;
  readonly #subject: unknown;

  constructor(fd: FD, op: Op, due: number) {
    this.#fd = fd;
    this.#op = op;
    this.#subject = op.subject;
    this.due = due;
  }

  expire(): void {
    if (this.#op.subject !== this.#subject) return;
    this.#fd.desc.writable = true;
    this.#op.wake();
  }
}
