// Messages on a socket: data with an address and control data, recvmsg(2) and sendmsg(2). One call each; on a stream what the first
// sendmsg(2) has left of the data follows with send(2), and the control data has gone with its first byte.

import type { Addr } from '../addr/addr.ts';
import type { UnixAddr } from '../addr/unixaddr.ts';
import { collectFds, type Ucred } from '../syscall/cmsg.ts';
import { type Control, decodeControl } from '../syscall/control.ts';
import { Sockaddr } from '../syscall/sockaddr.ts';
import { sys } from '../syscall/sys.ts';
import {
  AF_UNIX,
  EAGAIN,
  EFAULT,
  EINTR,
  MSG_CMSG_CLOEXEC,
  MSG_CTRUNC,
  MSG_ERRQUEUE,
  MSG_NOSIGNAL,
  MSG_TRUNC,
  SOCK_SEQPACKET,
  SOCK_STREAM,
} from '../syscall/zconst_linux.ts';
import { ControlTruncatedError } from '../errors.ts';
import { spend } from '../poll/loop.ts';
import { encodeFor } from './family.ts';
import * as mailbag from './mailbag.ts';
import { addrOf } from './names.ts';
import type { NetFD } from './netfd.ts';
import { OwnedFd } from './ownedfd.ts';
import { BLOCKED, DONE, type Limits, SPENT, type Step } from './op.ts';
import { Letter } from './letter.ts';
import { sent } from './packet.ts';
import { tryReceive } from './receive.ts';

/** A message as it was received. */
export interface Message {
  /** Bytes of data; null at the end of a stream. */
  readonly n: number | null;
  /** MSG_TRUNC, MSG_CTRUNC, MSG_EOR … of recvmsg(2). */
  readonly flags: number;
  /** Whether a part of it did not fit, and is lost. */
  readonly truncated: boolean;
  /** The sender; null for one without a name. */
  readonly addr: Addr | null;
  readonly control: Control;
}

/** A process, a user and a group. */
export type PeerCred = Readonly<Ucred>;

/** A message as `readMsg` gives it. */
export interface UnixMessage {
  /** Bytes of data; null at the end of the stream. */
  readonly n: number | null;
  /** Descriptors that came along; what is ignored is closed. */
  readonly fds: readonly OwnedFd[];
  /** The sender, after `setPassCred(true)`; else null. */
  readonly creds: PeerCred | null;
  /** The sender's process, after `setPassPidfd(true)`; else null. */
  readonly pidfd: OwnedFd | null;
  /** Flags of recvmsg(2): MSG_TRUNC, MSG_EOR … */
  readonly flags: number;
  /** Whether a part of the packet did not fit, and is lost. */
  readonly truncated: boolean;
  /** The sender; null for one without a name. */
  readonly addr: UnixAddr | null;
}

/** A message that is being sent. */
export class Envelope extends Letter {
  /** Control data. */
  readonly control: Uint8Array;
  /** What must not be collected before it is sent: the owners of descriptors. */
  readonly keeps: unknown;

  constructor(data: Uint8Array, addr: Addr | null, control: Uint8Array, keeps: unknown = null) {
    super(data, addr);
    this.control = control;
    this.keeps = keeps;
  }
}

/** Room for 253 descriptors, the most of one message, and for everything else that the kernel can add. */
const room = Buffer.allocUnsafeSlow(4096);
const peer = new Sockaddr();
/** Length of the address, of the control data, flags. */
const io = new Int32Array(3);
/** What a message without data has on a stream, where nothing else would be sent; and where the byte of one that is read goes. */
const dummy = Buffer.alloc(1);
const scrap = Buffer.alloc(1);
const NOTHING = new Uint8Array(0);

// ── receive ─────────────────────────────────────────────────────────────────────────────────────────────────────────────────

function recvmsg(fd: number, into: Uint8Array, flags: number): number {
  io[0] = peer.bytes.length;
  io[1] = room.length;
  io[2] = 0;
  peer.clear();
  const n = sys.recvmsg(fd, into, 0, into.byteLength, flags | MSG_CMSG_CLOEXEC, peer.bytes, room, io);
  peer.len[0] = n < 0 ? 0 : io[0];
  return n;
}

/** The next message, a UnixMessage on a Unix socket. On a stream, an empty `into` takes one byte that belongs to control data. */
export function readMsg<M extends Message | UnixMessage>(
  fd: NetFD,
  into: Uint8Array,
  limits: Limits | null,
): Promise<M> {
  const op = fd.op(fd.reading, 'read', readMsgStep, into, limits);
  op.position = into.byteLength;
  return fd.begin(op);
}

const readMsgStep: Step = (fd, op) => {
  const into = op.subject as Uint8Array;
  const { family, sotype } = fd as NetFD;
  // Transferred away while the read waited: what would be read is lost in it.
  if (into.byteLength === 0 && op.position > 0) return fd.fail(op, 'recvmsg', -EFAULT);
  const stream = sotype === SOCK_STREAM || sotype === SOCK_SEQPACKET;
  const lone = into.byteLength === 0 && stream;
  const n = tryReceive(fd, (s) => recvmsg(s, lone ? scrap : into, 0));
  if (n < 0) return n === -EAGAIN ? BLOCKED : fd.fail(op, 'recvmsg', n);
  // Only a lack of descriptors cuts control data in so much room: the ones that came say nothing about the others.
  if (family === AF_UNIX && (io[2]! & MSG_CTRUNC) !== 0) {
    for (const each of collectFds(room, io[1]!)) sys.close(each);
    fd.reject(op, new ControlTruncatedError(n));
    return DONE;
  }
  const got = message(n, n === 0 && stream, sotype);
  return family === AF_UNIX ? fd.resolve(op, unix(got)) : fd.resolve(op, got);
};

/** The same on a Unix socket, with what came along as owned objects. */
function unix({ control, ...rest }: Message): UnixMessage {
  const { fds = [], creds, pidfd = -1 } = control;
  return {
    ...rest,
    fds: fds.map((fd) => new OwnedFd(fd)),
    creds: creds ?? null,
    pidfd: pidfd < 0 ? null : new OwnedFd(pidfd),
    addr: rest.addr as UnixAddr | null,
  };
}

/** The descriptors in it are the caller's to own. */
function message(n: number, end: boolean, sotype: number): Message {
  const control = io[1]! > 0 ? decodeControl(room, io[1]!) : {};
  const flags = io[2]! & ~MSG_CMSG_CLOEXEC;
  return { n: end ? null : n, flags, truncated: (flags & MSG_TRUNC) !== 0, addr: addrOf(peer, sotype), control };
}

/** The next entry of the socket's queue of errors, with what it has of the datagram; null for none. Does not wait. ip(7) */
export function takeError(fd: NetFD, into: Uint8Array = NOTHING): Message | number | null {
  const n = recvmsg(fd.number(), into, MSG_ERRQUEUE);
  if (n === -EAGAIN) return null;
  return n < 0 ? n : message(n, false, fd.sotype);
}

// ── send ────────────────────────────────────────────────────────────────────────────────────────────────────────────────────

function sendmsg(fd: number, data: Uint8Array, addrlen: number, control: Uint8Array): number {
  io[0] = addrlen;
  io[1] = control.byteLength;
  io[2] = 0;
  return sys.sendmsg(fd, data, 0, data.byteLength, MSG_NOSIGNAL, peer.bytes, control, io);
}

/** Sends a message; the length of its data. */
export function writeMsg(fd: NetFD, envelope: Envelope, limits: Limits | null): Promise<number> {
  mailbag.flush();
  try {
    if (envelope.addr !== null) encodeFor(fd, peer, envelope.addr);
  } catch (cause) {
    return Promise.reject(fd.describe(fd.ends, 'write', cause as Error, 0, envelope));
  }
  return fd.begin(fd.op(fd.writing, 'write', fd.sotype === SOCK_STREAM ? streamStep : packetStep, envelope, limits));
}

/** Whether control data has no data to go with, where it goes with data only. */
const isLone = ({ data, control }: Envelope, sotype: number): boolean =>
  data.byteLength === 0 && control.byteLength > 0 && (sotype === SOCK_STREAM || sotype === SOCK_SEQPACKET);

const packetStep: Step = (fd, op) => {
  const envelope = op.subject as Envelope;
  const { data, addr, control } = envelope;
  const lone = isLone(envelope, (fd as NetFD).sotype);
  const length = addr === null ? 0 : encodeFor(fd as NetFD, peer, addr);
  return sent(fd, op, 'sendmsg', (s) => {
    const n = length < 0 ? length : sendmsg(s, lone ? dummy : data, length, control);
    return lone && n > 0 ? 0 : n;
  });
};

const streamStep: Step = (fd, op) => {
  const envelope = op.subject as Envelope;
  const { data, control } = envelope;
  const { desc } = fd;
  const lone = isLone(envelope, SOCK_STREAM);
  while (desc.writable) {
    const { position } = op;
    const first = position === 0;
    const n = first
      ? sendmsg(desc.fd, lone ? dummy : data, 0, control)
      : sys.send(desc.fd, data, position, data.byteLength - position, MSG_NOSIGNAL);
    if (n >= 0) {
      op.written = op.position = lone ? 0 : position + n;
      if (op.position >= data.byteLength) return fd.resolve(op, op.written);
      if (n > 0 && !spend()) return SPENT;
    } else if (n === -EAGAIN) desc.writable = false;
    else if (n !== -EINTR) return fd.fail(op, first ? 'sendmsg' : 'write', n);
  }
  return BLOCKED;
};
