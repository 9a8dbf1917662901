import assert from 'node:assert/strict';
import { test } from 'node:test';

import * as fc from 'fast-check';

import { Addr, Prefix } from '../addr/ip.ts';
import { notPublic } from '../addr/reach.ts';
import type { RawConn } from '../conn/rawconn.ts';
import { AddrError, ParseError } from '../errors.ts';
import { denyPrivate, type DenyPrivateOptions } from './deny.ts';

const options = { timeout: 10_000 };
/** The hook looks at the address only. */
const RAW = null as unknown as RawConn;

/** What the hook says of an address text; null where it lets it pass. */
function verdict(address: string, exceptions?: DenyPrivateOptions, network = 'tcp4'): string | null {
  const hook = denyPrivate(exceptions);
  try {
    assert.equal(hook(network, address, RAW), undefined);
    return null;
  } catch (error) {
    assert.ok(error instanceof AddrError, String(error));
    assert.equal(error.code, 'ERR_NET_ADDR');
    return error.message;
  }
}

test('what is refused, by name', options, () => {
  for (const [address, said] of [
    ['127.0.0.1:80', 'address 127.0.0.1: loopback address is denied'],
    ['10.0.0.1:80', 'address 10.0.0.1: private address is denied'],
    ['192.168.0.1:65535', 'address 192.168.0.1: private address is denied'],
    ['100.64.0.1:1', 'address 100.64.0.1: shared address is denied'],
    ['0.0.0.0:80', 'address 0.0.0.0: unspecified address is denied'],
    ['169.254.169.254:80', 'address 169.254.169.254: metadata address is denied'],
    ['168.63.129.16:80', 'address 168.63.129.16: metadata address is denied'],
    ['100.100.100.200:80', 'address 100.100.100.200: metadata address is denied'],
    ['[fd00:ec2::254]:80', 'address fd00:ec2::254: metadata address is denied'],
    ['[::1]:80', 'address ::1: loopback address is denied'],
    ['[::1%lo]:80', 'address ::1%lo: loopback address is denied'],
    ['[fe80::1%eth0]:80', 'address fe80::1%eth0: link-local address is denied'],
    ['[fd12::1]:80', 'address fd12::1: unique-local address is denied'],
    ['[::ffff:10.0.0.1]:80', 'address ::ffff:10.0.0.1: private address is denied'],
    ['[64:ff9b::a00:1]:80', 'address 64:ff9b::a00:1: private address is denied'],
    ['[2002:7f00:1::]:80', 'address 2002:7f00:1::: loopback address is denied'],
    ['224.0.0.1:80', 'address 224.0.0.1: multicast address is denied'],
    [':80', 'address :80: local address is denied'],
    ['/run/a.sock', 'address /run/a.sock: local address is denied'],
    ['@abstract', 'address @abstract: local address is denied'],
    ['', 'local address is denied'],
  ] as const) {
    assert.equal(verdict(address), said, address);
  }
});

test('what passes, with a port or as the bare address of a raw socket', options, () => {
  for (const address of [
    '8.8.8.8:53',
    '[2606:4700::1111]:443',
    '[64:ff9b::808:808]:80',
    '8.8.8.8',
    '2606:4700::1111',
  ]) {
    assert.equal(verdict(address), null, address);
  }
  for (const address of ['10.0.0.1', '::1', 'fe80::1%eth0', '::ffff:127.0.0.1'])
    assert.notEqual(verdict(address), null);
});

test('what is no address at all is refused', options, () => {
  for (const address of ['example.com:80', '127.1:80', '2130706433:80', '8.8.8.8:80:80', '[8.8.8.8', '::1:80 ', 'x']) {
    assert.notEqual(verdict(address), null, address);
  }
});

test('allow: exceptions, as a text or a Prefix', options, () => {
  for (const allow of [['10.1.0.0/16'], [Prefix.parse('10.1.0.0/16')], ['192.0.2.0/24', '10.1.0.0/16']]) {
    assert.equal(verdict('10.1.2.3:80', { allow }), null);
    assert.equal(verdict('[::ffff:10.1.2.3]:80', { allow }), null);
    assert.notEqual(verdict('10.2.0.1:80', { allow }), null);
    assert.notEqual(verdict('10.0.255.255:80', { allow }), null);
    assert.notEqual(verdict('127.0.0.1:80', { allow }), null);
  }
  assert.equal(verdict('[::1%lo]:80', { allow: ['::1/128'] }), null);
  assert.equal(verdict('[fe80::1%eth0]:80', { allow: ['fe80::/10'] }), null);
  assert.equal(verdict('8.8.8.8:80', { allow: [] }), null);
});

test('allow: a network of IPv4 opens no way round through IPv6', options, () => {
  const allow = ['10.0.0.0/8'];
  for (const address of ['[64:ff9b::a00:1]:80', '[2002:a00:1::]:80', '[::10.0.0.1]:80']) {
    assert.notEqual(verdict(address, { allow }), null, address);
  }
});

test('deny: more of them, and before allow', options, () => {
  const deny = ['8.8.8.0/24', Prefix.parse('2606:4700::/32')];
  assert.equal(verdict('8.8.8.8:53', { deny }), 'address 8.8.8.8: address is denied');
  assert.equal(verdict('[::ffff:8.8.8.8]:53', { deny }), 'address ::ffff:8.8.8.8: address is denied');
  assert.equal(verdict('[2606:4700::1111%x]:53', { deny }), 'address 2606:4700::1111%x: address is denied');
  assert.equal(verdict('8.8.4.4:53', { deny }), null);
  assert.equal(verdict('10.0.0.1:53', { deny }), 'address 10.0.0.1: private address is denied');
  const both = { allow: ['10.0.0.0/8'], deny: ['10.9.0.0/16'] };
  assert.equal(verdict('10.1.0.1:80', both), null);
  assert.equal(verdict('10.9.0.1:80', both), 'address 10.9.0.1: address is denied');
  assert.equal(verdict('[64:ff9b:aaaa::a00:1]:80', { deny: ['64:ff9b:aaaa::/96'] })?.endsWith('is denied'), true);
});

test('lists that change later change nothing', options, () => {
  const allow = ['10.0.0.0/8'];
  const hook = denyPrivate({ allow });
  allow.length = 0;
  assert.equal(hook('tcp4', '10.0.0.1:80', RAW), undefined);
});

test('wrong options throw when the hook is made', options, () => {
  const rows: readonly (readonly [unknown, new (...args: never[]) => Error])[] = [
    [null, TypeError],
    [{ allow: '10.0.0.0/8' }, TypeError],
    [{ deny: 5 }, TypeError],
    [{ allow: [5] }, TypeError],
    [{ deny: [null] }, TypeError],
    [{ allow: [Addr.parse('10.0.0.1')] }, TypeError],
    [{ allow: ['10.0.0.1'] }, ParseError],
    [{ deny: ['x'] }, ParseError],
    [{ deny: ['10.0.0.0/33'] }, ParseError],
    [{ deny: ['fe80::%eth0/10'] }, ParseError],
    [{ allow: [''] }, ParseError],
  ];
  for (const [wrong, kind] of rows) {
    assert.throws(() => denyPrivate(wrong as DenyPrivateOptions), kind, JSON.stringify(wrong));
  }
});

test('any IPv4 address is refused in a carrier exactly if it is refused alone', options, () => {
  const byte = fc.nat(255);
  const near = fc.constantFrom(0, 10, 100, 127, 168, 169, 172, 192, 198, 203, 224, 255);
  fc.assert(
    fc.property(fc.oneof(byte, near), byte, byte, byte, (...bytes) => {
      const plain = bytes.join('.');
      const refused = notPublic(Addr.parse(plain)) !== null;
      assert.equal(verdict(`${plain}:80`) !== null, refused, plain);
      for (const prefix of ['::ffff:', '::ffff:0:', '64:ff9b::']) {
        const address = `[${prefix}${plain}]:80`;
        assert.equal(verdict(address, {}, 'tcp6') !== null, refused, address);
      }
    }),
    { numRuns: 1000 },
  );
});

test('a local socket is refused whatever it is called', options, () => {
  for (const path of ['8.8.8.8:80', '8.8.8.8', '2606:4700::1111'])
    assert.notEqual(verdict(path, {}, 'unix'), null, path);
});

test('deny holds inside IPv6 too', options, () => {
  const deny = ['8.8.8.0/24'];
  for (const address of ['[64:ff9b::808:808]:80', '[2002:808:808::]:80', '[::8.8.8.8]:80']) {
    assert.notEqual(verdict(address, { deny }), null, address);
  }
});

test('deny written as 4-in-6 holds for IPv4', options, () => {
  assert.notEqual(verdict('8.8.8.8:80', { deny: ['::ffff:8.8.8.0/120'] }), null);
});

test('options that are no object throw', options, () => {
  for (const wrong of [5, 'x', true]) assert.throws(() => denyPrivate(wrong as DenyPrivateOptions), TypeError);
});
