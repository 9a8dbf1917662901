// Dials, some times over, and tells of each dial what came of it: how long it took, whom it reached, what the error says, and how
// many sockets there are more than before. A connection must carry an echo. Then the program must end by itself.

import { setImmediate } from 'node:timers/promises';

import { dial, listen, OpError, type DialOptions } from 'gonet';
import { Addr } from 'gonet/netip';

import { hear, jobOf, say, sockets } from './wire.ts';

export interface DialJob {
  readonly address: string;
  /** What the name in the address stands for, in this order. */
  readonly ips?: readonly string[];
  readonly options?: { readonly timeout?: number; readonly fallbackDelay?: number };
  /** After so many milliseconds a signal ends the dial. */
  readonly abortAfter?: number;
  /** How often to dial; default once. */
  readonly tries?: number;
  /** Whether a connection stays open until a line is told; otherwise it is closed after its echo. */
  readonly hold?: boolean;
}

/** An error as it crosses the wire. Of an attempt of a race, with its times. */
export interface Told {
  readonly message: string;
  readonly code: string;
  readonly timeout: boolean;
  readonly cause: string;
  readonly address?: string;
  readonly start?: number;
  readonly duration?: number;
  readonly attempts?: readonly Told[];
}

export interface Dialed {
  readonly event: 'dialed';
  readonly ms: number;
  /** Whom it reached; none where it failed. */
  readonly reached?: string;
  readonly error?: Told;
  /** How many sockets there are more than before the first dial. */
  readonly sockets: number;
}

export type DialSaid = Dialed | { readonly event: 'done'; readonly sockets: number };

function toTold(error: unknown): Told {
  if (!(error instanceof OpError)) throw error;
  const { message, code, timeout, cause, address, start, duration, attempts } = error as OpError & Timed;
  return {
    message,
    code,
    timeout,
    cause: cause.name,
    ...(address !== undefined && { address }),
    ...(start !== undefined && { start, duration }),
    ...(attempts !== undefined && { attempts: attempts.map(toTold) }),
  } as Told;
}

interface Timed {
  readonly start?: number;
  readonly duration?: number;
}

function optionsOf({ ips, options = {} }: DialJob, signal: AbortSignal): DialOptions {
  if (ips === undefined) return { ...options, signal };
  const list = ips.map((ip) => Addr.parse(ip));
  return { ...options, signal, resolver: { lookupNetIP: () => Promise.resolve(list) } } as DialOptions;
}

/** The backend and the poller are there before anything is timed or counted. */
async function warmUp(): Promise<void> {
  using listener = await listen('tcp', '127.0.0.1:0');
  using _ = await dial('tcp', listener.addr.toString());
  (await listener.accept()).close();
}

async function once(job: DialJob, before: number): Promise<void> {
  const ending = new AbortController();
  const from = performance.now();
  // A timer counts from the start of its turn, which may be long ago.
  const timer = setInterval(() => {
    if (performance.now() - from >= (job.abortAfter ?? Infinity)) ending.abort();
  }, 1);
  const told = async (how: { reached: string } | { error: Told }): Promise<void> => {
    const ms = performance.now() - from;
    await setImmediate(); // what is closed now is closed by then
    say({ event: 'dialed', ms, sockets: sockets() - before, ...how } satisfies Dialed);
  };
  try {
    using conn = await dial('tcp', job.address, optionsOf(job, ending.signal));
    await told({ reached: conn.remoteAddr.toString() });
    await conn.write('hello');
    const into = Buffer.alloc(5);
    for (let at = 0; at < 5;) at += (await conn.read(into.subarray(at))) ?? 5;
    if (into.toString() !== 'hello') throw new Error(`The echo of "hello" is "${into.toString()}"`);
    if (job.hold === true) await hear();
  } catch (error) {
    await told({ error: toTold(error) });
  } finally {
    clearInterval(timer);
  }
}

const job = jobOf<DialJob>();
await warmUp();
const before = sockets();
for (let left = job.tries ?? 1; left > 0; left--) await once(job, before);
say({ event: 'done', sockets: sockets() - before } satisfies DialSaid);
