// The table of C functions with their prototypes, and the record of system calls made of them: the backend that always works.
// Here is what koffi does not do: descriptors and lengths are checked before a call, and -1 becomes -errno right after it.

import { openLibc } from './ffi.ts';
import type { Backend, Sys } from './backend.ts';
import { badFd, badInt, badRange, hasRoom } from './check.ts';
import { messageCalls } from './message.ts';
import { EBADF, EFAULT, EINVAL, ENODEV } from './zconst_linux.ts';
import { EPOLL_EVENT_WORDS } from './arch.ts';

/** One row a function, as its man page has it. */
const prototypes = {
  socket: 'int socket(int domain, int type, int protocol)',
  socketpair: 'int socketpair(int domain, int type, int protocol, void *sv)',
  bind: 'int bind(int sockfd, const void *addr, socklen_t addrlen)',
  connect: 'int connect(int sockfd, const void *addr, socklen_t addrlen)',
  listen: 'int listen(int sockfd, int backlog)',
  accept4: 'int accept4(int sockfd, void *addr, void *addrlen, int flags)',
  getsockname: 'int getsockname(int sockfd, void *addr, void *addrlen)',
  getpeername: 'int getpeername(int sockfd, void *addr, void *addrlen)',
  shutdown: 'int shutdown(int sockfd, int how)',
  getsockopt: 'int getsockopt(int sockfd, int level, int optname, void *optval, void *optlen)',
  setsockopt: 'int setsockopt(int sockfd, int level, int optname, const void *optval, socklen_t optlen)',
  recv: 'ssize_t recv(int sockfd, void *buf, size_t len, int flags)',
  send: 'ssize_t send(int sockfd, const void *buf, size_t len, int flags)',
  recvfrom: 'ssize_t recvfrom(int sockfd, void *buf, size_t size, int flags, void *src_addr, void *addrlen)',
  sendto:
    'ssize_t sendto(int sockfd, const void *buf, size_t size, int flags, const void *dest_addr, socklen_t addrlen)',
  recvmsg: 'ssize_t recvmsg(int sockfd, void *msg, int flags)',
  sendmsg: 'ssize_t sendmsg(int sockfd, const void *msg, int flags)',
  recvmmsg: 'int recvmmsg(int sockfd, void *msgvec, unsigned int vlen, int flags, void *timeout)',
  sendmmsg: 'int sendmmsg(int sockfd, void *msgvec, unsigned int vlen, int flags)',
  read: 'ssize_t read(int fd, void *buf, size_t count)',
  write: 'ssize_t write(int fd, const void *buf, size_t count)',
  readv: 'ssize_t readv(int fd, const void *iov, int iovcnt)',
  writev: 'ssize_t writev(int fd, const void *iov, int iovcnt)',
  close: 'int close(int fd)',
  // Variadic in C, and declared so: the kind of the third argument follows the name of its C type.
  fcntl: 'int fcntl(int fd, int op, ...)',
  fchmod: 'int fchmod(int fd, unsigned int mode)',
  epoll_create1: 'int epoll_create1(int flags)',
  epoll_ctl: 'int epoll_ctl(int epfd, int op, int fd, void *event)',
  epoll_wait: 'int epoll_wait(int epfd, void *events, int maxevents, int timeout)',
  if_nametoindex: 'unsigned int if_nametoindex(const char *ifname)',
  if_indextoname: 'void *if_indextoname(unsigned int ifindex, void *ifname)',
} as const satisfies Record<keyof Sys, string>;

/** The most buffers that one readv or writev takes (IOV_MAX, readv(2)). */
const IOV_MAX = 1024;
/** IFNAMSIZ, netdevice(7). */
const IFNAMSIZ = 16;

/** Builds the koffi backend. */
export function ffiBackend(): Backend {
  const libc = openLibc();
  const { errno } = libc;
  const c = Object.fromEntries(Object.entries(prototypes).map(([name, row]) => [name, libc.declare(row)])) as Record<
    keyof Sys,
    ReturnType<typeof libc.declare>
  >;
  const { recv, send, read, write, accept4, epoll_wait } = c;
  const result = (n: number): number => (n < 0 ? -errno[0]! : n);

  const iov = new BigUint64Array(2 * IOV_MAX);
  /** Fills `iov`; the count, or -errno. */
  const gather = (bufs: readonly Uint8Array[], first: number, count: number, skip: number): number => {
    if (badInt(first) || badInt(count) || first < 0 || count < 0 || count > IOV_MAX) return -EINVAL;
    if (first + count > bufs.length) return -EINVAL;
    for (let i = 0; i < count; i++) {
      const buf = bufs[first + i]!;
      const from = i === 0 ? skip : 0;
      if (badRange(buf, from, 0)) return -EFAULT;
      iov[2 * i] = libc.address(buf) + BigInt(from);
      iov[2 * i + 1] = BigInt(buf.byteLength - from);
    }
    return count;
  };
  /** The kernel writes numbers here even where it then fails. */
  const ends = new Int32Array(2);
  const vector =
    (call: typeof read): Sys['writev'] =>
    (fd, bufs, first, count, skip) => {
      if (badFd(fd)) return -EBADF;
      const n = gather(bufs, first, count, skip);
      return n < 0 ? n : result(call(fd, iov, n));
    };

  const sys: Sys = {
    socket: (domain, type, protocol) =>
      badInt(domain) || badInt(type) || badInt(protocol) ? -EINVAL : result(c.socket(domain, type, protocol)),
    socketpair: (domain, type, protocol, fds) => {
      if (badInt(domain) || badInt(type) || badInt(protocol)) return -EINVAL;
      if (fds.length < 2) return -EFAULT;
      const n = result(c.socketpair(domain, type, protocol, ends));
      if (n === 0) fds.set(ends);
      return n;
    },
    bind: (fd, addr, addrlen) => {
      if (badFd(fd)) return -EBADF;
      return badRange(addr, 0, addrlen) ? -EFAULT : result(c.bind(fd, addr, addrlen));
    },
    connect: (fd, addr, addrlen) => {
      if (badFd(fd)) return -EBADF;
      return badRange(addr, 0, addrlen) ? -EFAULT : result(c.connect(fd, addr, addrlen));
    },
    listen: (fd, backlog) => (badFd(fd) ? -EBADF : badInt(backlog) ? -EINVAL : result(c.listen(fd, backlog))),
    accept4: (fd, addr, addrlen, flags) => {
      if (badFd(fd)) return -EBADF;
      return hasRoom(addr, addrlen) ? result(accept4(fd, addr, addrlen, flags)) : -EFAULT;
    },
    getsockname: (fd, addr, addrlen) => {
      if (badFd(fd)) return -EBADF;
      return hasRoom(addr, addrlen) ? result(c.getsockname(fd, addr, addrlen)) : -EFAULT;
    },
    getpeername: (fd, addr, addrlen) => {
      if (badFd(fd)) return -EBADF;
      return hasRoom(addr, addrlen) ? result(c.getpeername(fd, addr, addrlen)) : -EFAULT;
    },
    shutdown: (fd, how) => (badFd(fd) ? -EBADF : badInt(how) ? -EINVAL : result(c.shutdown(fd, how))),
    getsockopt: (fd, level, name, value, optlen) => {
      if (badFd(fd)) return -EBADF;
      if (badInt(level) || badInt(name)) return -EINVAL;
      return hasRoom(value, optlen) ? result(c.getsockopt(fd, level, name, value, optlen)) : -EFAULT;
    },
    setsockopt: (fd, level, name, value, optlen) => {
      if (badFd(fd)) return -EBADF;
      if (badInt(level) || badInt(name)) return -EINVAL;
      return badRange(value, 0, optlen) ? -EFAULT : result(c.setsockopt(fd, level, name, value, optlen));
    },
    recv: (fd, buf, off, len, flags) => {
      if (badFd(fd)) return -EBADF;
      if (badRange(buf, off, len)) return -EFAULT;
      const n = recv(fd, off === 0 ? buf : buf.subarray(off), len, flags);
      return n < 0 ? -errno[0]! : n;
    },
    send: (fd, buf, off, len, flags) => {
      if (badFd(fd)) return -EBADF;
      if (badRange(buf, off, len)) return -EFAULT;
      const n = send(fd, off === 0 ? buf : buf.subarray(off), len, flags);
      return n < 0 ? -errno[0]! : n;
    },
    ...messageCalls(libc, c),
    read: (fd, buf, off, len) => {
      if (badFd(fd)) return -EBADF;
      if (badRange(buf, off, len)) return -EFAULT;
      return result(read(fd, off === 0 ? buf : buf.subarray(off), len));
    },
    write: (fd, buf, off, len) => {
      if (badFd(fd)) return -EBADF;
      if (badRange(buf, off, len)) return -EFAULT;
      return result(write(fd, off === 0 ? buf : buf.subarray(off), len));
    },
    readv: vector(c.readv),
    writev: vector(c.writev),
    close: (fd) => (badFd(fd) ? -EBADF : result(c.close(fd))),
    fcntl: (fd, cmd, arg) => {
      if (badFd(fd)) return -EBADF;
      return badInt(cmd) || badInt(arg) ? -EINVAL : result(c.fcntl(fd, cmd, 'int', arg));
    },
    fchmod: (fd, mode) => (badFd(fd) ? -EBADF : badInt(mode) ? -EINVAL : result(c.fchmod(fd, mode >>> 0))),
    epoll_create1: (flags) => (badInt(flags) ? -EINVAL : result(c.epoll_create1(flags))),
    epoll_ctl: (epfd, op, fd, event) => {
      if (badFd(epfd) || badFd(fd)) return -EBADF;
      return event.length < EPOLL_EVENT_WORDS ? -EFAULT : result(c.epoll_ctl(epfd, op, fd, event));
    },
    epoll_wait: (epfd, events, maxevents, timeout) => {
      if (badFd(epfd)) return -EBADF;
      if (badInt(maxevents) || badInt(timeout)) return -EINVAL;
      if (maxevents * EPOLL_EVENT_WORDS > events.length) return -EFAULT;
      const n = epoll_wait(epfd, events, maxevents, timeout);
      return n < 0 ? -errno[0]! : n;
    },
    if_nametoindex: (name) => c.if_nametoindex(name) || -ENODEV,
    if_indextoname: (index, name) => {
      if (!(index >= 0 && index < 2 ** 32)) return -ENODEV;
      if (name.byteLength < IFNAMSIZ) return -EFAULT;
      return c.if_indextoname(index, name) ? 0 : -errno[0]!;
    },
  };
  const nothing = (): void => {};
  // Only the main thread can poll, and its descriptors are closed by the kernel when the process ends.
  return { name: 'ffi', sys, batches: null, own: nothing, disown: nothing, watch: libc.watch };
}
