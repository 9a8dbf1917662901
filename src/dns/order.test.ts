// Which sources a name is looked up in, for what the machine's files may say.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { parseHostSources } from './nsswitch.ts';
import { hostOrder, isLocalhost, isOnion, type Machine } from './order.ts';

const machine: Machine = {
  sources: [],
  unknownOptions: false,
  environment: false,
  mdnsAllow: false,
  hostname: 'Box.example',
};

const orderOf = (host: string, sources: string | null, more: Partial<Machine> = {}): string => {
  const line = sources === null ? null : `hosts: ${sources}`;
  return hostOrder('auto', host, { ...machine, sources: parseHostSources(line), ...more }).toString();
};

const SYSTEMD = 'files myhostname mdns4_minimal [NOTFOUND=return] dns';

for (const [sources, host, expected] of [
  [null, 'a.test', 'files,dns'],
  ['', 'a.test', 'files,dns'],
  ['files dns', 'a.test', 'files,dns'],
  ['dns files', 'a.test', 'dns,files'],
  ['files', 'a.test', 'files'],
  ['dns', 'a.test', 'dns'],
  ['files files dns', 'a.test', 'files,dns'],
  ['files dns', 'a\\b', 'getaddrinfo'],
  ['files dns', 'fe80::1%x', 'getaddrinfo'],
  ['files dns', 'box.local', 'files,dns'],
  ['files [NOTFOUND=return UNAVAIL=continue] dns', 'a.test', 'getaddrinfo'],
  ['files resolve [!UNAVAIL=return] dns', 'a.test', 'getaddrinfo'],
  ['files [', 'a.test', 'getaddrinfo'],
  ['nis', 'a.test', 'getaddrinfo'],
  ['mdns4', 'a.test', 'getaddrinfo'],
  [SYSTEMD, 'a.test', 'files,dns'],
  [SYSTEMD, 'box.LOCAL.', 'getaddrinfo'],
  [SYSTEMD, 'localhost', 'getaddrinfo'],
  [SYSTEMD, 'a.localhost.localdomain', 'getaddrinfo'],
  [SYSTEMD, '_gateway', 'getaddrinfo'],
  [SYSTEMD, '_outbound.', 'getaddrinfo'],
  [SYSTEMD, 'BOX.example', 'getaddrinfo'],
  [SYSTEMD, '', 'files,dns'],
] as const) {
  test(`"${sources ?? 'no file'}": ${host}`, () => assert.equal(orderOf(host, sources), expected));
}

test('what else only the C library knows', () => {
  assert.equal(orderOf('a.test', 'files dns', { unknownOptions: true }), 'getaddrinfo');
  assert.equal(orderOf('a.test', 'files dns', { environment: true }), 'getaddrinfo');
  assert.equal(orderOf('a.test', SYSTEMD, { mdnsAllow: true }), 'getaddrinfo');
});

test('a caller’s choice counts more than any of it', () => {
  const odd = { ...machine, sources: null, unknownOptions: true };
  assert.deepEqual(hostOrder('dns', 'a\\b', odd), ['files', 'dns']);
  assert.equal(hostOrder('getaddrinfo', 'a.test', machine), 'getaddrinfo');
});

test('names for this machine, and names that are nobody’s business', () => {
  for (const name of ['localhost', 'LOCALHOST.', 'a.b.localhost', 'localhost.localdomain'])
    assert.ok(isLocalhost(name), name);
  for (const name of ['localhost.example', 'mylocalhost', 'local']) assert.ok(!isLocalhost(name), name);
  for (const name of ['a.onion', 'A.ONION.']) assert.ok(isOnion(name), name);
  for (const name of ['onion', 'onion.example', 'red-onion']) assert.ok(!isOnion(name), name);
});
