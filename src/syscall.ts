// The door `gonet/syscall`: for Control hooks and RawConn, and sockets that nothing else here makes. Constants have C's names and
// the values of Linux.

export { socket, socketpair } from './fd/rawsocket.ts';
export { errnoName, errnoText } from './syscall/errno.ts';
export { getsockopt, setsockopt, type OptionValue } from './syscall/option.ts';
export * from './syscall/zconst_linux.ts';
