import assert from 'node:assert/strict';
import { test } from 'node:test';

import { rawListener } from '../../test/fuzz/rawpair.ts';
import { Addr } from '../addr/ip.ts';
import { IPAddr } from '../addr/ipaddr.ts';
import { TCPAddr } from '../addr/tcpaddr.ts';
import { UDPAddr } from '../addr/udpaddr.ts';
import { UnixAddr } from '../addr/unixaddr.ts';
import { toPlan } from '../conn/tcp.ts';
import { AddrError, CanceledError, DeadlineError, OpError } from '../errors.ts';
import { NEVER, fromNow } from '../poll/deadline.ts';
import { sys } from '../syscall/sys.ts';
import { dialSerial, pair, partialDeadline, type Candidate } from './serial.ts';

const options = { timeout: 10_000 };
const tcp = (text: string, port = 80): TCPAddr => new TCPAddr(text === '' ? null : Addr.parse(text), port);

test('a share of the time for each address, but 2 s if so much is left (Go’s rule 28)', options, () => {
  const time = 1_000_000;
  const rows: [left: number | null, addresses: number, share: number | null][] = [
    [12_000, 1, 12_000],
    [12_000, 2, 6000],
    [12_000, 3, 4000],
    [12_000, 999, 2000],
    [1900, 999, 1900],
    [1900, 1, 1900],
    [2000, 2, 2000],
    [4000, 2, 2000],
    [4002, 2, 2001],
    [1, 1, 1],
    [null, 1, null],
    [null, 999, null],
  ];
  for (const [left, addresses, share] of rows) {
    assert.equal(
      partialDeadline(time, left === null ? NEVER : time + left, addresses),
      share === null ? NEVER : time + share,
      `${left} ms for ${addresses}`,
    );
  }
});

test('without local addresses every remote one is dialed from anywhere', options, () => {
  const remotes = [tcp('127.0.0.1'), tcp('::1'), tcp('')];
  assert.deepEqual(
    pair(remotes, []),
    remotes.map((remote) => ({ local: null, remote })),
  );
});

const shown = (pairs: Candidate[]): string => pairs.map(({ local, remote }) => `${local?.ip} ${remote.ip}`).join(', ');

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

test('no remote that fits: an AddrError that names the local address', options, () => {
  for (const [remote, local] of [
    ['127.0.0.1', '::1'],
    ['::1', '127.0.0.1'],
    ['::1', '::ffff:127.0.0.1'],
  ] as const) {
    assert.throws(
      () => pair([tcp(remote)], [tcp(local, 0)]),
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
      () => pair([tcp('127.0.0.1')], [local]),
      (error) => error instanceof AddrError && error.message === `address ${local}: mismatched local address type`,
      String(local),
    );
  }
  assert.throws(() => pair([tcp('127.0.0.1')], [tcp('127.0.0.2'), strangers[0]!]), AddrError);
});

const plan = toPlan({});
const limits = { deadline: NEVER, signal: null };

async function failure(candidates: Candidate[], own = limits as Parameters<typeof dialSerial>[3]): Promise<OpError> {
  const error: unknown = await dialSerial('tcp', candidates, plan, own).then(
    (conn) => assert.fail(`connected to ${conn.remoteAddr}`),
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof OpError);
  return error;
}

/** Candidates that cannot connect: their port is out of range, which connect says at once. */
const hopeless = (n: number): Candidate[] =>
  Array.from({ length: n }, (_, i) => ({ local: null, remote: tcp(`127.0.0.${i + 1}`, 65_536) }));

test('the first that connects wins, and nobody hears of those before it', options, async () => {
  const { fd, port } = rawListener();
  const conn = await dialSerial('tcp', [...hopeless(2), { local: null, remote: tcp('127.0.0.1', port) }], plan, limits);
  assert.equal(conn.remoteAddr.port, port);
  conn.close();
  sys.close(fd);
});

test('all failed: the first error, and every attempt', options, async () => {
  const error = await failure(hopeless(3));
  assert.equal(error.attempts?.length, 3);
  assert.equal(error.cause, error.attempts[0]?.cause);
  assert.equal(
    error.message,
    'dial tcp: 127.0.0.1:65536: connect: invalid argument; 127.0.0.2:65536: connect: invalid argument; ' +
      '127.0.0.3:65536: connect: invalid argument',
  );
  assert.deepEqual([error.address, error.port, error.code, error.syscall], ['127.0.0.1', 65_536, 'EINVAL', 'connect']);
  assert.equal(error.attempts[1]?.message, 'dial tcp 127.0.0.2:65536: connect: invalid argument');
});

test('one failed: its error, without attempts', options, async () => {
  const error = await failure(hopeless(1));
  assert.deepEqual([error.attempts, error.message], [undefined, 'dial tcp 127.0.0.1:65536: connect: invalid argument']);
});

test('a deadline that has passed before the first try is its error', options, async () => {
  const error = await failure(hopeless(2), { deadline: fromNow(-1), signal: null });
  assert.ok(error.cause instanceof DeadlineError && error.timeout);
  assert.equal(error.message, 'dial tcp 127.0.0.1:65536: i/o timeout');
});

test('a signal that was aborted before is the error of the first address (Go’s rule 29)', options, async () => {
  const error = await failure(hopeless(2), { deadline: NEVER, signal: AbortSignal.abort('enough') });
  assert.ok(error.cause instanceof CanceledError);
  assert.equal(error.cause.cause, 'enough');
  assert.equal(error.message, 'dial tcp 127.0.0.1:65536: operation was canceled');
});
