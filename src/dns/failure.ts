// How a look-up fails: what c-ares, getaddrinfo(3) and a caller's own limits say, as a DNSError with Go's text and Node's code.

import { CanceledError, DNSError, DeadlineError } from '../errors.ts';

/** Node's codes for a name that is not there; the second says that it is, but has nothing of the kind that was asked. */
const NOT_FOUND: ReadonlySet<string> = new Set(['ENOTFOUND', 'ENODATA', 'EBADNAME', 'EBADQUERY', 'EAI_NODATA']);
/** Node's codes for a server that answers with something else than an answer. */
const MISBEHAVING: ReadonlySet<string> = new Set(['ESERVFAIL', 'EREFUSED', 'ENOTIMP', 'EFORMERR', 'EBADRESP', 'EOF']);

/** The name is known not to exist, or to have nothing of what was asked for (code `ENODATA`). */
export function noSuchHost(hostname: string, server = '', code = 'ENOTFOUND'): DNSError {
  return new DNSError({ err: 'no such host', hostname, server, code, notFound: true });
}

/** What a query to one name server ended with. */
export function serverError(hostname: string, server: string, error: NodeJS.ErrnoException): DNSError {
  const { code = 'EBADRESP' } = error;
  if (NOT_FOUND.has(code)) return noSuchHost(hostname, server, code === 'ENODATA' ? code : 'ENOTFOUND');
  if (code === 'ETIMEOUT') return new DNSError({ err: 'i/o timeout', hostname, server, code, timeout: true });
  if (code === 'ECONNREFUSED') {
    return new DNSError({ err: 'connection refused', hostname, server, code, temporary: true });
  }
  if (!MISBEHAVING.has(code)) return new DNSError({ err: error.message, hostname, server, code });
  return new DNSError({ err: 'server misbehaving', hostname, server, code, temporary: code === 'ESERVFAIL' });
}

/** What the C library's look-up ended with. */
export function systemError(hostname: string, error: NodeJS.ErrnoException): DNSError {
  const { code = 'EAI_FAIL' } = error;
  if (NOT_FOUND.has(code)) return noSuchHost(hostname);
  const temporary = code === 'EAI_AGAIN';
  return new DNSError({ err: temporary ? 'server misbehaving' : error.message, hostname, code, temporary });
}

/** The error of a caller whose own deadline or signal ended the wait; any other error as it is. */
export function limitError(hostname: string, error: unknown): unknown {
  if (!(error instanceof CanceledError || error instanceof DeadlineError)) return error;
  const { message: err, code, timeout } = error;
  return new DNSError({ err, hostname, code, timeout, cause: error });
}

/** The same failure, of the name that the caller gave instead of the one that was asked for. */
export function renamed(error: DNSError, hostname: string, code: string = error.code): DNSError {
  if (error.hostname === hostname && error.code === code) return error;
  const { err, server, timeout, temporary, notFound } = error;
  return new DNSError({ err, hostname, server, code, timeout, temporary, notFound });
}
