// The door `gonet/netip`: addresses as values, as in Go's net/netip. Re-exports only.

export { AddrPort } from './addr/addrport.ts';
export { Addr, Prefix } from './addr/ip.ts';
