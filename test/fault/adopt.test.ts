// fromFd under faults, and of sockets that this package does not know: whatever fails, the descriptor stays with whoever had it.

import assert from 'node:assert/strict';
import { fstatSync } from 'node:fs';
import { test } from 'node:test';

import { dial, fromFd, listen, listenPacket, OpError, OwnedFd, PacketBatch, UDPConn } from 'gonet';

import { sys } from '../../src/syscall/sys.ts';
import {
  AF_INET,
  AF_NETLINK,
  AF_PACKET,
  AF_UNIX,
  EINVAL,
  EIO,
  ENOMEM,
  ENOTCONN,
  SOCK_CLOEXEC,
  SOCK_DGRAM,
  SOCK_RAW,
  SOCK_SEQPACKET,
  SOCK_STREAM,
} from '../../src/syscall/zconst_linux.ts';
import { noLeak } from './descriptors.ts';
import { nth, Plan } from './plan.ts';

const options = { timeout: 20_000 };

/** Checks that it is refused for this reason, and stays with its owner. */
function refused(owned: OwnedFd, syscall: string, code: string): void {
  assert.throws(
    () => fromFd(owned),
    (error) => error instanceof OpError && error.op === 'file' && error.syscall === syscall && error.code === code,
  );
  assert.ok(!owned.closed && fstatSync(owned.fd).isSocket());
}

for (const [call, n, errno, code] of [
  ['getsockopt', 1, -EIO, 'EIO'],
  ['getsockopt', 2, -EIO, 'EIO'],
  ['getsockopt', 3, -EIO, 'EIO'],
  ['getsockopt', 4, -EIO, 'EIO'],
  ['getpeername', 1, -EINVAL, 'EINVAL'],
  ['fcntl', 1, -EIO, 'EIO'],
  ['fcntl', 2, -EIO, 'EIO'],
  ['fcntl', 3, -EIO, 'EIO'],
  ['epoll_ctl', 1, -ENOMEM, 'ENOMEM'],
] as const) {
  test(`${call}, call ${n}, fails: the OwnedFd stays, and can be adopted after all`, options, () =>
    noLeak(async () => {
      using owned = new OwnedFd((await listenPacket('udp', '127.0.0.1:0')).detach());
      {
        using plan = new Plan();
        plan.fail(call, nth(n), errno);
        refused(owned, call, code);
      }
      using conn = fromFd(owned);
      assert.ok(conn instanceof UDPConn && owned.closed);
      await conn.writeTo('x', conn.localAddr);
      assert.equal(await conn.read(Buffer.alloc(1)), 1);
    }),
  );
}

test('a stream without a peer is refused, whatever its kind; datagrams need none', options, () =>
  noLeak(async () => {
    using plan = new Plan();
    plan.fail('getpeername', () => true, -ENOTCONN);
    for (const sotype of [SOCK_STREAM, SOCK_SEQPACKET, SOCK_DGRAM]) {
      const both = new Int32Array(2);
      assert.equal(sys.socketpair(AF_UNIX, sotype | SOCK_CLOEXEC, 0, both), 0);
      using a = new OwnedFd(both[0]!);
      using b = new OwnedFd(both[1]!);
      if (sotype !== SOCK_DGRAM) {
        refused(a, 'getpeername', 'ENOTCONN');
        continue;
      }
      using conn = fromFd(a);
      using far = fromFd(b);
      assert.ok('remoteAddr' in conn && conn.remoteAddr === null && 'read' in far);
      await conn.write('x');
      assert.equal(await far.read(Buffer.alloc(1)), 1);
    }
    await using listener = await listen('unix', '');
    using twin = fromFd(listener.dup());
    assert.equal(String('addr' in twin && twin.addr), listener.addr.name);
  }),
);

test('datagrams of an adopted UDP socket leave together, UDP_SEGMENT', options, () =>
  noLeak(async () => {
    await using to = (await listenPacket('udp', '127.0.0.1:0')) as UDPConn;
    await using conn = fromFd((await dial('udp', to.localAddr.toString())).detach());
    assert.ok(conn instanceof UDPConn);
    const batch = new PacketBatch();
    for (let i = 0; i < 20; i++) batch.add(Buffer.alloc(100, i));
    using plan = new Plan();
    assert.equal(await conn.writeBatch(batch), 20);
    const messages = plan.calls.filter(({ name }) => name === 'sendmmsg').map(({ args }) => args[4]);
    assert.deepEqual(messages, [1]);
    const into = Buffer.alloc(200);
    for (let i = 0; i < 20; i++) assert.deepEqual([await to.read(into), into[99]], [100, i]);
  }),
);

const ETH_P_ALL_BE = 0x0300;

for (const [name, family, sotype, protocol] of [
  ['netlink', AF_NETLINK, SOCK_RAW, 0],
  ['netlink, datagrams', AF_NETLINK, SOCK_DGRAM, 0],
  ['packet', AF_PACKET, SOCK_RAW, ETH_P_ALL_BE],
  ['UDP-Lite', AF_INET, SOCK_DGRAM, 136],
  ['SCTP', AF_INET, SOCK_STREAM, 132],
  ['SCTP, one to many', AF_INET, SOCK_SEQPACKET, 132],
] as const) {
  test(`refused: ${name}`, options, (t) =>
    noLeak(async () => {
      const fd = sys.socket(family, sotype | SOCK_CLOEXEC, protocol);
      if (fd < 0) return t.skip(`no such socket here: errno ${-fd}`);
      using owned = new OwnedFd(fd);
      refused(owned, 'socket', 'EPROTONOSUPPORT');
      await Promise.resolve();
    }),
  );
}
