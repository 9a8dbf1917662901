// The poller on Linux: one edge-triggered epoll per thread, epoll(7). Each event carries the descriptor and the generation of
// its registration, and an event of another generation is dropped: a number is in use again as soon as it is closed
// (golang/go#19289).

import { EPOLL_DATA_WORD, EPOLL_EVENT_WORDS } from '../syscall/arch.ts';
import type { Batch } from '../syscall/backend.ts';
import { recvBatch, sys } from '../syscall/sys.ts';
import {
  EINTR,
  EPOLLET,
  EPOLLIN,
  EPOLLOUT,
  EPOLLRDHUP,
  EPOLL_CLOEXEC,
  EPOLL_CTL_ADD,
  EPOLL_CTL_DEL,
} from '../syscall/zconst_linux.ts';
import { attach, gather, newTurn, wake } from './loop.ts';
import type { Desc } from './desc.ts';
import type { Poller } from './poller.ts';

/** Events taken per wait. What is left over wakes the loop again: the epoll descriptor itself stays readable. */
const BATCH = 1024;
const INTEREST = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;

class Epoll implements Poller {
  #epfd = -1;
  #generation = 0;
  readonly #descs: (Desc | undefined)[] = [];
  readonly #event = new Int32Array(EPOLL_EVENT_WORDS);
  readonly #events = new Int32Array(BATCH * EPOLL_EVENT_WORDS);
  /** Whom a batch reads for. */
  readonly #ahead: Desc[] = [];

  open(): number {
    if (this.#epfd >= 0) return 0;
    const epfd = sys.epoll_create1(EPOLL_CLOEXEC);
    if (epfd < 0) return epfd;
    try {
      attach(epfd, () => this.#dispatch());
    } catch (error) {
      sys.close(epfd);
      throw error;
    }
    this.#epfd = epfd;
    return 0;
  }

  register(desc: Desc): number {
    const opened = this.open();
    if (opened < 0) return opened;
    // Never 0, which means unregistered, and an int32 for ever.
    const generation = (this.#generation + 1) | 0 || 1;
    this.#event[0] = INTEREST;
    this.#event[EPOLL_DATA_WORD] = desc.fd;
    this.#event[EPOLL_DATA_WORD + 1] = generation;
    const n = sys.epoll_ctl(this.#epfd, EPOLL_CTL_ADD, desc.fd, this.#event);
    if (n < 0) return n;
    this.#generation = generation;
    desc.generation = generation;
    this.#descs[desc.fd] = desc;
    return 0;
  }

  unregister(desc: Desc): void {
    if (desc.generation === 0) return;
    // Explicit, although close(2) would do it: a duplicate of the descriptor would keep the socket in the set.
    sys.epoll_ctl(this.#epfd, EPOLL_CTL_DEL, desc.fd, this.#event);
    if (this.#descs[desc.fd] === desc) this.#descs[desc.fd] = undefined;
    desc.generation = 0;
  }

  #dispatch(): void {
    newTurn();
    const events = this.#events;
    let n = sys.epoll_wait(this.#epfd, events, BATCH, 0);
    while (n === -EINTR) n = sys.epoll_wait(this.#epfd, events, BATCH, 0);
    for (let i = 0; i < n; i++) this.#desc(i)?.mark(events[i * EPOLL_EVENT_WORDS]!);
    const batch = n > 1 ? recvBatch() : null;
    if (batch !== null) {
      gather(n);
      this.#readAhead(n, batch);
    }
    for (let i = 0; i < n; i++) {
      // Again: whoever was woken before may have closed it.
      const desc = this.#desc(i);
      if (desc === undefined) continue;
      const reader = desc.takeReader();
      if (reader !== null) wake(reader);
      const writer = desc.takeWriter();
      if (writer !== null) wake(writer);
      const mourner = desc.takeMourner();
      if (mourner !== null) wake(mourner);
    }
  }

  /** The descriptor of event `i`; none if the event is of an older registration of its number. */
  #desc(i: number): Desc | undefined {
    const at = i * EPOLL_EVENT_WORDS + EPOLL_DATA_WORD;
    const desc = this.#descs[this.#events[at]!];
    return desc?.generation === this.#events[at + 1] ? desc : undefined;
  }

  /**
   * Reads for those who wait for a few bytes, many in one crossing. What they are given settles their promises and runs no code
   * of anybody's, so nobody can go away between the call and its answer.
   */
  #readAhead(n: number, batch: Batch): void {
    const { rows } = batch;
    let count = 0;
    for (let i = 0; i < n; i++) {
      const desc = this.#desc(i);
      const room = desc?.readable === true && desc.reader !== null ? desc.reader.room : 0;
      if (room === 0) continue;
      this.#ahead[count] = desc!;
      rows[3 * count] = desc!.fd;
      rows[3 * count + 2] = room;
      if (3 * ++count === rows.length) {
        this.#deliver(count, batch);
        count = 0;
      }
    }
    if (count > 0) this.#deliver(count, batch);
  }

  #deliver(count: number, batch: Batch): void {
    const { rows, space } = batch;
    batch.call(count, 0);
    for (let i = 0; i < count; i++) this.#ahead[i]!.takeReader()!.wakeWith(rows[3 * i + 2]!, space, rows[3 * i + 1]!);
  }
}

/** This thread's poller. */
export const poller: Poller = new Epoll();
