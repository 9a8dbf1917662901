// Socket addresses as the kernel has them: struct sockaddr_in, sockaddr_in6, sockaddr_un and sockaddr_vm, encoded by hand into
// one preallocated buffer and read back from it (ip(7), ipv6(7), unix(7), vsock(7)). Knows layouts, not policy: which family an address
// goes into is decided on the fd floor.

import { Addr } from '../addr/ip.ts';
import { AF_INET, AF_INET6, AF_UNIX, AF_VSOCK, EINVAL } from './zconst_linux.ts';
import { indexToZone, zoneToIndex } from './zone.ts';

/** sizeof(struct sockaddr_storage) */
const STORAGE = 128;
const INET4_LEN = 16;
const INET6_LEN = 28;
const VSOCK_LEN = 16;
/** Where sun_path begins, and how long it is. */
const PATH_OFFSET = 2;
const PATH_SIZE = 108;

/** One socket address, reused from call to call. `len` is an in-out argument of the kernel's. */
export class Sockaddr {
  readonly bytes: Uint8Array = new Uint8Array(STORAGE);
  readonly len: Uint32Array = new Uint32Array(1);
  readonly #view = new DataView(this.bytes.buffer);
  #last: Addr = Addr.zero;

  /** Makes all of the buffer room for an answer. */
  clear(): this {
    this.len[0] = STORAGE;
    this.#view.setUint16(0, 0, true);
    return this;
  }

  /** The address family of what is in the buffer; 0 where the kernel wrote nothing. */
  get family(): number {
    return this.len[0]! < 2 ? 0 : this.#view.getUint16(0, true);
  }

  get port(): number {
    return this.#view.getUint16(2, false);
  }

  /** The IP address in a sockaddr_in or sockaddr_in6, with its zone; the zero Addr for another family. */
  get ip(): Addr {
    const view = this.#view;
    const { family } = this;
    if (family === AF_INET) return this.#make(4, 0, 0, 0xffff, view.getInt32(4), 0);
    if (family !== AF_INET6) return Addr.zero;
    const [a, b, c, d] = [view.getInt32(8), view.getInt32(12), view.getInt32(16), view.getInt32(20)];
    return this.#make(6, a, b, c, d, view.getUint32(24, true));
  }

  /** A server's peers and its own side repeat: one remembered value spares most of the objects. */
  #make(kind: 4 | 6, a: number, b: number, c: number, d: number, scope: number): Addr {
    const last = this.#last;
    const again = last.kind === kind && last.d === d && last.c === c && last.b === b && last.a === a && scope === 0;
    if (again && last.zone === '') return last;
    this.#last = Addr.fromWords(kind, a, b, c, d, scope === 0 ? '' : indexToZone(scope));
    return this.#last;
  }

  /** A sockaddr_in from four bytes; the length or -EINVAL. */
  setInet4(ip: Uint8Array, port: number): number {
    if (!(port >= 0 && port <= 0xffff) || ip.length !== 4) return -EINVAL;
    this.bytes.fill(0, 0, INET4_LEN);
    this.#view.setUint16(0, AF_INET, true);
    this.#view.setUint16(2, port, false);
    this.bytes.set(ip, 4);
    return (this.len[0] = INET4_LEN);
  }

  /** A sockaddr_in6 from sixteen bytes and a zone; the length or -EINVAL. */
  setInet6(ip: Uint8Array, port: number, zone: string): number {
    if (!(port >= 0 && port <= 0xffff) || ip.length !== 16) return -EINVAL;
    this.bytes.fill(0, 0, INET6_LEN);
    this.#view.setUint16(0, AF_INET6, true);
    this.#view.setUint16(2, port, false);
    this.bytes.set(ip, 8);
    this.#view.setUint32(24, zoneToIndex(zone), true);
    return (this.len[0] = INET6_LEN);
  }

  /**
   * A sockaddr_un; the length or -EINVAL. A name that starts with `@` or NUL is abstract and counts no final NUL; an empty
   * one is the family alone, which autobinds.
   */
  setUnix(name: string): number {
    const path = Buffer.from(name);
    const abstract = path[0] === 0x40 || path[0] === 0;
    if (path.length > PATH_SIZE || (path.length === PATH_SIZE && !abstract)) return -EINVAL;
    if (!abstract && path.includes(0)) return -EINVAL;
    this.bytes.fill(0);
    this.#view.setUint16(0, AF_UNIX, true);
    this.bytes.set(path, PATH_OFFSET);
    if (abstract) this.bytes[PATH_OFFSET] = 0;
    const terminator = path.length > 0 && !abstract ? 1 : 0;
    return (this.len[0] = PATH_OFFSET + path.length + terminator);
  }

  /** The name in a sockaddr_un: a path, `@` and an abstract name, or `@` alone for an unnamed socket. */
  get name(): string {
    const path = this.bytes.subarray(PATH_OFFSET, Math.min(this.len[0]!, PATH_OFFSET + PATH_SIZE));
    if (path.length === 0) return '@';
    if (path[0] === 0) return `@${Buffer.from(path.subarray(1)).toString()}`;
    const end = path.indexOf(0);
    return Buffer.from(end < 0 ? path : path.subarray(0, end)).toString();
  }

  /**
   * Whether nobody is named: no address at all, or a sockaddr_un that is the family alone. recvfrom(2) tells the first of an
   * unbound sender and on a stream, accept4(2) and getpeername(2) the second (Go's rules 136 and 137).
   */
  get unnamed(): boolean {
    return this.len[0]! < PATH_OFFSET || (this.len[0] === PATH_OFFSET && this.family === AF_UNIX);
  }

  /** A sockaddr_vm from a context id and a port, each of 32 bits; the length or -EINVAL. */
  setVsock(cid: number, port: number): number {
    if (cid >>> 0 !== cid || port >>> 0 !== port) return -EINVAL;
    this.bytes.fill(0, 0, VSOCK_LEN);
    this.#view.setUint16(0, AF_VSOCK, true);
    this.#view.setUint32(4, port, true);
    this.#view.setUint32(8, cid, true);
    return (this.len[0] = VSOCK_LEN);
  }

  /** The context id in a sockaddr_vm. */
  get cid(): number {
    return this.#view.getUint32(8, true);
  }

  /** The port in a sockaddr_vm: 32 bits, in the machine's order. */
  get vsockPort(): number {
    return this.#view.getUint32(4, true);
  }
}
