// Socket options of tcp(7), one function per option. Numbers in, the value or -errno out. Units are C's (seconds, bytes) unless
// the name says otherwise.

import { flag, getInt, getText, setInt, setText, soProtocol } from './sockopt.ts';
import {
  IPPROTO_MPTCP,
  IPPROTO_TCP,
  MPTCP_INFO,
  SOL_MPTCP,
  TCP_CONGESTION,
  TCP_FASTOPEN,
  TCP_FASTOPEN_CONNECT,
  TCP_KEEPCNT,
  TCP_KEEPIDLE,
  TCP_KEEPINTVL,
  TCP_NODELAY,
  TCP_QUICKACK,
  TCP_SYNCNT,
  TCP_USER_TIMEOUT,
} from './zconst_linux.ts';

export const setNoDelay = (fd: number, on: boolean): number => setInt(fd, IPPROTO_TCP, TCP_NODELAY, flag(on));
export const getNoDelay = (fd: number): number => getInt(fd, IPPROTO_TCP, TCP_NODELAY);
/** TCP_KEEPIDLE, seconds. */
export const setKeepIdle = (fd: number, seconds: number): number => setInt(fd, IPPROTO_TCP, TCP_KEEPIDLE, seconds);
/** TCP_KEEPINTVL, seconds. */
export const setKeepInterval = (fd: number, seconds: number): number => setInt(fd, IPPROTO_TCP, TCP_KEEPINTVL, seconds);
export const setKeepCount = (fd: number, count: number): number => setInt(fd, IPPROTO_TCP, TCP_KEEPCNT, count);
/** TCP_USER_TIMEOUT, milliseconds. */
export const setUserTimeout = (fd: number, ms: number): number => setInt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, ms);
export const getUserTimeout = (fd: number): number => getInt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT);
/** TCP_SYNCNT: how often the first packet is sent again. */
export const setSynRetries = (fd: number, count: number): number => setInt(fd, IPPROTO_TCP, TCP_SYNCNT, count);
export const getSynRetries = (fd: number): number => getInt(fd, IPPROTO_TCP, TCP_SYNCNT);
/** TCP_QUICKACK: not for ever, the kernel goes back to its own way in time. */
export const setQuickAck = (fd: number, on: boolean): number => setInt(fd, IPPROTO_TCP, TCP_QUICKACK, flag(on));
export const getQuickAck = (fd: number): number => getInt(fd, IPPROTO_TCP, TCP_QUICKACK);
/** TCP_FASTOPEN of a listener: how many may be under way. */
export const setFastOpen = (fd: number, queue: number): number => setInt(fd, IPPROTO_TCP, TCP_FASTOPEN, queue);
export const getFastOpen = (fd: number): number => getInt(fd, IPPROTO_TCP, TCP_FASTOPEN);
/** TCP_FASTOPEN_CONNECT: connect(2) answers at once where there is a cookie, and the first write takes the SYN along. */
export const setFastOpenConnect = (fd: number, on: boolean): number =>
  setInt(fd, IPPROTO_TCP, TCP_FASTOPEN_CONNECT, flag(on));
export const getFastOpenConnect = (fd: number): number => getInt(fd, IPPROTO_TCP, TCP_FASTOPEN_CONNECT);
/** TCP_CONGESTION: an algorithm's name. */
export const setCongestion = (fd: number, name: string): number => setText(fd, IPPROTO_TCP, TCP_CONGESTION, name);
export const getCongestion = (fd: number): string | null => getText(fd, IPPROTO_TCP, TCP_CONGESTION);

/** Whether a connection is MPTCP, and has not fallen back to TCP at its handshake: MPTCP_INFO says so by failing. */
export const isMultipath = (fd: number): boolean =>
  soProtocol(fd) === IPPROTO_MPTCP && getInt(fd, SOL_MPTCP, MPTCP_INFO) >= 0;
