// A look-up under way that any number of callers share. What it has told so far is kept, so that who comes late hears all of it;
// each caller waits under its own limits and in its own async context, and when the last one leaves the work is stopped.
//
//   state     what is true                                   leaves it by
//   flying    the work runs, or nobody has joined yet         the work ends → landed; the last caller leaves → left
//   landed    the work has ended, with a failure or without   –
//   left      the work was told to stop; nobody listens       –

import { limited } from '../fd/limited.ts';
import type { Limits } from '../fd/op.ts';

/** The work of a look-up: tells each answer as it comes, and ends. Once its signal is aborted it is to stop, and nobody hears of it. */
export type Work<T> = (tell: (answer: T) => void, signal: AbortSignal) => Promise<void>;

/** Why the work is to stop; nobody reads it. */
const LEFT = new Error('nobody waits for this look-up any more');

type State = 'flying' | 'landed' | 'left';

class Flight<T> {
  readonly #told: T[] = [];
  readonly #controller = new AbortController();
  readonly #over: () => void;
  #state: State = 'flying';
  #failure: { readonly error: unknown } | null = null;
  #callers = 0;
  /** Resolves when there is more to hear; then another one takes its place. */
  #news!: Promise<void>;
  #ring!: () => void;

  /** Begins the work. `over` is called once, when nobody can join any more. */
  constructor(work: Work<T>, over: () => void) {
    this.#over = over;
    this.#renew();
    work((answer) => this.#tell(answer), this.#controller.signal).then(
      () => this.#land(null),
      (error: unknown) => this.#land({ error }),
    );
  }

  /** Hears everything until the work has ended; rejects with its failure, or with what the limits say. */
  async join(limits: Limits, hear: (answer: T) => void): Promise<void> {
    this.#callers++;
    try {
      for (let heard = 0; ;) {
        while (heard < this.#told.length) hear(this.#told[heard++]!);
        if (this.#state !== 'flying') break;
        await limited(this.#news, limits);
      }
    } finally {
      if (--this.#callers === 0 && this.#state === 'flying') this.#leave();
    }
    if (this.#failure !== null) throw this.#failure.error;
  }

  #tell(answer: T): void {
    this.#told.push(answer);
    this.#ring();
    this.#renew();
  }

  #land(failure: { readonly error: unknown } | null): void {
    if (this.#state !== 'flying') return;
    this.#state = 'landed';
    this.#failure = failure;
    this.#over();
    this.#ring();
  }

  #leave(): void {
    this.#state = 'left';
    this.#over();
    this.#controller.abort(LEFT);
  }

  #renew(): void {
    this.#news = new Promise((resolve) => {
      this.#ring = resolve;
    });
  }
}

/** Look-ups under way, by what they ask for: who asks the same joins. */
export class Flights<T> {
  readonly #byKey = new Map<string, Flight<T>>();

  /** How many are under way. */
  get size(): number {
    return this.#byKey.size;
  }

  /**
   * Joins the look-up of that key, or begins it. `hear` is called with each answer, first at once with those that are there, and
   * not after the promise has settled. Rejects with the work's failure, a CanceledError or a DeadlineError.
   */
  join(key: string, limits: Limits, work: Work<T>, hear: (answer: T) => void): Promise<void> {
    let flight = this.#byKey.get(key);
    if (flight === undefined) {
      flight = new Flight(work, () => this.#byKey.delete(key));
      this.#byKey.set(key, flight);
    }
    return flight.join(limits, hear);
  }
}
