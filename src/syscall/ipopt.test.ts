import assert from 'node:assert/strict';
import { test } from 'node:test';

import { rawPair } from '../../test/fuzz/rawpair.ts';
import { Sockaddr } from './sockaddr.ts';
import { load, sys } from './sys.ts';
import * as ipopt from './ipopt.ts';
import { getInt } from './sockopt.ts';
import * as c from './zconst_linux.ts';

load();
const options = { timeout: 5000 };
const open = (family: number): number => sys.socket(family, c.SOCK_STREAM | c.SOCK_CLOEXEC, 0);

function whyNot(family: number): string | false {
  const fd = open(family);
  sys.close(fd);
  return fd < 0 && 'needs IPv6';
}

/** Runs `body` with a fresh socket of the family. */
function withSocket(family: number, body: (fd: number) => void): void {
  const fd = open(family);
  assert.ok(fd >= 0);
  try {
    body(fd);
  } finally {
    sys.close(fd);
  }
}

/** An address that is nobody's: RFC 5737, RFC 3849. */
function notOurs(sa: Sockaddr, family: number): number {
  if (family === c.AF_INET) return sa.setInet4(Uint8Array.of(192, 0, 2, 1), 0);
  return sa.setInet6(Uint8Array.of(0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1), 0, '');
}

const bind = (fd: number, family: number): number => {
  const sa = new Sockaddr();
  return sys.bind(fd, sa.bytes, notOurs(sa, family));
};

for (const [name, family, level, tos, freebind, transparent] of [
  ['IPv4', c.AF_INET, c.IPPROTO_IP, c.IP_TOS, c.IP_FREEBIND, c.IP_TRANSPARENT],
  ['IPv6', c.AF_INET6, c.IPPROTO_IPV6, c.IPV6_TCLASS, c.IPV6_FREEBIND, c.IPV6_TRANSPARENT],
] as const) {
  const own = { ...options, skip: whyNot(family) };

  test(`${name}: the type of service, of which TCP keeps the last two bits`, own, () =>
    withSocket(family, (fd) => {
      for (const [set, kept] of [
        [0, 0],
        [0xb8, 0xb8],
        [0x10, 0x10],
        [255, 252],
        [3, 0],
      ] as const) {
        assert.equal(ipopt.setTOS(fd, family, set), 0);
        assert.deepEqual(
          [ipopt.getTOS(fd, family), getInt(fd, level, tos), getInt(fd, c.IPPROTO_IP, c.IP_TOS)],
          [kept, kept, kept],
        );
      }
      for (const wrong of [0.5, NaN, 2 ** 31]) assert.equal(ipopt.setTOS(fd, family, wrong), -c.EINVAL);
    }),
  );

  test(`${name}: freebind goes on and off, and lets bind have any address`, own, () =>
    withSocket(family, (fd) => {
      for (const on of [true, false]) {
        assert.equal(ipopt.setFreebind(fd, family, on), 0);
        assert.deepEqual([ipopt.getFreebind(fd, family), getInt(fd, level, freebind)], [Number(on), Number(on)]);
      }
      assert.equal(bind(fd, family), -c.EADDRNOTAVAIL);
      assert.equal(ipopt.setFreebind(fd, family, true), 0);
      assert.equal(bind(fd, family), 0);
    }),
  );

  test(`${name}: transparent goes on and off, where this process may`, own, (t) =>
    withSocket(family, (fd) => {
      const n = ipopt.setTransparent(fd, family, true);
      if (n === -c.EPERM) return t.skip('needs CAP_NET_ADMIN or CAP_NET_RAW');
      assert.equal(n, 0);
      assert.equal(bind(fd, family), 0);
      assert.deepEqual([ipopt.getTransparent(fd, family), getInt(fd, level, transparent)], [1, 1]);
      assert.equal(ipopt.setTransparent(fd, family, false), 0);
      assert.equal(ipopt.getTransparent(fd, family), 0);
    }),
  );

  test(`${name}: bindAddressNoPort goes on and off`, own, () =>
    withSocket(family, (fd) => {
      for (const on of [true, false, true]) {
        assert.equal(ipopt.setBindAddressNoPort(fd, on), 0);
        assert.equal(ipopt.getBindAddressNoPort(fd), Number(on));
        assert.equal(getInt(fd, c.IPPROTO_IP, c.IP_BIND_ADDRESS_NO_PORT), Number(on));
      }
    }),
  );

  test(`${name}: the TTL of what goes out`, own, () =>
    withSocket(family, (fd) => {
      const usual = ipopt.getTTL(fd, family);
      for (const n of [1, 64, 255]) {
        assert.equal(ipopt.setTTL(fd, family, n), 0);
        assert.deepEqual([ipopt.getTTL(fd, family), getInt(fd, c.IPPROTO_IP, c.IP_TTL)], [n, n]);
      }
      for (const wrong of [-2, 256, 0.5, NaN, 2 ** 31]) assert.equal(ipopt.setTTL(fd, family, wrong), -c.EINVAL);
      // 0 is what only IPv6 has, and then IPv4 keeps what it had.
      const none = family === c.AF_INET6 ? 0 : -c.EINVAL;
      assert.deepEqual([ipopt.setTTL(fd, family, 0), getInt(fd, c.IPPROTO_IP, c.IP_TTL)], [none, 255]);
      assert.equal(ipopt.setTTL(fd, family, -1), 0);
      assert.equal(ipopt.getTTL(fd, family), usual);
    }),
  );

  test(`${name}: how the MTU of the path is found`, own, () =>
    withSocket(family, (fd) => {
      for (const how of [
        c.IP_PMTUDISC_DONT,
        c.IP_PMTUDISC_WANT,
        c.IP_PMTUDISC_DO,
        c.IP_PMTUDISC_PROBE,
        c.IP_PMTUDISC_INTERFACE,
        c.IP_PMTUDISC_OMIT,
      ]) {
        assert.equal(ipopt.setMTUDiscover(fd, family, how), 0);
        assert.deepEqual([ipopt.getMTUDiscover(fd, family), getInt(fd, c.IPPROTO_IP, c.IP_MTU_DISCOVER)], [how, how]);
      }
      for (const wrong of [-1, 6, 0.5, NaN]) assert.equal(ipopt.setMTUDiscover(fd, family, wrong), -c.EINVAL);
    }),
  );

  test(`${name}: the MTU of the path, once there is one`, own, () =>
    withSocket(family, (fd) => {
      assert.equal(ipopt.getMTU(fd, family), -c.ENOTCONN);
      const [client, server] = rawPair(false, family);
      for (const each of [client, server]) {
        const mtu = ipopt.getMTU(each, family);
        assert.ok(mtu >= 1280 && mtu <= 65_536, String(mtu));
        sys.close(each);
      }
    }),
  );

  test(`${name}: on what is no socket, the errno of the call`, options, () => {
    for (const n of [
      ipopt.setTOS(-1, family, 0),
      ipopt.getTOS(-1, family),
      ipopt.setFreebind(-1, family, true),
      ipopt.getFreebind(-1, family),
      ipopt.setTransparent(-1, family, true),
      ipopt.getTransparent(-1, family),
      ipopt.setBindAddressNoPort(-1, true),
      ipopt.getBindAddressNoPort(-1),
      ipopt.setTTL(-1, family, 64),
      ipopt.getTTL(-1, family),
      ipopt.setMTUDiscover(-1, family, 0),
      ipopt.getMTUDiscover(-1, family),
      ipopt.getMTU(-1, family),
    ]) {
      assert.equal(n, -c.EBADF);
    }
  });
}
