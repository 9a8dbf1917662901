// Socket options, one function per option, each with C's name: socket(7), tcp(7), ip(7), ipv6(7). Numbers in, the value or
// -errno out. Units are C's (seconds, bytes) unless the name says otherwise.

import { sys } from './sys.ts';
import {
  EINVAL,
  IPPROTO_IPV6,
  IPPROTO_TCP,
  IPV6_V6ONLY,
  SOL_SOCKET,
  SO_ACCEPTCONN,
  SO_BROADCAST,
  SO_DOMAIN,
  SO_ERROR,
  SO_KEEPALIVE,
  SO_LINGER,
  SO_PROTOCOL,
  SO_RCVBUF,
  SO_REUSEADDR,
  SO_REUSEPORT,
  SO_SNDBUF,
  SO_TYPE,
  TCP_KEEPCNT,
  TCP_KEEPIDLE,
  TCP_KEEPINTVL,
  TCP_NODELAY,
  TCP_USER_TIMEOUT,
} from './zconst_linux.ts';

const words = new Int32Array(2);
const value = new Uint8Array(words.buffer);
const room = new Uint32Array(1);

/** An `int` option. */
export function setInt(fd: number, level: number, name: number, n: number): number {
  if ((n | 0) !== n) return -EINVAL;
  words[0] = n;
  return sys.setsockopt(fd, level, name, value, 4);
}

/** An `int` option that is never negative. */
export function getInt(fd: number, level: number, name: number): number {
  words[0] = 0;
  room[0] = 4;
  const n = sys.getsockopt(fd, level, name, value, room);
  return n < 0 ? n : words[0];
}

const flag = (on: boolean): number => (on ? 1 : 0);

/** SO_ERROR: the pending error of the socket as a positive errno, which is cleared; 0 for none. */
export const soError = (fd: number): number => getInt(fd, SOL_SOCKET, SO_ERROR);
export const soType = (fd: number): number => getInt(fd, SOL_SOCKET, SO_TYPE);
export const soDomain = (fd: number): number => getInt(fd, SOL_SOCKET, SO_DOMAIN);
export const soProtocol = (fd: number): number => getInt(fd, SOL_SOCKET, SO_PROTOCOL);
/** SO_ACCEPTCONN: 1 on a listener. */
export const soAcceptConn = (fd: number): number => getInt(fd, SOL_SOCKET, SO_ACCEPTCONN);
export const setReuseAddr = (fd: number, on: boolean): number => setInt(fd, SOL_SOCKET, SO_REUSEADDR, flag(on));
export const setReusePort = (fd: number, on: boolean): number => setInt(fd, SOL_SOCKET, SO_REUSEPORT, flag(on));
export const setBroadcast = (fd: number, on: boolean): number => setInt(fd, SOL_SOCKET, SO_BROADCAST, flag(on));
export const setV6Only = (fd: number, on: boolean): number => setInt(fd, IPPROTO_IPV6, IPV6_V6ONLY, flag(on));
/** SO_RCVBUF, bytes; the kernel doubles it. */
export const setReadBuffer = (fd: number, bytes: number): number => setInt(fd, SOL_SOCKET, SO_RCVBUF, bytes);
/** SO_SNDBUF, bytes; the kernel doubles it. */
export const setWriteBuffer = (fd: number, bytes: number): number => setInt(fd, SOL_SOCKET, SO_SNDBUF, bytes);
export const setNoDelay = (fd: number, on: boolean): number => setInt(fd, IPPROTO_TCP, TCP_NODELAY, flag(on));
export const setKeepAlive = (fd: number, on: boolean): number => setInt(fd, SOL_SOCKET, SO_KEEPALIVE, flag(on));
/** TCP_KEEPIDLE, seconds. */
export const setKeepIdle = (fd: number, seconds: number): number => setInt(fd, IPPROTO_TCP, TCP_KEEPIDLE, seconds);
/** TCP_KEEPINTVL, seconds. */
export const setKeepInterval = (fd: number, seconds: number): number => setInt(fd, IPPROTO_TCP, TCP_KEEPINTVL, seconds);
export const setKeepCount = (fd: number, count: number): number => setInt(fd, IPPROTO_TCP, TCP_KEEPCNT, count);
/** TCP_USER_TIMEOUT, milliseconds. */
export const setUserTimeout = (fd: number, ms: number): number => setInt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, ms);

/** SO_LINGER: off below 0, else on with that many seconds. */
export function setLinger(fd: number, seconds: number): number {
  if ((seconds | 0) !== seconds) return -EINVAL;
  words[0] = seconds >= 0 ? 1 : 0;
  words[1] = Math.max(seconds, 0);
  return sys.setsockopt(fd, SOL_SOCKET, SO_LINGER, value, 8);
}

/** SO_LINGER: the seconds, or -1 for off; an error reads as off. */
export function linger(fd: number): number {
  room[0] = 8;
  words[0] = 0;
  return sys.getsockopt(fd, SOL_SOCKET, SO_LINGER, value, room) < 0 || words[0] === 0 ? -1 : words[1]!;
}
