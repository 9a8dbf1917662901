// Options of a socket as system calls: their order, and what becomes of a dial or listen when one of them fails.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { dial, listen, type RawConn, SyscallError, TCPAddr } from 'gonet';
import { Addr } from 'gonet/netip';

import { ipStack } from '../../src/fd/probe.ts';
import { localName } from '../../src/fd/names.ts';
import * as c from '../../src/syscall/zconst_linux.ts';
import { DIALED, LISTENING, placeOf, type Place, type Row, whyNotSet } from '../e2e/optionrows.ts';
import { noLeak } from './descriptors.ts';
import { failure, fdOf, loopback, pattern, readAll } from './pair.ts';
import { every, first, nth, Plan } from './plan.ts';

const TIMEOUT = { timeout: 10_000 };
const HOSTS = [
  ['127.0.0.1', false],
  ['[::1]', !ipStack().ipv6 && 'needs IPv6 on loopback'],
] as const;
const NO_DELAY: Place = [c.IPPROTO_TCP, c.TCP_NODELAY];
const DEFAULTS: Place[] = [
  NO_DELAY,
  [c.SOL_SOCKET, c.SO_KEEPALIVE],
  [c.IPPROTO_TCP, c.TCP_KEEPIDLE],
  [c.IPPROTO_TCP, c.TCP_KEEPINTVL],
  [c.IPPROTO_TCP, c.TCP_KEEPCNT],
];
const QUICK_ACK: Place = [c.IPPROTO_TCP, c.TCP_QUICKACK];

/** The calls that make a socket what it is, in order; an option as its level and name. */
function story(plan: Plan): string[] {
  return plan.calls.flatMap(({ name, args }) => {
    if (name === 'setsockopt') return `${args[1] as number}/${args[2] as number}`;
    return name === 'bind' || name === 'connect' || name === 'listen' ? name : [];
  });
}
const told = (places: readonly Place[]): string[] => places.map((place) => place.join('/'));

const here = (rows: readonly Row[]): Row[] => rows.filter((row) => whyNotSet(row) === false);
const own = (rows: readonly Row[]): object => Object.fromEntries(here(rows).map(({ name, value }) => [name, value]));

for (const [host, skip] of HOSTS) {
  const six = host !== '127.0.0.1';
  const before: Place[] = six ? [[c.IPPROTO_IPV6, c.IPV6_V6ONLY]] : [];
  /** The tos of IPv6 is one of IPv4 too. */
  const placesOf = (rows: readonly Row[]): Place[] =>
    here(rows).flatMap((row) => (six && row.name === 'tos' ? [row.place, row.place6] : [placeOf(row, host)]));

  test(`a dial to ${host}: what is named, bind, connect, the defaults, quickAck`, { ...TIMEOUT, skip }, () =>
    noLeak(async () => {
      using listener = await listen('tcp', `${host}:0`);
      const localAddr = new TCPAddr(Addr.parse(six ? '::1' : '127.0.0.1'), 0);
      using plan = new Plan();
      (await dial('tcp', `${listener.addr}`, { ...own(DIALED), quickAck: true, localAddr })).close();
      const named = placesOf(DIALED);
      assert.equal(named.length, here(DIALED).length + Number(six));
      assert.deepEqual(
        story(plan).toSorted(),
        told([...before, ...named, ...DEFAULTS, QUICK_ACK])
          .concat('bind', 'connect')
          .toSorted(),
      );
      assert.deepEqual(story(plan).slice(-8), ['bind', 'connect', ...told([...DEFAULTS, QUICK_ACK])]);
    }),
  );

  test(
    `a dial to ${host} with a hook: the defaults, what is named, the hook's, connect, quickAck`,
    { ...TIMEOUT, skip },
    () =>
      noLeak(async () => {
        using listener = await listen('tcp', `${host}:0`);
        using plan = new Plan();
        const control = (_network: string, _address: string, raw: RawConn): void => raw.setsockopt(...NO_DELAY, 0);
        (await dial('tcp', `${listener.addr}`, { ...own(DIALED), quickAck: true, control })).close();
        const calls = story(plan);
        assert.deepEqual(calls.slice(0, before.length + 5), told([...before, ...DEFAULTS]));
        assert.deepEqual(calls.slice(-3), [...told([NO_DELAY]), 'connect', ...told([QUICK_ACK])]);
        assert.deepEqual(calls.slice(before.length + 5, -3).toSorted(), told(placesOf(DIALED)).toSorted());
      }),
  );

  test(`a listen on ${host}: the default, what is named, the hook's, bind, listen`, { ...TIMEOUT, skip }, () =>
    noLeak(async () => {
      using plan = new Plan();
      const control = (_network: string, _address: string, raw: RawConn): void => raw.setsockopt(...NO_DELAY, 0);
      (await listen('tcp', `${host}:0`, { ...own(LISTENING), control })).close();
      const calls = story(plan);
      assert.deepEqual(calls.slice(0, before.length + 1), told([...before, [c.SOL_SOCKET, c.SO_REUSEADDR]]));
      assert.deepEqual(calls.slice(-3), [...told([NO_DELAY]), 'bind', 'listen']);
      assert.deepEqual(calls.slice(before.length + 1, -3).toSorted(), told(placesOf(LISTENING)).toSorted());
    }),
  );
}

/** What a process lacks that gets EPERM. */
const NEEDS: Readonly<Record<string, string>> = {
  transparent: 'CAP_NET_ADMIN or CAP_NET_RAW',
  bindToDevice: 'CAP_NET_RAW',
  mark: 'CAP_NET_ADMIN or CAP_NET_RAW',
  priority: 'CAP_NET_ADMIN or CAP_NET_RAW',
  tos: 'CAP_NET_ADMIN',
  congestion: 'CAP_NET_ADMIN',
};

async function refuses(row: Row, host: string, side: 'dial' | 'listen', place: Place): Promise<void> {
  const needs = NEEDS[row.name] === undefined ? '' : ` needs ${NEEDS[row.name]}`;
  // The default of a listener comes before what is named.
  const which = side === 'listen' && row.name === 'reuseAddr' ? nth(2) : first(1);
  for (const [errno, code, text] of [
    [c.EPERM, 'EPERM', `operation not permitted (${row.name}${needs})`],
    [c.ENOPROTOOPT, 'ENOPROTOOPT', `protocol not available (${row.name})`],
    [c.ENOMEM, 'ENOMEM', `cannot allocate memory (${row.name})`],
  ] as const) {
    using plan = new Plan();
    const where = (_fd: number, level: number, name: number): boolean => level === place[0] && name === place[1];
    plan.fail('setsockopt', which, -errno, { where });
    const options = { [row.name]: row.value };
    const address = `${host}:${side === 'dial' ? 9 : 0}`;
    const error = await failure(side === 'dial' ? dial('tcp', address, options) : listen('tcp', address, options));
    assert.equal(error.message, `${side} tcp ${address}: setsockopt: ${text}`);
    assert.ok(error.cause instanceof SyscallError);
    assert.deepEqual([error.code, error.errno, error.syscall], [code, -errno, 'setsockopt']);
    assert.equal(error.cause.cause, undefined);
    assert.deepEqual(
      [plan.count('socket'), plan.count('bind'), plan.count('connect'), plan.count('listen'), plan.count('close')],
      [1, 0, 0, 0, 1],
    );
  }
}

for (const [host, skip] of HOSTS) {
  for (const [side, rows] of [
    ['dial', DIALED],
    ['listen', LISTENING],
  ] as const) {
    for (const row of rows) {
      test(`${side} ${host}: ${row.name} fails`, { ...TIMEOUT, skip: skip || whyNotSet(row) }, () =>
        noLeak(async () => {
          await refuses(row, host, side, placeOf(row, host));
        }),
      );
    }
  }
}

test('the first option that fails is the last that is set', TIMEOUT, () =>
  noLeak(async () => {
    using plan = new Plan();
    plan.fail('setsockopt', nth(2), -c.EINVAL);
    const error = await failure(dial('tcp', '127.0.0.1:9', { userTimeout: 5, readBuffer: 9000, freebind: true }));
    assert.match(error.message, /\(readBuffer\)$/);
    assert.equal(plan.count('setsockopt'), 2);
  }),
);

test('defaults that cannot be set fail no dial, with a hook or without', TIMEOUT, () =>
  noLeak(async () => {
    using listener = await listen('tcp', '127.0.0.1:0');
    using plan = new Plan();
    plan.fail('setsockopt', every, -c.ENOPROTOOPT);
    for (const control of [undefined, () => undefined]) (await dial('tcp', `${listener.addr}`, { control })).close();
    assert.ok(plan.count('setsockopt') >= 4);
  }),
);

test('quickAck that cannot be set fails the dial', TIMEOUT, () =>
  noLeak(async () => {
    using listener = await listen('tcp', '127.0.0.1:0');
    using plan = new Plan();
    plan.fail('setsockopt', every, -c.EOPNOTSUPP, {
      where: (_fd, ...place) => place[0] === QUICK_ACK[0] && place[1] === QUICK_ACK[1],
    });
    const outcome = await dial('tcp', `${listener.addr}`, { quickAck: true }).then(
      (conn) => {
        conn.close();
        return 'connected';
      },
      (error: Error) => error.message,
    );
    assert.match(outcome, /setsockopt: operation not supported \(quickAck\)$/);
  }),
);

test('fastOpen false needs nothing of the kernel', TIMEOUT, () =>
  noLeak(async () => {
    using listener = await listen('tcp', '127.0.0.1:0');
    using plan = new Plan();
    plan.fail('setsockopt', every, -c.EOPNOTSUPP, { where: (_fd, _level, name) => name === c.TCP_FASTOPEN_CONNECT });
    (await dial('tcp', `${listener.addr}`, { fastOpen: false })).close();
  }),
);

test('bindAddressNoPort: the bind takes no port, the connect does', TIMEOUT, () =>
  noLeak(async () => {
    using listener = await listen('tcp', '127.0.0.1:0');
    for (const bindAddressNoPort of [true, false]) {
      using plan = new Plan();
      const ports: (number | undefined)[] = [];
      plan.swap('connect', every, (real, fd, address, length) => {
        ports.push((localName(fd, c.SOCK_STREAM) as TCPAddr | null)?.port);
        return real(fd, address, length);
      });
      using conn = await dial('tcp', `${listener.addr}`, { bindAddressNoPort, localAddr: loopback(0) });
      assert.deepEqual(ports, [bindAddressNoPort ? 0 : conn.localAddr.port]);
    }
  }),
);

test('freebind: a dial binds to an address that is not ours', TIMEOUT, () =>
  noLeak(async () => {
    using plan = new Plan();
    plan.fail('connect', every, -c.ECONNREFUSED);
    const localAddr = new TCPAddr(Addr.parse('192.0.2.1'), 0);
    assert.equal((await failure(dial('tcp', '127.0.0.1:9', { localAddr }))).code, 'EADDRNOTAVAIL');
    assert.equal((await failure(dial('tcp', '127.0.0.1:9', { localAddr, freebind: true }))).code, 'ECONNREFUSED');
    assert.equal(plan.of('bind').at(-1)!.result, 0);
  }),
);

for (const how of ['write', 'writev'] as const) {
  test(`fastOpen: a first ${how} that finds the handshake under way waits for it`, TIMEOUT, () =>
    noLeak(async () => {
      using plan = new Plan();
      using listener = await listen('tcp', '127.0.0.1:0');
      const named = whyNotSet(DIALED.at(-1)!) === false ? { fastOpen: true } : {};
      using client = await dial('tcp', `${listener.addr}`, named);
      using server = await listener.accept();
      const call = how === 'write' ? 'send' : 'writev';
      let shaking = true;
      plan.fail(call, () => shaking, -c.EINPROGRESS);
      const data = pattern(5000);
      let over = false;
      const written = how === 'write' ? client.write(data) : client.writev([data.subarray(0, 9), data.subarray(9)]);
      void written.then(() => (over = true));
      await new Promise((resolve) => setImmediate(resolve));
      assert.equal(over, false);
      shaking = false;
      plan.rearm(fdOf(client));
      assert.equal(await written, data.length);
      assert.deepEqual(await readAll(server, data.length), data);
    }),
  );

  test(`fastOpen: a ${how} that waits for the handshake ends with its deadline`, TIMEOUT, () =>
    noLeak(async () => {
      using plan = new Plan();
      using listener = await listen('tcp', '127.0.0.1:0');
      using client = await dial('tcp', `${listener.addr}`);
      plan.fail(how === 'write' ? 'send' : 'writev', every, -c.EINPROGRESS);
      const limits = { deadline: Date.now() + 20 };
      const error = await failure(how === 'write' ? client.write('x', limits) : client.writev([Buffer.of(1)], limits));
      assert.deepEqual([error.code, error.bytesWritten], ['ETIMEDOUT', 0]);
    }),
  );
}
