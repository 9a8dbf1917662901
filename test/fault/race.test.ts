// The whole dial of a name with several addresses, on a street of loopback addresses where faults are planned: what fails is
// passed at once, what is silent is not waited for, and whatever ends the dial leaves no descriptor and no hold on the process.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';

import { denyPrivate, dial, type DialOptions, listen } from 'gonet';

import { ipStack } from '../../src/fd/probe.ts';
import {
  EACCES,
  ECONNREFUSED,
  ECONNRESET,
  EHOSTUNREACH,
  EINVAL,
  EMFILE,
  ENETUNREACH,
  ENFILE,
  ENOBUFS,
  ENOMEM,
  ENOSPC,
  EPERM,
  ETIMEDOUT,
  SOL_SOCKET,
  SO_ERROR,
} from '../../src/syscall/zconst_linux.ts';
import { run } from './child.ts';
import { noLeak } from './descriptors.ts';
import { failure } from './pair.ts';
import { every, nth } from './plan.ts';
import { dialStreet, hookFor, host, knows, onStreet, type Street } from './street.ts';

const TIMEOUT = { timeout: 10_000 };
const NO_IPV6 = ipStack().ipv6 ? false : 'needs IPv6 on loopback';
const HOUR = 3_600_000;
/** The faults that a connect answers with. */
const ERRNOS = { refused: ECONNREFUSED, reset: ECONNRESET, unreachable: ENETUNREACH, denied: EACCES } as const;

/** Dials two addresses of which the first cannot be had, and never by waiting for the second's turn. */
async function passes(road: Street, options: DialOptions = {}): Promise<void> {
  using conn = await dialStreet(road, [host(2), host(3)], { fallbackDelay: HOUR, ...options });
  assert.equal(conn.remoteAddr.toString(), `127.0.0.3:${road.port}`);
}

// ── failures are passed at once ─────────────────────────────────────────────────────────────────────────────────────────────

for (const [name, errno] of Object.entries({
  ENETUNREACH,
  EHOSTUNREACH,
  EACCES,
  EPERM,
  ECONNREFUSED,
  ECONNRESET,
  ETIMEDOUT,
  ENOBUFS,
  EINVAL,
})) {
  onStreet(`connect answers ${name}: the next address at once`, async (road) => {
    road.refuse(host(2), errno);
    await passes(road);
    assert.deepEqual(road.dialed, [host(2), host(3)]);
  });
}

for (const [call, name, errno] of [
  ['socket', 'EMFILE', EMFILE],
  ['socket', 'ENFILE', ENFILE],
  ['epoll_ctl', 'ENOMEM', ENOMEM],
  ['epoll_ctl', 'ENOSPC', ENOSPC],
] as const) {
  onStreet(`${call} answers ${name}: the next address at once`, async (road) => {
    road.plan.fail(call, nth(1), -errno);
    await passes(road);
    assert.equal(road.plan.of(call)[0]!.result, -errno);
  });
}

onStreet('the far end refuses after the wait has begun: the next address at once', async (road) => {
  const asksWhy = (_fd: number, level: number, option: number): boolean => level === SOL_SOCKET && option === SO_ERROR;
  road.plan.swap(
    'getsockopt',
    nth(1),
    (_real, _fd, _level, _name, value, room) => {
      new DataView(value.buffer, value.byteOffset).setInt32(0, ECONNREFUSED, true);
      room[0] = 4;
      return 0;
    },
    { where: asksWhy },
  );
  await passes(road);
});

test('nobody listens there, without a fault: the next address at once', TIMEOUT, () =>
  noLeak(async () => {
    using listener = await listen('tcp', '127.0.0.3:0');
    const target = `street.test:${listener.addr.port}`;
    using conn = await dial('tcp', target, { ...knows(host(2), host(3)), fallbackDelay: HOUR });
    assert.equal(conn.remoteAddr.toString(), listener.addr.toString());
  }),
);

onStreet('eight addresses fail one after another, the ninth connects', async (road) => {
  const all = [1, 2, 3, 4, 5, 6, 7, 8, 9].map(host);
  const errnos = Object.values(ERRNOS);
  for (const [i, each] of all.slice(0, -1).entries()) road.refuse(each, errnos[i % errnos.length]!);
  using conn = await dialStreet(road, all, { fallbackDelay: HOUR });
  assert.equal(conn.remoteAddr.address, host(9));
  assert.deepEqual(road.dialed, all);
});

onStreet(
  'families take turns',
  async (road) => {
    road.refuse('::1', EHOSTUNREACH);
    for (const last of [2, 3]) road.refuse(host(last), ECONNREFUSED);
    const error = await failure(dialStreet(road, [host(2), host(3), '::1'], { fallbackDelay: HOUR }));
    assert.deepEqual(
      error.attempts?.map(({ address }) => address),
      [host(2), '::1', host(3)],
    );
  },
  { skip: NO_IPV6 },
);

onStreet('an address that is named twice is dialed once', async (road) => {
  road.refuse(host(2), ECONNREFUSED);
  const error = await failure(dialStreet(road, [host(2), host(2), '::ffff:127.0.0.2'], { fallbackDelay: HOUR }));
  assert.equal(error.message, `dial tcp 127.0.0.2:${road.port}: connect: connection refused`);
  assert.deepEqual(road.dialed, [host(2)]);
});

// ── silent addresses are not waited for ─────────────────────────────────────────────────────────────────────────────────────

onStreet('a silent address costs the delay, and no more', async (road) => {
  road.silence(host(2));
  const begun = performance.now();
  using conn = await dialStreet(road, [host(2), host(3), host(4)], { fallbackDelay: 50 });
  assert.ok(performance.now() - begun >= 50);
  assert.equal(conn.remoteAddr.address, host(3));
  assert.deepEqual(road.dialed, [host(2), host(3)]);
});

onStreet('a silent address stays under way while others fail', async (road) => {
  for (const last of [2, 5]) road.silence(host(last));
  for (const last of [3, 4]) road.refuse(host(last), ECONNREFUSED);
  const closes = road.plan.count('close');
  using conn = await dialStreet(road, [2, 3, 4, 5, 6].map(host), { fallbackDelay: 20 });
  assert.equal(conn.remoteAddr.address, host(6));
  // Nobody else has one left, and nobody closed twice.
  assert.equal(road.plan.count('close') - closes, 4);
});

onStreet('an endless delay waits for a silent address', async (road) => {
  road.silence(host(2));
  const options = { fallbackDelay: Infinity, timeout: 50 };
  const error = await failure(dialStreet(road, [host(2), host(3)], options));
  assert.equal(error.message, `dial tcp 127.0.0.2:${road.port}: i/o timeout`);
  assert.deepEqual(road.dialed, [host(2)]);
});

// ── all failed ──────────────────────────────────────────────────────────────────────────────────────────────────────────────

const TEXTS = {
  refused: 'connect: connection refused',
  reset: 'connect: connection reset by peer',
  unreachable: 'connect: network is unreachable',
  denied: 'connect: permission denied',
  silent: 'i/o timeout',
} as const;

for (const [faults, code] of [
  ['unreachable denied', 'ENETUNREACH'],
  ['denied unreachable', 'EACCES'],
  ['unreachable refused denied', 'ECONNREFUSED'],
  ['denied unreachable reset refused', 'ECONNRESET'],
  ['refused silent unreachable', 'ETIMEDOUT'],
  ['silent refused refused', 'ETIMEDOUT'],
] as const) {
  onStreet(`all failed: ${faults}`, async (road) => {
    const list = faults.split(' ') as (keyof typeof TEXTS)[];
    for (const [i, fault] of list.entries()) {
      if (fault === 'silent') road.silence(host(i + 1));
      else road.refuse(host(i + 1), ERRNOS[fault]);
    }
    const error = await failure(
      dialStreet(
        road,
        list.map((_, i) => host(i + 1)),
        { fallbackDelay: 10, timeout: 400 },
      ),
    );
    const reasons = list.map((fault, i) => `${host(i + 1)}:${road.port}: ${TEXTS[fault]}`);
    assert.equal(error.message, `dial tcp: ${reasons.join('; ')}`);
    assert.equal(error.code, code);
    assert.equal(error.timeout, code === 'ETIMEDOUT');
    const { attempts = [] } = error;
    assert.deepEqual(
      attempts.map(({ message }) => message),
      reasons.map((reason) => `dial tcp ${reason}`),
    );
    for (const [i, { start, duration, attempts: inner }] of attempts.entries()) {
      assert.ok(start! >= (attempts[i - 1]?.start ?? 0) && duration! >= 0 && start! + duration! < 5000);
      assert.equal(inner, undefined);
    }
  });
}

onStreet('no descriptor for any of them', async (road) => {
  road.plan.fail('socket', every, -EMFILE);
  const error = await failure(dialStreet(road, [host(2), host(3)], { fallbackDelay: HOUR }));
  const reason = (last: number): string => `${host(last)}:${road.port}: socket: too many open files`;
  assert.equal(error.message, `dial tcp: ${reason(2)}; ${reason(3)}`);
  assert.deepEqual([error.code, error.temporary, road.plan.count('close')], ['EMFILE', true, 0]);
});

// ── hooks ───────────────────────────────────────────────────────────────────────────────────────────────────────────────────

const refusal = new Error('not this one');
const refusals: Readonly<Record<string, () => void | Promise<void>>> = {
  throws() {
    throw refusal;
  },
  rejects: () => Promise.reject(refusal),
  async 'rejects a turn later'() {
    await setImmediate();
    throw refusal;
  },
};

for (const [how, refuse] of Object.entries(refusals)) {
  onStreet(`a hook that ${how} for one address: the other one wins, at once`, async (road) => {
    await passes(road, { control: hookFor([2], refuse) });
    assert.deepEqual(road.dialed, [host(3)]);
  });

  onStreet(`a hook that ${how} for all addresses`, async (road) => {
    const control = hookFor([2, 3], refuse);
    const error = await failure(dialStreet(road, [host(2), host(3)], { control, fallbackDelay: HOUR }));
    const { port } = road;
    assert.equal(error.message, `dial tcp: 127.0.0.2:${port}: not this one; 127.0.0.3:${port}: not this one`);
    assert.deepEqual([error.code, error.cause], ['ERR_NET_OP', refusal]);
    assert.deepEqual([road.plan.count('socket'), road.plan.count('close'), road.plan.count('connect')], [2, 2, 0]);
  });
}

onStreet('a hook that never settles for one address: the other one wins after the delay', async (road) => {
  const control = hookFor([2], () => new Promise(() => {}));
  await passes(road, { control, fallbackDelay: 20 });
  assert.deepEqual(road.dialed, [host(3)]);
});

onStreet('a hook that settles once the race is over: nobody connects any more', async (road) => {
  for (const late of [() => Promise.resolve(), () => Promise.reject(refusal)]) {
    let settle = (): void => {};
    const gate = new Promise<void>((resolve) => {
      settle = resolve;
    });
    const control = hookFor([2], () => gate.then(late));
    await passes(road, { control, fallbackDelay: 20 });
    settle();
    await setImmediate();
    assert.equal(road.dialed.includes(host(2)), false);
  }
});

onStreet('a hook that never settles for any address: the timeout', async (road) => {
  const control = hookFor([2, 3], () => new Promise(() => {}));
  const error = await failure(dialStreet(road, [host(2), host(3)], { control, fallbackDelay: 10, timeout: 400 }));
  const { port } = road;
  assert.equal(error.message, `dial tcp: 127.0.0.2:${port}: i/o timeout; 127.0.0.3:${port}: i/o timeout`);
});

onStreet('a hook that aborts the dial: no connect, no further address', async (road) => {
  const controller = new AbortController();
  const control = hookFor([2], () => controller.abort());
  const options = { control, signal: controller.signal, fallbackDelay: 100 };
  const error = await failure(dialStreet(road, [host(2), host(3)], options));
  assert.equal(error.code, 'ABORT_ERR');
  assert.deepEqual([road.plan.count('socket'), road.plan.count('connect')], [1, 0]);
});

onStreet('denyPrivate refuses them all, and none is dialed', async (road) => {
  const options = { control: denyPrivate(), fallbackDelay: HOUR };
  const error = await failure(dialStreet(road, [host(2), host(3)], options));
  assert.deepEqual([error.code, error.attempts?.length, road.plan.count('connect')], ['ERR_NET_ADDR', 2, 0]);
});

// ── the process ─────────────────────────────────────────────────────────────────────────────────────────────────────────────

for (const [scenario, said] of [
  ['a silent address first', '127.0.0.3'],
  ['a hook that never settles', '127.0.0.3'],
  ['a look-up that never settles', 'dial tcp: lookup street.test: i/o timeout'],
  ['a look-up that never settles, in a process that had no socket yet', 'dial tcp: lookup street.test: i/o timeout'],
  ['a winner while others wait', '127.0.0.1'],
] as const) {
  test(`a process that dials ends by itself: ${scenario}`, TIMEOUT, async () => {
    const outcome = await run(new URL('./racing.js', import.meta.url), [scenario], { patience: 5000 });
    assert.deepEqual(outcome, { code: 0, signal: null, stdout: `${said}\n`, stderr: '' });
  });
}
