// What every Conn promises, as tests, whatever it is made of: in the spirit of golang.org/x/net/nettest. Run it on each kind of
// connection; it uses the Conn interface only.

import { describe } from 'node:test';

import { connClose } from './conn-close.ts';
import { connDeadlines } from './conn-deadlines.ts';
import { connErrors } from './conn-errors.ts';
import { connIO } from './conn-io.ts';
import { connIteration } from './conn-iteration.ts';
import { connRaces } from './conn-races.ts';
import { connSignals } from './conn-signals.ts';
import { connWrites } from './conn-writes.ts';
import type { MakePair } from './pair.ts';

const THEMES: Readonly<Record<string, (make: MakePair) => void>> = {
  bytes: connIO,
  writes: connWrites,
  deadlines: connDeadlines,
  signals: connSignals,
  close: connClose,
  '`for await`': connIteration,
  errors: connErrors,
  crowds: connRaces,
};

/** Runs the suite on pairs of `makePair`. */
export function connSuite(name: string, makePair: MakePair): void {
  describe(name, () => {
    for (const [theme, run] of Object.entries(THEMES)) describe(theme, () => run(makePair));
  });
}
