// Names for dials: resolvers that know what a test tells them, a real Resolver that asks the tests' name server, and addresses of
// loopback that connect or do not answer at one and the same port.

import { dial, listen, Resolver, type HostResolver, type ResolverOptions, type TCPListener } from 'gonet';
import { Addr } from 'gonet/netip';

import type { NameServer } from '../dns/nameserver.ts';

/** Gives every name these addresses, those of the family that is asked for. */
export const fixed = (...ips: readonly string[]): HostResolver => ({
  lookupNetIP: (network) => Promise.resolve(ofNetwork(network, ips)),
});

/** The addresses of the family that is asked for. */
export function ofNetwork(network: string, ips: readonly string[]): Addr[] {
  const all = ips.map((ip) => Addr.parse(ip));
  return network === 'ip' ? all : all.filter((ip) => ip.is4() === (network === 'ip4'));
}

/** A Resolver that asks this server only, and once. */
export const asking = (server: NameServer, options: ResolverOptions = {}): Resolver =>
  new Resolver({ servers: [server.address], attempts: 1, ...options });

/** Two addresses at one port: the first does not answer, the second has a listener. */
export interface Uneven extends Disposable {
  readonly port: number;
  readonly silent: string;
  readonly listener: TCPListener;
}

/** A listener with a backlog of 0 takes one connection, and that one is there: further dials stay under way. */
export async function uneven(quiet = '127.0.0.1', open = '127.0.0.2'): Promise<Uneven> {
  for (;;) {
    const full = await listen('tcp', { host: quiet, port: 0 }, { backlog: 0 });
    const { port } = full.addr;
    const fill = await dial('tcp', full.addr.toString());
    try {
      const listener = await listen('tcp', { host: open, port });
      const dispose = (): void => [fill, full, listener].forEach((each) => each.close());
      return { port, silent: full.addr.toString(), listener, [Symbol.dispose]: dispose };
    } catch {
      // Somebody else has that port there.
      fill.close();
      full.close();
    }
  }
}

/** A listener at a port that refuses on another address of loopback. */
export async function lonely(host: string, other: string): Promise<TCPListener> {
  for (;;) {
    const listener = await listen('tcp', { host, port: 0 });
    try {
      (await dial('tcp', { host: other, port: listener.addr.port })).close();
    } catch {
      return listener;
    }
    listener.close();
  }
}
