// A dial with its timeline as data: what was looked up and tried, when, and how it ended. A listener of the tracing channels,
// which knows its own dial among others by the context that both run in.

import { AsyncLocalStorage } from 'node:async_hooks';
import type { Conn } from '../conn/conn.ts';
import type { TCPConn } from '../conn/tcpconn.ts';
import { now } from '../poll/deadline.ts';
import { attempting, type AttemptMessage, listenTo, lookingUp, type LookupMessage } from '../trace.ts';
import { dial, type DialOptions, type TCPNetwork } from './dial.ts';
import { type Address, toText } from './resolve.ts';

/** A look-up or an attempt. */
export interface Span {
  readonly kind: 'lookup' | 'attempt';
  /** The name, or the address that was tried. */
  readonly what: string;
  /** Milliseconds after the dial began. */
  readonly start: number;
  /** Milliseconds; undefined where it was still under way when the dial ended. */
  readonly duration?: number;
  /** The addresses that were found, or the local and remote ends of the connection. */
  readonly result?: readonly string[];
  /** Why it failed; an attempt that another one has beaten was cancelled. */
  readonly error?: Error;
}

/** What happened in a dial, in the order in which it began. */
export interface Timeline {
  readonly network: string;
  readonly address: string;
  /** When the dial began, in epoch milliseconds. */
  readonly start: number;
  /** How long it took, in milliseconds. */
  readonly duration: number;
  readonly spans: readonly Span[];
}

/** A connection with its timeline. */
export interface TracedDial<C extends Conn = Conn> {
  readonly conn: C;
  readonly timeline: Timeline;
}

type Draft = { -readonly [K in keyof Span]: Span[K] };

/** Takes notes for one dial. */
class Notes {
  readonly began: number = now();
  readonly spans: Draft[] = [];
  readonly #open = new Map<object, Draft>();

  begin(message: object, kind: Span['kind'], what: string): void {
    const span = { kind, what, start: now() - this.began };
    this.#open.set(message, span);
    this.spans.push(span);
  }

  /** A promise has settled; messages of other dials are none of ours. */
  end(message: AttemptMessage | LookupMessage): void {
    const span = this.#open.get(message);
    if (span === undefined) return;
    span.duration = now() - this.began - span.start;
    if ('error' in message)
      span.error = message.error instanceof Error ? message.error : new Error(String(message.error));
    else span.result = describe(message.result);
  }
}

function describe(result: unknown): readonly string[] {
  if (Array.isArray(result)) return result.map(String);
  if (typeof result !== 'object' || result === null) return [String(result)];
  if (!('localAddr' in result))
    return Object.values(result)
      .flat()
      .map((each) => (typeof each === 'object' ? JSON.stringify(each) : String(each)));
  const { localAddr, remoteAddr } = result as Conn;
  return [String(localAddr), String(remoteAddr)];
}

const current = new AsyncLocalStorage<Notes>();

/**
 * Dials, and resolves with the connection and with what happened on the way: each look-up and each attempt with its start, its
 * duration and its outcome. Rejects as {@link dial} does; the `attempts` of that error have the times.
 */
export function traceDial(network: TCPNetwork, address: Address, options?: DialOptions): Promise<TracedDial<TCPConn>>;
export function traceDial(network: string, address: Address, options?: DialOptions): Promise<TracedDial>;
export function traceDial(network: string, address: Address, options?: DialOptions): Promise<TracedDial> {
  const notes = new Notes();
  const start = Date.now();
  const stop = follow(notes);
  try {
    return current
      .run(notes, () => dial(network, address, options))
      .then((conn) => {
        const text = toText(address);
        return { conn, timeline: { network, address: text, start, duration: now() - notes.began, spans: notes.spans } };
      })
      .finally(stop);
  } catch (error) {
    stop();
    throw error;
  }
}

/** Has notes taken of what happens in the dial that runs with them, until the function that this returns is called. */
function follow(notes: Notes): () => void {
  const ours = (): boolean => current.getStore() === notes;
  const stopAttempts = listenTo(attempting, {
    start: (message) => ours() && notes.begin(message, 'attempt', message.remoteAddr.toString()),
    asyncStart: (message) => notes.end(message),
  });
  const stopLookups = listenTo(lookingUp, {
    start: (message) => ours() && notes.begin(message, 'lookup', message.host),
    asyncStart: (message) => notes.end(message),
  });
  return () => {
    stopAttempts();
    stopLookups();
  };
}
