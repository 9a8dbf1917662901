import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

import { Addr } from '../addr/ip.ts';
import * as multicast from './multicast.ts';
import { Sockaddr } from './sockaddr.ts';
import { getInt } from './sockopt.ts';
import { load, sys } from './sys.ts';
import * as c from './zconst_linux.ts';

load();
const options = { timeout: 10_000 };
const lo = Number(readFileSync('/sys/class/net/lo/ifindex', 'utf8'));
const open = (family: number): number => sys.socket(family, c.SOCK_DGRAM | c.SOCK_CLOEXEC | c.SOCK_NONBLOCK, 0);

function whyNot(family: number): string | false {
  const fd = open(family);
  sys.close(fd);
  return fd < 0 && 'needs IPv6';
}

function withSocket(family: number, body: (fd: number) => void): void {
  const fd = open(family);
  assert.ok(fd >= 0);
  try {
    body(fd);
  } finally {
    sys.close(fd);
  }
}

const GROUP = { 4: Addr.parse('239.192.77.1'), 6: Addr.parse('ff12::77:1') };
const SOURCE = { 4: Addr.parse('127.0.0.1'), 6: Addr.parse('::1') };

for (const [name, family, kind, wrong] of [
  ['IPv4', c.AF_INET, 4, Addr.parse('192.0.2.1')],
  ['IPv6', c.AF_INET6, 6, Addr.parse('2001:db8::1')],
] as const) {
  const own = { ...options, skip: whyNot(family) };
  const group = GROUP[kind];
  const source = SOURCE[kind];

  test(`${name}: a group is joined once, and left once`, own, () =>
    withSocket(family, (fd) => {
      for (let round = 0; round < 3; round++) {
        assert.equal(multicast.joinGroup(fd, group, lo), 0);
        assert.equal(multicast.joinGroup(fd, group, lo), -c.EADDRINUSE);
        const { d } = group;
        const word = (d >>> 24) | ((d >>> 8) & 0xff00) | ((d << 8) & 0xff0000) | (d << 24);
        const line =
          kind === 4 ? (word >>> 0).toString(16).padStart(8, '0') : Buffer.from(group.as16()).toString('hex');
        const table = readFileSync(kind === 4 ? '/proc/self/net/igmp' : '/proc/self/net/igmp6', 'utf8').toLowerCase();
        assert.ok(table.includes(line), `${line} in ${table}`);
        assert.equal(multicast.leaveGroup(fd, group, lo), 0);
        assert.equal(multicast.leaveGroup(fd, group, lo), -c.EADDRNOTAVAIL);
      }
    }),
  );

  test(`${name}: one source of a group`, own, (t) =>
    withSocket(family, (fd) => {
      const n = multicast.joinSourceGroup(fd, group, source, lo);
      if (n === -c.ENOPROTOOPT) return t.skip('needs source-specific multicast');
      assert.equal(n, 0);
      assert.equal(multicast.joinSourceGroup(fd, group, source, lo), -c.EADDRNOTAVAIL);
      assert.equal(multicast.leaveSourceGroup(fd, group, source, lo), 0);
      assert.ok(multicast.leaveSourceGroup(fd, group, source, lo) < 0);
      const across = kind === 4 ? SOURCE[6] : SOURCE[4];
      for (const call of [multicast.joinSourceGroup, multicast.leaveSourceGroup]) {
        for (const bad of [
          call(fd, group, across, lo),
          call(fd, Addr.zero, Addr.zero, lo),
          call(fd, group, Addr.zero, lo),
          call(fd, wrong, source, lo),
          call(fd, group, source, -1),
          call(fd, group, source, NaN),
        ]) {
          assert.equal(bad, -c.EINVAL);
        }
        assert.equal(call(-1, group, source, lo), -c.EBADF);
      }
    }),
  );

  test(`${name}: what is no group, no interface or no socket`, own, () =>
    withSocket(family, (fd) => {
      assert.equal(multicast.joinGroup(fd, wrong, lo), -c.EINVAL);
      for (const call of [multicast.joinGroup, multicast.leaveGroup]) {
        assert.equal(call(fd, Addr.zero, lo), -c.EINVAL);
        for (const index of [-1, 0.5, NaN, 2 ** 31]) assert.equal(call(fd, group, index), -c.EINVAL);
        for (const bad of [-1, NaN, 1_000_000]) assert.equal(call(bad, group, lo), -c.EBADF);
      }
      assert.equal(multicast.joinGroup(fd, group, 1_000_000), -c.ENODEV);
    }),
  );

  test(`${name}: loop and TTL`, own, () =>
    withSocket(family, (fd) => {
      assert.deepEqual([multicast.getMulticastLoop(fd, family), multicast.getMulticastTTL(fd, family)], [1, 1]);
      for (const on of [false, true, false]) {
        assert.equal(multicast.setMulticastLoop(fd, family, on), 0);
        assert.equal(multicast.getMulticastLoop(fd, family), Number(on));
        assert.equal(getInt(fd, c.IPPROTO_IP, c.IP_MULTICAST_LOOP), Number(on));
      }
      for (const [set, kept] of [
        [0, 0],
        [255, 255],
        [1, 1],
        [32, 32],
        [-1, 1],
      ] as const) {
        assert.equal(multicast.setMulticastTTL(fd, family, set), 0);
        assert.equal(multicast.getMulticastTTL(fd, family), kept);
        assert.equal(getInt(fd, c.IPPROTO_IP, c.IP_MULTICAST_TTL), kept);
      }
      for (const n of [-2, 256, 0.5, NaN, 2 ** 31]) assert.equal(multicast.setMulticastTTL(fd, family, n), -c.EINVAL);
    }),
  );

  test(`${name}: the interface, by which packets leave`, own, () =>
    withSocket(family, (fd) => {
      for (const index of [lo, 0, lo]) {
        assert.equal(multicast.setMulticastInterface(fd, family, index), 0);
        assert.equal(multicast.getMulticastInterface(fd, family), kind === 6 ? index : -c.ENOPROTOOPT);
      }
      for (const index of [-1, 0.5, NaN, 2 ** 31])
        assert.equal(multicast.setMulticastInterface(fd, family, index), -c.EINVAL);
      const nowhere = multicast.setMulticastInterface(fd, family, 1_000_000);
      assert.equal(nowhere, kind === 6 ? -c.ENODEV : -c.EADDRNOTAVAIL);
      assert.equal(multicast.setMulticastInterface(fd, family, lo, Addr.ipv6Loopback()), -c.EINVAL);
    }),
  );

  test(`${name}: groups of other sockets, or only its own`, own, (t) =>
    withSocket(family, (fd) => {
      const usual = multicast.getMulticastAll(fd, family);
      if (usual === -c.ENOPROTOOPT) return t.skip('needs IPV6_MULTICAST_ALL (Linux 4.20)');
      assert.equal(usual, 1);
      for (const on of [false, true, false]) {
        assert.equal(multicast.setMulticastAll(fd, family, on), 0);
        assert.equal(multicast.getMulticastAll(fd, family), Number(on));
        assert.equal(getInt(fd, c.IPPROTO_IP, c.IP_MULTICAST_ALL), Number(on));
      }
    }),
  );

  test(`${name}: on what is no socket, EBADF`, own, () => {
    for (const fd of [-1, NaN, 1_000_000]) {
      for (const n of [
        multicast.setMulticastInterface(fd, family, lo),
        multicast.getMulticastInterface(fd, family),
        multicast.setMulticastLoop(fd, family, true),
        multicast.getMulticastLoop(fd, family),
        multicast.setMulticastTTL(fd, family, 1),
        multicast.getMulticastTTL(fd, family),
        multicast.setMulticastAll(fd, family, true),
        multicast.getMulticastAll(fd, family),
      ]) {
        assert.equal(n, -c.EBADF);
      }
    }
  });

  test(`${name}: a member gets what is sent to the group by its interface, until it leaves`, own, (t) =>
    withSocket(family, (fd) =>
      withSocket(family, (other) => {
        const sa = new Sockaddr();
        const at = (ip: Addr, port: number): number =>
          kind === 4 ? sa.setInet4(ip.as4(), port) : sa.setInet6(ip.as16(), port, '');
        const wildcard = kind === 4 ? Addr.ipv4Unspecified() : Addr.ipv6Unspecified();
        assert.equal(sys.bind(fd, sa.bytes, at(wildcard, 0)), 0);
        assert.equal(sys.getsockname(fd, sa.bytes, sa.clear().len), 0);
        assert.equal(multicast.setMulticastInterface(other, family, lo, SOURCE[4]), 0);
        const connected = sys.connect(other, sa.bytes, at(group, sa.port));
        if (connected === -c.ENETUNREACH) return t.skip('needs a route to groups on lo');
        assert.equal(connected, 0);
        assert.equal(multicast.joinGroup(fd, group, lo), 0);
        const data = Uint8Array.of(7);
        assert.equal(sys.send(other, data, 0, 1, 0), 1);
        const n = sys.recv(fd, data, 0, 1, 0);
        // A route is not all: Linux keeps IPv6 groups off lo in most set-ups.
        if (kind === 6 && n === -c.EAGAIN) return t.skip('needs an lo that takes groups');
        assert.equal(n, 1);
        // What the interface decides is the address that it comes from.
        assert.equal(sys.getsockname(other, sa.bytes, sa.clear().len), 0);
        assert.equal(sa.ip.toString(), source.toString());
        assert.equal(multicast.leaveGroup(fd, group, lo), 0);
        sys.send(other, data, 0, 1, 0);
        assert.equal(sys.recv(fd, data, 0, 1, 0), -c.EAGAIN);
      }),
    ),
  );
}

test('an IPv6 socket joins IPv4 groups too', { ...options, skip: whyNot(c.AF_INET6) }, () =>
  withSocket(c.AF_INET6, (fd) => {
    assert.equal(multicast.joinGroup(fd, GROUP[4], lo), 0);
    assert.equal(multicast.leaveGroup(fd, Addr.parse('::ffff:239.192.77.1'), lo), 0);
    assert.equal(multicast.joinSourceGroup(fd, GROUP[4], SOURCE[4], lo), 0);
  }),
);
