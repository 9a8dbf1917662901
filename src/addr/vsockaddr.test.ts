import assert from 'node:assert/strict';
import { test } from 'node:test';

import { AddrError } from '../errors.ts';
import type { Addr } from './addr.ts';
import { parseVsockAddr, VsockAddr } from './vsockaddr.ts';

const options = { timeout: 5000 };

test('VsockAddr prints as cid:port', options, () => {
  const addr: Addr = new VsockAddr(2, 1024);
  assert.deepEqual([addr.network, addr.toString()], ['vsock', '2:1024']);
  assert.equal(new VsockAddr(0xffffffff, 0xffffffff).toString(), '4294967295:4294967295');
  assert.ok(new VsockAddr(1, 2).equals(new VsockAddr(1, 2)));
  assert.ok(!new VsockAddr(1, 2).equals(new VsockAddr(1, 3)) && !new VsockAddr(1, 2).equals(new VsockAddr(3, 2)));
});

test('VsockAddr takes 32-bit numbers only', options, () => {
  for (const wrong of [-1, 1.5, Number.NaN, 2 ** 32, '1', null, undefined]) {
    assert.throws(() => new VsockAddr(wrong as number, 1), TypeError);
    assert.throws(() => new VsockAddr(1, wrong as number), TypeError);
  }
  assert.ok(Object.is(new VsockAddr(-0, -0).port, 0));
});

const TEXTS: readonly [text: string, cid: number, port: number][] = [
  ['2:1024', 2, 1024],
  ['host:1024', 2, 1024],
  ['local:0', 1, 0],
  ['hypervisor:1', 0, 1],
  ['any:7', 0xffffffff, 7],
  [':80', 1, 80],
  ['4294967295:4294967295', 0xffffffff, 0xffffffff],
];

for (const [text, cid, port] of TEXTS) {
  test(`"${text}" is context ${cid}, port ${port}`, options, () => {
    const addr = parseVsockAddr(text, 'local');
    assert.deepEqual([addr.cid, addr.port], [cid, port]);
  });
}

test('an empty cid is any where that is asked for', options, () => {
  assert.equal(parseVsockAddr(':80', 'any').cid, 0xffffffff);
});

const WRONG: readonly [text: string, message: string][] = [
  ['2', 'address 2: missing port in address'],
  ['2:', 'invalid port'],
  ['2:http', 'address http: invalid port'],
  ['2:-1', 'address -1: invalid port'],
  ['2:4294967296', 'address 4294967296: invalid port'],
  ['4294967296:1', 'address 4294967296: invalid context id'],
  ['Host:1', 'address Host: invalid context id'],
  ['0x2:1', 'address 0x2: invalid context id'],
];

for (const [text, message] of WRONG) {
  test(`"${text}" is no address: ${message}`, options, () => {
    assert.throws(
      () => parseVsockAddr(text, 'any'),
      (error) => error instanceof AddrError && error.message === message,
    );
  });
}
