// Socket options of socket(7), one function per option; those of tcp(7) are in tcpopt.ts, those of ip(7) and ipv6(7) in
// ipopt.ts. Numbers in, the value or -errno out. Units are C's (seconds, bytes) unless the name says otherwise.

import { sys } from './sys.ts';
import {
  EINVAL,
  SOL_SOCKET,
  SO_ACCEPTCONN,
  SO_BINDTODEVICE,
  SO_BROADCAST,
  SO_DOMAIN,
  SO_ERROR,
  SO_KEEPALIVE,
  SO_LINGER,
  SO_MARK,
  SO_PRIORITY,
  SO_PROTOCOL,
  SO_RCVBUF,
  SO_REUSEADDR,
  SO_REUSEPORT,
  SO_SNDBUF,
  SO_TYPE,
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

/** A flag as C has it. */
export const flag = (on: boolean): number => (on ? 1 : 0);

/** An option of up to 15 characters, such as an interface's name. */
export function setText(fd: number, level: number, name: number, text: string): number {
  const bytes = Buffer.from(text);
  return sys.setsockopt(fd, level, name, bytes, bytes.length);
}

const text = new Uint8Array(16);

/** The text of such an option; null where the kernel has none to tell. */
export function getText(fd: number, level: number, name: number): string | null {
  room[0] = text.length;
  if (sys.getsockopt(fd, level, name, text, room) < 0) return null;
  const [whole = ''] = Buffer.from(text.subarray(0, room[0])).toString('latin1').split('\0');
  return whole;
}

/** SO_ERROR: the pending error of the socket as a positive errno, which is cleared; 0 for none. */
export const soError = (fd: number): number => getInt(fd, SOL_SOCKET, SO_ERROR);
export const soType = (fd: number): number => getInt(fd, SOL_SOCKET, SO_TYPE);
export const soDomain = (fd: number): number => getInt(fd, SOL_SOCKET, SO_DOMAIN);
export const soProtocol = (fd: number): number => getInt(fd, SOL_SOCKET, SO_PROTOCOL);
/** SO_ACCEPTCONN: 1 on a listener. */
export const soAcceptConn = (fd: number): number => getInt(fd, SOL_SOCKET, SO_ACCEPTCONN);
export const setReuseAddr = (fd: number, on: boolean): number => setInt(fd, SOL_SOCKET, SO_REUSEADDR, flag(on));
export const getReuseAddr = (fd: number): number => getInt(fd, SOL_SOCKET, SO_REUSEADDR);
export const setReusePort = (fd: number, on: boolean): number => setInt(fd, SOL_SOCKET, SO_REUSEPORT, flag(on));
export const getReusePort = (fd: number): number => getInt(fd, SOL_SOCKET, SO_REUSEPORT);
export const setBroadcast = (fd: number, on: boolean): number => setInt(fd, SOL_SOCKET, SO_BROADCAST, flag(on));
export const getBroadcast = (fd: number): number => getInt(fd, SOL_SOCKET, SO_BROADCAST);
/** SO_RCVBUF, bytes; the kernel doubles it. */
export const setReadBuffer = (fd: number, bytes: number): number => setInt(fd, SOL_SOCKET, SO_RCVBUF, bytes);
/** SO_SNDBUF, bytes; the kernel doubles it. */
export const setWriteBuffer = (fd: number, bytes: number): number => setInt(fd, SOL_SOCKET, SO_SNDBUF, bytes);
/** SO_RCVBUF as the kernel has it: twice what was asked for, within net.core.rmem_max. */
export const getReadBuffer = (fd: number): number => getInt(fd, SOL_SOCKET, SO_RCVBUF);
/** SO_SNDBUF likewise, within net.core.wmem_max. */
export const getWriteBuffer = (fd: number): number => getInt(fd, SOL_SOCKET, SO_SNDBUF);
/** SO_MARK, 32 bits, for routing and filters. */
export const setMark = (fd: number, mark: number): number => setInt(fd, SOL_SOCKET, SO_MARK, mark | 0);
/** SO_MARK; one from 2^31 on comes out positive, so that what is negative is an error. */
export function getMark(fd: number): number {
  const n = getInt(fd, SOL_SOCKET, SO_MARK);
  return n < 0 && words[0] === n ? n >>> 0 : n;
}
/** SO_PRIORITY, 0 to 6 for everybody. */
export const setPriority = (fd: number, priority: number): number => setInt(fd, SOL_SOCKET, SO_PRIORITY, priority);
export const getPriority = (fd: number): number => getInt(fd, SOL_SOCKET, SO_PRIORITY);
/** SO_BINDTODEVICE: an interface's name, empty for none. */
export const setBindToDevice = (fd: number, name: string): number => setText(fd, SOL_SOCKET, SO_BINDTODEVICE, name);
export const getBindToDevice = (fd: number): string | null => getText(fd, SOL_SOCKET, SO_BINDTODEVICE);
export const setKeepAlive = (fd: number, on: boolean): number => setInt(fd, SOL_SOCKET, SO_KEEPALIVE, flag(on));
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
