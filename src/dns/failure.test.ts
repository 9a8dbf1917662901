// How a failure is told: c-ares's codes, the C library's, and the caller's limits.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { CanceledError, DNSError, DeadlineError } from '../errors.ts';
import { limitError, noSuchHost, renamed, serverError, systemError } from './failure.ts';

const nodeError = (code: string): NodeJS.ErrnoException => Object.assign(new Error('as it says'), { code });
const flagsOf = (error: DNSError): string =>
  (['notFound', 'timeout', 'temporary'] as const).filter((flag) => error[flag]).join(' ');

for (const [code, err, flags, own] of [
  ['ENOTFOUND', 'no such host', 'notFound', 'ENOTFOUND'],
  ['ENODATA', 'no such host', 'notFound', 'ENODATA'],
  ['EBADNAME', 'no such host', 'notFound', 'ENOTFOUND'],
  ['ESERVFAIL', 'server misbehaving', 'temporary', 'ESERVFAIL'],
  ['EREFUSED', 'server misbehaving', '', 'EREFUSED'],
  ['ENOTIMP', 'server misbehaving', '', 'ENOTIMP'],
  ['EFORMERR', 'server misbehaving', '', 'EFORMERR'],
  ['EBADRESP', 'server misbehaving', '', 'EBADRESP'],
  ['ETIMEOUT', 'i/o timeout', 'timeout temporary', 'ETIMEOUT'],
  ['ECONNREFUSED', 'connection refused', 'temporary', 'ECONNREFUSED'],
  ['EFILE', 'as it says', '', 'EFILE'],
] as const) {
  test(`c-ares says ${code}`, () => {
    const error = serverError('a.test', '192.0.2.1:53', nodeError(code));
    assert.equal(error.message, `lookup a.test on 192.0.2.1:53: ${err}`);
    assert.deepEqual([error.err, flagsOf(error), error.code, error.server], [err, flags, own, '192.0.2.1:53']);
  });
}

for (const [code, err, flags, own] of [
  ['ENOTFOUND', 'no such host', 'notFound', 'ENOTFOUND'],
  ['ENODATA', 'no such host', 'notFound', 'ENOTFOUND'],
  ['EAI_NODATA', 'no such host', 'notFound', 'ENOTFOUND'],
  ['EAI_AGAIN', 'server misbehaving', 'temporary', 'EAI_AGAIN'],
  ['EAI_FAIL', 'as it says', '', 'EAI_FAIL'],
] as const) {
  test(`the C library says ${code}`, () => {
    const error = systemError('a.test', nodeError(code));
    assert.equal(error.message, `lookup a.test: ${err}`);
    assert.deepEqual([flagsOf(error), error.code], [flags, own]);
  });
}

test('a limit is the cause, and any other error passes', () => {
  const deadline = new DeadlineError();
  const error = limitError('a.test', deadline);
  assert.ok(error instanceof DNSError);
  assert.deepEqual([error.cause, error.code, flagsOf(error)], [deadline, 'ETIMEDOUT', 'timeout temporary']);
  const canceled = limitError('a.test', new CanceledError('enough'));
  assert.ok(canceled instanceof DNSError && canceled.cause instanceof CanceledError && canceled.code === 'ABORT_ERR');
  for (const other of [new TypeError('bug'), noSuchHost('a.test')]) assert.equal(limitError('a.test', other), other);
});

test('under another name an error says the same', () => {
  const error = serverError('a.b.test.', '192.0.2.1:53', nodeError('ETIMEOUT'));
  assert.equal(renamed(error, 'a').message, 'lookup a on 192.0.2.1:53: i/o timeout');
  assert.equal(flagsOf(renamed(error, 'a')), flagsOf(error));
  assert.equal(renamed(error, 'a.b.test.'), error);
});
