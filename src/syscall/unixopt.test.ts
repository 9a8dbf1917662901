import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

import { rawPair } from '../../test/fuzz/rawpair.ts';
import { Sockaddr } from './sockaddr.ts';
import { load, sys } from './sys.ts';
import { getInt } from './sockopt.ts';
import * as unixopt from './unixopt.ts';
import * as c from './zconst_linux.ts';

load();
const options = { timeout: 5000 };
const open = (type: number = c.SOCK_STREAM): number => sys.socket(c.AF_UNIX, type | c.SOCK_CLOEXEC, 0);

/** Connected Unix sockets, both of this process. */
function withPair(body: (client: number, server: number) => void): void {
  const [listener, client, sa] = [open(), open(), new Sockaddr()];
  const name = sa.setUnix(`@gonet-unixopt-${process.pid}`);
  assert.equal(sys.bind(listener, sa.bytes, name), 0);
  assert.equal(sys.listen(listener, 1), 0);
  assert.equal(sys.connect(client, sa.bytes, name), 0);
  const server = sys.accept4(listener, sa.bytes, sa.clear().len, c.SOCK_CLOEXEC);
  assert.ok(server >= 0);
  // An unbound client has the family alone for a name.
  assert.deepEqual([sa.len[0], sa.family, sa.name, sa.unnamed], [2, c.AF_UNIX, '@', true]);
  try {
    body(client, server);
  } finally {
    for (const fd of [listener, client, server]) sys.close(fd);
  }
}

test('credentials and pidfds with each message: on and off', options, (t) => {
  const fd = open(c.SOCK_DGRAM);
  for (const on of [true, false, true]) {
    assert.equal(unixopt.setPassCred(fd, on), 0);
    assert.deepEqual([unixopt.getPassCred(fd), getInt(fd, c.SOL_SOCKET, c.SO_PASSCRED)], [Number(on), Number(on)]);
  }
  if (unixopt.getPassPidfd(fd) === -c.ENOPROTOOPT) t.skip('needs SO_PASSPIDFD (Linux 6.5)');
  else {
    for (const on of [true, false, true]) {
      assert.deepEqual([unixopt.setPassPidfd(fd, on), unixopt.getPassPidfd(fd)], [0, Number(on)]);
    }
  }
  sys.close(fd);
});

test('who is at the other end: process, user, group', options, () =>
  withPair((client, server) => {
    const own = { pid: process.pid, uid: process.getuid?.(), gid: process.getgid?.() };
    assert.deepEqual(unixopt.getPeerCred(server), own);
    assert.deepEqual(unixopt.getPeerCred(client), own);
  }),
);

test('without a peer there is nobody', options, () => {
  const nobody = { pid: 0, uid: 2 ** 32 - 1, gid: 2 ** 32 - 1 };
  const fd = open();
  assert.deepEqual(unixopt.getPeerCred(fd), nobody);
  assert.deepEqual([unixopt.getPeerGroups(fd), unixopt.getPeerPidfd(fd) < 0], [-c.ENODATA, true]);
  sys.close(fd);
  const [a, b] = rawPair();
  assert.deepEqual(unixopt.getPeerCred(a), nobody);
  assert.equal(unixopt.getPeerGroups(a), -c.ENODATA);
  for (const each of [a, b]) sys.close(each);
});

test('the peer’s process as a descriptor, closed on exec', options, (t) =>
  withPair((_client, server) => {
    const pidfd = unixopt.getPeerPidfd(server);
    if (pidfd === -c.ENOPROTOOPT) return t.skip('needs SO_PEERPIDFD (Linux 6.5)');
    assert.ok(pidfd > 2, String(pidfd));
    assert.match(readFileSync(`/proc/self/fdinfo/${pidfd}`, 'utf8'), new RegExp(`^Pid:\\s+${process.pid}$`, 'm'));
    assert.equal(sys.fcntl(pidfd, c.F_GETFD, 0), c.FD_CLOEXEC);
    assert.equal(sys.close(pidfd), 0);
  }),
);

test('the peer’s groups, however many', options, () =>
  withPair((_client, server) => {
    // Not getgroups of Node's, which adds the effective group.
    const [, list = ''] = /^Groups:\t(.*)$/m.exec(readFileSync('/proc/self/status', 'utf8'))!;
    const own = list.trim() === '' ? [] : list.trim().split(' ').map(Number);
    assert.deepEqual(unixopt.getPeerGroups(server), own);
    // More than the first try has room for: the kernel says how much it needs.
    const many = Uint32Array.from({ length: 1000 }, (_, i) => i);
    const { getsockopt } = sys;
    const rooms: number[] = [];
    sys.getsockopt = (_fd, _level, _name, value, room) => {
      rooms.push(room[0]!);
      const fits = room[0]! >= many.byteLength;
      room[0] = many.byteLength;
      if (fits) value.set(new Uint8Array(many.buffer));
      return fits ? 0 : -c.ERANGE;
    };
    try {
      assert.deepEqual(unixopt.getPeerGroups(server), [...many]);
      assert.deepEqual(rooms, [128, 4000]);
      sys.getsockopt = () => -c.ERANGE;
      assert.equal(unixopt.getPeerGroups(server), -c.ERANGE);
    } finally {
      sys.getsockopt = getsockopt;
    }
  }),
);

test('on what is no socket: the errno of the call', options, () => {
  const epfd = sys.epoll_create1(c.EPOLL_CLOEXEC);
  for (const call of [
    (fd: number) => unixopt.setPassCred(fd, true),
    unixopt.getPassCred,
    (fd: number) => unixopt.setPassPidfd(fd, true),
    unixopt.getPassPidfd,
    unixopt.getPeerCred,
    unixopt.getPeerPidfd,
    unixopt.getPeerGroups,
  ]) {
    for (const fd of [-1, NaN, 1_000_000]) assert.equal(call(fd), -c.EBADF);
    assert.equal(call(epfd), -c.ENOTSOCK);
  }
  sys.close(epfd);
});
