import assert from 'node:assert/strict';
import { test } from 'node:test';

import { AddrError, UnknownNetworkError } from '../errors.ts';
import { familySuffix, parseNetwork } from './network.ts';
import { protocolLookup } from './protocol.ts';

const lookup = protocolLookup();

const plain = ['tcp', 'tcp4', 'tcp6', 'udp', 'udp4', 'udp6', 'unix', 'unixgram', 'unixpacket', 'vsock'] as const;

for (const network of plain) {
  test(`${network} is a network, and takes no protocol`, () => {
    const family = /^(?:unix|vsock)/.exec(network)?.[0] ?? network.slice(0, 3);
    assert.deepEqual(parseNetwork(network, true, lookup), { afnet: network, family, proto: 0 });
    assert.deepEqual(parseNetwork(network, false, lookup), { afnet: network, family, proto: 0 });
    assert.throws(() => parseNetwork(`${network}:6`, true, lookup), new UnknownNetworkError(`${network}:6`));
    assert.throws(() => parseNetwork(`${network}:`, false, lookup), UnknownNetworkError);
  });
}

const protocols: readonly [network: string, afnet: string, proto: number][] = [
  ['ip:icmp', 'ip', 1],
  ['ip4:icmp', 'ip4', 1],
  ['ip4:ICMP', 'ip4', 1],
  ['ip6:ipv6-icmp', 'ip6', 58],
  ['ip6:58', 'ip6', 58],
  ['ip4:0', 'ip4', 0],
  ['ip4:007', 'ip4', 7],
  ['ip4:256', 'ip4', 256],
  ['ip:16777214', 'ip', 16777214],
];

for (const [network, afnet, proto] of protocols) {
  test(`${network} is protocol ${proto}`, () => {
    assert.deepEqual(parseNetwork(network, true, lookup), { afnet, family: 'ip', proto });
    assert.deepEqual(parseNetwork(network, false, lookup), { afnet, family: 'ip', proto });
  });
}

for (const network of ['ip', 'ip4', 'ip6']) {
  test(`${network} needs a protocol, except to resolve`, () => {
    assert.deepEqual(parseNetwork(network, false, lookup), { afnet: network, family: 'ip', proto: 0 });
    assert.throws(() => parseNetwork(network, true, lookup), new UnknownNetworkError(network));
  });
}

for (const network of [
  '',
  ':',
  'TCP',
  'Tcp',
  'tcp5',
  ' tcp',
  'tcp ',
  'tcp:80',
  'ip::',
  'ip4:tcp:',
  'ip4:1:2',
  'IP4:icmp',
  'unix:x',
]) {
  test(`${JSON.stringify(network)} is no network`, () => {
    assert.throws(
      () => parseNetwork(network, false, lookup),
      (error) => error instanceof UnknownNetworkError && error.network === network,
    );
  });
}

for (const text of ['', 'nope', '6x', '+6', '-1', '16777215', '99999999999']) {
  test(`ip:${text} has no known protocol`, () => {
    assert.throws(
      () => parseNetwork(`ip:${text}`, true, lookup),
      (error) => error instanceof AddrError && error.err === 'unknown IP protocol specified' && error.addr === text,
    );
  });
}

test('familySuffix is the last character, if that is 4 or 6', () => {
  assert.equal(familySuffix('tcp'), '');
  assert.equal(familySuffix('udp4'), '4');
  assert.equal(familySuffix('ip6'), '6');
  assert.equal(familySuffix(''), '');
});
