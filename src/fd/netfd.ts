// A network descriptor: an FD that is a socket. Knows its family, type and two ends, how to connect and how to accept; not
// which network string means what, nor what is set on a connection afterwards.

import type { Addr } from '../addr/addr.ts';
import { Desc } from '../poll/desc.ts';
import { poller } from '../poll/epoll.ts';
import { spend } from '../poll/loop.ts';
import { syscallError } from '../syscall/errno.ts';
import { Sockaddr } from '../syscall/sockaddr.ts';
import * as sockopt from '../syscall/sockopt.ts';
import { sys } from '../syscall/sys.ts';
import {
  AF_UNIX,
  EAGAIN,
  EALREADY,
  ECONNABORTED,
  EINPROGRESS,
  EINTR,
  EISCONN,
  SOCK_CLOEXEC,
  SOCK_DGRAM,
  SOCK_NONBLOCK,
  SOCK_RAW,
  SOCK_STREAM,
} from '../syscall/zconst_linux.ts';
import { step, steps } from '../trace.ts';
import { remember } from './dropped.ts';
import { Ends, type Describe } from './ends.ts';
import { FD } from './fd.ts';
import { check } from './limited.ts';
import { addrOf, localName, peerName } from './names.ts';
import { BLOCKED, DONE, SPENT, type Limits, type Step } from './op.ts';

/** A socket. */
export class NetFD extends FD {
  readonly family: number;
  readonly sotype: number;
  /** Whether several datagrams may leave as one message, UDP_SEGMENT. */
  segments = false;

  constructor(fd: number, family: number, sotype: number, network: string, describe: Describe) {
    const ends = new Ends(network);
    super(new Desc(fd, ends), ends, describe);
    this.family = family;
    this.sotype = sotype;
    // A Unix socket also ends a read where descriptors or another sender's credentials begin, unix(7).
    this.desc.drains = sotype === SOCK_STREAM && family !== AF_UNIX;
    this.desc.packets = sotype !== SOCK_STREAM;
    this.desc.connectionless = sotype === SOCK_DGRAM || sotype === SOCK_RAW;
  }

  /** Joins the poller, and is closed from now on if it is dropped. Throws a SyscallError. */
  join(): void {
    const n = poller.register(this.desc);
    if (n < 0) throw syscallError('epoll_ctl', n);
    remember(this);
  }

  /**
   * Connects, connect(2), and learns both names; `wanted` stands in for a peer that has none. The descriptor joins the poller
   * only after the call: an idle TCP socket in epoll reports a hang-up at once. Rejects with the bare reason; whoever called
   * closes the descriptor then, and nothing is left behind.
   */
  async connect(address: Sockaddr, wanted: Addr, limits: Limits): Promise<void> {
    const n = sys.connect(this.desc.fd, address.bytes, address.len[0]!);
    const waits = n === -EINPROGRESS || n === -EALREADY || n === -EINTR;
    if (n < 0 && !waits && n !== -EISCONN) throw syscallError('connect', n);
    if (waits) step(2, 'EINPROGRESS: the handshake is under way');
    // A connect that needed no waiting still loses to a signal or deadline that came first.
    else check(limits);
    this.join();
    this.ends.remote = (waits ? await this.#connected(limits) : peerName(this.desc.fd, this.sotype)) ?? wanted;
    this.ends.local = localName(this.desc.fd, this.sotype);
    if (steps.hasSubscribers) step(2, `local ${String(this.ends.local)}, remote ${String(this.ends.remote)}`);
  }

  #connected(limits: Limits): Promise<Addr | null> {
    return this.begin(this.op(this.writing, 'connect', connectStep, null, limits));
  }

  /** The next connection, in the form that `wrap` gives it, accept4(2). */
  accept<T>(limits: Limits | null, wrap: (fd: NetFD) => T): Promise<T> {
    return this.begin(this.op(this.reading, 'accept', acceptStep, wrap, limits));
  }

  /** Resolves when the descriptor is closed or the peer is gone; never rejects. */
  gone(): Promise<void> {
    const { desc } = this;
    if (this.closed || desc.gone) return Promise.resolve();
    desc.mourner ??= new Mourner();
    return (desc.mourner as Mourner).promise;
  }
}

class Mourner {
  readonly promise: Promise<void>;
  wake!: () => void;

  constructor() {
    this.promise = new Promise((resolve) => {
      this.wake = resolve;
    });
  }
}

/**
 * At once, because on this machine the handshake is over when connect(2) returns, and after each wake-up: SO_ERROR says how it
 * went, and 0 counts only when there is a peer (golang/go#6828). Calling connect again would be EALREADY or EISCONN.
 */
const connectStep: Step = (fd, op) => {
  const { desc } = fd;
  if (!desc.writable) return BLOCKED;
  if (op.position++ > 0) step(1, 'writable: the poller woke the dial');
  // Whoever follows the steps may have aborted the signal.
  if (op.fd !== fd) return DONE;
  const error = sockopt.soError(desc.fd);
  if (error < 0) return fd.fail(op, 'getsockopt', error);
  if (error === EISCONN || error === 0) {
    const remote = peerName(desc.fd, (fd as NetFD).sotype);
    if (remote !== null || error === EISCONN) {
      if (op.position === 1) step(1, 'writable at once: nothing to wait for');
      return op.fd === fd ? fd.resolve(op, remote) : DONE;
    }
  } else if (error !== EINPROGRESS && error !== EALREADY && error !== EINTR) return fd.fail(op, 'connect', error);
  desc.writable = false;
  if (op.position === 1) step(1, 'not yet: the dial waits for the poller');
  return op.fd === fd ? BLOCKED : DONE;
};

const peer = new Sockaddr();

const acceptStep: Step = (fd, op) => {
  const listener = fd as NetFD;
  const wrap = op.subject as (fd: NetFD) => unknown;
  const { desc } = listener;
  while (desc.readable) {
    const n = sys.accept4(desc.fd, peer.bytes, peer.clear().len, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (n >= 0) {
      const conn = new NetFD(n, listener.family, listener.sotype, listener.ends.network, listener.describe);
      const joined = poller.register(conn.desc);
      if (joined < 0) {
        sys.close(n);
        return fd.fail(op, 'epoll_ctl', joined);
      }
      conn.ends.remote = addrOf(peer, conn.sotype);
      conn.ends.local = localName(n, conn.sotype);
      remember(conn);
      if (steps.hasSubscribers) step(2, `accepted ${String(conn.ends.remote)} on ${String(conn.ends.local)}`);
      const value = wrap(conn);
      if (op.subject === wrap) return fd.resolve(op, value);
      // Whoever follows the steps has closed the listener.
      conn.close();
      return DONE;
    }
    if (n === -EAGAIN) desc.readable = false;
    // A client that gave up before it was accepted is nobody's error.
    else if (n !== -EINTR && n !== -ECONNABORTED) return fd.fail(op, 'accept4', n);
    else if (!spend()) return SPENT;
  }
  return BLOCKED;
};
