// Temporary.
import { Addr } from '../addr/ip.ts';
import type { IOOptions } from '../conn/conn.ts';
import type { Limits } from '../fd/op.ts';
import { lookupIP } from './lookup.ts';
export interface Answer {
  readonly families: readonly ('IPv4' | 'IPv6')[];
  readonly addrs: readonly Addr[];
}
export class Resolver {
  async lookupNetIP(_network: 'ip' | 'ip4' | 'ip6', host: string, _options?: IOOptions): Promise<Addr[]> {
    return lookupIP(host, { deadline: 0, signal: null });
  }
  async arrivals(_suffix: '' | '4' | '6', host: string, limits: Limits, hear: (answer: Answer) => void): Promise<void> {
    hear({ families: ['IPv4', 'IPv6'], addrs: await lookupIP(host, limits) });
  }
}
export const defaultResolver: Resolver = new Resolver();
