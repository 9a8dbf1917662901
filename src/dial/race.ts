// The race of RFC 8305 as a pure state machine: which address is tried now, and when to ask again. Knows no socket, timer or
// promise; the time comes with each call. What it promises: an attempt that is under way is never given up because it is slow.
//
//   state      what it waits for                                            leaves it by
//   waiting    an address; with IPv4 ones only, IPv6 ones for a little      an address, or enough time → running; none came → lost
//   running    its attempts, and the delay after the latest of them         delay over, or an attempt failed → the next one starts
//   stuck      all attempts failed, but a family has not answered           an address → running; none came → lost

/** A family of addresses. */
export type Family = 'IPv4' | 'IPv6';

/** Somebody who takes part. */
export interface Entrant {
  readonly family: Family;
}

/** The two spans, in milliseconds. */
export interface RaceRules {
  /** From the start of one attempt to the start of the next: RFC 8305, section 5. */
  readonly delay: number;
  /** How long the first attempt waits for IPv6 addresses when IPv4 ones have come: RFC 8305, section 3. */
  readonly resolution: number;
}

/** The race. */
export class Race<T extends Entrant> {
  readonly #rules: RaceRules;
  readonly #expected: Set<Family>;
  #pending: readonly T[] = [];
  /** The family of the latest attempt; null before the first. */
  #last: Family | null = null;
  /** When the next attempt may start. */
  #nextAt = -Infinity;

  /** `expected` are the families that have yet to answer. */
  constructor(expected: Iterable<Family>, rules: RaceRules) {
    this.#expected = new Set(expected);
    this.#rules = rules;
  }

  /** Addresses that wait for their turn, the best first. */
  get pending(): readonly T[] {
    return this.#pending;
  }

  /** These families have answered; `pending` is now what waits for its turn, what waited before included. */
  answered(time: number, families: Iterable<Family>, pending: readonly T[]): void {
    for (const family of families) this.#expected.delete(family);
    const first = this.#pending.length === 0 && pending.length > 0;
    if (this.#last === null && first) this.#nextAt = time + this.#rules.resolution;
    this.#pending = pending;
    // IPv6 need not be waited for if it has answered, or if it is what came first.
    const patient = this.#expected.has('IPv6') && pending.every(({ family }) => family === 'IPv4');
    if (this.#last === null && !patient) this.#nextAt = -Infinity;
  }

  /** An attempt has failed: the next one starts at once. */
  failed(time: number): void {
    this.#nextAt = time;
  }

  /** Who starts now: of the other family than the one before, if there is one. Null for nobody; ask again after each answer. */
  next(time: number): T | null {
    if (time < this.startsAt) return null;
    const chosen = this.#pending.find(({ family }) => family !== this.#last) ?? this.#pending[0]!;
    this.#pending = this.#pending.filter((each) => each !== chosen);
    this.#last = chosen.family;
    this.#nextAt = time + this.#rules.delay;
    return chosen;
  }

  /** When the next attempt starts, if nothing happens before; Infinity while nobody waits for a turn. */
  get startsAt(): number {
    return this.#pending.length === 0 ? Infinity : this.#nextAt;
  }
}
