// MPTCP that the kernel refuses: a socket of TCP takes its place, once. A peer that refuses is no reason to try again.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { dial, dialTCP, listen, type RawConn } from 'gonet';
import { setsockopt } from 'gonet/syscall';

import * as c from '../../src/syscall/zconst_linux.ts';
import { noLeak } from './descriptors.ts';
import { closedPort, failure, talk } from './pair.ts';
import { every, Plan } from './plan.ts';

const TIMEOUT = { timeout: 10_000 };
const multipath = true;
const isMultipath = (_family: number, _type: number, proto: number): boolean => proto === c.IPPROTO_MPTCP;

/** A kernel that makes sockets of MPTCP, wherever this runs: they are ones of TCP. */
function pretend(plan: Plan): void {
  plan.swap('socket', every, (real, family, type) => real(family, type, 0), { where: isMultipath });
}

const protocols = (plan: Plan): number[] => plan.of('socket').map(({ args }) => args[2]);

for (const [name, errno] of Object.entries({
  ENOPROTOOPT: c.ENOPROTOOPT,
  EPROTONOSUPPORT: c.EPROTONOSUPPORT,
  EINVAL: c.EINVAL,
  EPERM: c.EPERM,
})) {
  test(`a kernel that answers ${name}: TCP instead, on both sides`, TIMEOUT, () =>
    noLeak(async () => {
      using plan = new Plan();
      plan.fail('socket', every, -errno, { where: isMultipath });
      using listener = await listen('tcp', '127.0.0.1:0', { multipath });
      assert.deepEqual(protocols(plan), [c.IPPROTO_MPTCP, 0]);
      for (const dialing of [
        () => dial('tcp', `${listener.addr}`, { multipath, userTimeout: 7 }),
        () => dialTCP('tcp', null, listener.addr, { multipath }),
      ]) {
        using client = await dialing();
        using server = await listener.accept();
        await talk({ client, server });
        assert.deepEqual([client.multipath(), server.multipath()], [false, false]);
      }
      assert.deepEqual(protocols(plan), [c.IPPROTO_MPTCP, 0, c.IPPROTO_MPTCP, 0, c.IPPROTO_MPTCP, 0]);
    }),
  );
}

test('neither can be made: the error is that of TCP, and each was tried once', TIMEOUT, () =>
  noLeak(async () => {
    using plan = new Plan();
    plan.fail('socket', every, -c.EPROTONOSUPPORT, { where: isMultipath }).fail('socket', every, -c.EACCES);
    for (const failing of [dial('tcp', '127.0.0.1:9', { multipath }), listen('tcp', '127.0.0.1:0', { multipath })]) {
      const error = await failure(failing);
      assert.match(error.message, /: socket: permission denied$/);
    }
    assert.equal(plan.count('socket'), 4);
  }),
);

test('without multipath no such socket is asked for', TIMEOUT, () =>
  noLeak(async () => {
    using plan = new Plan();
    using listener = await listen('tcp', '127.0.0.1:0', { multipath: false });
    (await dial('tcp', `${listener.addr}`)).close();
    assert.deepEqual(protocols(plan), [0, 0]);
  }),
);

test('an option that MPTCP refuses: TCP instead, with the option', TIMEOUT, () =>
  noLeak(async () => {
    using plan = new Plan();
    pretend(plan);
    const refusing = new Set<number>();
    plan.swap(
      'setsockopt',
      every,
      (real, fd, level, name, value, length) => {
        const last = plan.of('socket').at(-1)!;
        if (!isMultipath(...last.args)) return real(fd, level, name, value, length);
        refusing.add(fd);
        return -c.EOPNOTSUPP;
      },
      { where: (_fd, level, name) => level === c.IPPROTO_TCP && name === c.TCP_USER_TIMEOUT },
    );
    using listener = await listen('tcp', '127.0.0.1:0', { multipath, userTimeout: 1234 });
    using client = await dial('tcp', `${listener.addr}`, { multipath, userTimeout: 4321 });
    using server = await listener.accept();
    await talk({ client, server });
    assert.deepEqual(protocols(plan), [c.IPPROTO_MPTCP, 0, c.IPPROTO_MPTCP, 0]);
    const timeoutOf = (owner: { syscallConn(): RawConn }): number =>
      owner.syscallConn().getsockopt(c.IPPROTO_TCP, c.TCP_USER_TIMEOUT);
    assert.deepEqual([timeoutOf(listener), timeoutOf(client), timeoutOf(server)], [1234, 4321, 1234]);
  }),
);

test('a refused connection is not tried again as TCP', TIMEOUT, () =>
  noLeak(async () => {
    const address = await closedPort();
    using plan = new Plan();
    pretend(plan);
    const error = await failure(dialTCP('tcp', null, address, { multipath }));
    assert.match(error.message, /: connect: connection refused$/);
    assert.deepEqual([protocols(plan), plan.count('connect')], [[c.IPPROTO_MPTCP], 1]);
  }),
);

for (const [name, errno] of Object.entries({
  ECONNREFUSED: c.ECONNREFUSED,
  ENETUNREACH: c.ENETUNREACH,
  ETIMEDOUT: c.ETIMEDOUT,
  EPROTONOSUPPORT: c.EPROTONOSUPPORT,
})) {
  test(`a connect that answers ${name} is not tried again as TCP`, TIMEOUT, () =>
    noLeak(async () => {
      using plan = new Plan();
      pretend(plan);
      plan.fail('connect', every, -errno);
      assert.equal((await failure(dial('tcp', '127.0.0.1:9', { multipath }))).code, name);
      assert.deepEqual(protocols(plan), [c.IPPROTO_MPTCP]);
    }),
  );
}

test('nor is a bind or a listen that fails', TIMEOUT, () =>
  noLeak(async () => {
    for (const call of ['bind', 'listen'] as const) {
      using plan = new Plan();
      pretend(plan);
      plan.fail(call, every, -c.EADDRINUSE);
      assert.equal((await failure(listen('tcp', '127.0.0.1:0', { multipath }))).syscall, call);
      assert.deepEqual(protocols(plan), [c.IPPROTO_MPTCP]);
    }
  }),
);

const BAD = [c.SOL_SOCKET, 9999, 1] as const;
const HOOKS: [how: string, control: (network: string, address: string, raw: RawConn) => void][] = [
  ['throws', () => assert.fail('no')],
  ['fails by RawConn.setsockopt', (_network, _address, raw) => raw.setsockopt(...BAD)],
  ['fails by setsockopt of gonet/syscall', (_network, _address, raw) => raw.control((fd) => setsockopt(fd, ...BAD))],
];

for (const [how, refuse] of HOOKS) {
  test(`a hook that ${how} is called once`, TIMEOUT, () =>
    noLeak(async () => {
      using plan = new Plan();
      pretend(plan);
      let calls = 0;
      const control = (network: string, address: string, raw: RawConn): void => {
        calls++;
        refuse(network, address, raw);
      };
      await failure(dial('tcp', '127.0.0.1:9', { multipath, control }));
      assert.deepEqual([calls, protocols(plan)], [1, [c.IPPROTO_MPTCP]]);
    }),
  );
}
