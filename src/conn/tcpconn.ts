// A TCP connection: the options of tcp(7), and those of socket(7) that mean something there.

import type { TCPAddr } from '../addr/tcpaddr.ts';
import type { NetFD } from '../fd/netfd.ts';
import * as sockopt from '../syscall/sockopt.ts';
import * as tcpopt from '../syscall/tcpopt.ts';
import { step, steps } from '../trace.ts';
import { applyKeepAlive, type KeepAlive, type KeepAliveConfig, toKeepAlive } from './keepalive.ts';
import { wantInt } from './limits.ts';
import { StreamConn } from './streamconn.ts';

/** What is set on a new connection; null leaves the socket alone. */
export interface TCPSettings {
  readonly noDelay: boolean | null;
  readonly keepAlive: KeepAlive | null;
}

/** Sets it. A failing option fails no connection, as in Go. */
export function applyTCPSettings(fd: number, { noDelay, keepAlive }: TCPSettings): void {
  if (noDelay !== null) tcpopt.setNoDelay(fd, noDelay);
  if (keepAlive !== null) applyKeepAlive(fd, keepAlive);
  if (steps.hasSubscribers && noDelay !== null) {
    step(3, `TCP_NODELAY ${noDelay ? 'on' : 'off'}, keep-alive ${describe(keepAlive)}`);
  }
}

/**
 * A TCP connection, dialed, accepted or adopted. Small writes are not held back (TCP_NODELAY), and keep-alive is on (15 s, 15 s,
 * 9), unless the options said otherwise.
 *
 * @see Go's net.TCPConn, tcp(7)
 */
export class TCPConn extends StreamConn {
  /** @internal */
  static made(fd: NetFD, settings: TCPSettings): TCPConn {
    applyTCPSettings(fd.desc.fd, settings);
    return new TCPConn(fd);
  }

  override get localAddr(): TCPAddr {
    return super.localAddr as TCPAddr;
  }

  override get remoteAddr(): TCPAddr {
    return super.remoteAddr as TCPAddr;
  }

  /** Whether small writes go out at once, without waiting to be put together: TCP_NODELAY, on at first. */
  setNoDelay(on = true): void {
    if (typeof on !== 'boolean') throw new TypeError(`No delay must be a boolean, not ${typeof on}`);
    this.option((fd) => tcpopt.setNoDelay(fd, on));
  }

  /** Turns keep-alive on with these settings or Go's, or off. Throws a RangeError beyond the kernel's limits. */
  setKeepAlive(config: boolean | KeepAliveConfig = true): void {
    const keepAlive = toKeepAlive(config);
    this.option((fd) => (keepAlive === null ? sockopt.setKeepAlive(fd, false) : applyKeepAlive(fd, keepAlive)));
  }

  /**
   * What close() does with data that the peer has not got: below 0 it is sent in the background, as at first; 0 drops it and
   * resets the connection. Above 0, C's close(2) would also wait that many seconds; here close() never waits, and the data is
   * sent in the background. SO_LINGER of socket(7)
   */
  setLinger(seconds: number): void {
    wantInt('Linger', seconds, -0x80000000);
    this.option((fd) => sockopt.setLinger(fd, seconds));
    this.fd.lingers = seconds > 0;
  }

  /** How long written data may stay without an answer before the connection is given up, in milliseconds; 0: the system's. */
  setUserTimeout(ms: number): void {
    wantInt('User timeout', ms, 0);
    this.option((fd) => tcpopt.setUserTimeout(fd, ms));
  }

  /** Whether the connection is MPTCP: asked for, and not fallen back to TCP because the peer has none. RFC 8684 */
  multipath(): boolean {
    return !this.fd.closed && tcpopt.isMultipath(this.fd.number());
  }
}

function describe(keepAlive: KeepAlive | null): string {
  if (keepAlive === null) return 'left alone';
  const { enable, idle, interval, count } = keepAlive;
  return `${enable ? 'on' : 'off'}, ${idle} s / ${interval} s / ${count}`;
}
