// The race with real attempts: addresses come from a look-up as it answers, attempts end as the network pleases, and the machine
// in race.ts says who starts when. The first connection wins; before the dial settles, every other attempt has closed its
// socket and the look-up has ended.

import { AsyncLocalStorage } from 'node:async_hooks';
import type { IPEndpoint } from '../addr/endpoint.ts';
import { CanceledError, DeadlineError, DNSError } from '../errors.ts';
import type { Limits } from '../fd/op.ts';
import { type Abortable, follow, unfollow } from '../fd/signals.ts';
import { type Due, NEVER, arm, disarm, now, passed } from '../poll/deadline.ts';
import { step, steps } from '../trace.ts';
import type { Attempts } from './attempt.ts';
import type { Racer } from './candidate.ts';
import { type Family, Race } from './race.ts';

/** Why the others end. One for all, because making an error for nobody to read takes longer than the rest of the race. */
const BEATEN = new Error('another attempt has connected');

/** How long IPv4 addresses wait for IPv6 ones, in milliseconds: RFC 8305, section 8. */
const RESOLUTION_DELAY = 50;

/** Finds what is to be dialed: tells of addresses as they come, and resolves when no more can. Rejects if there are none. */
export type Find<A extends IPEndpoint> = (limits: Limits, hear: (answer: Found<A>) => void) => Promise<void>;

/** Addresses of some families; `families` have answered with that. */
export interface Found<A extends IPEndpoint> {
  readonly families: readonly Family[];
  readonly candidates: readonly Racer<A>[];
}

/** What a race needs to know. */
export interface RaceSpec<A extends IPEndpoint> {
  /** The families that are looked for. */
  readonly families: readonly Family[];
  readonly find: Find<A>;
  /** From one attempt to the next, in milliseconds. */
  readonly delay: number;
  /** Puts the candidates of several answers into one order. */
  readonly sort: (candidates: readonly Racer<A>[]) => readonly Racer<A>[];
}

/** Races candidates as they are found. Rejects with an OpError that tells of every attempt, or with the reason of the look-up. */
export function dialParallel<A extends IPEndpoint, C extends Disposable>(
  spec: RaceSpec<A>,
  attempts: Attempts<A, C>,
  limits: Limits,
): Promise<C> {
  return new Contest(spec, attempts, limits).promise;
}

class Contest<A extends IPEndpoint, C extends Disposable> implements Due, Abortable {
  readonly promise: Promise<C>;
  due: number = NEVER;
  at = 0;
  slot = -1;
  readonly #spec: RaceSpec<A>;
  readonly #attempts: Attempts<A, C>;
  readonly #limits: Limits;
  readonly #race: Race<Racer<A>>;
  /** Ends what is still under way: attempts and look-up. */
  readonly #others = new AbortController();
  readonly #seen = new Set<string>();
  readonly #inContext = AsyncLocalStorage.snapshot();
  /** Attempts, and the look-up, that have not ended. */
  #underWay = 1;
  /** No further attempt starts. */
  #over = false;
  #winner: C | null = null;
  /** How the look-up failed. */
  #unfound: { readonly reason: unknown } | null = null;
  /** What ended the dial before everybody had a turn. */
  #cut: Error | null = null;
  #resolve!: (conn: C) => void;
  #reject!: (error: unknown) => void;

  constructor(spec: RaceSpec<A>, attempts: Attempts<A, C>, limits: Limits) {
    this.#spec = spec;
    this.#attempts = attempts;
    this.#limits = limits;
    this.#race = new Race(spec.families, { delay: spec.delay, resolution: RESOLUTION_DELAY });
    this.promise = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    const { signal, deadline } = limits;
    if (signal?.aborted === true) this.abort();
    else if (signal !== null) follow(signal, this);
    const own = { deadline, signal: this.#others.signal };
    void spec
      .find(own, (found) => this.#heard(found))
      .then(
        () => this.#looked(null),
        (reason: unknown) => this.#looked({ reason }),
      );
  }

  /** The user's signal. */
  abort(): void {
    const reason: unknown = this.#limits.signal?.reason;
    this.#over = true;
    this.#cut = new CanceledError(reason);
    this.#others.abort(reason);
  }

  /** Time for the next attempt. One timer serves all, and knows whose context it runs in no longer. */
  expire(): void {
    this.#inContext(() => this.#advance());
  }

  #heard({ families, candidates }: Found<A>): void {
    const fresh = candidates.filter(({ remote }) => {
      const text = remote.toString();
      return !this.#seen.has(text) && this.#seen.add(text);
    });
    const { pending } = this.#race;
    const merged = pending.length === 0 || fresh.length === 0 ? [...pending, ...fresh] : null;
    this.#race.answered(now(), families, merged ?? this.#spec.sort([...pending, ...fresh]));
    this.#advance();
  }

  #looked(failure: { readonly reason: unknown } | null): void {
    this.#unfound = failure;
    this.#race.answered(now(), this.#spec.families, this.#race.pending);
    this.#ceased();
  }

  /** Starts whoever may start now, and sees to it that the next one does in time. */
  #advance(): void {
    this.due = NEVER;
    if (this.#over) return;
    if (passed(this.#limits.deadline)) {
      if (this.#race.pending.length > 0) this.#cut = new DeadlineError();
      return;
    }
    for (let racer = this.#race.next(now()); racer !== null; racer = this.#race.next(now())) this.#start(racer);
    const { startsAt } = this.#race;
    if (startsAt === Infinity) return;
    this.due = startsAt;
    arm(this);
  }

  #start(racer: Racer<A>): void {
    this.#underWay++;
    if (steps.hasSubscribers) step(5, `attempt at ${racer.remote.toString()}`);
    const own = { deadline: this.#limits.deadline, signal: this.#others.signal };
    void this.#attempts.try(racer, own).then(
      (conn) => this.#connected(conn),
      () => this.#failed(),
    );
  }

  #connected(conn: C): void {
    if (this.#over) conn[Symbol.dispose]();
    else {
      this.#winner = conn;
      this.#over = true;
      if (this.#underWay > 1) this.#others.abort(BEATEN);
    }
    this.#ceased();
  }

  #failed(): void {
    this.#race.failed(now());
    this.#ceased();
  }

  /** An attempt or the look-up has ended. */
  #ceased(): void {
    this.#underWay--;
    this.#advance();
    if (this.#underWay === 0) this.#settle();
  }

  #settle(): void {
    disarm(this);
    const { signal } = this.#limits;
    if (signal !== null) unfollow(signal, this);
    const { errors } = this.#attempts;
    if (this.#winner !== null) this.#resolve(this.#winner);
    else if (errors.length > 0) this.#reject(this.#attempts.error(this.#ended()));
    else this.#reject(this.#unfound === null ? this.#cut : this.#unfound.reason);
  }

  /** What ended the dial, if not its attempts: the look-up tells it with the name. */
  #ended(): unknown {
    const reason = this.#unfound?.reason;
    if (reason instanceof DNSError && reason.cause !== undefined) return reason;
    return this.#cut ?? this.#attempts.outOfTime(this.#limits.deadline);
  }
}
