// A race of several addresses that is ended, in each of its states, from outside or by a winner: what it tells, and that every
// attempt has closed its socket by then.

import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { setImmediate } from 'node:timers/promises';

import { CanceledError, DeadlineError, dial, type DialOptions, DNSError } from 'gonet';
import { Addr } from 'gonet/netip';

import { limitError } from '../../src/dns/failure.ts';
import { type Answer, Resolver } from '../../src/dns/resolver.ts';
import { limited } from '../../src/fd/limited.ts';
import { ECONNREFUSED, EINPROGRESS } from '../../src/syscall/zconst_linux.ts';
import { failure } from './pair.ts';
import { every, nth } from './plan.ts';
import { dialStreet, hookFor, host, knows, onStreet, type Street } from './street.ts';

const HOUR = 3_600_000;

/** Resolves when `done` says so. */
async function until(done: () => boolean): Promise<void> {
  while (!done()) await setImmediate();
}

// ── ended from outside, in every state ──────────────────────────────────────────────────────────────────────────────────────

/** A resolver that has heard from some name servers, and will never hear from the others. */
class Arrivals extends Resolver {
  readonly #answers: readonly Answer[];

  constructor(...answers: readonly Answer[]) {
    super();
    this.#answers = answers;
  }

  /** Tells of its answers, and then of nothing more until a limit ends the wait. */
  override async arrivals(...[, host, limits, hear]: Parameters<Resolver['arrivals']>): Promise<void> {
    for (const each of this.#answers) hear(each);
    try {
      await limited(new Promise<never>(() => {}), limits);
    } catch (error) {
      throw limitError(host, error);
    }
  }
}

const only4 = (...lasts: readonly number[]): Answer => ({
  families: ['IPv4'],
  addrs: lasts.map((last) => Addr.parse(host(last))),
});

interface State {
  /** What is to be dialed, and how. */
  readonly options: DialOptions;
  /** Which addresses are silent, and which refuse. */
  readonly silent?: readonly number[];
  readonly refused?: readonly number[];
  /** How many connects there are when the state is reached. */
  readonly connects: number;
  /** How long the dial may take, in milliseconds: enough to get into the state; default 400. */
  readonly timeout?: number;
  /** The error's text where the end is `why`; P is the port. */
  readonly message: string;
}

const states: Readonly<Record<string, State>> = {
  'during the look-up': {
    options: { resolver: { lookupNetIP: () => new Promise(() => {}) } },
    connects: 0,
    message: 'dial tcp: lookup street.test: why',
  },
  'while IPv4 waits for IPv6': {
    options: { resolver: new Arrivals(only4(2, 3)) },
    timeout: 30,
    connects: 0,
    message: 'dial tcp: lookup street.test: why',
  },
  'during the first attempt': {
    options: { ...knows(host(2), host(3)), fallbackDelay: HOUR },
    silent: [2],
    connects: 1,
    message: 'dial tcp 127.0.0.2:P: why',
  },
  'during the second attempt, the first one having failed': {
    options: { ...knows(host(2), host(3), host(4)), fallbackDelay: HOUR },
    refused: [2],
    silent: [3],
    connects: 2,
    message: 'dial tcp: 127.0.0.2:P: connect: connection refused; 127.0.0.3:P: why',
  },
  'during two attempts': {
    options: { ...knows(host(2), host(3)), fallbackDelay: 5 },
    silent: [2, 3],
    connects: 2,
    message: 'dial tcp: 127.0.0.2:P: why; 127.0.0.3:P: why',
  },
  'when all have failed, and IPv6 has not answered': {
    options: { resolver: new Arrivals(only4(2, 3)), fallbackDelay: HOUR },
    refused: [2, 3],
    connects: 2,
    message:
      'dial tcp: 127.0.0.2:P: connect: connection refused; 127.0.0.3:P: connect: connection refused; ' +
      'lookup street.test: why',
  },
};

/** Puts the street into a state's. */
function prepare(road: Street, { silent = [], refused = [] }: State): void {
  for (const last of silent) road.silence(host(last));
  for (const last of refused) road.refuse(host(last), ECONNREFUSED);
}

for (const [when, state] of Object.entries(states)) {
  const messageOf = (road: Street, why: string): string =>
    state.message.replaceAll(':P', `:${road.port}`).replaceAll('why', why);

  onStreet(`aborted ${when}`, async (road) => {
    prepare(road, state);
    const controller = new AbortController();
    const { signal } = controller;
    const dialing = failure(dial('tcp', road.target, { ...state.options, signal }));
    await until(() => road.plan.count('connect') >= state.connects);
    await setImmediate();
    assert.equal(road.plan.count('connect'), state.connects);
    controller.abort('enough');
    const error = await dialing;
    assert.equal(error.message, messageOf(road, 'operation was canceled'));
    assert.deepEqual([error.code, error.timeout], ['ABORT_ERR', false]);
    const cause = error.cause instanceof DNSError ? error.cause.cause : error.cause;
    assert.ok(cause instanceof CanceledError);
    assert.equal(cause.cause, 'enough');
    assert.equal(getEventListeners(signal, 'abort').length, 0);
    assert.equal(road.plan.count('connect'), state.connects);
  });

  onStreet(`out of time ${when}`, async (road) => {
    prepare(road, state);
    const { signal } = new AbortController();
    const { options, timeout = 400 } = state;
    const error = await failure(dial('tcp', road.target, { ...options, signal, timeout }));
    assert.equal(error.message, messageOf(road, 'i/o timeout'));
    assert.deepEqual([error.code, error.timeout], ['ETIMEDOUT', true]);
    const cause = error.cause instanceof DNSError ? error.cause.cause : error.cause;
    assert.ok(cause instanceof DeadlineError);
    assert.equal(getEventListeners(signal, 'abort').length, 0);
    assert.equal(road.plan.count('connect'), state.connects);
  });
}

for (const [why, options, code] of [
  ['aborted', { signal: AbortSignal.abort('enough') }, 'ABORT_ERR'],
  ['out of time', { timeout: -1 }, 'ETIMEDOUT'],
] as const) {
  onStreet(`${why} before it began: no look-up, no socket`, async (road) => {
    let asked = 0;
    const resolver = { lookupNetIP: () => Promise.resolve([Addr.parse(host(++asked))]) };
    const error = await failure(dial('tcp', road.target, { resolver, ...options }));
    assert.deepEqual([error.code, asked, road.plan.count('socket')], [code, 0, 0]);
  });
}

onStreet('a look-up that takes all of the time and then answers: out of time, not canceled', async (road) => {
  const lookupNetIP = (): Promise<Addr[]> => {
    for (const end = performance.now() + 20; performance.now() < end;);
    return Promise.resolve([Addr.parse(host(2))]);
  };
  const error = await failure(dial('tcp', road.target, { resolver: { lookupNetIP }, timeout: 10 }));
  assert.deepEqual([road.dialed, error.code, error.timeout], [[], 'ETIMEDOUT', true]);
});

onStreet('out of time before it began, at an address that stands for two', async (road) => {
  const error = await failure(dial('tcp', `[::]:${road.port}`, { timeout: -1 }));
  assert.deepEqual([road.dialed, error.code, error.timeout], [[], 'ETIMEDOUT', true]);
});

onStreet('aborted after one failed, and when the other has just connected', async (road) => {
  const controller = new AbortController();
  road.refuse(host(2), ECONNREFUSED);
  road.plan.swap('getsockname', nth(1), (real, fd, addr, length) => {
    controller.abort('enough');
    return real(fd, addr, length);
  });
  const error = await failure(dialStreet(road, [host(2), host(3)], { signal: controller.signal }));
  assert.deepEqual([road.dialed, error.code], [[host(2), host(3)], 'ABORT_ERR']);
});

onStreet('aborted by a hook that then refuses: what is left is not tried, and that is told', async (road) => {
  const controller = new AbortController();
  const control = hookFor([2], () => {
    controller.abort('enough');
    throw new Error('not this one');
  });
  const error = await failure(dialStreet(road, [host(2), host(3)], { control, signal: controller.signal }));
  assert.deepEqual([road.dialed, error.code], [[], 'ABORT_ERR']);
});

// ── several connect at once ─────────────────────────────────────────────────────────────────────────────────────────────────

/** How many of the connections that the street has accepted are still open at the other end. */
async function stillOpen(road: Street, count: number): Promise<number> {
  let open = 0;
  for (let i = 0; i < count; i++) {
    using conn = await road.listener.accept();
    // Whoever closed has done so by now: what is left is the one connection.
    conn.setReadDeadline(Date.now() + 100);
    const end = await conn.read(Buffer.alloc(1)).catch((error: Error) => error);
    if (end instanceof Error) open++;
    else assert.equal(end, null);
  }
  return open;
}

onStreet('all start at once: the first wins, and the others are closed', async (road) => {
  const all = [2, 3, 4, 5].map(host);
  using conn = await dialStreet(road, all, { fallbackDelay: Number.MIN_VALUE });
  assert.equal(conn.remoteAddr.address, host(2));
  assert.deepEqual(road.dialed, all);
  assert.equal(await stillOpen(road, 4), 1);
});

onStreet('two connect in one turn: one is given out, and the other is closed', async (road) => {
  const later: (() => number)[] = [];
  road.plan.swap('connect', every, (real, fd, addr, length) => {
    const copy = Uint8Array.from(addr);
    later.push(() => real(fd, copy, length));
    return -EINPROGRESS;
  });
  const dialing = dialStreet(road, [host(2), host(3)], { fallbackDelay: 5 });
  await until(() => later.length === 2);
  await setImmediate();
  for (const connect of later) assert.equal(connect(), -EINPROGRESS);
  using _conn = await dialing;
  assert.equal(await stillOpen(road, 2), 1);
});

onStreet('a connection that comes after the abort is closed', async (road) => {
  const controller = new AbortController();
  road.plan.swap('getsockname', nth(1), (real, fd, addr, length) => {
    controller.abort('enough');
    return real(fd, addr, length);
  });
  const error = await failure(dialStreet(road, [host(2), host(3)], { signal: controller.signal }));
  assert.equal(error.code, 'ABORT_ERR');
  assert.equal(await stillOpen(road, 1), 0);
});
