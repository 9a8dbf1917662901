import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { Addr as NetAddr } from './addr.ts';
import { Addr } from './ip.ts';
import { IPAddr } from './ipaddr.ts';

test('IPAddr is an address of the network ip, without a port or brackets', () => {
  const addr: NetAddr = new IPAddr(Addr.parse('fe80::1%eth0'));
  assert.equal(addr.network, 'ip');
  assert.equal(addr.toString(), 'fe80::1%eth0');
  assert.deepEqual(Object.keys(addr), ['ip']);
});
