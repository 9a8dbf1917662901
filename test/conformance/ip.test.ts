// Raw IP over loopback keeps every promise of PacketConn: a protocol that nobody else speaks between two addresses that are this
// process's own. On IPv4 the kernel gives the header with each packet, and readFrom and packets() leave it out.

import { describe } from 'node:test';

import { dialIP, listenIP } from 'gonet';
import { at, EXPERIMENT, FAR, NEAR, withoutRaw } from '../e2e/rawip.ts';
import type { PacketPair } from './packet-pair.ts';
import { packetSuite } from './packet-suite.ts';
import { checkLeaks } from './sockets.ts';

checkLeaks();

const network = `ip4:${EXPERIMENT}`;
const HEADER = 20;

async function pair(make: (mine: string, other: string) => ReturnType<typeof listenIP>): Promise<PacketPair> {
  const a = await make(NEAR, FAR);
  const b = await make(FAR, NEAR);
  const stop = (): void => [a, b].forEach((each) => each.close());
  return { a, b, network: 'ip4', stop };
}

describe('raw', { skip: withoutRaw }, () => {
  packetSuite('ip4', () => pair((mine) => listenIP(network, at(mine))), {
    largest: 65_535 - HEADER,
    header: { read: HEADER, readMsg: HEADER, readBatch: HEADER, iteration: HEADER },
    connected: () => pair((mine, other) => dialIP(network, at(mine), at(other))),
  });
});
