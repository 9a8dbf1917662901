import assert from 'node:assert/strict';
import { test } from 'node:test';

import { rawListener } from '../../test/fuzz/rawpair.ts';
import { Addr } from '../addr/ip.ts';
import { TCPAddr } from '../addr/tcpaddr.ts';
import { toDialPlan } from '../conn/plan.ts';
import { doDialTCP } from '../conn/tcp.ts';
import type { TCPConn } from '../conn/tcpconn.ts';
import { CanceledError, DeadlineError, OpError } from '../errors.ts';
import type { Limits } from '../fd/op.ts';
import { NEVER, fromNow, now } from '../poll/deadline.ts';
import { sys } from '../syscall/sys.ts';
import { Attempts } from './attempt.ts';
import type { Candidate } from './candidate.ts';
import { dialSerial, partialDeadline } from './serial.ts';

const options = { timeout: 10_000 };
const tcp = (text: string, port: number): TCPAddr => new TCPAddr(Addr.parse(text), port);

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

const plan = toDialPlan({});
const limits = { deadline: NEVER, signal: null };

const attempts = (): Attempts<TCPAddr, TCPConn> =>
  new Attempts('tcp', now(), (local, remote, own) => doDialTCP('tcp', local, remote, plan, own));

async function failure(candidates: Candidate<TCPAddr>[], own: Limits = limits): Promise<OpError> {
  const error: unknown = await dialSerial(candidates, attempts(), own).then(
    (conn) => assert.fail(`connected to ${conn.remoteAddr}`),
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof OpError);
  return error;
}

/** Candidates that cannot connect: their port is out of range, which connect says at once. */
const hopeless = (n: number): Candidate<TCPAddr>[] =>
  Array.from({ length: n }, (_, i) => ({ local: null, remote: tcp(`127.0.0.${i + 1}`, 65_536) }));

test('the first that connects wins, and nobody hears of those before it', options, async () => {
  const { fd, port } = rawListener();
  const conn = await dialSerial([...hopeless(2), { local: null, remote: tcp('127.0.0.1', port) }], attempts(), limits);
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
  for (const { start, duration } of error.attempts) assert.ok(start! >= 0 && duration! >= 0);
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
