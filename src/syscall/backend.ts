// The contract of a backend: the system calls themselves, under C's names, and waking from Node's loop. Numbers in, the result
// or -errno out; no number makes an entry throw. Nothing above sys.ts knows which backend is there.

/** The system calls. Lengths are bytes; a wrong descriptor is -EBADF, a range outside its buffer -EFAULT. */
export interface Sys {
  /** socket(2) */
  socket(domain: number, type: number, protocol: number): number;
  /** socketpair(2) into the first two words. */
  socketpair(domain: number, type: number, protocol: number, fds: Int32Array): number;
  /** bind(2) */
  bind(fd: number, addr: Uint8Array, addrlen: number): number;
  /** connect(2) */
  connect(fd: number, addr: Uint8Array, addrlen: number): number;
  /** listen(2) */
  listen(fd: number, backlog: number): number;
  /** accept4(2); `addrlen[0]` is the room, then the length. */
  accept4(fd: number, addr: Uint8Array, addrlen: Uint32Array, flags: number): number;
  /** getsockname(2) */
  getsockname(fd: number, addr: Uint8Array, addrlen: Uint32Array): number;
  /** getpeername(2) */
  getpeername(fd: number, addr: Uint8Array, addrlen: Uint32Array): number;
  /** shutdown(2) */
  shutdown(fd: number, how: number): number;
  /** getsockopt(2); `optlen[0]` is the room, then the length. */
  getsockopt(fd: number, level: number, name: number, value: Uint8Array, optlen: Uint32Array): number;
  /** setsockopt(2) */
  setsockopt(fd: number, level: number, name: number, value: Uint8Array, optlen: number): number;
  /** recv(2) into `buf` from `off`, at most `len` bytes. */
  recv(fd: number, buf: Uint8Array, off: number, len: number, flags: number): number;
  /** send(2) */
  send(fd: number, buf: Uint8Array, off: number, len: number, flags: number): number;
  /** recvfrom(2); `addrlen[0]` is the room, then the length. No room: no address is asked for. */
  recvfrom(
    fd: number,
    buf: Uint8Array,
    off: number,
    len: number,
    flags: number,
    addr: Uint8Array,
    addrlen: Uint32Array,
  ): number;
  /** sendto(2); `addrlen` 0: no address. */
  sendto(
    fd: number,
    buf: Uint8Array,
    off: number,
    len: number,
    flags: number,
    addr: Uint8Array,
    addrlen: number,
  ): number;
  /**
   * recvmsg(2) with one buffer. `io` has the room in `addr` and in `control`, 0 for none; then msg_namelen, msg_controllen and
   * msg_flags as the kernel set them, with MSG_CMSG_CLOEXEC where it was asked for. Descriptors that arrive are the caller's: to be
   * asked for with that flag, and to be owned (Backend.own) on any thread but the main one.
   */
  recvmsg(
    fd: number,
    buf: Uint8Array,
    off: number,
    len: number,
    flags: number,
    addr: Uint8Array,
    control: Uint8Array,
    io: Int32Array,
  ): number;
  /** sendmsg(2) with one buffer. `io` has the lengths in `addr` and in `control`, 0 for none. */
  sendmsg(
    fd: number,
    buf: Uint8Array,
    off: number,
    len: number,
    flags: number,
    addr: Uint8Array,
    control: Uint8Array,
    io: Int32Array,
  ): number;
  /**
   * recvmmsg(2) without a timeout: the number of messages. For each of `count` rows of five words, from the `first` on: offset and
   * length in `buf`, room for the address, room for control data; then msg_len, msg_namelen, msg_controllen and msg_flags stand in
   * the last four. The address of row i is in `names` at 128 i, with room for 128; its control data in `controls` at i times
   * controlStride() (msghdr.ts), with room for as much. Only the first 64 rows of a call are looked at, and none is used if one of
   * them is wrong.
   */
  recvmmsg(
    fd: number,
    buf: Uint8Array,
    rows: Int32Array,
    first: number,
    count: number,
    flags: number,
    names: Uint8Array,
    controls: Uint8Array,
  ): number;
  /** sendmmsg(2) with the same rows, of lengths; the fifth word of what was sent is then how many of its bytes were. */
  sendmmsg(
    fd: number,
    buf: Uint8Array,
    rows: Int32Array,
    first: number,
    count: number,
    flags: number,
    names: Uint8Array,
    controls: Uint8Array,
  ): number;
  /** read(2) into `buf` from `off`, at most `len` bytes. */
  read(fd: number, buf: Uint8Array, off: number, len: number): number;
  /** write(2) */
  write(fd: number, buf: Uint8Array, off: number, len: number): number;
  /** readv(2) into `count` buffers from the `first` on, the first of them from `skip` on. */
  readv(fd: number, bufs: readonly Uint8Array[], first: number, count: number, skip: number): number;
  /** writev(2), with the same arguments. */
  writev(fd: number, bufs: readonly Uint8Array[], first: number, count: number, skip: number): number;
  /** close(2); never retried on EINTR. */
  close(fd: number): number;
  /** fcntl(2) with an integer argument. */
  fcntl(fd: number, cmd: number, arg: number): number;
  /** fchmod(2) */
  fchmod(fd: number, mode: number): number;
  /** epoll_create1(2) */
  epoll_create1(flags: number): number;
  /** epoll_ctl(2); `event` is one struct epoll_event. */
  epoll_ctl(epfd: number, op: number, fd: number, event: Int32Array): number;
  /** epoll_wait(2); `events` holds `maxevents` of struct epoll_event. */
  epoll_wait(epfd: number, events: Int32Array, maxevents: number, timeout: number): number;
  /** if_nametoindex(3) */
  if_nametoindex(name: string): number;
  /** if_indextoname(3) into `name`, at least 16 bytes. */
  if_indextoname(index: number, name: Uint8Array): number;
}

/** A descriptor that Node's loop watches for reading. A watch keeps the process alive while it is ref'd. */
export interface Watch {
  ref(): void;
  unref(): void;
  /** Must come before the descriptor is closed; later calls do nothing. */
  close(): void;
}

/**
 * Calls of one kind for many descriptors, made one after the other in a single crossing. Each row has three words: descriptor,
 * offset in `space`, length; the answer takes the place of the length.
 */
export interface Batch {
  readonly rows: Int32Array;
  readonly space: Buffer;
  /** Makes the calls of the first `count` rows, with the same flags. */
  call(count: number, flags: number): void;
}

/** The batches of a backend that has them. */
export interface Batches {
  /** recv(2). It chooses the offsets itself; -EINTR where `space` was used up, and nothing was tried. */
  readonly recv: Batch;
  /** send(2) */
  readonly send: Batch;
}

/** What stands behind the record: the calls themselves, and waking from Node's loop. */
export interface Backend {
  readonly name: 'ffi' | 'native';
  readonly sys: Sys;
  readonly batches: Batches | null;
  /**
   * From now on the descriptor is closed with the thread, however that ends. Where threads other than the main one work at all,
   * what `socket`, `socketpair`, `accept4` and `epoll_create1` answer is owned already, until `close`.
   */
  own(fd: number): void;
  /** The descriptor lives on without us. */
  disown(fd: number): void;
  /**
   * Calls `wake` from Node's loop whenever `fd` is readable, in a place where promises, ticks and exceptions behave as in any
   * callback of Node's. Starts unref'd. Throws an UnsupportedError where this thread cannot do it.
   */
  watch(fd: number, wake: () => void): Watch;
}
