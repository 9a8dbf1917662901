// Temporary.
import type { Addr } from '../addr/ip.ts';
export const sortByRFC6724 = (addrs: readonly Addr[]): Addr[] => [...addrs];
