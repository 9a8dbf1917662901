// What all IP endpoints do, shown on TCPAddr; what each class adds is tested beside it.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Addr } from './ip.ts';
import { IPAddr } from './ipaddr.ts';
import { TCPAddr } from './tcpaddr.ts';
import { UDPAddr } from './udpaddr.ts';

interface Row {
  ip: string | null;
  text: string;
  address: string;
  family: 'IPv4' | 'IPv6';
  wildcard?: boolean;
}

const rows: readonly Row[] = [
  { ip: null, text: ':80', address: '', family: 'IPv4', wildcard: true },
  { ip: '0.0.0.0', text: '0.0.0.0:80', address: '0.0.0.0', family: 'IPv4', wildcard: true },
  { ip: '192.0.2.1', text: '192.0.2.1:80', address: '192.0.2.1', family: 'IPv4' },
  { ip: '::', text: '[::]:80', address: '::', family: 'IPv6', wildcard: true },
  { ip: '::%eth0', text: '[::%eth0]:80', address: '::%eth0', family: 'IPv6', wildcard: true },
  { ip: '::1', text: '[::1]:80', address: '::1', family: 'IPv6' },
  { ip: 'fe80::1%eth0', text: '[fe80::1%eth0]:80', address: 'fe80::1%eth0', family: 'IPv6' },
  { ip: '::ffff:192.0.2.1', text: '192.0.2.1:80', address: '192.0.2.1', family: 'IPv4' },
  { ip: '::ffff:0.0.0.0', text: '0.0.0.0:80', address: '0.0.0.0', family: 'IPv4', wildcard: true },
  { ip: '::ffff:192.0.2.1%eth0', text: '192.0.2.1%eth0:80', address: '192.0.2.1%eth0', family: 'IPv4' },
  { ip: '::192.0.2.1', text: '[::c000:201]:80', address: '::c000:201', family: 'IPv6' },
];

for (const { ip, text, address, family, wildcard = false } of rows) {
  test(`an end at ${ip ?? 'no address'} prints as ${text}`, () => {
    const value = ip === null ? null : Addr.parse(ip);
    for (const end of [new TCPAddr(value, 80), new UDPAddr(value, 80), new IPAddr(value)]) {
      assert.equal(end.toString(), end instanceof IPAddr ? address : text);
      assert.equal(end.address, address);
      assert.equal(end.family, family);
      assert.equal(end.isWildcard(), wildcard);
      assert.equal(end.ip, value ?? Addr.zero);
    }
  });
}

test('ends are equal by network, address and port, IPv4 inside IPv6 being IPv4', () => {
  const v4 = Addr.parse('192.0.2.1');
  const mapped = Addr.parse('::ffff:192.0.2.1');
  const end = new TCPAddr(v4, 80);
  assert.equal(end.equals(new TCPAddr(v4, 80)), true);
  assert.equal(end.equals(new TCPAddr(mapped, 80)), true);
  assert.equal(end.equals(new TCPAddr(mapped.withZone('z'), 80)), false);
  assert.equal(end.equals(new TCPAddr(v4, 81)), false);
  assert.equal(end.equals(new TCPAddr(v4.next(), 80)), false);
  assert.equal(end.equals(new TCPAddr(null, 80)), false);
  assert.equal(end.equals(new UDPAddr(v4, 80)), false);
  assert.equal(new TCPAddr(null, 80).equals(new TCPAddr(null, 80)), true);
  assert.equal(new TCPAddr(null, 80).equals(new TCPAddr(Addr.ipv4Unspecified(), 80)), false);
  assert.equal(new IPAddr(v4).equals(new IPAddr(mapped)), true);
  assert.equal(new IPAddr(v4).equals(end), false);
  assert.equal(end.equals(new IPAddr(v4)), false);
});

test('a port must be a 32-bit integer, and may be out of range', () => {
  for (const port of [0.5, NaN, Infinity, 2 ** 31, -(2 ** 31) - 1]) {
    assert.throws(() => new TCPAddr(null, port), TypeError);
    assert.throws(() => new UDPAddr(null, port), TypeError);
  }
  assert.throws(() => Reflect.construct(TCPAddr, [null, '80']), TypeError);
  assert.throws(() => Reflect.construct(TCPAddr, [null]), TypeError);
  assert.equal(new TCPAddr(null, 70000).toString(), ':70000');
  assert.equal(new TCPAddr(null, -1).toString(), ':-1');
  assert.ok(Object.is(new TCPAddr(null, -0).port, 0));
  assert.throws(() => new TCPAddr(Addr.parse('::1'), 70000).addrPort(), RangeError);
});
