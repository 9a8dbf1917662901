import assert from 'node:assert/strict';
import { test } from 'node:test';

import { load, sys } from './sys.ts';
import * as recvopt from './recvopt.ts';
import { getInt } from './sockopt.ts';
import * as c from './zconst_linux.ts';

load();
const options = { timeout: 5000 };
const open = (family: number, type: number = c.SOCK_DGRAM): number => sys.socket(family, type | c.SOCK_CLOEXEC, 0);

const BOTH: [name: string, set: (fd: number, family: number, on: boolean) => number, ip: number, ipv6: number][] = [
  ['packet info', recvopt.setReceivePacketInfo, c.IP_PKTINFO, c.IPV6_RECVPKTINFO],
  ['TTL', recvopt.setReceiveTTL, c.IP_RECVTTL, c.IPV6_RECVHOPLIMIT],
  ['type of service', recvopt.setReceiveTOS, c.IP_RECVTOS, c.IPV6_RECVTCLASS],
  ['errors', recvopt.setReceiveErrors, c.IP_RECVERR, c.IPV6_RECVERR],
  ['original destination', recvopt.setReceiveOriginalDestination, c.IP_RECVORIGDSTADDR, c.IPV6_RECVORIGDSTADDR],
];
const ALONE: [name: string, set: (fd: number, on: boolean) => number, option: number][] = [
  ['timestamps', recvopt.setReceiveTimestamps, c.SO_TIMESTAMPNS],
  ['overflow', recvopt.setReceiveOverflow, c.SO_RXQ_OVFL],
];

for (const [name, set, ip, ipv6] of BOTH) {
  test(`${name}: on and off, on an IPv6 socket for both families`, options, (t) => {
    for (const [family, read] of [
      [c.AF_INET, [[c.IPPROTO_IP, ip]]],
      [
        c.AF_INET6,
        [
          [c.IPPROTO_IPV6, ipv6],
          [c.IPPROTO_IP, ip],
        ],
      ],
    ] as const) {
      const fd = open(family);
      if (fd === -c.EAFNOSUPPORT) return t.skip('needs IPv6');
      for (const on of [true, false, true, true]) {
        assert.equal(set(fd, family, on), 0);
        for (const [level, option] of read) assert.equal(getInt(fd, level, option), Number(on));
      }
      assert.equal(sys.close(fd), 0);
    }
  });

  test(`${name}: a socket without IPv4 options still has IPv6’s`, options, (t) => {
    const fd = sys.socket(c.AF_INET6, c.SOCK_RAW | c.SOCK_CLOEXEC, c.IPPROTO_UDP);
    if (fd < 0) return t.skip(fd === -c.EPERM ? 'needs CAP_NET_RAW' : 'needs IPv6');
    assert.ok(getInt(fd, c.IPPROTO_IP, ip) < 0);
    assert.deepEqual([set(fd, c.AF_INET6, true), getInt(fd, c.IPPROTO_IPV6, ipv6)], [0, 1]);
    sys.close(fd);
  });

  test(`${name}: on what is no such socket, the errno of the call`, options, () => {
    for (const family of [c.AF_INET, c.AF_INET6]) {
      for (const fd of [-1, NaN, 1_000_000]) assert.equal(set(fd, family, true), -c.EBADF);
    }
    const unix = open(c.AF_UNIX);
    for (const family of [c.AF_INET, c.AF_INET6]) assert.equal(set(unix, family, true), -c.EOPNOTSUPP);
    sys.close(unix);
  });
}

for (const [name, set, option] of ALONE) {
  test(`${name}: on and off, on sockets of every family`, options, () => {
    for (const family of [c.AF_INET, c.AF_INET6, c.AF_UNIX]) {
      const fd = open(family);
      if (fd === -c.EAFNOSUPPORT) continue;
      for (const on of [true, false, true])
        assert.deepEqual([set(fd, on), getInt(fd, c.SOL_SOCKET, option)], [0, Number(on)]);
      assert.equal(sys.close(fd), 0);
    }
    for (const fd of [-1, NaN, 1_000_000]) assert.equal(set(fd, true), -c.EBADF);
  });
}
