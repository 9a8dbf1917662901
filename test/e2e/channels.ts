// What the tracing channels of the package publish, noted as it comes, and whether anybody is subscribed to them.

import { channel, tracingChannel } from 'node:diagnostics_channel';

export const CHANNELS = ['dial', 'attempt', 'lookup', 'accept', 'close'] as const;
export const EVENTS = ['start', 'end', 'asyncStart', 'asyncEnd', 'error'] as const;
export type ChannelName = (typeof CHANNELS)[number];
export type EventName = (typeof EVENTS)[number];

/** A message of any of the channels. */
export interface Message {
  readonly network: string;
  readonly address?: string;
  readonly host?: string;
  readonly addr?: unknown;
  readonly localAddr?: unknown;
  readonly remoteAddr?: unknown;
  readonly result?: unknown;
  readonly error?: unknown;
}

/** One event. */
export interface Noted {
  readonly channel: ChannelName;
  readonly event: EventName;
  readonly message: Message;
}

/** What was published on some channels until it is disposed of. */
export class Notes implements Disposable {
  readonly events: Noted[] = [];
  readonly #stops: (() => void)[] = [];

  /** With `onStart`, each start is told to it, synchronously. */
  constructor(
    names: readonly ChannelName[] = CHANNELS,
    onStart: (name: ChannelName, message: Message) => void = () => {},
  ) {
    for (const name of names) {
      const note =
        (event: EventName) =>
        (message: unknown): void => {
          this.events.push({ channel: name, event, message: message as Message });
          if (event === 'start') onStart(name, message as Message);
        };
      const of = tracingChannel(`gonet:${name}`);
      const subscribers = {
        start: note('start'),
        end: note('end'),
        asyncStart: note('asyncStart'),
        asyncEnd: note('asyncEnd'),
        error: note('error'),
      };
      of.subscribe(subscribers);
      this.#stops.push(() => of.unsubscribe(subscribers));
    }
  }

  /** `dial start`, in the order in which they came. */
  get order(): string[] {
    return this.events.map(({ channel: name, event }) => `${name} ${event}`);
  }

  /** The events of one channel, in their order. */
  of(name: ChannelName): EventName[] {
    return this.events.filter((each) => each.channel === name).map(({ event }) => event);
  }

  /** The messages of one channel, each once, in the order of their starts. They get their outcome later. */
  messages(name: ChannelName): Message[] {
    return this.events.filter((each) => each.channel === name && each.event === 'start').map(({ message }) => message);
  }

  [Symbol.dispose](): void {
    for (const stop of this.#stops.splice(0)) stop();
  }
}

/** The events that somebody is subscribed to. */
export function subscribed(): string[] {
  return CHANNELS.flatMap((name) => EVENTS.map((event) => `tracing:gonet:${name}:${event}`)).filter(
    (name) => channel(name).hasSubscribers,
  );
}

/** What comes of a promise that succeeds, or fails, in this order. */
export const SUCCEEDS: readonly EventName[] = ['start', 'end', 'asyncStart', 'asyncEnd'];
export const FAILS: readonly EventName[] = ['start', 'end', 'error', 'asyncStart', 'asyncEnd'];
