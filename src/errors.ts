// Every error class and every code of the package. Texts are Go's where Go has one (net/net.go, os/error.go), codes are
// Node's. A failure is at most three levels deep: OpError, then one of the others, then the errno that it carries.
// Leaf: knows nothing of sockets, and takes addresses as anything with a network and a text.

/** What an error says of an address: its network's name, its text, and Node's two parts where it has them. */
interface Named {
  readonly network: string;
  readonly address?: string;
  readonly port?: number;
  toString(): string;
}

/** An error of this package that may say whether waiting or trying again can help. */
interface NetError extends Error {
  readonly code: string;
  /** Whether the operation ran out of time. */
  readonly timeout: boolean;
  /** Whether the same call may succeed later (Go's rule: timeouts, `EINTR`, `EMFILE`, `ENFILE`). */
  readonly temporary: boolean;
}

function defineName(target: { prototype: Error }, name: string): void {
  Object.defineProperty(target.prototype, 'name', { value: name, configurable: true, writable: true });
}

/**
 * A system call that failed: `connect: connection refused`.
 *
 * `errno` is negative, as Node has it; `code` is its name.
 */
export class SyscallError extends Error implements NetError {
  readonly syscall: string;
  readonly errno: number;
  readonly code: string;

  /** Takes the call's name, the negative errno, its name and its text; `syscallError` of the syscall floor fills them in. */
  constructor(syscall: string, errno: number, code: string, text: string) {
    super(`${syscall}: ${text}`);
    this.syscall = syscall;
    this.errno = errno;
    this.code = code;
  }

  get timeout(): boolean {
    return this.code === 'ETIMEDOUT';
  }

  get temporary(): boolean {
    return TEMPORARY.has(this.code);
  }
}
defineName(SyscallError, 'SyscallError');

/** Go's Errno.Temporary, less its EAGAIN-is-a-timeout. */
const TEMPORARY: ReadonlySet<string> = new Set(['EAGAIN', 'ETIMEDOUT', 'EINTR', 'EMFILE', 'ENFILE']);

/** An operation on a connection or listener that is closed, or was closed while the operation waited. */
export class ClosedError extends Error implements NetError {
  readonly code = 'ERR_NET_CLOSED';
  readonly timeout = false;
  readonly temporary = false;

  constructor() {
    super('use of closed network connection');
  }
}
defineName(ClosedError, 'ClosedError');

/** A datagram with an address, on a socket that is connected to one. */
export class WriteToConnectedError extends Error implements NetError {
  readonly code = 'ERR_NET_WRITE_TO_CONNECTED';
  readonly timeout = false;
  readonly temporary = false;

  constructor() {
    super('use of WriteTo with pre-connected connection');
  }
}
defineName(WriteToConnectedError, 'WriteToConnectedError');

/**
 * Control data that came with a message was cut off: the process has no room for the descriptors in it (`EMFILE`). Those that came
 * are closed; the data of the message has been read.
 */
export class ControlTruncatedError extends Error implements NetError {
  readonly code = 'ERR_NET_CONTROL_TRUNCATED';
  readonly timeout = false;
  readonly temporary = false;
  /** Bytes of data that were read with it. */
  readonly bytesRead: number;

  constructor(bytesRead: number) {
    super('control data was truncated');
    this.bytesRead = bytesRead;
  }
}
defineName(ControlTruncatedError, 'ControlTruncatedError');

/** A deadline or a timeout that passed. The connection stays usable. */
export class DeadlineError extends Error implements NetError {
  readonly code = 'ETIMEDOUT';
  readonly timeout = true;
  readonly temporary = true;

  constructor() {
    super('i/o timeout');
  }
}
defineName(DeadlineError, 'DeadlineError');

/** An `AbortSignal` ended the operation; `cause` is the signal's reason. */
export class CanceledError extends Error implements NetError {
  readonly code = 'ABORT_ERR';
  readonly timeout = false;
  readonly temporary = false;

  constructor(reason?: unknown) {
    super('operation was canceled', { cause: reason });
  }
}
defineName(CanceledError, 'AbortError');

/** An address that cannot be used: `address 1.2.3.4: missing port in address`. */
export class AddrError extends Error implements NetError {
  readonly code = 'ERR_NET_ADDR';
  readonly timeout = false;
  readonly temporary = false;
  /** The reason alone. */
  readonly err: string;
  /** The address as it was given; may be empty. */
  readonly addr: string;

  constructor(err: string, addr: string) {
    super(addr === '' ? err : `address ${addr}: ${err}`);
    this.err = err;
    this.addr = addr;
  }
}
defineName(AddrError, 'AddrError');

/** A text that is not of the form that its type asks for: `invalid CIDR address: x`. */
export class ParseError extends Error implements NetError {
  readonly code = 'ERR_NET_PARSE';
  readonly timeout = false;
  readonly temporary = false;
  /** What the text should have been, e.g. `IP address`. */
  readonly type: string;
  readonly text: string;

  constructor(type: string, text: string, message = `invalid ${type}: ${text}`) {
    super(message);
    this.type = type;
    this.text = text;
  }
}
defineName(ParseError, 'ParseError');

/** A network string that this package does not know: `unknown network tcp5`. */
export class UnknownNetworkError extends Error implements NetError {
  readonly code = 'ERR_NET_UNKNOWN_NETWORK';
  readonly timeout = false;
  readonly temporary = false;
  readonly network: string;

  constructor(network: string) {
    super(`unknown network ${network}`);
    this.network = network;
  }
}
defineName(UnknownNetworkError, 'UnknownNetworkError');

/** An address value that no socket address can hold; the message is the reason as it is. */
export class InvalidAddrError extends Error implements NetError {
  readonly code = 'ERR_NET_INVALID_ADDR';
  readonly timeout = false;
  readonly temporary = false;
}
defineName(InvalidAddrError, 'InvalidAddrError');

/** This system, or this thread, cannot run the socket floors; the message says why. */
export class UnsupportedError extends Error implements NetError {
  readonly code = 'ERR_NET_UNSUPPORTED';
  readonly timeout = false;
  readonly temporary = false;
}
defineName(UnsupportedError, 'UnsupportedError');

/** The parts of a {@link DNSError}. */
export interface DNSErrorFields {
  /** The reason alone, e.g. `no such host`. */
  err: string;
  /** The name that was looked up. */
  hostname: string;
  /** The server that was asked, where known. */
  server?: string;
  /** Node's code; `ENOTFOUND` when left out. */
  code?: string;
  timeout?: boolean;
  temporary?: boolean;
  notFound?: boolean;
  cause?: unknown;
}

/** A name look-up that failed: `lookup example.com on 192.0.2.1:53: no such host`. */
export class DNSError extends Error implements NetError {
  readonly code: string;
  readonly err: string;
  readonly hostname: string;
  readonly server: string;
  readonly timeout: boolean;
  readonly temporary: boolean;
  /** Whether the name is known not to exist. */
  readonly notFound: boolean;

  constructor(fields: DNSErrorFields) {
    const { err, hostname, server = '', code = 'ENOTFOUND', timeout = false } = fields;
    const at = server === '' ? '' : ` on ${server}`;
    super(`lookup ${hostname}${at}: ${err}`, fields.cause === undefined ? undefined : { cause: fields.cause });
    this.code = code;
    this.err = err;
    this.hostname = hostname;
    this.server = server;
    this.timeout = timeout;
    this.temporary = timeout || (fields.temporary ?? false);
    this.notFound = fields.notFound ?? false;
  }
}
defineName(DNSError, 'DNSError');

/** The parts of an {@link OpError}. */
export interface OpErrorFields {
  op: string;
  net: string;
  source?: Named | null | undefined;
  addr?: Named | null | undefined;
  cause: unknown;
  /** Bytes that a failed write had handed to the kernel. */
  bytesWritten?: number;
  attempts?: readonly OpError[];
  start?: number;
  duration?: number;
}

/**
 * The error of every operation: what was tried, on which network, between which ends, and why it failed.
 *
 * Text as Go's: `dial tcp 127.0.0.1:1: connect: connection refused`. What Node's code looks at (`code`, `errno`, `syscall`,
 * `address`, `port`) is lifted from the cause and from `addr`. After a dial that tried several addresses, `attempts` holds the
 * error of each, and the message names each with its reason.
 */
export class OpError extends Error implements NetError {
  /** The operation: `dial`, `listen`, `accept`, `read`, `write`, `close`, `set` … */
  readonly op: string;
  /** The network as it was given: `tcp`, `tcp4` … */
  readonly net: string;
  /** The local end, where there is a remote one too. */
  readonly source: Named | null;
  /** The remote end; for a listener, or a setting of one end only, the local one. */
  readonly addr: Named | null;
  override readonly cause: Error;
  readonly timeout: boolean;
  readonly temporary: boolean;
  readonly code: string;
  /** The negative errno of the cause, where a system call failed. */
  readonly errno?: number;
  readonly syscall?: string;
  /** The host part of `addr`, where it has one. */
  readonly address?: string;
  readonly port?: number;
  readonly bytesWritten?: number;
  readonly attempts?: readonly OpError[];
  /** Of one attempt of a dial: when it began, in milliseconds after the dial did. */
  readonly start?: number;
  /** Of one attempt of a dial: how long it took to fail, in milliseconds. */
  readonly duration?: number;

  constructor(fields: OpErrorFields) {
    const cause =
      fields.cause instanceof Error ? fields.cause : new Error(textOf(fields.cause), { cause: fields.cause });
    super(describe(fields, cause), { cause });
    this.cause = cause;
    this.op = fields.op;
    this.net = fields.net;
    this.source = fields.source ?? null;
    this.addr = fields.addr ?? null;
    const inner: Partial<NetError & SyscallError> = cause;
    this.timeout = inner.timeout === true;
    this.temporary = inner.temporary === true;
    this.code = typeof inner.code === 'string' ? inner.code : 'ERR_NET_OP';
    if (inner.errno !== undefined) this.errno = inner.errno;
    if (inner.syscall !== undefined) this.syscall = inner.syscall;
    if (this.addr?.address !== undefined) this.address = this.addr.address;
    if (this.addr?.port !== undefined) this.port = this.addr.port;
    if (fields.bytesWritten !== undefined) this.bytesWritten = fields.bytesWritten;
    if (fields.attempts !== undefined) this.attempts = fields.attempts;
    if (fields.start !== undefined) this.start = fields.start;
    if (fields.duration !== undefined) this.duration = fields.duration;
  }
}
defineName(OpError, 'OpError');

/** Go's OpError.Error: op, network, source, `->`, address, then the cause; what is not known is left out. */
function describe({ op, net, source, addr, attempts }: OpErrorFields, cause: Error): string {
  let text = op;
  if (net !== '') text += ` ${net}`;
  if (attempts !== undefined) {
    const reasons = attempts.map((each) => `${String(each.addr)}: ${each.cause.message}`);
    // What ended the dial may have been none of them.
    if (attempts.every((each) => each.cause !== cause)) reasons.push(cause.message);
    return `${text}: ${reasons.join('; ')}`;
  }
  if (source) text += ` ${source.toString()}`;
  if (addr) text += `${source ? '->' : ' '}${addr.toString()}`;
  return `${text}: ${cause.message}`;
}

/** What was thrown and is no Error, as text; anything can be thrown. */
function textOf(value: unknown): string {
  try {
    return String(value);
  } catch {
    return 'something without a text was thrown';
  }
}
