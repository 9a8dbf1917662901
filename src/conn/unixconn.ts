// A Unix socket, stream, seqpacket or datagram: what goes along with its data, and who is at the other end. unix(7)

import { UnixAddr } from '../addr/unixaddr.ts';
import { ClosedError, WriteToConnectedError } from '../errors.ts';
import { Letter } from '../fd/letter.ts';
import { Envelope, type PeerCred, readMsg, type UnixMessage, writeMsg } from '../fd/message.ts';
import type { NetFD } from '../fd/netfd.ts';
import { OwnedFd } from '../fd/ownedfd.ts';
import * as packet from '../fd/packet.ts';
import type { Packet, Received } from '../fd/packet.ts';
import { SocketFile } from '../fd/socketfile.ts';
import { ControlWriter } from '../syscall/cmsg.ts';
import { syscallError } from '../syscall/errno.ts';
import * as unixopt from '../syscall/unixopt.ts';
import { EAFNOSUPPORT, SOCK_DGRAM } from '../syscall/zconst_linux.ts';
import type { IOOptions, PacketConn } from './conn.ts';
import { toLimits, wantObject } from './limits.ts';
import { wantBytes } from './netconn.ts';
import { must, opError } from './operror.ts';
import { packets, toBytes } from './packetconn.ts';
import { StreamConn } from './streamconn.ts';

/** A descriptor's number, or something that has one and keeps it. */
export type FdLike = number | { readonly fd: number };

/** What goes along with data. */
export interface UnixControl {
  /** Descriptors, up to 253; the receiver gets duplicates of them. At least one byte of data takes them along. SCM_RIGHTS */
  readonly fds?: readonly FdLike[] | undefined;
  /** The sender; another one than this process takes privilege. SCM_CREDENTIALS */
  readonly creds?: PeerCred | undefined;
  /** Where it goes, on `unixgram` without a peer. */
  readonly addr?: UnixAddr | undefined;
}

const writer = new ControlWriter();
const NOTHING = new Uint8Array(0);

/**
 * A Unix socket, dialed, accepted, bound or adopted. An end without a name is `@`.
 *
 * On `unixpacket` and `unixgram` each write is one packet, whole or not at all: one that is too large is `EMSGSIZE`, and writev puts
 * its chunks into one. Each read takes one packet, and what does not fit into the buffer is lost; the iteration gives packets whole.
 * On `unixpacket` the kernel answers an empty packet as it does the end of the stream, so reading one gives null, and ends the
 * iteration, as in Go: later packets can still be read. A `unixgram` has no end; a receiver whose queue is full makes a write wait.
 *
 * Descriptors that a peer has sent along are closed by a read that does not ask for them.
 *
 * @see Go's net.UnixConn
 */
export class UnixConn extends StreamConn implements PacketConn {
  #file: SocketFile | null;
  /** Whether its name is its own, and not its listener's. */
  readonly #named: boolean;
  #unlinks = false;

  /** @internal */
  constructor(fd: NetFD, file: SocketFile | null = null, named: boolean = true) {
    super(fd);
    this.#file = file;
    this.#named = named;
  }

  override get localAddr(): UnixAddr {
    return super.localAddr as UnixAddr;
  }

  /** The peer; null on a `unixgram` that has none. */
  override get remoteAddr(): UnixAddr | null {
    return super.remoteAddr as UnixAddr | null;
  }

  get #datagrams(): boolean {
    return this.fd.sotype === SOCK_DGRAM;
  }

  override read(into: Uint8Array, options?: IOOptions): Promise<number | null> {
    if (!this.#datagrams) return super.read(into, options);
    wantBytes(into, 'Buffer');
    return packet.read(this.fd, into, options === undefined ? null : toLimits(options));
  }

  override write(data: Uint8Array | string, options?: IOOptions): Promise<number> {
    if (!this.#datagrams) return super.write(data, options);
    return packet.write(this.fd, toBytes(data), options === undefined ? null : toLimits(options));
  }

  override writev(chunks: readonly Uint8Array[], options?: IOOptions): Promise<number> {
    if (!this.#datagrams) return super.writev(chunks, options);
    if (!Array.isArray(chunks)) throw new TypeError('Chunks must be an array');
    for (const chunk of chunks) wantBytes(chunk, 'Chunk');
    return this.write(Buffer.concat(chunks), options);
  }

  override [Symbol.asyncIterator](): AsyncIterator<Buffer, undefined> {
    if (!this.#datagrams) return super[Symbol.asyncIterator]();
    const { fd } = this;
    return packets(() => packet.nextData(fd));
  }

  /** Reads one datagram, or a part of the stream, of which 0 is the end, with its sender; null for one without a name. recvfrom(2) */
  readFrom(into: Uint8Array, options?: IOOptions): Promise<Received & { readonly addr: UnixAddr | null }> {
    wantBytes(into, 'Buffer');
    const received = packet.readFrom(this.fd, into, options === undefined ? null : toLimits(options));
    return received as Promise<Received & { readonly addr: UnixAddr | null }>;
  }

  /** Sends one datagram to `addr`, on a `unixgram` without a peer. A receiver whose queue is full makes it wait. sendto(2) */
  writeTo(data: Uint8Array | string, addr: UnixAddr, options?: IOOptions): Promise<number> {
    const bytes = toBytes(data);
    wantAddr(addr);
    const limits = options === undefined ? null : toLimits(options);
    const refused = this.#refusal('sendto', addr);
    if (refused !== null) return Promise.reject(refused);
    return packet.writeTo(this.fd, bytes, addr, limits);
  }

  /** Iterates over datagrams with their senders; on a stream over what comes, until its end. */
  packets(): AsyncIterableIterator<Packet & { readonly addr: UnixAddr | null }, undefined> {
    const { fd } = this;
    return packets(() => packet.next(fd) as Promise<packet.Next<Packet & { readonly addr: UnixAddr | null }>>);
  }

  /**
   * Reads data with what came along. On a stream, descriptors come with the first byte of the data that they were sent with, and end
   * the read before the next ones do; an empty `into` takes that one byte, and `n` is 1. Where the process has no room for the descriptors the
   * cause is a ControlTruncatedError, and those that came are closed. recvmsg(2)
   */
  readMsg(into: Uint8Array, options?: IOOptions): Promise<UnixMessage> {
    wantBytes(into, 'Buffer');
    return readMsg(this.fd, into, options === undefined ? null : toLimits(options));
  }

  /**
   * Sends data and what goes along with it; without data a stream and a `unixpacket` send one byte, which is not counted. The
   * descriptors must stay open until the promise settles. sendmsg(2)
   */
  writeMsg(data: Uint8Array | string, message: UnixControl = {}, options?: IOOptions): Promise<number> {
    const bytes = toBytes(data);
    const { addr = null } = message;
    if (addr !== null) wantAddr(addr);
    const control = encode(message);
    const limits = options === undefined ? null : toLimits(options);
    const refused = addr === null ? null : this.#refusal('sendmsg', addr);
    if (refused !== null) return Promise.reject(refused);
    return writeMsg(this.fd, new Envelope(bytes, addr, control, message), limits);
  }

  /** Why nothing goes to `addr` from here: a peer of its own, or an address of another network, as in Go. */
  #refusal(syscall: string, addr: UnixAddr): Error | null {
    const connected = this.remoteAddr !== null;
    if (!connected && addr.network === this.fd.ends.network) return null;
    const cause = connected ? new WriteToConnectedError() : syscallError(syscall, EAFNOSUPPORT);
    return this.fd.describe(this.fd.ends, 'write', cause, 0, new Letter(NOTHING, addr));
  }

  /**
   * The process, user and group that were at the other end when it connected, or began to listen: the kernel's word, not the
   * peer's. Throws an OpError. SO_PEERCRED of unix(7)
   */
  peerCred(): PeerCred {
    return this.#ask(unixopt.getPeerCred) as PeerCred;
  }

  /**
   * The process at the other end, as a descriptor that stays that process's when its number is used again. Throws an OpError, with
   * `ENOPROTOOPT` before Linux 6.5. SO_PEERPIDFD, pidfd_open(2)
   */
  peerPidfd(): OwnedFd {
    return new OwnedFd(this.#ask(unixopt.getPeerPidfd) as number);
  }

  #ask<T>(get: (fd: number) => T | number): T | number {
    if (this.fd.closed) throw opError(this.fd.ends, 'get', new ClosedError());
    const n = get(this.fd.number());
    if (typeof n === 'number') must(this.fd.ends, 'get', 'getsockopt', n);
    return n;
  }

  /** Whether `readMsg` tells who sent each message. The kernel gives a socket without a name one then. SO_PASSCRED of unix(7) */
  setPassCred(on: boolean): void {
    wantFlag('Pass credentials', on);
    this.ownOption((fd) => unixopt.setPassCred(fd, on));
  }

  /** Whether `readMsg` gives a descriptor of the sender's process, since Linux 6.5. SO_PASSPIDFD */
  setPassPidfd(on: boolean): void {
    wantFlag('Pass pidfd', on);
    this.ownOption((fd) => unixopt.setPassPidfd(fd, on));
  }

  /** Whether close() removes the file of its own name; off at first, as in Go. The file of a listener is the listener's. */
  setUnlinkOnClose(on: boolean): void {
    wantFlag('Unlink on close', on);
    this.#unlinks = on;
    if (on && this.#named) this.#file ??= SocketFile.at(this.localAddr.name);
  }

  override close(): void {
    if (this.#unlinks && !this.fd.closed) this.#file?.unlink();
    super.close();
  }
}

function encode(message: UnixControl): Uint8Array {
  wantObject(message);
  const { fds, creds } = message;
  writer.reset();
  if (fds !== undefined) {
    if (!Array.isArray(fds)) throw new TypeError('Descriptors must be an array');
    const numbers = (fds as readonly FdLike[]).map(toNumber);
    if (numbers.length > MOST_FDS)
      throw new RangeError(`A message takes ${MOST_FDS} descriptors, not ${numbers.length}`);
    writer.rights(numbers);
  }
  if (creds !== undefined) {
    wantObject(creds);
    if (writer.credentials(creds) < 0) throw new RangeError('Credentials must be a pid, a uid and a gid');
  }
  return writer.bytes.slice(0, writer.length);
}

/** SCM_MAX_FD of unix(7). */
const MOST_FDS = 253;

function toNumber(each: FdLike): number {
  const fd = typeof each === 'object' && each !== null ? each.fd : each;
  if (Number.isInteger(fd) && fd >= 0 && fd <= 0x7fffffff) return fd;
  throw new TypeError(`Descriptor must be a whole number from 0, not ${String(fd)}`);
}

function wantAddr(addr: unknown): asserts addr is UnixAddr {
  if (!(addr instanceof UnixAddr)) throw new TypeError('Address must be a UnixAddr');
}

function wantFlag(name: string, value: unknown): asserts value is boolean {
  if (typeof value !== 'boolean') throw new TypeError(`${name} must be a boolean, not ${typeof value}`);
}
