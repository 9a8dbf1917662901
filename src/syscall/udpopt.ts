// Socket options of udp(7), one function per option. Numbers in, the value or -errno out.

import { flag, getInt, setInt } from './sockopt.ts';
import { IPPROTO_UDP, UDP_GRO, UDP_SEGMENT } from './zconst_linux.ts';

/** UDP_SEGMENT: each payload is cut into datagrams of so many bytes, up to 65535; 0 for off. */
export const setSegmentSize = (fd: number, bytes: number): number => setInt(fd, IPPROTO_UDP, UDP_SEGMENT, bytes);
export const getSegmentSize = (fd: number): number => getInt(fd, IPPROTO_UDP, UDP_SEGMENT);
/** UDP_GRO: datagrams of one flow may come in as one; their size is in a control message. */
export const setGRO = (fd: number, on: boolean): number => setInt(fd, IPPROTO_UDP, UDP_GRO, flag(on));
export const getGRO = (fd: number): number => getInt(fd, IPPROTO_UDP, UDP_GRO);
