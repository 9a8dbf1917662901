// What recvmsg(2) tells beside the data: the options of ip(7), ipv6(7) and socket(7) that ask for control messages; control.ts
// reads those. On an IPv6 socket IPv4's option is set too, as far as that goes: IPv4 packets bring IPv4's messages. Numbers
// in, 0 or -errno out.

import { setBoth } from './ipopt.ts';
import { flag, setInt } from './sockopt.ts';
import {
  IPV6_RECVERR,
  IPV6_RECVHOPLIMIT,
  IPV6_RECVORIGDSTADDR,
  IPV6_RECVPKTINFO,
  IPV6_RECVTCLASS,
  IP_PKTINFO,
  IP_RECVERR,
  IP_RECVORIGDSTADDR,
  IP_RECVTOS,
  IP_RECVTTL,
  SOL_SOCKET,
  SO_RXQ_OVFL,
  SO_TIMESTAMPNS,
} from './zconst_linux.ts';

/** IP_PKTINFO, IPV6_RECVPKTINFO: the interface, and the address that was sent to. */
export const setReceivePacketInfo = (fd: number, family: number, on: boolean): number =>
  setBoth(fd, family, IP_PKTINFO, IPV6_RECVPKTINFO, flag(on));
/** IP_RECVTTL, IPV6_RECVHOPLIMIT */
export const setReceiveTTL = (fd: number, family: number, on: boolean): number =>
  setBoth(fd, family, IP_RECVTTL, IPV6_RECVHOPLIMIT, flag(on));
/** IP_RECVTOS, IPV6_RECVTCLASS */
export const setReceiveTOS = (fd: number, family: number, on: boolean): number =>
  setBoth(fd, family, IP_RECVTOS, IPV6_RECVTCLASS, flag(on));
/** IP_RECVERR, IPV6_RECVERR: errors are queued for MSG_ERRQUEUE, and an unconnected socket fails with them too. */
export const setReceiveErrors = (fd: number, family: number, on: boolean): number =>
  setBoth(fd, family, IP_RECVERR, IPV6_RECVERR, flag(on));
/** IP_RECVORIGDSTADDR, IPV6_RECVORIGDSTADDR: address and port that were sent to, before a transparent proxy's rule. */
export const setReceiveOriginalDestination = (fd: number, family: number, on: boolean): number =>
  setBoth(fd, family, IP_RECVORIGDSTADDR, IPV6_RECVORIGDSTADDR, flag(on));
/** SO_TIMESTAMPNS */
export const setReceiveTimestamps = (fd: number, on: boolean): number =>
  setInt(fd, SOL_SOCKET, SO_TIMESTAMPNS, flag(on));
/** SO_RXQ_OVFL: how many were dropped, beside each that was not. */
export const setReceiveOverflow = (fd: number, on: boolean): number => setInt(fd, SOL_SOCKET, SO_RXQ_OVFL, flag(on));
