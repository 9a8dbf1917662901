// Datagrams of Unix sockets keep every promise of PacketConn, on paths and on abstract names: nothing is lost, and a writer waits.

import { packetSuite } from './packet-suite.ts';
import { checkLeaks } from './sockets.ts';
import { connectedGrams, gramPair, largest, type Place } from './unixgram-pair.ts';

checkLeaks();

const traits = { largest: await largest(), batches: false, aimless: 'ENOTCONN', waits: true } as const;

for (const place of ['paths', 'abstract names', 'names that the kernel chooses'] as const satisfies readonly Place[]) {
  const connected = place === 'names that the kernel chooses' ? {} : { connected: () => connectedGrams(place) };
  packetSuite(`unixgram on ${place}`, () => gramPair(place), { ...traits, ...connected });
}
