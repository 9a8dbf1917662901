import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { Addr } from './addr.ts';
import { UnixAddr } from './unixaddr.ts';

for (const network of ['unix', 'unixgram', 'unixpacket'] as const) {
  test(`UnixAddr on ${network} prints as its name`, () => {
    const addr: Addr = new UnixAddr('/run/x.sock', network);
    assert.equal(addr.network, network);
    assert.equal(addr.toString(), '/run/x.sock');
  });
}

test('an unnamed end prints as nothing and is a wildcard', () => {
  assert.equal(new UnixAddr('', 'unix').toString(), '');
  assert.equal(new UnixAddr('', 'unix').isWildcard(), true);
  assert.equal(new UnixAddr('@', 'unix').isWildcard(), false);
});

test('ends are equal by name and network', () => {
  const addr = new UnixAddr('@a', 'unix');
  assert.equal(addr.equals(new UnixAddr('@a', 'unix')), true);
  assert.equal(addr.equals(new UnixAddr('@b', 'unix')), false);
  assert.equal(addr.equals(new UnixAddr('@a', 'unixgram')), false);
});
