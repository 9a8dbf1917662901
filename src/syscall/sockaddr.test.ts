import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Addr } from '../addr/ip.ts';
import { Sockaddr } from './sockaddr.ts';
import { sys } from './sys.ts';
import { AF_INET, AF_INET6, AF_UNIX, AF_VSOCK, EINVAL, SOCK_CLOEXEC, SOCK_DGRAM, SOCK_STREAM } from './zconst_linux.ts';

const bytes4 = (text: string): Uint8Array => Uint8Array.from(Addr.parse(text).as4());
const bytes16 = (text: string): Uint8Array => Uint8Array.from(Addr.parse(text).as16());

test('IPv4: address and port come back', { timeout: 5000 }, () => {
  const sa = new Sockaddr();
  for (const text of ['0.0.0.0', '127.0.0.1', '192.0.2.1', '255.255.255.255']) {
    for (const port of [0, 1, 80, 255, 256, 65_535]) {
      assert.equal(sa.setInet4(bytes4(text), port), 16);
      assert.equal(sa.len[0], 16);
      assert.deepEqual([sa.family, sa.ip.toString(), sa.port], [AF_INET, text, port]);
    }
  }
});

test('IPv6: address, port and zone come back', { timeout: 5000 }, () => {
  const sa = new Sockaddr();
  for (const text of ['::', '::1', '2001:db8::1', '::ffff:192.0.2.1', 'fe80::1%lo', 'fe80::1%4000000', 'ff02::1%lo']) {
    const ip = Addr.parse(text);
    for (const port of [0, 443, 65_535]) {
      assert.equal(sa.setInet6(bytes16(text), port, ip.zone), 28);
      assert.deepEqual([sa.family, sa.ip.toString(), sa.port], [AF_INET6, ip.toString(), port]);
    }
  }
});

test('a shorter address leaves nothing of a longer one behind', { timeout: 5000 }, () => {
  const sa = new Sockaddr();
  sa.setInet6(bytes16('ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff%9'), 65_535, '9');
  sa.setInet4(bytes4('1.2.3.4'), 5);
  assert.deepEqual([...sa.bytes.subarray(0, 16)], [2, 0, 0, 5, 1, 2, 3, 4, 0, 0, 0, 0, 0, 0, 0, 0]);
  sa.setInet6(bytes16('::1'), 5, '');
  assert.deepEqual([...sa.bytes.subarray(4, 23)], Array(19).fill(0));
  assert.equal(sa.ip.toString(), '::1');
});

test('what is decoded stays what it was when the buffer is used again', { timeout: 5000 }, () => {
  const sa = new Sockaddr();
  sa.setInet4(bytes4('192.0.2.1'), 1);
  const first = sa.ip;
  sa.setInet4(bytes4('192.0.2.2'), 2);
  const second = sa.ip;
  sa.setInet6(bytes16('::ffff:192.0.2.2'), 2, '');
  const third = sa.ip;
  sa.setInet6(bytes16('::ffff:192.0.2.2'), 2, 'lo');
  const fourth = sa.ip;
  sa.setInet6(bytes16('::ffff:192.0.2.2'), 2, '');
  assert.deepEqual([first, second, third, fourth, sa.ip].map(String), [
    '192.0.2.1',
    '192.0.2.2',
    '::ffff:192.0.2.2',
    '::ffff:192.0.2.2%lo',
    '::ffff:192.0.2.2',
  ]);
});

test('a port that is none, and an address of another size, are EINVAL', { timeout: 5000 }, () => {
  const sa = new Sockaddr();
  for (const port of [-1, 65_536, 2 ** 32, NaN, Infinity]) {
    assert.equal(sa.setInet4(bytes4('127.0.0.1'), port), -EINVAL, `IPv4 ${port}`);
    assert.equal(sa.setInet6(bytes16('::1'), port, ''), -EINVAL, `IPv6 ${port}`);
  }
  assert.equal(sa.setInet4(bytes16('::1'), 80), -EINVAL);
  assert.equal(sa.setInet6(bytes4('127.0.0.1'), 80, ''), -EINVAL);
});

test('unix: names, lengths and what comes back (Go’s rules 135 and 136)', { timeout: 5000 }, () => {
  const rows: [name: string, length: number, back: string][] = [
    ['', 2, '@'],
    ['/run/a.sock', 14, '/run/a.sock'],
    ['a', 4, 'a'],
    ['@', 3, '@'],
    ['@abc', 6, '@abc'],
    ['\0abc', 6, '@abc'],
    ['@a\0b', 6, '@a\0b'],
    ['/ü', 6, '/ü'],
    ['x'.repeat(107), 110, 'x'.repeat(107)],
    [`@${'x'.repeat(107)}`, 110, `@${'x'.repeat(107)}`],
    [`/${'ü'.repeat(53)}`, 110, `/${'ü'.repeat(53)}`],
  ];
  const sa = new Sockaddr();
  for (const [name, length, back] of rows) {
    assert.equal(sa.setUnix(name), length, name);
    assert.deepEqual([sa.family, sa.name, sa.len[0]], [AF_UNIX, back, length], name);
  }
});

test('unix: a name that does not fit, or that C would cut, is EINVAL', { timeout: 5000 }, () => {
  const sa = new Sockaddr();
  const names = ['x'.repeat(108), `@${'x'.repeat(108)}`, 'x'.repeat(5000), `/${'ü'.repeat(54)}`, '/a\0b'];
  for (const name of names) assert.equal(sa.setUnix(name), -EINVAL, name);
});

test('unix: the kernel agrees, for a path without a final NUL and for an abstract name', { timeout: 5000 }, () => {
  for (const name of [`@gonet-${process.pid}`, `@gonet-${process.pid}-${'x'.repeat(80)}`]) {
    const fd = sys.socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const sa = new Sockaddr();
    try {
      assert.equal(sys.bind(fd, sa.bytes, sa.setUnix(name)), 0);
      assert.equal(sys.getsockname(fd, sa.bytes, sa.clear().len), 0);
      assert.equal(sa.name, name);
    } finally {
      sys.close(fd);
    }
  }
});

test('an empty answer has no family and no address', { timeout: 5000 }, () => {
  const sa = new Sockaddr();
  assert.equal(sa.clear().len[0], 128);
  assert.equal(sa.family, 0);
  sa.setInet4(bytes4('127.0.0.1'), 80);
  sa.clear().len[0] = 0;
  assert.deepEqual([sa.family, sa.ip.isValid()], [0, false]);
});

test(
  'nobody is named: no address, or a sockaddr_un that is the family alone (Go’s rules 136 and 137)',
  { timeout: 5000 },
  () => {
    const sa = new Sockaddr();
    const rows: [set: () => unknown, unnamed: boolean, family: number][] = [
      [() => (sa.clear().len[0] = 0), true, 0],
      [() => (sa.len[0] = 1), true, 0],
      [() => sa.setUnix(''), true, AF_UNIX],
      [() => sa.setUnix('@'), false, AF_UNIX],
      [() => sa.setUnix('a'), false, AF_UNIX],
      [() => sa.setInet4(bytes4('0.0.0.0'), 0), false, AF_INET],
      [() => sa.setVsock(0, 0), false, AF_VSOCK],
    ];
    for (const [set, unnamed, family] of rows) {
      set();
      assert.deepEqual([sa.unnamed, sa.family], [unnamed, family]);
    }
    // What was there before does not show through an empty answer.
    sa.setUnix('/run/a.sock');
    sa.len[0] = 0;
    assert.deepEqual([sa.unnamed, sa.family, sa.name], [true, 0, '@']);
  },
);

test('unix: a socket without a name is the family alone', { timeout: 5000 }, () => {
  const fd = sys.socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  const sa = new Sockaddr();
  assert.equal(sys.getsockname(fd, sa.bytes, sa.clear().len), 0);
  assert.deepEqual([sa.len[0], sa.unnamed, sa.name], [2, true, '@']);
  sys.close(fd);
});

test('vsock: context id and port come back, 32 bits each', { timeout: 5000 }, () => {
  const sa = new Sockaddr();
  sa.setInet6(bytes16('ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff'), 65_535, '9');
  for (const cid of [0, 1, 2, 3, 2 ** 31, 2 ** 32 - 1]) {
    for (const port of [0, 22, 65_536, 2 ** 31, 2 ** 32 - 1]) {
      assert.equal(sa.setVsock(cid, port), 16);
      assert.deepEqual([sa.family, sa.cid, sa.vsockPort, sa.len[0]], [AF_VSOCK, cid, port, 16]);
      assert.deepEqual([sa.ip.isValid(), [...sa.bytes.subarray(12, 16)]], [false, [0, 0, 0, 0]]);
    }
  }
  for (const n of [-1, 2 ** 32, 0.5, NaN, Infinity]) {
    assert.deepEqual([sa.setVsock(n, 1), sa.setVsock(1, n)], [-EINVAL, -EINVAL], String(n));
  }
});

test('vsock: the kernel agrees', { timeout: 5000 }, (t) => {
  const fd = sys.socket(AF_VSOCK, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return t.skip('needs AF_VSOCK');
  const sa = new Sockaddr();
  // VMADDR_CID_ANY, and a port of the kernel's choice: VMADDR_PORT_ANY.
  const n = sys.bind(fd, sa.bytes, sa.setVsock(2 ** 32 - 1, 2 ** 32 - 1));
  try {
    assert.equal(n, 0);
    assert.equal(sys.getsockname(fd, sa.bytes, sa.clear().len), 0);
    assert.deepEqual([sa.family, sa.cid, sa.len[0], sa.unnamed], [AF_VSOCK, 2 ** 32 - 1, 16, false]);
    assert.ok(sa.vsockPort > 0 && sa.vsockPort < 2 ** 32 - 1);
  } finally {
    sys.close(fd);
  }
});
