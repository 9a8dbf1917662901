import assert from 'node:assert/strict';
import { test } from 'node:test';

import { load, sys } from './sys.ts';
import * as udpopt from './udpopt.ts';
import { getInt } from './sockopt.ts';
import * as c from './zconst_linux.ts';

load();
const options = { timeout: 5000 };

for (const [name, family] of [
  ['IPv4', c.AF_INET],
  ['IPv6', c.AF_INET6],
] as const) {
  test(`${name}: the size of segments, and datagrams as one`, options, (t) => {
    const fd = sys.socket(family, c.SOCK_DGRAM | c.SOCK_CLOEXEC, 0);
    if (fd === -c.EAFNOSUPPORT) return t.skip('needs IPv6');
    if (udpopt.getSegmentSize(fd) === -c.ENOPROTOOPT) t.skip('needs UDP_SEGMENT (Linux 4.18)');
    else {
      for (const n of [1, 1472, 65_535, 0]) {
        assert.equal(udpopt.setSegmentSize(fd, n), 0);
        assert.deepEqual([udpopt.getSegmentSize(fd), getInt(fd, c.IPPROTO_UDP, c.UDP_SEGMENT)], [n, n]);
      }
      for (const n of [-1, 65_536, 0.5, NaN, 2 ** 31]) assert.equal(udpopt.setSegmentSize(fd, n), -c.EINVAL, String(n));
    }
    if (udpopt.getGRO(fd) === -c.ENOPROTOOPT) t.skip('needs UDP_GRO (Linux 5.0)');
    else
      for (const on of [true, false, true])
        assert.deepEqual([udpopt.setGRO(fd, on), udpopt.getGRO(fd)], [0, Number(on)]);
    sys.close(fd);
  });
}

test('on what is no UDP socket, the errno of the call', options, () => {
  for (const call of [
    (fd: number) => udpopt.setSegmentSize(fd, 1),
    udpopt.getSegmentSize,
    (fd: number) => udpopt.setGRO(fd, true),
    udpopt.getGRO,
  ]) {
    for (const fd of [-1, NaN, 1_000_000]) assert.equal(call(fd), -c.EBADF);
    const fd = sys.socket(c.AF_INET, c.SOCK_STREAM | c.SOCK_CLOEXEC, 0);
    assert.ok([-c.ENOPROTOOPT, -c.EOPNOTSUPP].includes(call(fd)));
    sys.close(fd);
  }
});
