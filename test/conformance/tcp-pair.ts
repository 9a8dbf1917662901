// Pairs of TCP connections over loopback, and tests on them.

import { dial, listen, type TCPConn, type TCPDialOptions, type TCPListenOptions } from 'gonet';
import { type ConnPair, pairTest } from './pair.ts';

/** What to set on each side. */
export interface TCPPairOptions {
  readonly dial?: TCPDialOptions;
  readonly listen?: TCPListenOptions;
}

/** `a` has dialed, `b` was accepted. */
export async function tcpPair(options: TCPPairOptions = {}): Promise<ConnPair<TCPConn>> {
  using listener = await listen('tcp', '127.0.0.1:0', options.listen ?? {});
  const [a, b] = await Promise.all([dial('tcp', listener.addr.toString(), options.dial ?? {}), listener.accept()]);
  const stop = (): void => {
    a.close();
    b.close();
  };
  return { a, b, stop };
}

/** One test on a fresh pair. */
export function tcpTest(
  name: string,
  body: (pair: ConnPair<TCPConn>) => Promise<void> | void,
  options: TCPPairOptions = {},
): void {
  pairTest(name, () => tcpPair(options), body);
}
