import assert from 'node:assert/strict';
import { test } from 'node:test';

import { splitTarget } from './target.ts';

const good: readonly [network: string, address: string, host: string, port: number][] = [
  ['tcp', '', '', 0],
  ['tcp', ':', '', 0],
  ['tcp', ':http', '', 80],
  ['tcp4', '127.0.0.1:0', '127.0.0.1', 0],
  ['tcp6', '[::1%lo]:https', '::1%lo', 443],
  ['udp', 'example.com:domain', 'example.com', 53],
  ['udp4', 'a b:1', 'a b', 1],
  ['udp6', '[]:5', '', 5],
  ['tcp', 'mh/astro/r70:http', 'mh/astro/r70', 80],
  ['ip', '', '', 0],
  ['ip', '::1', '::1', 0],
  ['ip4', '127.0.0.1:80', '127.0.0.1:80', 0],
  ['ip6', '[::1]', '[::1]', 0],
];

for (const [network, address, host, port] of good) {
  test(`${network} ${JSON.stringify(address)} is taken apart`, () => {
    assert.deepEqual(splitTarget(network, address), { host, port });
  });
}

const bad: readonly [network: string, address: string, name: string, message: string][] = [
  ['tcp', 'example.com', 'AddrError', 'address example.com: missing port in address'],
  ['tcp', '::1:http', 'AddrError', 'address ::1:http: too many colons in address'],
  ['tcp', '[::1:xyz', 'AddrError', "address [::1:xyz: missing ']' in address"],
  ['udp', 'mh/astro/r70:http', 'DNSError', 'lookup udp/http: unknown port'],
  ['tcp6', '127.1:xyz', 'DNSError', 'lookup tcp/xyz: unknown port'],
  ['tcp', 'a:65536', 'AddrError', 'address 65536: invalid port'],
  ['unix', '/tmp/x', 'UnknownNetworkError', 'unknown network unix'],
  ['', ':80', 'UnknownNetworkError', 'unknown network '],
  ['ip4:icmp', '127.0.0.1', 'UnknownNetworkError', 'unknown network ip4:icmp'],
];

for (const [network, address, name, message] of bad) {
  test(`${network} ${address} fails with ${message}`, () => {
    assert.throws(() => splitTarget(network, address), { name, message });
  });
}
