import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { Addr as NetAddr } from './addr.ts';
import { AddrPort } from './addrport.ts';
import { Addr } from './ip.ts';
import { TCPAddr } from './tcpaddr.ts';

test('TCPAddr is an address of the network tcp, whose name costs an object nothing', () => {
  const addr: NetAddr = new TCPAddr(Addr.parse('::1'), 80);
  assert.equal(addr.network, 'tcp');
  assert.deepEqual(Object.keys(addr), ['ip', 'port']);
});

for (const text of ['192.0.2.1:80', '[fe80::1%eth0]:0', '[::ffff:192.0.2.1]:65535']) {
  test(`${text} goes to TCPAddr and back`, () => {
    const pair = AddrPort.parse(text);
    const addr = TCPAddr.fromAddrPort(pair);
    assert.ok(addr instanceof TCPAddr);
    assert.ok(addr.addrPort().equals(pair));
  });
}
