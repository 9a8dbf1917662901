// The race on a virtual clock: the cases that matter as a table, and every order of success, failure, delay and late arrival for
// up to four addresses against the rules of RFC 8305. A case is written as it is read:
//
//   who        the addresses, the best first, and how an attempt at each ends: `6a never, 4a ok 30, 4b fails 10`
//   answers    which addresses come when: `4a 4b @0, 6a @20`; a family that has none: `6- @20`
//   timeline   who starts when, and the end of it: `20 6a, 270 4a, 300 4a won`; `lost` if all failed, `waits` if that is open

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { type Entrant, type Family, Race } from './race.ts';

const RULES = { delay: 250, resolution: 50 };
const FAMILIES: readonly Family[] = ['IPv4', 'IPv6'];

/** An address, and how an attempt at it ends; `after` is Infinity for never. */
interface Runner extends Entrant {
  readonly name: string;
  readonly ok: boolean;
  readonly after: number;
}

/** What one answer of the look-up says. */
interface Answer {
  readonly at: number;
  readonly families: readonly Family[];
  readonly runners: readonly Runner[];
}

/** Of two things at one time, answers are told first, and then ends in the order of the starts. */
interface Event {
  readonly at: number;
  readonly what: 'answer' | 'start' | 'failed' | 'won';
  readonly runner?: Runner;
  readonly answer?: Answer;
}

/** Everything that happens; `runners` are all addresses, the best first. */
function run(runners: readonly Runner[], answers: readonly Answer[], expected = FAMILIES): Event[] {
  const race = new Race<Runner>(expected, RULES);
  const events: Event[] = [];
  const left = [...answers];
  const running: { readonly runner: Runner; readonly at: number }[] = [];
  for (let time = 0; ;) {
    for (let who = race.next(time); who !== null; who = race.next(time)) {
      events.push({ at: time, what: 'start', runner: who });
      running.push({ runner: who, at: time + who.after });
    }
    const ending = running.length === 0 ? null : running.reduce((a, b) => (b.at < a.at ? b : a));
    const at = Math.min(left[0]?.at ?? Infinity, ending?.at ?? Infinity, race.startsAt);
    if (at === Infinity) return events;
    assert.ok(at >= time, `the clock goes back from ${time} to ${at}`);
    time = at;
    if (left[0]?.at === time) {
      const answer = left.shift()!;
      const all = [...race.pending, ...answer.runners];
      race.answered(
        time,
        answer.families,
        runners.filter((each) => all.includes(each)),
      );
      events.push({ at: time, what: 'answer', answer });
    } else if (ending?.at === time) {
      running.splice(running.indexOf(ending), 1);
      events.push({ at: time, what: ending.runner.ok ? 'won' : 'failed', runner: ending.runner });
      if (ending.runner.ok) return events;
      race.failed(time);
    }
  }
}

function timeline(events: readonly Event[], expected: readonly Family[]): string {
  const parts = events
    .filter(({ what }) => what === 'start' || what === 'won')
    .map(({ at, what, runner }) => `${at} ${runner!.name}${what === 'won' ? ' won' : ''}`);
  if (events.at(-1)?.what !== 'won') parts.push(isLost(events, expected) ? 'lost' : 'waits');
  return parts.join(', ');
}

/** Whether every family has answered and every attempt has failed. */
function isLost(events: readonly Event[], expected: readonly Family[]): boolean {
  const answered = events.flatMap(({ answer }) => answer?.families ?? []);
  const count = (kind: Event['what']): number => events.filter(({ what }) => what === kind).length;
  return expected.every((family) => answered.includes(family)) && count('start') === count('failed');
}

const familyOf = (name: string): Family => (name.startsWith('6') ? 'IPv6' : 'IPv4');

function toRunner(text: string): Runner {
  const [name = '', how, after] = text.split(' ');
  return { name, family: familyOf(name), ok: how === 'ok', after: how === 'never' ? Infinity : Number(after) };
}

function toAnswer(text: string, runners: readonly Runner[]): Answer {
  const [names = '', at] = text.split(' @');
  const list = names.split(' ');
  const found = list.flatMap((name) => runners.filter((each) => each.name === name));
  return { at: Number(at), families: [...new Set(list.map(familyOf))], runners: found };
}

/** The timeline of a case. */
function play(who: string, answers: string, expected = FAMILIES): string {
  const runners = who.split(', ').map(toRunner);
  const list = answers.split(', ').map((text) => toAnswer(text, runners));
  return timeline(run(runners, list, expected), expected);
}

const tables: Record<string, readonly (readonly [who: string, answers: string, timeline: string])[]> = {
  'all addresses at once': [
    ['6a ok 30', '6a 4- @0', '0 6a, 30 6a won'],
    ['6a ok 30, 4a ok 1', '6a 4a @0', '0 6a, 30 6a won'],
    ['6a never, 4a ok 30', '6a 4a @0', '0 6a, 250 4a, 280 4a won'],
    ['6a ok 300, 4a ok 30', '6a 4a @0', '0 6a, 250 4a, 280 4a won'],
    ['6a ok 300, 4a ok 60', '6a 4a @0', '0 6a, 250 4a, 300 6a won'],
    ['6a never, 4a never', '6a 4a @0', '0 6a, 250 4a, waits'],
    ['4a never, 6a ok 1', '4a 6a @0', '0 4a, 250 6a, 251 6a won'],
  ],
  'families take turns': [
    ['6a never, 6b never, 6c never, 4a ok 30', '6a 6b 6c 4a @0', '0 6a, 250 4a, 280 4a won'],
    ['6a never, 6b never, 4a never, 4b never', '6a 6b 4a 4b @0', '0 6a, 250 4a, 500 6b, 750 4b, waits'],
    ['4a never, 4b never, 4c never, 6a never', '4a 4b 4c 6a @0', '0 4a, 250 6a, 500 4b, 750 4c, waits'],
    ['6a never, 4a never, 6b never, 4b never', '6a 4a 6b 4b @0', '0 6a, 250 4a, 500 6b, 750 4b, waits'],
    ['4a never, 4b never, 4c ok 5', '4a 4b 4c 6- @0', '0 4a, 250 4b, 500 4c, 505 4c won'],
  ],
  'a failure starts the next one': [
    ['6a fails 10, 4a ok 30', '6a 4a @0', '0 6a, 10 4a, 40 4a won'],
    ['6a fails 0, 4a fails 0, 6b fails 0, 4b ok 0', '6a 4a 6b 4b @0', '0 6a, 0 4a, 0 6b, 0 4b, 0 4b won'],
    ['6a fails 10, 4a fails 10, 6b fails 10', '6a 6b 4a @0', '0 6a, 10 4a, 20 6b, lost'],
    // The delay counts from the latest start.
    ['6a fails 100, 4a never, 6b ok 9', '6a 4a 6b @0', '0 6a, 100 4a, 350 6b, 359 6b won'],
    // Every failure counts, not only that of the latest attempt, and each starts one.
    ['6a fails 300, 4a never, 6b never, 4b never', '6a 4a 6b 4b @0', '0 6a, 250 4a, 300 6b, 550 4b, waits'],
    ['6a fails 300, 4a fails 50, 6b never, 4b never', '6a 4a 6b 4b @0', '0 6a, 250 4a, 300 6b, 300 4b, waits'],
    ['6a fails 250, 4a never, 6b never', '6a 4a 6b @0', '0 6a, 250 4a, 500 6b, waits'],
    ['6a ok 900, 4a fails 1, 6b fails 1', '6a 4a 6b @0', '0 6a, 250 4a, 251 6b, 900 6a won'],
  ],
  'the resolution delay': [
    ['4a ok 30', '4a @0', '50 4a, 80 4a won'],
    ['4a ok 30', '4a @100', '150 4a, 180 4a won'],
    ['4a ok 30', '4a @0, 6- @20', '20 4a, 50 4a won'],
    ['4a ok 30', '6- @0, 4a @20', '20 4a, 50 4a won'],
    ['6a ok 30', '6a @0', '0 6a, 30 6a won'],
    ['6a ok 30, 4a ok 30', '4a @0, 6a @20', '20 6a, 50 6a won'],
    ['6a ok 30, 4a ok 30', '4a @0, 6a @49', '49 6a, 79 6a won'],
    ['6a ok 30, 4a ok 30', '4a @0, 6a @50', '50 6a, 80 6a won'],
    ['6a ok 30, 4a ok 30', '4a @0, 6a @51', '50 4a, 80 4a won'],
    // Whoever is better starts first, of whatever family.
    ['4a never, 6a ok 5', '4a @0, 6a @20', '20 4a, 270 6a, 275 6a won'],
    // More of the same family is no reason to wait longer, nor not to wait.
    ['4a never, 4b never', '4a @0, 4b @30', '50 4a, 300 4b, waits'],
    // An empty answer has nothing to wait with.
    ['4a ok 1', '4- @0, 4a @100', '150 4a, 151 4a won'],
    // Only the first attempt waits.
    ['4a fails 10, 4b ok 1', '4a 4b @0', '50 4a, 60 4b, 61 4b won'],
    ['4a fails 10, 4b ok 1', '4a @0, 4b @70', '50 4a, 70 4b, 71 4b won'],
  ],
  'late arrivals join': [
    ['6a ok 9, 4a never', '4a @0, 6a @200', '50 4a, 300 6a, 309 6a won'],
    ['6a ok 9, 4a never', '4a @0, 6a @400', '50 4a, 400 6a, 409 6a won'],
    ['6a ok 9, 4a fails 10', '4a @0, 6a @200', '50 4a, 200 6a, 209 6a won'],
    ['6a ok 9, 4a fails 200', '4a @0, 6a @200', '50 4a, 250 6a, 259 6a won'],
    ['6a never, 4a ok 9', '6a @0, 4a @20', '0 6a, 250 4a, 259 4a won'],
    ['6a never, 4a ok 9', '6a @0, 4a @400', '0 6a, 400 4a, 409 4a won'],
    ['6a fails 5, 4a ok 9', '6a @0, 4a @20', '0 6a, 20 4a, 29 4a won'],
    // They come before who waits already, if it is their turn.
    ['6a ok 9, 4a never, 4b never', '4a 4b @0, 6a @100', '50 4a, 300 6a, 309 6a won'],
    ['6a never, 6b never, 6c never, 4a ok 9', '6a 6b 6c @0, 4a @260', '0 6a, 250 6b, 500 4a, 509 4a won'],
    ['6a fails 5', '6a @0', '0 6a, waits'],
    ['6a fails 5', '6a @0, 4- @400', '0 6a, lost'],
  ],
};

for (const [title, rows] of Object.entries(tables)) {
  for (const [who, answers, expected] of rows) {
    test(`${title}: ${who}; ${answers}`, { timeout: 1000 }, () => assert.equal(play(who, answers), expected));
  }
}

test('families that nobody asked for are not waited for', { timeout: 1000 }, () => {
  assert.equal(play('4a ok 30', '4a @0', ['IPv4']), '0 4a, 30 4a won');
  assert.equal(play('4a ok 30', '4a @0', []), '0 4a, 30 4a won');
  assert.equal(play('6a ok 30', '6a @0', ['IPv6']), '0 6a, 30 6a won');
});

test('an IPv6 address that is not the last of its family starts at once too', { timeout: 1000 }, () => {
  const race = new Race<Entrant>(FAMILIES, RULES);
  race.answered(0, ['IPv4'], [{ family: 'IPv4' }]);
  assert.deepEqual([race.next(10), race.startsAt], [null, 50]);
  race.answered(20, [], [{ family: 'IPv6' }, ...race.pending]);
  assert.deepEqual(race.next(20), { family: 'IPv6' });
  assert.deepEqual([race.pending, race.startsAt], [[{ family: 'IPv4' }], 270]);
});

test('no answer, no start', { timeout: 1000 }, () => {
  const race = new Race(FAMILIES, RULES);
  assert.deepEqual([race.startsAt, race.next(1e9), race.pending], [Infinity, null, []]);
  race.answered(1e9, FAMILIES, []);
  assert.deepEqual([race.startsAt, race.next(2e9), race.pending], [Infinity, null, []]);
});

test('an early look at the clock starts nobody, a late one starts one', { timeout: 1000 }, () => {
  const [a, b, c] = (['IPv6', 'IPv6', 'IPv4'] as const).map((family) => ({ family }));
  const race = new Race<Entrant>(FAMILIES, RULES);
  race.answered(0, FAMILIES, [a!, b!, c!]);
  assert.deepEqual([race.next(0), race.pending], [a, [b, c]]);
  assert.deepEqual([race.next(249.9), race.startsAt], [null, 250]);
  assert.deepEqual([race.next(1000), race.startsAt, race.pending], [c, 1250, [b]]);
  assert.equal(race.next(1000), null);
  assert.deepEqual([race.next(1250), race.startsAt], [b, Infinity]);
});

// ── every case ───────────────────────────────────────────────────────────────────────────────────────────────────────────────

/** When the answer of the other family comes after the first one's. */
const LATER = [20, 49, 50, 51, 200, 400, Infinity];
const ENDS = [
  { ok: true, after: 30 },
  { ok: true, after: 330 },
  { ok: false, after: 10 },
  { ok: false, after: 300 },
  { ok: false, after: Infinity },
];

/** Every list of `length` of these. */
function* lists<T>(of: readonly T[], length: number): Generator<readonly T[]> {
  if (length === 0) yield [];
  else for (const head of of) for (const tail of lists(of, length - 1)) yield [head, ...tail];
}

/** Both answers at once, or one family's later; an answer may be empty. */
function* arrivals(runners: readonly Runner[]): Generator<readonly Answer[]> {
  const answer = (at: number, ...families: Family[]): Answer => ({
    at,
    families,
    runners: runners.filter(({ family }) => families.includes(family)),
  });
  yield [answer(0, 'IPv4', 'IPv6')];
  for (const later of LATER) {
    yield [answer(0, 'IPv4'), answer(later, 'IPv6')].filter(({ at }) => at < Infinity);
    yield [answer(0, 'IPv6'), answer(later, 'IPv4')].filter(({ at }) => at < Infinity);
  }
}

/** What has happened before the event at `index`. */
class Past {
  readonly #before: readonly Event[];

  constructor(events: readonly Event[], index: number) {
    this.#before = events.slice(0, index);
  }

  of(what: Event['what']): Event[] {
    return this.#before.filter((each) => each.what === what);
  }

  /** Who has come and not started, the best first, in the order of `runners`. */
  waiting(runners: readonly Runner[]): Runner[] {
    const come = this.of('answer').flatMap(({ answer }) => answer!.runners);
    const gone = this.of('start').map(({ runner }) => runner);
    return runners.filter((each) => come.includes(each) && !gone.includes(each));
  }

  /** The first failure after the latest start. */
  failure(): Event | undefined {
    const latest = this.#before.findLastIndex(({ what }) => what === 'start');
    return this.#before.slice(latest + 1).find(({ what }) => what === 'failed');
  }
}

const arrivalOf = (answers: readonly Answer[], family?: Family): number =>
  answers.find(({ runners }) => runners.some((each) => family === undefined || each.family === family))?.at ?? Infinity;

/** When the first attempt has to start, from the rules of RFC 8305, section 3. */
function firstStart(answers: readonly Answer[]): number {
  const told6 = answers.find(({ families }) => families.includes('IPv6'))?.at ?? Infinity;
  const come4 = arrivalOf(answers, 'IPv4');
  return Math.min(arrivalOf(answers, 'IPv6'), Math.max(come4, told6), come4 + RULES.resolution);
}

/** What is wrong with a start; empty if nothing is. */
function wrongStart(
  events: readonly Event[],
  index: number,
  runners: readonly Runner[],
  answers: readonly Answer[],
): string {
  const { at, runner } = events[index]!;
  const past = new Past(events, index);
  const waiting = past.waiting(runners);
  if (!waiting.includes(runner!)) return 'has started before, or has not come yet';
  const previous = past.of('start').at(-1);
  const first = waiting.find(({ family }) => family !== previous?.runner!.family) ?? waiting[0];
  if (runner !== first) return `is not next: ${first!.name} is`;
  if (previous === undefined) return at === firstStart(answers) ? '' : `is not at ${firstStart(answers)}`;
  // Whoever waits has been there at the start before, or has come since.
  const come = Math.min(...waiting.map((each) => answers.find((answer) => answer.runners.includes(each))!.at));
  const due = Math.max(come, Math.min(previous.at + RULES.delay, past.failure()?.at ?? Infinity));
  return at === due ? '' : `is not at ${due}`;
}

/** What is wrong with the end; empty if nothing is. */
function wrongEnd(events: readonly Event[], runners: readonly Runner[], answers: readonly Answer[]): string {
  const starts = events.filter(({ what }) => what === 'start');
  const successes = starts.filter(({ runner }) => runner!.ok).map(({ at, runner }) => at + runner!.after);
  const won = events.findIndex(({ what }) => what === 'won');
  if (won >= 0) {
    if (won !== events.length - 1) return 'something comes after the win';
    return events[won]!.at === Math.min(...successes) ? '' : 'an earlier success was possible';
  }
  if (successes.length > 0) return 'a success is no win';
  const come = runners.filter((each) => answers.some((answer) => answer.runners.includes(each)));
  return starts.length === come.length ? '' : 'somebody never had a turn';
}

for (const length of [0, 1, 2, 3, 4]) {
  test(`every race of ${length} addresses keeps the rules`, { timeout: 60_000 }, () => {
    let races = 0;
    for (const names of lists<Family>(FAMILIES, length)) {
      for (const ends of lists(ENDS, length)) {
        const runners = names.map((family, i) => ({ name: `${family} ${i}`, family, ...ends[i]! }));
        for (const answers of arrivals(runners)) {
          const events = run(runners, answers);
          races++;
          const wrong = events.map((each, i) => (each.what === 'start' ? wrongStart(events, i, runners, answers) : ''));
          wrong.push(wrongEnd(events, runners, answers));
          const first = wrong.find((each) => each !== '');
          if (first !== undefined) assert.fail(`${first}: ${JSON.stringify({ runners, answers, events })}`);
        }
      }
    }
    assert.equal(races, (FAMILIES.length * ENDS.length) ** length * (1 + 2 * LATER.length));
  });
}
