import assert from 'node:assert/strict';
import { test } from 'node:test';

import { builtinProtocols, parseProtocols, protocolLookup } from './protocol.ts';

const FILE = `# Internet (IP) protocols
ip      0       IP              # internet protocol
icmp    77      ICMP            # the built-in number stays
tcp     6       TCP
ospf    89      OSPFIGP ospf-alias
bad     x       worse
odd     12y
ospf    90
short
big     16777215
`;

test('the built-in protocols are there without a file', () => {
  const lookup = protocolLookup();
  const rows = { icmp: 1, igmp: 2, tcp: 6, udp: 17, 'ipv6-icmp': 58 };
  for (const [name, number] of Object.entries(rows)) assert.equal(lookup(name), number, name);
  assert.equal(lookup('ospf'), undefined);
});

test('a file adds names and aliases, and changes none', () => {
  const protocols = parseProtocols(FILE);
  const rows = { ip: 0, IP: 0, icmp: 1, ICMP: 77, ospf: 89, OSPFIGP: 89, 'ospf-alias': 89, odd: 12, TCP: 6 };
  for (const [name, number] of Object.entries(rows)) assert.equal(protocols.get(name), number, name);
  for (const name of ['bad', 'worse', 'short', 'big', '#']) assert.equal(protocols.has(name), false, name);
});

test('the name asked for is lowered, those of the file are not', () => {
  const lookup = protocolLookup(parseProtocols(FILE));
  assert.equal(lookup('TCP'), 6);
  assert.equal(lookup('Ospf'), 89);
  assert.equal(lookup('OSPFIGP'), undefined);
});

test('parsing leaves the built-in protocols alone', () => {
  parseProtocols('mine 200');
  assert.equal(builtinProtocols.has('mine'), false);
});
