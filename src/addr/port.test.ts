import assert from 'node:assert/strict';
import { test } from 'node:test';

import { AddrError, DNSError } from '../errors.ts';
import { lookupPort, parsePort } from './port.ts';
import { parseServices } from './services.ts';

const BIG = 2 ** 30;

const numbers: readonly [text: string, port: number][] = [
  ['', 0],
  ['0', 0],
  ['80', 80],
  ['+80', 80],
  ['00080', 80],
  ['+', 0],
  ['-', 0],
  ['-0', 0],
  ['+0', 0],
  ['-1', -1],
  ['-080', -80],
  ['65535', 65535],
  ['65536', 65536],
  ['-65536', -65536],
  ['123456789', 123456789],
  ['1073741823', BIG - 1],
  ['1073741824', BIG - 1],
  ['-1073741823', -BIG + 1],
  ['-1073741824', -BIG],
  ['-1073741825', -BIG],
  ['2147483648', BIG - 1],
  ['-2147483649', -BIG],
  ['4294967295', BIG - 1],
  ['4294967296', BIG - 1],
  ['4294967300', BIG - 1],
  ['-4294967300', -BIG],
  ['9'.repeat(400), BIG - 1],
];

for (const [text, port] of numbers) {
  test(`parsePort reads ${JSON.stringify(text.slice(0, 20))} as ${port}`, () => {
    const parsed = parsePort(text);
    assert.deepEqual(parsed, { port, isName: false });
    assert.ok(!Object.is(parsed.port, -0));
  });
}

const names = [
  'abc',
  '9pfs',
  '123badport',
  'bad123port',
  'badport123',
  '2147483649badport',
  '-2147483649badport',
  '1 ',
  ' 1',
  '++1',
  '+-1',
  '1.5',
  '0x10',
  '1e3',
  '1_000',
  '８０',
  '80\n',
  '\n',
];

for (const text of names) {
  test(`parsePort takes ${JSON.stringify(text)} for a name`, () => {
    assert.deepEqual(parsePort(text), { port: 0, isName: true });
  });
}

const services = parseServices('tftp 69/udp\nalt 8000/tcp ALIAS\nalt 8001/udp\nwide 70000/tcp');

const found: readonly [network: string, service: string, port: number][] = [
  ['tcp', '0', 0],
  ['tcp', '', 0],
  ['tcp', '65535', 65535],
  ['tcp', 'http', 80],
  ['tcp4', 'HTTP', 80],
  ['tcp6', 'Https', 443],
  ['udp', 'domain', 53],
  ['udp4', 'tftp', 69],
  ['udp6', 'alt', 8001],
  ['tcp', 'alt', 8000],
  ['ip', 'alt', 8000],
  ['ip', 'tftp', 69],
  ['', 'ssh', 22],
  ['', 'tftp', 69],
  ['--badnet--', '80', 80],
  ['unix', '-0', 0],
];

for (const [network, service, port] of found) {
  test(`${service || 'nothing'} on ${network || 'any network'} is port ${port}`, () => {
    assert.equal(lookupPort(network, service, services), port);
  });
}

const unknown: readonly [network: string, service: string, hostname: string][] = [
  ['tcp', 'xyz', 'tcp/xyz'],
  ['tcp4', 'xyz', 'tcp/xyz'],
  ['tcp', 'tftp', 'tcp/tftp'],
  ['tcp', 'alias', 'tcp/alias'],
  ['tcp', 'XYZ', 'tcp/XYZ'],
  ['udp6', 'http', 'udp/http'],
  ['ip', 'xyz', 'ip/xyz'],
  ['', 'xyz', 'ip/xyz'],
  ['tcp', ' 80', 'tcp/ 80'],
];

for (const [network, service, hostname] of unknown) {
  test(`${service} on ${network || 'any network'} is unknown`, () => {
    assert.throws(
      () => lookupPort(network, service, services),
      (error) =>
        error instanceof DNSError &&
        error.message === `lookup ${hostname}: unknown port` &&
        error.hostname === hostname &&
        error.notFound,
    );
  });
}

test('a number out of range is an invalid port, on every network', () => {
  for (const service of ['65536', '-1', '9999999999', '4294967300']) {
    const message = `address ${service}: invalid port`;
    assert.throws(() => lookupPort('tcp', service), { name: 'AddrError', message });
    assert.throws(() => lookupPort('--badnet--', service), { name: 'AddrError', message });
  }
  assert.throws(() => lookupPort('tcp', 'wide', services), {
    name: 'AddrError',
    message: 'address wide: invalid port',
  });
});

test('a name on a network without services is an unknown network', () => {
  for (const network of ['ip4', 'ip6', 'unix', 'TCP', '--badnet--']) {
    assert.throws(() => lookupPort(network, 'http'), new AddrError('unknown network', network));
  }
});
