// No number reaches the kernel that is no descriptor: koffi would take NaN for descriptor 0.

import assert from 'node:assert/strict';
import { fstatSync } from 'node:fs';
import { test } from 'node:test';

import { EPOLL_EVENT_WORDS } from './arch.ts';
import type { Sys } from './backend.ts';
import { load } from './sys.ts';
import * as c from './zconst_linux.ts';

const { sys } = load();
const { EBADF } = c;
const BAD_FDS = [NaN, -1, 1.5, 2 ** 31, -(2 ** 31), 2 ** 32, Infinity, -Infinity, 0.1];
const options = { timeout: 10_000 };

const bytes = new Uint8Array(16);
const room = (n = 16): Uint32Array => Uint32Array.of(n);
const row = new Int32Array(5);
const event = new Int32Array(EPOLL_EVENT_WORDS);

/** Every call that takes a descriptor, with arguments that are fine otherwise. */
const onFd: Readonly<Record<string, (fd: number) => number>> = {
  bind: (fd) => sys.bind(fd, bytes, 16),
  connect: (fd) => sys.connect(fd, bytes, 16),
  listen: (fd) => sys.listen(fd, 1),
  accept4: (fd) => sys.accept4(fd, bytes, room(), 0),
  getsockname: (fd) => sys.getsockname(fd, bytes, room()),
  getpeername: (fd) => sys.getpeername(fd, bytes, room()),
  shutdown: (fd) => sys.shutdown(fd, c.SHUT_RDWR),
  getsockopt: (fd) => sys.getsockopt(fd, c.SOL_SOCKET, c.SO_TYPE, bytes, room(4)),
  setsockopt: (fd) => sys.setsockopt(fd, c.SOL_SOCKET, c.SO_KEEPALIVE, bytes, 4),
  recv: (fd) => sys.recv(fd, bytes, 0, 1, 0),
  send: (fd) => sys.send(fd, bytes, 0, 1, c.MSG_NOSIGNAL),
  recvfrom: (fd) => sys.recvfrom(fd, bytes, 0, 1, 0, bytes, room()),
  sendto: (fd) => sys.sendto(fd, bytes, 0, 1, c.MSG_NOSIGNAL, bytes, 0),
  recvmsg: (fd) => sys.recvmsg(fd, bytes, 0, 1, 0, bytes, bytes, new Int32Array(3)),
  sendmsg: (fd) => sys.sendmsg(fd, bytes, 0, 1, c.MSG_NOSIGNAL, bytes, bytes, new Int32Array(3)),
  recvmmsg: (fd) => sys.recvmmsg(fd, bytes, row, 0, 1, 0, bytes, bytes),
  sendmmsg: (fd) => sys.sendmmsg(fd, bytes, row, 0, 1, c.MSG_NOSIGNAL, bytes, bytes),
  read: (fd) => sys.read(fd, bytes, 0, 1),
  write: (fd) => sys.write(fd, bytes, 0, 1),
  readv: (fd) => sys.readv(fd, [bytes], 0, 1, 0),
  writev: (fd) => sys.writev(fd, [bytes], 0, 1, 0),
  close: (fd) => sys.close(fd),
  fcntl: (fd) => sys.fcntl(fd, c.F_GETFL, 0),
  fchmod: (fd) => sys.fchmod(fd, 0o600),
  'epoll_ctl, the epoll': (fd) => sys.epoll_ctl(fd, c.EPOLL_CTL_ADD, 0, event),
  'epoll_ctl, the descriptor': (fd) => sys.epoll_ctl(0, c.EPOLL_CTL_DEL, fd, event),
  epoll_wait: (fd) => sys.epoll_wait(fd, event, 1, 0),
};

/** What tells that descriptor 0 is the one it was. */
function stdin(): string {
  try {
    const { dev, ino, rdev } = fstatSync(0);
    return `${dev} ${ino} ${rdev}`;
  } catch (error) {
    return String(error);
  }
}

for (const [name, call] of Object.entries(onFd)) {
  test(`${name}: a number that is no descriptor is EBADF and reaches no other one`, options, () => {
    const before = stdin();
    for (const fd of BAD_FDS) assert.equal(call(fd), -EBADF, String(fd));
    // One that could be, but is not open: here the kernel says so.
    if (!name.startsWith('epoll_ctl')) assert.equal(call(1_000_000), -EBADF);
    assert.equal(stdin(), before);
  });
}

test('the record has one entry for each call, and no other', options, () => {
  const names = Object.keys(onFd).map((name) => name.split(',')[0]);
  const rest = ['socket', 'socketpair', 'epoll_create1', 'if_nametoindex', 'if_indextoname'] satisfies (keyof Sys)[];
  assert.deepEqual(new Set(Object.keys(sys)), new Set([...names, ...rest]));
});
