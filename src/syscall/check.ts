// What koffi does not ask of a number before it is a C argument: whether it is a descriptor, an int, or a range of its buffer.

/** Not a number that a descriptor can have. */
export const badFd = (fd: number): boolean => (fd | 0) !== fd || fd < 0;

/** Not a C int. */
export const badInt = (n: number): boolean => (n | 0) !== n;

/** Not whole numbers, or not a range of `buf`. A buffer whose memory was taken away has no other range than 0, 0. */
export const badRange = (buf: ArrayBufferView, off: number, len: number): boolean =>
  !(off >= 0 && len >= 0 && off + len <= buf.byteLength) || !Number.isInteger(off) || !Number.isInteger(len);

/** Whether `addrlen[0]`, a value-result length, is room that `addr` has. */
export const hasRoom = (addr: Uint8Array, addrlen: Uint32Array): boolean =>
  addrlen.length > 0 && addrlen[0]! <= addr.byteLength;
