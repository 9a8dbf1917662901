import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Addr } from '../addr/ip.ts';
import { IPAddr } from '../addr/ipaddr.ts';
import { TCPAddr } from '../addr/tcpaddr.ts';
import { UDPAddr } from '../addr/udpaddr.ts';
import { UnixAddr } from '../addr/unixaddr.ts';
import { AddrError } from '../errors.ts';
import { type Candidate, pair, toLocals, wantAny } from './candidate.ts';

const options = { timeout: 10_000 };
const tcp = (text: string, port = 80): TCPAddr => new TCPAddr(text === '' ? null : Addr.parse(text), port);

test('without local addresses every remote one is dialed from anywhere', options, () => {
  const remotes = [tcp('127.0.0.1'), tcp('::1'), tcp('')];
  assert.deepEqual(
    pair(remotes, []).map(({ local, remote, family }) => [local, remote, family]),
    remotes.map((remote, i) => [null, remote, i === 1 ? 'IPv6' : 'IPv4']),
  );
});

const shown = (pairs: Candidate<TCPAddr>[]): string =>
  pairs.map(({ local, remote }) => `${local?.ip} ${remote.ip}`).join(', ');

test('a remote goes with a local of its family, or if either is a wildcard (Go’s rule 25)', options, () => {
  const rows: [remotes: string[], locals: string[], pairs: string][] = [
    [['127.0.0.1'], ['127.0.0.2'], '127.0.0.2 127.0.0.1'],
    [['127.0.0.1', '::1'], ['127.0.0.2'], '127.0.0.2 127.0.0.1'],
    [['127.0.0.1', '::1'], ['::2'], '::2 ::1'],
    [['127.0.0.1', '::1'], ['127.0.0.2', '::2'], '127.0.0.2 127.0.0.1, ::2 ::1'],
    [['127.0.0.1', '::1'], ['::2', '127.0.0.2'], '127.0.0.2 127.0.0.1, ::2 ::1'],
    [['127.0.0.1', '::1'], ['0.0.0.0'], '0.0.0.0 127.0.0.1, 0.0.0.0 ::1'],
    [['127.0.0.1', '::1'], ['::'], ':: 127.0.0.1, :: ::1'],
    [['::', '0.0.0.0'], ['127.0.0.2'], '127.0.0.2 ::, 127.0.0.2 0.0.0.0'],
    [['::ffff:127.0.0.1'], ['127.0.0.2'], '127.0.0.2 ::ffff:127.0.0.1'],
    [['127.0.0.1'], ['::ffff:127.0.0.2'], '::ffff:127.0.0.2 127.0.0.1'],
    [['127.0.0.1'], ['127.0.0.2', '127.0.0.3'], '127.0.0.2 127.0.0.1'],
  ];
  for (const [remotes, locals, pairs] of rows) {
    assert.equal(
      shown(
        pair(
          remotes.map((text) => tcp(text)),
          locals.map((text) => tcp(text)),
        ),
      ),
      pairs,
      `${remotes.join()} from ${locals.join()}`,
    );
  }
  assert.equal(pair([tcp('127.0.0.1')], [tcp('')]).length, 1);
});

test('no remote that fits: none is left, and an AddrError that names the local address', options, () => {
  for (const [remote, local] of [
    ['127.0.0.1', '::1'],
    ['::1', '127.0.0.1'],
    ['::1', '::ffff:127.0.0.1'],
  ] as const) {
    assert.throws(
      () => wantAny(pair([tcp(remote)], [tcp(local, 0)]), [tcp(local, 0)], 'host'),
      (error) => error instanceof AddrError && error.message === `address ${tcp(local, 0)}: no suitable address found`,
    );
  }
});

test('a local address of another network is refused (Go’s rule 26)', options, () => {
  const strangers = [
    new UDPAddr(Addr.parse('127.0.0.1'), 0),
    new IPAddr(Addr.parse('127.0.0.1')),
    new UnixAddr('/a', 'unix'),
    { network: 'tcp', toString: () => '127.0.0.1:0' },
  ];
  for (const local of strangers) {
    assert.throws(
      () => toLocals(TCPAddr, [local]),
      (error) => error instanceof AddrError && error.message === `address ${local}: mismatched local address type`,
      String(local),
    );
  }
  assert.throws(() => toLocals(TCPAddr, [tcp('127.0.0.2'), strangers[0]!]), AddrError);
});
