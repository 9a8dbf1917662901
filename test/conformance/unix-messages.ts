// What the tests of messages on Unix sockets have in common.

import { closeSync, openSync } from 'node:fs';

import type { UnixConn, UnixMessage, UnixNetwork } from 'gonet';
import { upTo } from './outcome.ts';
import { pairTest } from './pair.ts';
import { linkOf } from './sockets.ts';
import { connectedGrams } from './unixgram-pair.ts';
import { unixPair } from './unix-pair.ts';

/** Of Unix sockets. */
export const NETWORKS: readonly UnixNetwork[] = ['unix', 'unixpacket', 'unixgram'];
/** Those of packets. */
export const PACKETS: readonly UnixNetwork[] = ['unixpacket', 'unixgram'];

/** A pair of a network, each with the other as its peer. */
const pairOf = (network: UnixNetwork): ReturnType<typeof unixPair> =>
  network === 'unixgram' ? (connectedGrams() as ReturnType<typeof unixPair>) : unixPair(network);

/** One test on a pair of its own, for each network. */
export function messageTest(
  name: string,
  networks: readonly UnixNetwork[],
  body: (a: UnixConn, b: UnixConn, network: UnixNetwork) => Promise<void> | void,
): void {
  for (const network of networks)
    pairTest(
      `${network}: ${name}`,
      () => pairOf(network),
      ({ a, b }) => body(a, b, network),
    );
}

/** A file of its own, open; closed when the body is over. */
export async function withFile(body: (fd: number) => Promise<void>): Promise<void> {
  const fd = openSync('/dev/null', 'r');
  try {
    await body(fd);
  } finally {
    closeSync(fd);
  }
}

/** Closes what came along. */
export const closeAll = ({ fds }: UnixMessage): void => fds.forEach((each) => each.close());
/** How many descriptors this process has. */
export const openCount = (): number => upTo(4096).filter((fd) => linkOf(fd) !== '').length;
