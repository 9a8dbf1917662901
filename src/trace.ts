// Every diagnostics channel of the package, by name. Leaf: nothing is built for a message unless somebody listens.

import {
  channel,
  subscribe,
  tracingChannel,
  unsubscribe,
  type Channel,
  type TracingChannel,
} from 'node:diagnostics_channel';

/** One thing that happened on the way from `dial` or `accept` to the kernel and back. */
export interface Step {
  /** The floor, 0 to 5: system calls, poll, fd, conn, dns, dial. */
  readonly floor: number;
  /** What happened, in a few words. */
  readonly what: string;
}

const STEPS = 'gonet:step';

/** `gonet:step`: the story of a dial, a listen or an accept, as {@link Step}s. Reads and writes are not told. */
export const steps: Channel = channel(STEPS);

/** Has `hear` called with every step, until the function that this returns is called. */
export function follow(hear: (step: Step) => void): () => void {
  const listener = (message: unknown): void => hear(message as Step);
  subscribe(STEPS, listener);
  return () => void unsubscribe(STEPS, listener);
}

/** Publishes one step. Callers on warm paths look at `steps.hasSubscribers` before they build the text. */
export function step(floor: number, what: string): void {
  if (steps.hasSubscribers) steps.publish({ floor, what } satisfies Step);
}

// ── what takes its time, as tracing channels: start, end, asyncStart, asyncEnd and error of `tracing:gonet:dial` and so on ──────

/** An address as a message has it. */
interface Named {
  readonly network: string;
  toString(): string;
}

/** What every message of a tracing channel gets from Node once there is an outcome. */
interface Outcome<T> {
  readonly result?: T;
  readonly error?: unknown;
}

/** One call of `dial`. */
export interface DialMessage extends Outcome<unknown> {
  readonly network: string;
  /** The address as it was given. */
  readonly address: string;
}

/** One attempt to connect to one address. One that another attempt has beaten ends with a CanceledError. */
export interface AttemptMessage extends Outcome<unknown> {
  readonly network: string;
  readonly localAddr: Named | null;
  readonly remoteAddr: Named;
}

/** One look-up, by a dial or by a Resolver; its result is a list of addresses, or what was found. */
export interface LookupMessage extends Outcome<unknown> {
  /** `ip`, `ip4` or `ip6`; or what else is looked up: `addr`, `cname`, `srv`, `mx`, `ns`, `txt`. */
  readonly network: string;
  readonly host: string;
}

/** One call of `accept`, from the call to the connection. */
export interface AcceptMessage extends Outcome<unknown> {
  readonly network: string;
  readonly addr: Named | null;
}

/** The end of a connection or listener on this side. Only `start` and `end` are published. */
export interface CloseMessage {
  readonly network: string;
  readonly localAddr: Named | null;
  readonly remoteAddr: Named | null;
}

/** Who hears of what happens on a tracing channel: only what it names. */
interface Listener<M> {
  readonly start?: (message: M) => unknown;
  /** The promise has settled, and nobody else has heard of it. */
  readonly asyncStart?: (message: M) => unknown;
}

/** Has the listener called until the function that this returns is called. */
export function listenTo<M extends object>(
  of: TracingChannel<unknown, M>,
  { start, asyncStart }: Listener<M>,
): () => void {
  const onStart = (message: unknown): void => void start?.(message as M);
  const onAsyncStart = (message: unknown): void => void asyncStart?.(message as M);
  subscribe(of.start.name, onStart);
  subscribe(of.asyncStart.name, onAsyncStart);
  return () => {
    unsubscribe(of.start.name, onStart);
    unsubscribe(of.asyncStart.name, onAsyncStart);
  };
}

/** `tracing:gonet:dial:start` … */
export const dialing: TracingChannel<unknown, DialMessage> = tracingChannel('gonet:dial');
/** `tracing:gonet:attempt:start` … */
export const attempting: TracingChannel<unknown, AttemptMessage> = tracingChannel('gonet:attempt');
/** `tracing:gonet:lookup:start` … */
export const lookingUp: TracingChannel<unknown, LookupMessage> = tracingChannel('gonet:lookup');
/** `tracing:gonet:accept:start` … */
export const accepting: TracingChannel<unknown, AcceptMessage> = tracingChannel('gonet:accept');
/** `tracing:gonet:close:start` and `:end`. */
export const closing: TracingChannel<unknown, CloseMessage> = tracingChannel('gonet:close');
