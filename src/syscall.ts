// The door `gonet/syscall`: for Control hooks and RawConn. Constants have C's names and the values of Linux.

export { errnoName, errnoText } from './syscall/errno.ts';
export { getsockopt, setsockopt, type OptionValue } from './syscall/option.ts';
export * from './syscall/zconst_linux.ts';
