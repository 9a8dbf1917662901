// A descriptor that is nobody's conn yet: one that came in a message, or names a process. Owned by an object, so that one that is
// ignored is closed all the same.

import { ClosedError } from '../errors.ts';
import { disown, own, sys } from '../syscall/sys.ts';

const registry = new FinalizationRegistry<number>((fd) => sys.close(fd));

/**
 * A descriptor with an owner: closed by `close()`, `using`, or when the object is collected; `detach()` gives it away. `fromFd` makes
 * a conn or listener of it. It is close-on-exec.
 */
export class OwnedFd implements Disposable {
  #fd: number;

  /** Takes over a descriptor. Throws a TypeError for what is no descriptor's number. */
  constructor(fd: number) {
    if (!Number.isInteger(fd) || fd < 0 || fd > 0x7fffffff) {
      throw new TypeError(`Descriptor must be a whole number from 0, not ${String(fd)}`);
    }
    this.#fd = fd;
    own(fd);
    registry.register(this, fd, this);
  }

  /** The number, which stays this object's. Throws a ClosedError if there is none any more. */
  get fd(): number {
    if (this.#fd < 0) throw new ClosedError();
    return this.#fd;
  }

  /** Whether it was closed or given away. */
  get closed(): boolean {
    return this.#fd < 0;
  }

  /** The number, which is the caller's from now on. Throws a ClosedError. */
  detach(): number {
    const { fd } = this;
    disown(fd);
    registry.unregister(this);
    this.#fd = -1;
    return fd;
  }

  /** Gives the descriptor back. A second call does nothing. close(2) */
  close(): void {
    if (this.#fd >= 0) sys.close(this.detach());
  }

  [Symbol.dispose](): void {
    this.close();
  }
}
