// Control messages as the kernel has them, cmsg(3): struct cmsghdr { size_t len; int level; int type } and data, each aligned to
// 8 bytes. Walked and written by hand in a buffer that is used again and again; what the data mean is in control.ts for what
// is received, and in the writer's methods for what is sent: ip(7), ipv6(7), udp(7), unix(7).

import type { Addr } from '../addr/ip.ts';
import {
  AF_INET,
  AF_INET6,
  EBADF,
  EINVAL,
  ENOBUFS,
  IPPROTO_IP,
  IPPROTO_IPV6,
  IPPROTO_UDP,
  IPV6_HOPLIMIT,
  IPV6_PKTINFO,
  IPV6_TCLASS,
  IP_PKTINFO,
  IP_TOS,
  IP_TTL,
  SCM_CREDENTIALS,
  SCM_PIDFD,
  SCM_RIGHTS,
  SOL_SOCKET,
  UDP_SEGMENT,
} from './zconst_linux.ts';

/** sizeof(struct cmsghdr) */
const HEADER = 16;
/** net.core.optmem_max since Linux 6.8, above which sendmsg(2) is ENOBUFS. */
const OPTMEM_MAX = 131_072;

/** CMSG_ALIGN, also beyond 2^31. */
const align = (n: number): number => n + (-n & 7);
const badInt = (n: number): boolean => (n | 0) !== n;
const badUint = (n: number): boolean => n >>> 0 !== n;

/** CMSG_LEN: a message without what aligns the next one. */
export const cmsgLen = (size: number): number => HEADER + size;
/** CMSG_SPACE: the room that a message with so much data takes. */
export const cmsgSpace = (size: number): number => HEADER + align(size);

/** Whose socket it is, struct ucred of unix(7). */
export interface Ucred {
  pid: number;
  uid: number;
  gid: number;
}

/**
 * Walks over received control messages without making an object for each. Never reads beyond the length given; a message that
 * is shorter than its header ends the walk, and so does one that is longer than what is left, after its turn as `cut`.
 */
export class ControlReader {
  level = 0;
  type = 0;
  /** Where the data begin in `view`. */
  offset = 0;
  /** How many bytes of data there are. */
  size = 0;
  /** The message says that it is longer than the rest of the buffer; `size` is what is there. */
  cut = false;
  /** The whole buffer. */
  view: DataView = new DataView(new ArrayBuffer(0));
  #control: Uint8Array | null = null;
  #room = 0;
  #next = 0;
  #end = 0;

  /** Begins before the first message of `length` bytes. */
  reset(control: Uint8Array, length: number): this {
    const room = control.byteLength;
    this.#next = 0;
    this.#end = length > 0 ? Math.min(Math.trunc(length), room) : 0;
    if (room === 0 || (control === this.#control && room === this.#room)) return this;
    this.view = new DataView(control.buffer, control.byteOffset, room);
    this.#control = control;
    this.#room = room;
    return this;
  }

  /** Goes to the next message; false where there is none. */
  next(): boolean {
    const at = this.#next;
    const left = this.#end - at;
    if (left < HEADER) return false;
    const { view } = this;
    const length = view.getUint32(at, true);
    const beyond = view.getUint32(at + 4, true) !== 0;
    this.#next = this.#end;
    if (length < HEADER && !beyond) return false;
    this.cut = beyond || length > left;
    this.level = view.getInt32(at + 8, true);
    this.type = view.getInt32(at + 12, true);
    this.offset = at + HEADER;
    this.size = (this.cut ? left : length) - HEADER;
    if (!this.cut) this.#next = at + align(length);
    return true;
  }
}

/** Adds the descriptors of the SCM_RIGHTS message at which the reader stands: whole ones only. */
export function readRights(reader: ControlReader, fds: number[]): void {
  const { view, offset, size } = reader;
  for (let at = 0; at + 4 <= size; at += 4) {
    const fd = view.getInt32(offset + at, true);
    if (fd >= 0) fds.push(fd);
  }
}

const all = new ControlReader();

/** Every descriptor that came in, of SCM_RIGHTS and SCM_PIDFD, also in a message that is cut: for who closes them all. */
export function collectFds(control: Uint8Array, length: number): number[] {
  const fds: number[] = [];
  all.reset(control, length);
  while (all.next()) {
    const carries = all.level === SOL_SOCKET && (all.type === SCM_RIGHTS || all.type === SCM_PIDFD);
    if (carries) readRights(all, fds);
  }
  return fds;
}

/**
 * Writes control messages for sendmsg(2) into one buffer. Each method adds a message and answers the length of all so far, or
 * -errno, and then nothing was added: -EINVAL for what no message can hold, -ENOBUFS beyond the most that it grows to.
 * A family is that of the destination: on an IPv6 socket the kernel takes IPv4's messages for an IPv4 one.
 */
export class ControlWriter {
  /** The buffer; another one after it grew. */
  bytes: Uint8Array;
  /** How much of it is used, msg_controllen. */
  length = 0;
  #view: DataView;
  readonly #most: number;

  constructor(room: number = 256, most: number = OPTMEM_MAX) {
    this.bytes = new Uint8Array(room);
    this.#view = new DataView(this.bytes.buffer);
    this.#most = Math.max(room, most);
  }

  /** Forgets what was written. */
  reset(): this {
    this.length = 0;
    return this;
  }

  /** IP_PKTINFO, IPV6_PKTINFO: the interface to leave by, 0 for any, and the address to come from, null for any. */
  packetInfo(family: number, ifIndex: number, source: Addr | null): number {
    if (badInt(ifIndex) || ifIndex < 0) return -EINVAL;
    if (family === AF_INET6) {
      const at = this.#add(IPPROTO_IPV6, IPV6_PKTINFO, 20);
      if (at < 0) return at;
      if (source?.isValid()) this.bytes.set(source.as16(), at);
      return this.#int(at + 16, ifIndex);
    }
    const ip = source?.unmap();
    if (family !== AF_INET || ip?.is6()) return -EINVAL;
    const at = this.#add(IPPROTO_IP, IP_PKTINFO, 12);
    if (at < 0) return at;
    if (ip?.is4()) this.bytes.set(ip.as4(), at + 4);
    return this.#int(at, ifIndex);
  }

  /** IP_TTL from 1, IPV6_HOPLIMIT from 0, both to 255. */
  ttl(family: number, n: number): number {
    if (badUint(n) || n > 255 || (n === 0 && family !== AF_INET6)) return -EINVAL;
    return this.#ofFamily(family, IP_TTL, IPV6_HOPLIMIT, n);
  }

  /** IP_TOS, IPV6_TCLASS, 0 to 255. */
  tos(family: number, n: number): number {
    return badUint(n) || n > 255 ? -EINVAL : this.#ofFamily(family, IP_TOS, IPV6_TCLASS, n);
  }

  /** UDP_SEGMENT: the payload is cut into datagrams of so many bytes; 0 for one datagram. */
  segmentSize(n: number): number {
    if (badUint(n) || n > 0xffff) return -EINVAL;
    const at = this.#add(IPPROTO_UDP, UDP_SEGMENT, 2);
    if (at < 0) return at;
    this.#view.setUint16(at, n, true);
    return this.length;
  }

  /** SCM_RIGHTS: descriptors, of which the kernel takes 253 in one sendmsg(2); nothing for none. -EBADF for what is none. */
  rights(fds: readonly number[]): number {
    if (fds.some((fd) => badInt(fd) || fd < 0)) return -EBADF;
    if (fds.length === 0) return this.length;
    const at = this.#add(SOL_SOCKET, SCM_RIGHTS, 4 * fds.length);
    if (at < 0) return at;
    for (const [i, fd] of fds.entries()) this.#int(at + 4 * i, fd);
    return this.length;
  }

  /** SCM_CREDENTIALS; what is not this process's own needs privilege. */
  credentials({ pid, uid, gid }: Readonly<Ucred>): number {
    if (badInt(pid) || badUint(uid) || badUint(gid)) return -EINVAL;
    const at = this.#add(SOL_SOCKET, SCM_CREDENTIALS, 12);
    if (at < 0) return at;
    this.#int(at, pid);
    this.#int(at + 4, uid);
    return this.#int(at + 8, gid);
  }

  /** A message with any data. */
  raw(level: number, type: number, data: Uint8Array): number {
    if (badInt(level) || badInt(type)) return -EINVAL;
    const at = this.#add(level, type, data.byteLength);
    if (at < 0) return at;
    // A detached source is empty, and set would throw.
    if (data.byteLength > 0) this.bytes.set(data, at);
    return this.length;
  }

  #ofFamily(family: number, ip: number, ipv6: number, n: number): number {
    if (family !== AF_INET && family !== AF_INET6) return -EINVAL;
    const at = family === AF_INET6 ? this.#add(IPPROTO_IPV6, ipv6, 4) : this.#add(IPPROTO_IP, ip, 4);
    return at < 0 ? at : this.#int(at, n);
  }

  #int(at: number, n: number): number {
    this.#view.setInt32(at, n, true);
    return this.length;
  }

  /** A header and room for data, all zero; where the data begin, or -ENOBUFS. */
  #add(level: number, type: number, size: number): number {
    const at = this.length;
    const end = at + cmsgSpace(size);
    if (end > this.#most) return -ENOBUFS;
    if (end > this.bytes.length) this.#grow(end);
    this.bytes.fill(0, at, end);
    this.#view.setUint32(at, cmsgLen(size), true);
    this.#view.setInt32(at + 8, level, true);
    this.#view.setInt32(at + 12, type, true);
    this.length = end;
    return at + HEADER;
  }

  #grow(end: number): void {
    const bytes = new Uint8Array(Math.min(Math.max(end, 2 * this.bytes.length), this.#most));
    bytes.set(this.bytes.subarray(0, this.length));
    this.bytes = bytes;
    this.#view = new DataView(bytes.buffer);
  }
}
