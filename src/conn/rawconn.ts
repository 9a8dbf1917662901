// The descriptor itself, lent out: for options and calls that this package does not have. Go's syscall.RawConn.

import { ClosedError, SyscallError } from '../errors.ts';
import { raw } from '../fd/io.ts';
import type { NetFD } from '../fd/netfd.ts';
import { syscallError } from '../syscall/errno.ts';
import { getsockopt, setsockopt, type OptionValue } from '../syscall/option.ts';
import { linger } from '../syscall/sockopt.ts';
import { EINVAL, SOL_SOCKET, SO_LINGER } from '../syscall/zconst_linux.ts';
import { opError } from './operror.ts';

/** A borrowed descriptor. The number is valid only inside the callbacks; never close it, never keep it. */
export class RawConn {
  readonly #fd: NetFD;
  readonly #listens: boolean;

  /** @internal */
  constructor(fd: NetFD, listens = false) {
    this.#fd = fd;
    this.#listens = listens;
  }

  /** Calls `fn` with the descriptor; what it throws is thrown. Throws an OpError once the conn is closed. */
  control(fn: (fd: number) => void): void {
    this.#use('raw-control', fn);
  }

  /**
   * Calls `fn` with the descriptor until it returns true, and waits for the descriptor to become readable after each false. Has
   * the reads' turn meanwhile. Rejects with an OpError on a deadline, on close, or with what `fn` throws as its cause.
   */
  read(fn: (fd: number) => boolean): Promise<void> {
    return this.#wait('read', fn);
  }

  /** The same for writing. */
  write(fn: (fd: number) => boolean): Promise<void> {
    return this.#wait('write', fn);
  }

  /** An option's value: an `int` as a number, or, given a length, its bytes. getsockopt(2) */
  getsockopt(level: number, name: number): number;
  getsockopt(level: number, name: number, length: number): Buffer;
  getsockopt(level: number, name: number, length?: number): number | Buffer {
    return this.#use('get', (fd) =>
      this.#described('get', () =>
        length === undefined ? getsockopt(fd, level, name) : getsockopt(fd, level, name, length),
      ),
    );
  }

  /** Sets an option: an `int` from a number or a boolean, or its bytes, or a string's. setsockopt(2) */
  setsockopt(level: number, name: number, value: OptionValue): void {
    this.#use('set', (fd) => {
      this.#described('set', () => setsockopt(fd, level, name, value));
      if (level === SOL_SOCKET && name === SO_LINGER) this.#fd.lingers = linger(fd) > 0;
    });
  }

  #use<T>(op: string, fn: (fd: number) => T): T {
    if (typeof fn !== 'function') throw new TypeError('Callback must be a function');
    if (this.#fd.closed) throw opError(this.#fd.ends, op, new ClosedError());
    return this.#fd.use(fn);
  }

  #described<T>(op: string, call: () => T): T {
    try {
      return call();
    } catch (error) {
      throw error instanceof SyscallError ? opError(this.#fd.ends, op, error) : error;
    }
  }

  #wait(direction: 'read' | 'write', fn: (fd: number) => boolean): Promise<void> {
    if (typeof fn !== 'function') throw new TypeError('Callback must be a function');
    if (!this.#listens) return raw(this.#fd, direction, fn);
    return Promise.reject(opError(this.#fd.ends, `raw-${direction}`, syscallError(`raw-${direction}`, EINVAL)));
  }
}
