// Pairs of connections on Unix sockets, and tests on them.

import { dial, listen, type UnixConn, type UnixStreamNetwork } from 'gonet';
import { type ConnPair, pairTest } from './pair.ts';
import { TempDir } from './tempdir.ts';

/** `a` has dialed, `b` was accepted. */
export async function unixPair(network: UnixStreamNetwork = 'unix'): Promise<ConnPair<UnixConn>> {
  using dir = new TempDir();
  using listener = await listen(network, dir.file());
  const [a, b] = await Promise.all([dial(network, dir.file()), listener.accept()]);
  const stop = (): void => {
    a.close();
    b.close();
  };
  return { a, b, stop };
}

/** One test on a fresh pair. */
export function unixTest(
  name: string,
  network: UnixStreamNetwork,
  body: (pair: ConnPair<UnixConn>) => Promise<void> | void,
): void {
  pairTest(name, () => unixPair(network), body);
}
