// The form of every error of the package, for tests that walk its failures: OpError, one other, a number; what code looks at
// lifted to the top; Go's text. (What Go's own tests do with parseDialError and its like.)

import assert from 'node:assert/strict';

import * as gonet from 'gonet';

/** The second level: the class's own name, `name`, and its code where it is always the same. */
const SECOND: Record<string, { name: string; code?: string }> = {
  SyscallError: { name: 'SyscallError' },
  ClosedError: { name: 'ClosedError', code: 'ERR_NET_CLOSED' },
  DeadlineError: { name: 'DeadlineError', code: 'ETIMEDOUT' },
  CanceledError: { name: 'AbortError', code: 'ABORT_ERR' },
  AddrError: { name: 'AddrError', code: 'ERR_NET_ADDR' },
  DNSError: { name: 'DNSError' },
  UnknownNetworkError: { name: 'UnknownNetworkError', code: 'ERR_NET_UNKNOWN_NETWORK' },
};

/** Checks the form of an error: what every one of them must be. */
export function checkForm(error: unknown): asserts error is gonet.OpError {
  assert.ok(error instanceof gonet.OpError, String(error));
  const { cause, message } = error;
  assert.equal(error.name, 'OpError');
  assert.match(error.op, /^[a-z-]+$/);
  assert.ok(message.startsWith(error.net === '' ? error.op : `${error.op} ${error.net}`), message);
  assert.ok(message.endsWith(cause.message), message);
  const kind = SECOND[cause.constructor.name];
  assert.ok(kind !== undefined, `${cause.constructor.name} under ${message}`);
  assert.equal(cause.name, kind.name);
  const { code, errno, syscall, timeout, temporary } = cause as gonet.SyscallError;
  assert.deepEqual(
    [error.code, error.errno, error.syscall, error.timeout, error.temporary],
    [code, errno, syscall, timeout, temporary],
  );
  assert.equal(code, kind.code ?? code);
  if (cause instanceof gonet.SyscallError) {
    assert.ok(Number.isInteger(errno) && errno < 0);
    assert.match(code, /^E[A-Z0-9]+$/);
    assert.ok(cause.message.startsWith(`${syscall}: `));
    assert.equal(cause.cause, undefined);
  } else assert.equal(error.errno, undefined);
  // What ended a look-up is told below its DNSError; what ended a call is the caller's own.
  if (cause instanceof gonet.DNSError && cause.cause !== undefined) {
    assert.ok(cause.cause instanceof gonet.DeadlineError || cause.cause instanceof gonet.CanceledError);
  } else if (!(cause instanceof gonet.CanceledError)) assert.equal(cause.cause, undefined);
  assert.equal(error.address, error.addr?.address);
  assert.equal(error.port, error.addr?.port);
}

/** What `call` throws or rejects with. */
export async function errorOf(call: () => unknown): Promise<gonet.OpError> {
  let error: unknown;
  try {
    const value = await call();
    assert.fail(`gave ${String(value)}`);
  } catch (thrown) {
    error = thrown;
  }
  checkForm(error);
  return error;
}
