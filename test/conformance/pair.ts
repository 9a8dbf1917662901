// What the conn suite is given, and how each of its tests gets a fresh pair and gives it back. Knows only the Conn interface.

import { test } from 'node:test';

import { type Conn, OpError } from 'gonet';

/** Two ends of one connection. */
export interface ConnPair<C extends Conn = Conn> {
  readonly a: C;
  readonly b: C;
  /** The network in the errors of both ends, where it is not the one of their addresses. */
  readonly network?: string;
  /** Whether errors leave the names of both ends out, where those say nothing. */
  readonly unnamed?: boolean;
  /** Closes whatever the test left open. */
  stop(): void;
}

/** Makes a connected pair, with nothing sent yet. */
export interface MakePair<C extends Conn = Conn> {
  (): Promise<ConnPair<C>>;
  /** Tests, by name, that say nothing about this kind of connection, each with the reason. */
  readonly skips?: Readonly<Record<string, string>>;
}

/** The time limit of a test: far beyond what a busy machine needs, so that only a call that hangs meets it. */
export const LIMIT = 30_000;

/** One test on a pair of its own; `skip` is the reason why it is not run. */
export function pairTest<C extends Conn>(
  name: string,
  make: MakePair<C>,
  body: (pair: ConnPair<C>) => Promise<void> | void,
  skip: string | false = make.skips?.[name] ?? false,
): void {
  test(name, { timeout: LIMIT, skip }, async () => {
    const pair = await make();
    try {
      await body(pair);
    } finally {
      pair.stop();
    }
  });
}

/** More than any kernel keeps for a connection whose peer does not read. */
export const HUGE: Buffer = Buffer.alloc(64 << 20);

/** Reads exactly `n` bytes. */
export async function readFull(conn: Conn, n: number): Promise<Buffer> {
  const into = Buffer.alloc(n);
  for (let at = 0; at < n;) {
    const got = await conn.read(into.subarray(at));
    if (got === null) throw new Error(`End of stream after ${at} of ${n} bytes`);
    at += got;
  }
  return into;
}

/** Reads to the end of the stream; the count. */
export async function drain(conn: Conn): Promise<number> {
  const into = Buffer.alloc(1 << 20);
  for (let total = 0; ;) {
    const n = await conn.read(into);
    if (n === null) return total;
    total += n;
  }
}

/** Throws away `n` bytes. */
export async function skip(conn: Conn, n: number): Promise<void> {
  const into = Buffer.alloc(1 << 20);
  for (let left = n; left > 0;) {
    const got = await conn.read(left < into.length ? into.subarray(0, left) : into);
    if (got === null) throw new Error(`End of stream, ${left} bytes too early`);
    left -= got;
  }
}

/** Writes until there is no more room, by way of deadlines; the count of bytes that are under way. */
export async function fill(conn: Conn): Promise<number> {
  let total = 0;
  // The peer's window may open once more after the first time: there is no room only when two small writes found none.
  for (let size = HUGE.length, vain = 0; vain < 2; size = 65_536) {
    const written = await attempt(conn, size);
    total += written;
    vain = written === 0 ? vain + 1 : 0;
  }
  return total;
}

async function attempt(conn: Conn, size: number): Promise<number> {
  try {
    return await conn.write(HUGE.subarray(0, size), { deadline: Date.now() + 20 });
  } catch (error) {
    if (error instanceof OpError && error.timeout) return error.bytesWritten!;
    throw error;
  }
}
