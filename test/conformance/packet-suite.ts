// What every PacketConn promises, as tests, whatever it is made of. Run it on each kind of socket of datagrams; the traits say in
// what that kind differs from UDP.

import { describe } from 'node:test';

import { packetBatches } from './packet-batches.ts';
import { packetClose } from './packet-close.ts';
import { packetConnected } from './packet-connected.ts';
import { packetCrowds } from './packet-crowds.ts';
import { packetDeadlines } from './packet-deadlines.ts';
import { packetErrors } from './packet-errors.ts';
import { packetIO } from './packet-io.ts';
import { packetIteration } from './packet-iteration.ts';
import { packetMessages } from './packet-messages.ts';
import type { Kind, MakePackets, PacketTraits } from './packet-pair.ts';
import { packetSignals } from './packet-signals.ts';

const THEMES: Readonly<Record<string, (kind: Kind) => void>> = {
  datagrams: packetIO,
  messages: packetMessages,
  batches: packetBatches,
  '`for await`': packetIteration,
  deadlines: packetDeadlines,
  signals: packetSignals,
  close: packetClose,
  errors: packetErrors,
  crowds: packetCrowds,
};

/** Runs the suite on pairs of `make`; and on connected ones, where the traits have them. */
export function packetSuite(name: string, make: MakePackets, traits: PacketTraits): void {
  describe(name, () => {
    for (const [theme, run] of Object.entries(THEMES)) describe(theme, () => run({ make, traits }));
    const { connected } = traits;
    if (connected !== undefined) describe('connected', () => packetConnected({ make: connected, traits }));
  });
}
