// The look-up with getaddrinfo(3) played by the test: what is asked, what becomes of the answer, and what ends the wait for it.

import assert from 'node:assert/strict';
import dns, { type LookupAddress } from 'node:dns';
import { getEventListeners } from 'node:events';
import { syncBuiltinESMExports } from 'node:module';
import { afterEach, beforeEach, describe, test } from 'node:test';

import { CanceledError, DNSError, DeadlineError } from '../errors.ts';
import { NEVER, fromNow } from '../poll/deadline.ts';
import { lookupIP } from './lookup.ts';

const options = { timeout: 10_000 };
const limits = { deadline: NEVER, signal: null };
const real = dns.lookup;

type Answer = (error: NodeJS.ErrnoException | null, found: LookupAddress[]) => void;
interface Question {
  readonly name: string;
  readonly options: unknown;
  readonly answer: Answer;
}

let questions: Question[];

function replaceLookup(lookup: unknown): void {
  (dns as { lookup: unknown }).lookup = lookup;
  syncBuiltinESMExports();
}

const found = (...addresses: string[]): LookupAddress[] =>
  addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));

async function rejected(promise: Promise<unknown>): Promise<DNSError> {
  const error = await promise.then(
    () => assert.fail('resolved'),
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof DNSError, String(error));
  return error;
}

describe('with an answer of our own', () => {
  beforeEach(() => {
    questions = [];
    replaceLookup((name: string, options: unknown, answer: Answer) => questions.push({ name, options, answer }));
  });
  afterEach(() => replaceLookup(real));

  test('asks once, for all addresses, in the system’s order', options, async () => {
    const promise = lookupIP('example.com', limits);
    assert.equal(questions.length, 1);
    assert.deepEqual([questions[0]!.name, questions[0]!.options], ['example.com', { all: true, verbatim: true }]);
    questions[0]!.answer(null, found('2001:db8::1', '192.0.2.1', 'fe80::1%lo', '2001:db8::1'));
    assert.deepEqual((await promise).map(String), ['2001:db8::1', '192.0.2.1', 'fe80::1%lo', '2001:db8::1']);
  });

  test('an answer without an address is no such host', options, async () => {
    const promise = lookupIP('example.com', limits);
    questions[0]!.answer(null, []);
    const { message, notFound, code } = await rejected(promise);
    assert.deepEqual([message, notFound, code], ['lookup example.com: no such host', true, 'ENOTFOUND']);
  });

  const codes: [code: string, err: string, notFound: boolean, temporary: boolean, own: string][] = [
    ['ENOTFOUND', 'no such host', true, false, 'ENOTFOUND'],
    ['ENODATA', 'no such host', true, false, 'ENOTFOUND'],
    ['EAI_NODATA', 'no such host', true, false, 'ENOTFOUND'],
    ['EAI_AGAIN', 'server misbehaving', false, true, 'EAI_AGAIN'],
    ['EAI_FAIL', 'getaddrinfo says so', false, false, 'EAI_FAIL'],
    ['ENOMEM', 'getaddrinfo says so', false, false, 'ENOMEM'],
  ];
  for (const [code, err, notFound, temporary, own] of codes) {
    test(`${code} is "${err}"`, options, async () => {
      const promise = lookupIP('example.com', limits);
      questions[0]!.answer(Object.assign(new Error('getaddrinfo says so'), { code }), []);
      const error = await rejected(promise);
      assert.equal(error.message, `lookup example.com: ${err}`);
      assert.deepEqual(
        [error.err, error.hostname, error.notFound, error.temporary, error.timeout, error.code],
        [err, 'example.com', notFound, temporary, false, own],
      );
    });
  }

  test('a text that can be no name is never asked for (Go’s rules 18 and 171)', options, async () => {
    const names = [
      ['', '127.1', '010.0.0.1', '1', '2130706433', '1.2.3.4.5', '256.1.1.1', '127.0.0.1%lo', '[::1]', '::g', 'a b'],
      ['a..b', '.a', '-a', 'a-', 'mh/astro/r70', 'a\0b', 'ä', 'x'.repeat(64), `${'a.'.repeat(127)}b`, '☺'],
    ].flat();
    for (const name of names) {
      const error = await rejected(lookupIP(name, limits));
      assert.deepEqual([error.message, error.notFound], [`lookup ${name}: no such host`, true]);
    }
    assert.deepEqual(questions, []);
  });

  test('a signal that was aborted before: nothing is asked', options, async () => {
    const error = await rejected(lookupIP('example.com', { deadline: NEVER, signal: AbortSignal.abort('enough') }));
    assert.ok(error.cause instanceof CanceledError);
    assert.equal(error.cause.cause, 'enough');
    assert.deepEqual(
      [error.message, error.code, error.timeout],
      ['lookup example.com: operation was canceled', 'ABORT_ERR', false],
    );
    assert.deepEqual(questions, []);
  });

  test('a signal ends the wait; the answer that comes later is nobody’s', options, async () => {
    const controller = new AbortController();
    const { signal } = controller;
    const promise = lookupIP('example.com', { deadline: NEVER, signal });
    assert.equal(getEventListeners(signal, 'abort').length, 1);
    controller.abort();
    const error = await rejected(promise);
    assert.ok(error.cause instanceof CanceledError);
    questions[0]!.answer(null, found('192.0.2.1'));
    assert.equal(getEventListeners(signal, 'abort').length, 0);
  });

  test('a deadline ends the wait, and says that it was one', options, async () => {
    const timer = setInterval(() => undefined, 1000);
    const error = await rejected(lookupIP('example.com', { deadline: fromNow(5), signal: null }));
    clearInterval(timer);
    assert.ok(error.cause instanceof DeadlineError);
    assert.deepEqual(
      [error.message, error.code, error.timeout, error.temporary],
      ['lookup example.com: i/o timeout', 'ETIMEDOUT', true, true],
    );
    questions[0]!.answer(new Error('too late'), []);
  });

  test('an answer leaves no listener on the signal and no deadline', options, async () => {
    const { signal } = new AbortController();
    const promise = lookupIP('example.com', { deadline: fromNow(3_600_000), signal });
    questions[0]!.answer(null, found('192.0.2.1'));
    await promise;
    assert.equal(getEventListeners(signal, 'abort').length, 0);
  });
});

test('localhost is this machine', options, async () => {
  const addresses = (await lookupIP('localhost', limits)).map(String);
  assert.ok(addresses.length > 0);
  for (const address of addresses) assert.match(address, /^(?:127\.0\.0\.1|::1)$/);
});

test('numbers that getaddrinfo would take for an address are none (Go’s rule 18)', options, async () => {
  for (const name of ['0x7f.1', '0x7f000001', '0x7f.0.0.1', '127.0.0x1', '0X7F.1', '0x7f.1.']) {
    await assert.rejects(lookupIP(name, { deadline: fromNow(5000), signal: null }), DNSError, name);
  }
});
