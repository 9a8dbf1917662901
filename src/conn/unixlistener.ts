// A Unix listener: whose file goes with it. unix(7)

import type { UnixAddr } from '../addr/unixaddr.ts';
import type { NetFD } from '../fd/netfd.ts';
import { SocketFile } from '../fd/socketfile.ts';
import { StreamListener } from './streamlistener.ts';
import { UnixConn } from './unixconn.ts';

/**
 * A Unix listener. Its close() removes the socket's file, before anything else and if it is still the one that was made:
 * neither another one that has taken its place, nor that of a listener that was adopted, nor after detach().
 *
 * @see Go's net.UnixListener
 */
export class UnixListener extends StreamListener<UnixConn> {
  #file: SocketFile | null;
  #unlinks: boolean;

  /** @internal */
  constructor(fd: NetFD, file: SocketFile | null) {
    super(fd, (accepted) => new UnixConn(accepted, null, false));
    this.#file = file;
    this.#unlinks = file !== null;
  }

  override get addr(): UnixAddr {
    return super.addr as UnixAddr;
  }

  /** Whether close() removes the file: so it is at first, but for a listener that was adopted. */
  setUnlinkOnClose(on: boolean): void {
    if (typeof on !== 'boolean') throw new TypeError(`Unlink on close must be a boolean, not ${typeof on}`);
    this.#unlinks = on;
    // An adopted one takes the file that is there now.
    if (on) this.#file ??= SocketFile.at(this.addr.name);
  }

  override close(): void {
    // While the socket is open its inode is its own.
    if (this.#unlinks && !this.fd.closed) this.#file?.unlink();
    super.close();
  }
}
