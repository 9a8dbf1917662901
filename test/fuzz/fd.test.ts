// A connection under random commands: reads, writes, deadlines, signals, turns of the loop, the peer's doing, close. What must
// hold is in rig.ts.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import * as fc from 'fast-check';

import { openSockets } from '../e2e/loopback.ts';
import { command, Rig } from './rig.ts';

test('a connection under random commands', { timeout: 60_000 }, async () => {
  const before = openSockets();
  const property = fc.asyncProperty(
    fc.array(command, { maxLength: 40, size: 'max' }),
    fc.boolean(),
    async (script, patient) => {
      const rig = new Rig();
      for (const each of script) await rig.run(each);
      // Either everything runs to its end, or close() ends what is left.
      if (patient) await rig.finish();
      await rig.check();
    },
  );
  await fc.assert(property, { numRuns: 150 });
  assert.deepEqual(openSockets(), before);
});
