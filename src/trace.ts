// Every diagnostics channel of the package, by name. Leaf: nothing is built for a message unless somebody listens.

import { channel, subscribe, unsubscribe, type Channel } from 'node:diagnostics_channel';

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
