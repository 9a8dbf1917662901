// golang/go#18806: what a listener on every address calls itself can be dialed.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { dial, listen } from 'gonet';

import { noLeak } from '../fault/descriptors.ts';
import { talk } from '../fault/pair.ts';

const TIMEOUT = { timeout: 10_000 };

for (const [network, address] of [
  ['tcp', ':0'],
  ['tcp4', '0.0.0.0:0'],
] as const) {
  test(`a listener on ${network} ${address} can be dialed by its own address`, TIMEOUT, () =>
    noLeak(async () => {
      using listener = await listen(network, address);
      const accepted = listener.accept();
      using client = await dial(network, listener.addr.toString());
      using server = await accepted;
      assert.equal(client.remoteAddr.port, listener.addr.port);
      await talk({ client, server });
    }),
  );
}
