// A slow plain twin of the race, written from RFC 8305 and not from the machine: a diary of what has happened, and a clock that
// goes one millisecond at a time and asks each time "may somebody start now, and who?" by reading the whole diary again.

import type { Family } from '../../src/dial/race.ts';

/** Somebody who takes part; of two, the one with the lower rank is the better one. */
export interface Entry {
  readonly name: string;
  readonly family: Family;
  readonly rank: number;
}

type Line =
  | {
      readonly at: number;
      readonly what: 'answer';
      readonly families: readonly Family[];
      readonly found: readonly Entry[];
    }
  | { readonly at: number; readonly what: 'start' | 'failure'; readonly entry: Entry };

/** The plain model. */
export class RaceModel {
  time = 0;
  readonly #diary: Line[] = [];
  readonly #expected: readonly Family[];
  readonly #delay: number;
  readonly #resolution: number;

  constructor(expected: readonly Family[], delay: number, resolution: number) {
    this.#expected = expected;
    this.#delay = delay;
    this.#resolution = resolution;
  }

  /** Addresses of these families have come. */
  answer(families: readonly Family[], found: readonly Entry[]): void {
    this.#diary.push({ at: this.time, what: 'answer', families, found });
  }

  /** An attempt has failed. */
  fail(entry: Entry): void {
    this.#diary.push({ at: this.time, what: 'failure', entry });
  }

  /** Who has started, with the time, in order. */
  get starts(): string[] {
    return this.#diary.flatMap((line) => (line.what === 'start' ? [`${line.at} ${line.entry.name}`] : []));
  }

  /** Whose attempts are under way. */
  get running(): Entry[] {
    const failed = new Set(this.#diary.flatMap((line) => (line.what === 'failure' ? [line.entry] : [])));
    return this.#diary.flatMap((line) => (line.what === 'start' && !failed.has(line.entry) ? [line.entry] : []));
  }

  /** Who has come and not started, the best first. */
  get waiting(): Entry[] {
    const started = new Set(this.#diary.flatMap((line) => (line.what === 'start' ? [line.entry] : [])));
    const come = this.#diary.flatMap((line) => (line.what === 'answer' ? line.found : []));
    return come.filter((entry) => !started.has(entry)).toSorted((a, b) => a.rank - b.rank);
  }

  /** Everybody who may start now does. */
  ask(): void {
    while (this.#mayStart(this.time)) this.#diary.push({ at: this.time, what: 'start', entry: this.#next() });
  }

  /** One millisecond. */
  tick(): void {
    this.time++;
  }

  /** When somebody will start if nothing happens; Infinity for never. A time that has passed is now. */
  foresee(): number {
    if (this.waiting.length === 0) return Infinity;
    let at = this.time;
    while (!this.#mayStart(at)) at++;
    return at;
  }

  #next(): Entry {
    const latest = this.#diary.flatMap((line) => (line.what === 'start' ? [line.entry] : [])).at(-1);
    const { waiting } = this;
    return waiting.find(({ family }) => family !== latest?.family) ?? waiting[0]!;
  }

  #mayStart(time: number): boolean {
    if (this.waiting.length === 0) return false;
    const latest = this.#diary.findLastIndex((line) => line.what === 'start');
    return latest < 0 ? this.#mayBegin(time) : this.#mayGoOn(time, latest);
  }

  /** Section 3: IPv4 addresses that have come alone wait for IPv6 ones, but not for long. */
  #mayBegin(time: number): boolean {
    if (this.waiting.some(({ family }) => family === 'IPv6')) return true;
    const told = this.#diary.some((line) => line.what === 'answer' && line.families.includes('IPv6'));
    if (told || !this.#expected.includes('IPv6')) return true;
    const come = this.#diary.find((line) => line.what === 'answer' && line.found.length > 0)!;
    return time - come.at >= this.#resolution;
  }

  /** Section 5: after the delay, or at once if an attempt has failed since the latest began. */
  #mayGoOn(time: number, latest: number): boolean {
    const failed = this.#diary.slice(latest).some((line) => line.what === 'failure');
    return failed || time - this.#diary[latest]!.at >= this.#delay;
  }
}
