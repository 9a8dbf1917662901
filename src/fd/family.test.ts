// Which family a socket is made in, and what an address becomes in it: Go's rules 58 to 60, on machines of every kind.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Addr } from '../addr/ip.ts';
import { TCPAddr } from '../addr/tcpaddr.ts';
import { AddrError } from '../errors.ts';
import { Sockaddr } from '../syscall/sockaddr.ts';
import { AF_INET, AF_INET6, EINVAL } from '../syscall/zconst_linux.ts';
import { chooseFamily, encode } from './family.ts';
import type { IPStack } from './probe.ts';

const options = { timeout: 5000 };

/** `null` for no address at all, the empty text for one without an IP. */
const end = (text: string | null, port = 0): TCPAddr | null =>
  text === null ? null : new TCPAddr(text === '' ? null : Addr.parse(text), port);

const DUAL: IPStack = { ipv4: true, ipv6: true, ipv4Mapped: true };
const APART: IPStack = { ipv4: true, ipv6: true, ipv4Mapped: false };
const ONLY4: IPStack = { ipv4: true, ipv6: false, ipv4Mapped: false };
const ONLY6: IPStack = { ipv4: false, ipv6: true, ipv4Mapped: false };

type Family = 4 | 6 | '6 only';

function choose(network: string, local: string | null, remote: string | null, stack: IPStack): Family {
  const mode = remote === null ? 'listen' : 'dial';
  const { family, v6Only } = chooseFamily(network, end(local), end(remote), mode, () => stack);
  if (family === AF_INET) return 4;
  return v6Only ? '6 only' : 6;
}

const WILDCARDS = [null, '', '0.0.0.0', '::', '::ffff:0.0.0.0'];

test('a listen on a wildcard: IPv6 for both, where that works', options, () => {
  for (const local of WILDCARDS) {
    assert.equal(choose('tcp', local, null, DUAL), 6, String(local));
    assert.equal(choose('tcp', local, null, ONLY6), 6, String(local));
    assert.equal(choose('tcp4', local, null, DUAL), 4, String(local));
    assert.equal(choose('tcp6', local, null, DUAL), '6 only', String(local));
  }
});

test('a listen on a wildcard: the family of the address where IPv6 cannot take IPv4', options, () => {
  const rows: [local: string | null, family: Family][] = [
    [null, 4],
    ['', 4],
    ['0.0.0.0', 4],
    ['::ffff:0.0.0.0', 4],
    ['::', 6],
  ];
  for (const [local, family] of rows) assert.equal(choose('tcp', local, null, APART), family, String(local));
  for (const local of [null, '', '0.0.0.0']) assert.equal(choose('tcp', local, null, ONLY4), 4, String(local));
});

test('a listen on one address has its family, and asks for no probe', options, () => {
  const rows: [network: string, local: string, family: Family][] = [
    ['tcp', '127.0.0.1', 4],
    ['tcp', '::ffff:127.0.0.1', 4],
    ['tcp', '::1', 6],
    ['tcp', 'fe80::1%lo', 6],
    ['tcp4', '127.0.0.1', 4],
    ['tcp6', '::1', '6 only'],
    ['udp', '127.0.0.1', 4],
    ['udp6', '::1', '6 only'],
  ];
  for (const [network, local, family] of rows) {
    const choice = chooseFamily(network, end(local), null, 'listen', () => assert.fail('a probe'));
    assert.deepEqual(
      [choice.family, choice.v6Only],
      [family === 4 ? AF_INET : AF_INET6, family === '6 only'],
      `${network} ${local}`,
    );
  }
});

test('a dial is IPv4 only if every address that was given is, and asks for no probe', options, () => {
  const rows: [network: string, local: string | null, remote: string, family: Family][] = [
    ['tcp', null, '127.0.0.1', 4],
    ['tcp', null, '', 4],
    ['tcp', null, '0.0.0.0', 4],
    ['tcp', null, '::ffff:127.0.0.1', 4],
    ['tcp', null, '::1', 6],
    ['tcp', null, '::', 6],
    ['tcp', '', '127.0.0.1', 4],
    ['tcp', '', '::1', 6],
    ['tcp', '127.0.0.1', '127.0.0.1', 4],
    ['tcp', '127.0.0.1', '::1', 6],
    ['tcp', '::', '127.0.0.1', 6],
    ['tcp', '::1', '127.0.0.1', 6],
    ['tcp', '::1', '::1', 6],
    ['tcp4', '::', '127.0.0.1', 4],
    ['tcp4', null, '::1', 4],
    ['tcp6', null, '127.0.0.1', '6 only'],
    ['tcp6', null, '::1', '6 only'],
  ];
  for (const [network, local, remote, family] of rows) {
    const choice = chooseFamily(network, end(local), end(remote), 'dial', () => assert.fail('a probe'));
    assert.deepEqual(
      [choice.family, choice.v6Only],
      [family === 4 ? AF_INET : AF_INET6, family === '6 only'],
      `${network} ${local} ${remote}`,
    );
  }
});

test('an address in an IPv4 socket', options, () => {
  const rows: [text: string, encoded: string][] = [
    ['', '0.0.0.0'],
    ['0.0.0.0', '0.0.0.0'],
    ['127.0.0.1', '127.0.0.1'],
    ['::ffff:127.0.0.1', '127.0.0.1'],
    ['::ffff:0.0.0.0', '0.0.0.0'],
  ];
  for (const [text, encoded] of rows) {
    const sa = new Sockaddr();
    assert.equal(encode(sa, end(text, 80)!, AF_INET), 16);
    assert.deepEqual([sa.family, sa.ip.toString(), sa.port], [AF_INET, encoded, 80], text);
  }
  for (const text of ['::', '::1', '2001:db8::1', 'fe80::1%lo']) {
    assert.throws(
      () => encode(new Sockaddr(), end(text, 80)!, AF_INET),
      (error) => error instanceof AddrError && error.message === `address ${text}: non-IPv4 address`,
      text,
    );
  }
});

test('an address in an IPv6 socket', options, () => {
  const rows: [text: string, encoded: string][] = [
    ['', '::'],
    ['0.0.0.0', '::'],
    ['::', '::'],
    ['::ffff:0.0.0.0', '::'],
    ['127.0.0.1', '::ffff:127.0.0.1'],
    ['::ffff:127.0.0.1', '::ffff:127.0.0.1'],
    ['::1', '::1'],
    ['fe80::1%lo', 'fe80::1%lo'],
    ['::%lo', '::%lo'],
  ];
  for (const [text, encoded] of rows) {
    const sa = new Sockaddr();
    assert.equal(encode(sa, end(text, 80)!, AF_INET6), 28);
    assert.deepEqual([sa.family, sa.ip.toString(), sa.port], [AF_INET6, encoded, 80], text);
  }
});

test('a port that is none is EINVAL in both (Go’s rule 55)', options, () => {
  for (const port of [-1, 65_536]) {
    assert.equal(encode(new Sockaddr(), end('127.0.0.1', port)!, AF_INET), -EINVAL);
    assert.equal(encode(new Sockaddr(), end('::1', port)!, AF_INET6), -EINVAL);
    assert.equal(encode(new Sockaddr(), end('', port)!, AF_INET6), -EINVAL);
  }
});
