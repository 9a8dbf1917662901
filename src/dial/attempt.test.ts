import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Addr } from '../addr/ip.ts';
import { TCPAddr } from '../addr/tcpaddr.ts';
import { AddrError, CanceledError, ClosedError, DeadlineError, DNSError, OpError } from '../errors.ts';
import { NEVER, now } from '../poll/deadline.ts';
import { syscallError } from '../syscall/errno.ts';
import {
  EACCES,
  ECONNREFUSED,
  ECONNRESET,
  EHOSTUNREACH,
  EMFILE,
  ENETUNREACH,
  ETIMEDOUT,
} from '../syscall/zconst_linux.ts';
import { attempting, listenTo } from '../trace.ts';
import { Attempts, mostTelling } from './attempt.ts';

const options = { timeout: 10_000 };
const limits = { deadline: NEVER, signal: null };

const reasons: Readonly<Record<string, () => Error>> = {
  canceled: () => new CanceledError('enough'),
  deadline: () => new DeadlineError(),
  refused: () => syscallError('connect', -ECONNREFUSED),
  reset: () => syscallError('connect', -ECONNRESET),
  silent: () => syscallError('connect', -ETIMEDOUT),
  hook: () => new Error('not allowed'),
  addr: () => new AddrError('non-IPv4 address', '::1'),
  closed: () => new ClosedError(),
  netunreach: () => syscallError('connect', -ENETUNREACH),
  hostunreach: () => syscallError('connect', -EHOSTUNREACH),
  acces: () => syscallError('connect', -EACCES),
  emfile: () => syscallError('socket', -EMFILE),
};

/** The order in which reasons tell; those in one row are equal. */
const ranks: readonly (readonly string[])[] = [
  ['canceled'],
  ['deadline'],
  ['refused', 'reset'],
  ['silent'],
  ['hook', 'addr', 'closed'],
  ['netunreach', 'hostunreach', 'acces', 'emfile'],
];

const at = (last: number): TCPAddr => new TCPAddr(Addr.parse(`192.0.2.${last}`), 80);
const errorOf = (reason: string, last = 1): OpError =>
  new OpError({ op: 'dial', net: 'tcp', addr: at(last), cause: reasons[reason]!() });

test('of two reasons the more telling one, wherever it stands', options, () => {
  for (const [rank, row] of ranks.entries()) {
    for (const more of row) {
      for (const less of ranks.slice(rank + 1).flat()) {
        const [winner, loser] = [errorOf(more), errorOf(less)];
        assert.equal(mostTelling([winner, loser]), winner, `${more} before ${less}`);
        assert.equal(mostTelling([loser, winner]), winner, `${more} after ${less}`);
      }
    }
  }
});

test('of equals the first', options, () => {
  for (const row of ranks) {
    for (const a of row) {
      for (const b of row) {
        const first = errorOf(a);
        assert.equal(mostTelling([first, errorOf(b)]), first, `${a}, ${b}`);
      }
    }
  }
});

test('one alone is the most telling', options, () => {
  for (const reason of Object.keys(reasons)) {
    const error = errorOf(reason);
    assert.equal(mostTelling([error]), error);
  }
});

/** Attempts that have failed one after another, `refused 1, reset 2`: the reason, and the last number of the address. */
async function failed(text: string): Promise<Attempts<TCPAddr, never>> {
  const list = text.split(', ').map((each) => each.split(' '));
  const queue = list.map(([reason = '']) => reasons[reason]!());
  const attempts = new Attempts<TCPAddr, never>('tcp', now(), () => Promise.reject(queue.shift()!));
  for (const [, last] of list) {
    await attempts.try({ local: null, remote: at(Number(last)) }, limits).catch((error: unknown) => {
      assert.equal(error, attempts.errors.at(-1));
    });
  }
  return attempts;
}

const messages: readonly (readonly [list: string, code: string, message: string])[] = [
  ['refused 1', 'ECONNREFUSED', 'dial tcp 192.0.2.1:80: connect: connection refused'],
  [
    'refused 1, refused 2',
    'ECONNREFUSED',
    'dial tcp: 192.0.2.1:80: connect: connection refused; 192.0.2.2:80: connect: connection refused',
  ],
  [
    'netunreach 1, silent 2, refused 3',
    'ECONNREFUSED',
    'dial tcp: 192.0.2.1:80: connect: network is unreachable; 192.0.2.2:80: connect: connection timed out; ' +
      '192.0.2.3:80: connect: connection refused',
  ],
  [
    // Nobody says that the dial has ended: two addresses have used up their share of its time.
    'refused 1, deadline 2, deadline 3',
    'ECONNREFUSED',
    'dial tcp: 192.0.2.1:80: connect: connection refused; 192.0.2.2:80: i/o timeout; 192.0.2.3:80: i/o timeout',
  ],
  [
    'emfile 1, hook 2, canceled 3',
    'ABORT_ERR',
    'dial tcp: 192.0.2.1:80: socket: too many open files; 192.0.2.2:80: not allowed; ' +
      '192.0.2.3:80: operation was canceled',
  ],
  [
    'hostunreach 1, hook 2',
    'ERR_NET_OP',
    'dial tcp: 192.0.2.1:80: connect: no route to host; 192.0.2.2:80: not allowed',
  ],
  [
    'acces 1, addr 2',
    'ERR_NET_ADDR',
    'dial tcp: 192.0.2.1:80: connect: permission denied; 192.0.2.2:80: address ::1: non-IPv4 address',
  ],
];

for (const [list, code, message] of messages) {
  test(`the error of them all: ${list}`, options, async () => {
    const attempts = await failed(list);
    const error = attempts.error();
    assert.deepEqual([error.message, error.code, error.op, error.net], [message, code, 'dial', 'tcp']);
    const telling = mostTelling(attempts.errors, false);
    const { addr, address, port, cause, syscall, errno, timeout, temporary } = telling;
    assert.deepEqual(
      [error.addr, error.address, error.port, error.cause, error.syscall, error.errno, error.timeout, error.temporary],
      [addr, address, port, cause, syscall, errno, timeout, temporary],
    );
    if (attempts.errors.length === 1) assert.equal(error, attempts.errors[0]);
    else assert.deepEqual(error.attempts, attempts.errors);
    for (const { start, duration } of attempts.errors) assert.ok(start! >= 0 && duration! >= 0);
  });
}

test('attempts are told in the order in which they began, however they ended', options, async () => {
  const ends: ((reason: Error) => void)[] = [];
  const attempts = new Attempts<TCPAddr, never>('tcp', now(), () => new Promise((_, reject) => ends.push(reject)));
  const first = attempts.try({ local: null, remote: at(1) }, limits);
  for (const begun = now(); now() === begun;);
  const second = attempts.try({ local: null, remote: at(2) }, limits);
  ends[1]!(reasons['refused']!());
  await assert.rejects(second);
  ends[0]!(reasons['reset']!());
  await assert.rejects(first);
  const list = (errors: readonly OpError[]): string[] => errors.map(({ addr }) => String(addr));
  assert.deepEqual(list(attempts.errors), ['192.0.2.2:80', '192.0.2.1:80']);
  const error = attempts.error();
  assert.deepEqual(list(error.attempts!), ['192.0.2.1:80', '192.0.2.2:80']);
  // Of equals the first to begin.
  assert.equal(error.code, 'ECONNRESET');
  const [one, two] = error.attempts!;
  assert.ok(two!.start! > one!.start!);
  assert.ok(one!.duration! >= two!.duration!);
});

test('a local address is told with the one that was dialed from it', options, async () => {
  const attempts = new Attempts<TCPAddr, never>('tcp', now(), () => Promise.reject(reasons['refused']!()));
  await assert.rejects(attempts.try({ local: at(9), remote: at(1) }, limits), {
    message: 'dial tcp 192.0.2.9:80->192.0.2.1:80: connect: connection refused',
  });
});

/** A look-up that was ended from outside, as the dns floor tells of it. */
const ended = (cause: Error & { readonly code: string; readonly timeout: boolean }): DNSError =>
  new DNSError({ err: cause.message, hostname: 'two.test', code: cause.code, timeout: cause.timeout, cause });

for (const [what, cause, code, timeout] of [
  ['a deadline', new DeadlineError(), 'ETIMEDOUT', true],
  ['a signal', new CanceledError('enough'), 'ABORT_ERR', false],
] as const) {
  test(`${what} ended the look-up after all had failed: that is the reason, told last`, options, async () => {
    for (const list of [[1], [1, 2]]) {
      const attempts = await failed(list.map((last) => `refused ${last}`).join(', '));
      const lookup = ended(cause);
      const error = attempts.error(lookup);
      assert.equal(error.cause, lookup);
      assert.equal(lookup.cause, cause);
      assert.deepEqual([error.code, error.timeout, error.addr], [code, timeout, null]);
      assert.deepEqual(error.attempts, attempts.errors);
      const each = list.map((last) => `192.0.2.${last}:80: connect: connection refused; `).join('');
      assert.equal(error.message, `dial tcp: ${each}lookup two.test: ${cause.message}`);
    }
  });
}

test('a look-up that failed by itself is not the reason where attempts were made', options, async () => {
  const attempts = await failed('netunreach 1');
  for (const lookup of [
    undefined,
    new Error('broken'),
    new DNSError({ err: 'server misbehaving', hostname: 'two.test', code: 'ESERVFAIL' }),
  ]) {
    assert.equal(attempts.error(lookup), attempts.errors[0]);
  }
});

test('who was not tried is told, and not kept', options, () => {
  const attempts = new Attempts<TCPAddr, never>('tcp', now(), () => Promise.reject(new Error('never called')));
  const error = attempts.untried({ local: null, remote: at(1) }, new DeadlineError());
  assert.equal(error.message, 'dial tcp 192.0.2.1:80: i/o timeout');
  assert.deepEqual([error.start, error.duration, attempts.errors], [undefined, undefined, []]);
});

test('an attempt that connects leaves no error, followed or not', options, async () => {
  const attempts = new Attempts<TCPAddr, string>('tcp', now(), () => Promise.resolve('connected'));
  assert.equal(await attempts.try({ local: null, remote: at(1) }, limits), 'connected');
  const seen: string[] = [];
  const stop = listenTo(attempting, { start: ({ network, remoteAddr }) => seen.push(`${network} ${remoteAddr}`) });
  assert.equal(await attempts.try({ local: null, remote: at(2) }, limits), 'connected');
  stop();
  assert.deepEqual([seen, attempts.errors], [['tcp 192.0.2.2:80'], []]);
});
