// The race against its slow plain twin in racemodel.ts, under random answers, failures and passages of time: who starts when.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import * as fc from 'fast-check';

import { type Family, Race, type RaceRules } from '../../src/dial/race.ts';
import { type Entry, RaceModel } from './racemodel.ts';

type Command =
  /** Addresses come, or none; `families` have no more to say. */
  | { readonly what: 'answer'; readonly families: readonly Family[]; readonly found: readonly Omit<Entry, 'name'>[] }
  /** A running attempt fails; with `again`, another one in the same moment. */
  | { readonly what: 'fail'; readonly which: number; readonly again: boolean }
  /** Time passes, and whoever may start does so in time. */
  | { readonly what: 'pass'; readonly ms: number }
  /** Time passes, and nobody looks at the clock before the end. */
  | { readonly what: 'oversleep'; readonly ms: number };

const FAMILIES: readonly Family[] = ['IPv4', 'IPv6'];
const families = fc.constantFrom<readonly Family[]>(['IPv4'], ['IPv4'], ['IPv6'], FAMILIES, []);
const found = fc.record({ family: fc.constantFrom(...FAMILIES), rank: fc.double({ min: 0, max: 1, noNaN: true }) });
const ms = fc.oneof(fc.nat(5), fc.constantFrom(19, 20, 49, 50, 51, 199, 249, 250, 251), fc.nat(600));
const command: fc.Arbitrary<Command> = fc.oneof(
  fc.record({ what: fc.constant('answer' as const), families, found: fc.array(found, { maxLength: 4 }) }),
  fc.record({ what: fc.constant('fail' as const), which: fc.nat(), again: fc.boolean() }),
  fc.record({ what: fc.constant('pass' as const), ms }),
  fc.record({ what: fc.constant('pass' as const), ms }),
  fc.record({ what: fc.constant('oversleep' as const), ms }),
);
const rules: fc.Arbitrary<RaceRules> = fc.oneof(
  fc.constant({ delay: 250, resolution: 50 }),
  fc.record({ delay: fc.integer({ min: 1, max: 300 }), resolution: fc.nat(100) }),
);
const script = fc.array(command, { minLength: 4, maxLength: 16, size: 'max' });
const expected = fc.constantFrom<readonly Family[]>(FAMILIES, FAMILIES, FAMILIES, ['IPv4'], ['IPv6'], []);

/** The machine and the model, told the same things. */
class Twins {
  readonly model: RaceModel;
  readonly #race: Race<Entry>;
  readonly #starts: string[] = [];
  #made = 0;

  constructor(expected: readonly Family[], rules: RaceRules, { delay, resolution }: RaceRules = rules) {
    this.model = new RaceModel(expected, delay, resolution);
    this.#race = new Race(expected, rules);
  }

  answer(families: readonly Family[], entrants: readonly Omit<Entry, 'name'>[]): void {
    const found = entrants.map((each) => ({ ...each, name: `${each.family} ${this.#made++}` }));
    this.model.answer(families, found);
    const pending = [...this.#race.pending, ...found].toSorted((a, b) => a.rank - b.rank);
    this.#race.answered(this.model.time, families, pending);
  }

  /** Whoever may start does. */
  ask(): void {
    const { time } = this.model;
    for (let who = this.#race.next(time); who !== null; who = this.#race.next(time)) {
      this.#starts.push(`${time} ${who.name}`);
    }
    this.model.ask();
  }

  fail(which: number): void {
    const { running, time } = this.model;
    const entry = running[which % running.length];
    if (entry === undefined) return;
    this.model.fail(entry);
    this.#race.failed(time);
  }

  /** The machine is asked only when it says so; the model every millisecond. */
  pass(ms: number): void {
    const end = this.model.time + ms;
    while (this.model.time < end) {
      this.model.tick();
      if (this.#race.startsAt <= this.model.time) this.ask();
      else this.model.ask();
    }
  }

  oversleep(ms: number): void {
    for (let i = 0; i < ms; i++) this.model.tick();
  }

  compare(): void {
    assert.deepEqual(this.#starts, this.model.starts);
    assert.equal(Math.max(this.#race.startsAt, this.model.time), this.model.foresee());
    assert.deepEqual(
      this.#race.pending.map(({ name }) => name),
      this.model.waiting.map(({ name }) => name),
    );
  }
}

function play(twins: Twins, commands: readonly Command[]): void {
  for (const each of commands) {
    if (each.what === 'answer') twins.answer(each.families, each.found);
    else if (each.what === 'fail') {
      twins.fail(each.which);
      if (each.again) twins.fail(each.which + 1);
    } else twins[each.what](each.ms);
    twins.compare();
    twins.ask();
    twins.compare();
  }
}

test('the race is its plain twin', { timeout: 60_000 }, () => {
  let starts = 0;
  fc.assert(
    fc.property(expected, rules, script, (families, spans, commands) => {
      const twins = new Twins(families, spans);
      play(twins, commands);
      starts += twins.model.starts.length;
    }),
    { numRuns: 500 },
  );
  assert.ok(starts > 700, `only ${starts} attempts: too few to mean anything`);
});

test('a twin with other rules is found out', { timeout: 60_000 }, () => {
  const differs = (other: RaceRules): boolean =>
    fc.check(
      fc.property(script, (commands) => play(new Twins(FAMILIES, { delay: 250, resolution: 50 }, other), commands)),
      { numRuns: 1500, endOnFailure: true },
    ).failed;
  assert.deepEqual(
    [
      { delay: 251, resolution: 50 },
      { delay: 250, resolution: 49 },
    ].map(differs),
    [true, true],
  );
});
