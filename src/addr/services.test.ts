import assert from 'node:assert/strict';
import { test } from 'node:test';

import { builtinServices, parseServices } from './services.ts';

const FILE = `# Network services, Internet style
tcpmux          1/tcp                           # TCP port service multiplexer
http            8080/tcp        www www-http    # World Wide Web HTTP
Caps            99/tcp          Alias
domain          53/udp
tftp            69/udp
tftp            6969/udp                        # the last one counts
both            500/tcp  2nd/alias
both            501/udp
sctp-only       36412/sctp      s1
zero            0/tcp
minus           -1/tcp
none            tcp
bare            80
hash            81/tcp#glued
short
huge            16777215/tcp
wide            70000/tcp
`;

test('a file adds to the built-in services, and overrides them', () => {
  const services = parseServices(FILE);
  const rows: readonly [proto: string, name: string, port: number | undefined][] = [
    ['tcp', 'tcpmux', 1],
    ['tcp', 'http', 8080],
    ['tcp', 'www', 8080],
    ['tcp', 'www-http', 8080],
    ['tcp', 'Caps', 99],
    ['tcp', 'Alias', 99],
    ['tcp', 'https', 443],
    ['udp', 'domain', 53],
    ['udp', 'tftp', 6969],
    ['tcp', 'tftp', undefined],
    ['tcp', 'both', 500],
    ['tcp', '2nd/alias', 500],
    ['udp', 'both', 501],
    ['sctp', 'sctp-only', 36412],
    ['sctp', 's1', 36412],
    ['tcp', 'hash', 81],
    ['tcp', 'wide', 70000],
  ];
  for (const [proto, name, port] of rows) assert.equal(services.get(proto)?.get(name), port, `${proto} ${name}`);
  for (const name of ['zero', 'minus', 'none', 'bare', 'short', 'huge', '#']) {
    assert.equal(services.get('tcp')?.has(name), false, name);
  }
});

test('parsing leaves the built-in services alone', () => {
  assert.equal(builtinServices.get('tcp')?.get('http'), 80);
  assert.equal(builtinServices.has('sctp'), false);
});

test('the built-in services are those of Go', () => {
  assert.equal(builtinServices.get('tcp')?.size, 15);
  assert.deepEqual([...(builtinServices.get('udp') ?? [])], [['domain', 53]]);
});
