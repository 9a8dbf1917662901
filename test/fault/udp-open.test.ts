// Whatever fails while a UDP socket is made closes it: socket, option, bind, connect, poller, group. The error names the call.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { dialUDP, listenMulticastUDP, listenUDP, UDPAddr, type UDPConn } from 'gonet';
import { Addr } from 'gonet/netip';

import {
  EADDRINUSE,
  EMFILE,
  ENOBUFS,
  ENOMEM,
  ENOPROTOOPT,
  EPERM,
  SO_BROADCAST,
} from '../../src/syscall/zconst_linux.ts';
import { noLeak } from './descriptors.ts';
import { failure } from './pair.ts';
import { type Name, nth, Plan } from './plan.ts';
import { listening } from './udp.ts';

const TIMEOUT = { timeout: 15_000 };
const any = new UDPAddr(Addr.parse('127.0.0.1'), 0);
const group = new UDPAddr(Addr.parse('239.255.77.2'), 0);

const WAYS: Readonly<Record<string, () => Promise<UDPConn>>> = {
  listenPacket: listening,
  listenUDP: () => listenUDP('udp4', any),
  listenMulticastUDP: () => listenMulticastUDP('udp4', 'lo', group),
  dialUDP: () => dialUDP('udp', any, new UDPAddr(any.ip, 9)),
};

for (const [way, make] of Object.entries(WAYS)) {
  test(`${way}: whatever fails on the way closes the socket`, TIMEOUT, () =>
    noLeak(async () => {
      const faults: [Name, number, string, (plan: Plan) => void][] = [
        ['socket', EMFILE, 'socket', (plan) => plan.fail('socket', nth(1), -EMFILE)],
        ['bind', EADDRINUSE, 'bind', (plan) => plan.fail('bind', nth(1), -EADDRINUSE)],
        ['epoll_ctl', ENOMEM, 'epoll_ctl', (plan) => plan.fail('epoll_ctl', nth(1), -ENOMEM)],
        [
          'setsockopt',
          ENOPROTOOPT,
          'setsockopt',
          (plan) =>
            plan.fail('setsockopt', nth(1), -ENOPROTOOPT, { where: (_fd, _level, name) => name === SO_BROADCAST }),
        ],
      ];
      if (way === 'dialUDP') faults.push(['connect', EPERM, 'connect', (plan) => plan.fail('connect', nth(1), -EPERM)]);
      for (const [name, errno, syscall, put] of faults) {
        using plan = new Plan();
        put(plan);
        const error = await failure(make());
        assert.deepEqual(
          [error.syscall, error.errno, error.op],
          [syscall, -errno, way === 'dialUDP' ? 'dial' : 'listen'],
        );
        const opened = plan.of('socket').filter(({ result }) => result >= 0).length;
        assert.equal(plan.count('close'), opened, name);
      }
    }),
  );
}

test('a group that cannot be joined closes the socket', TIMEOUT, () =>
  noLeak(async () => {
    using plan = new Plan();
    for (const n of [2, 3, 4, 5]) plan.fail('setsockopt', nth(n), -ENOBUFS);
    const error = await failure(listenMulticastUDP('udp4', 'lo', group));
    assert.deepEqual([error.op, error.code, error.addr], ['listen', 'ENOBUFS', group]);
  }),
);

test('names that the kernel does not tell are no reason to fail', TIMEOUT, () =>
  noLeak(async () => {
    using plan = new Plan();
    plan.fail('getpeername', nth(1), -ENOBUFS);
    using conn = await dialUDP('udp', null, new UDPAddr(any.ip, 9));
    assert.equal(String(conn.remoteAddr), '127.0.0.1:9');
  }),
);
