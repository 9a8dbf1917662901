// Descriptors of Unix sockets that come and go, the file that stays or goes with them, and who is at the other end.

import assert from 'node:assert/strict';
import { closeSync, existsSync, readFileSync } from 'node:fs';
import { test } from 'node:test';

import { ClosedError, dial, fromFd, listen, UnixConn, UnixListener } from 'gonet';
import { O_CLOEXEC, SO_RCVBUF, SOL_SOCKET } from 'gonet/syscall';
import { failsClosed, failure, staysPending, thrown } from './outcome.ts';
import { LIMIT, readFull } from './pair.ts';
import { checkLeaks, flagsOf, linkOf } from './sockets.ts';
import { TempDir } from './tempdir.ts';
import { unixTest } from './unix-pair.ts';

checkLeaks();

for (const network of ['unix', 'unixpacket'] as const) {
  unixTest(`${network}: detach and fromFd, the connection goes on`, network, async ({ a, b }) => {
    const names = [a.localAddr.name, a.remoteAddr!.name];
    const reading = failsClosed(a.read(Buffer.alloc(1)), 'read');
    await using next = fromFd(a.detach());
    await reading;
    assert.ok(next instanceof UnixConn);
    assert.deepEqual([next.localAddr.name, next.remoteAddr!.name, next.localAddr.network], [...names, network]);
    const read = next.read(Buffer.alloc(8));
    await staysPending(read);
    await b.write('ping');
    assert.equal(await read, 4);
    await next.write('pong');
    assert.equal((await readFull(b, 4)).toString(), 'pong');
    assert.match(
      (await failure(next.read(Buffer.alloc(1), { deadline: 1 }))).message,
      new RegExp(`^read ${network} @->`),
    );
  });

  test(`${network}: only the listener that made the file removes it`, { timeout: LIMIT }, async () => {
    using dir = new TempDir();
    const path = dir.file();
    const first = await listen(network, path);
    const second = fromFd(first.dup());
    assert.ok(second instanceof UnixListener);
    assert.deepEqual([second.addr.name, second.addr.network], [path, network]);
    second.close();
    assert.ok(existsSync(path));

    const third = fromFd(first.detach());
    assert.ok(existsSync(path), 'detached, it stays');
    assert.ok(third instanceof UnixListener);
    const [client, server] = await Promise.all([dial(network, path), third.accept()]);
    for (const each of [client, server, third]) each.close();
    assert.ok(existsSync(path), 'adopted, it stays');
    first.close();
    assert.ok(existsSync(path));
  });
}

test('an adopted listener removes its file if it is told so', { timeout: LIMIT }, async () => {
  using dir = new TempDir();
  const adopted = fromFd((await listen('unix', dir.file())).detach());
  assert.ok(adopted instanceof UnixListener);
  adopted.setUnlinkOnClose(true);
  adopted.close();
  assert.ok(!existsSync(dir.file()));
});

for (const network of ['unix', 'unixpacket'] as const) {
  unixTest(`${network}: peerCred is who is at the other end`, network, ({ a, b }) => {
    const me = { pid: process.pid, uid: process.getuid!(), gid: process.getgid!() };
    assert.deepEqual(a.peerCred(), me);
    assert.deepEqual(b.peerCred(), me);
    a.close();
    assert.ok(thrown(() => a.peerCred(), 'get').cause instanceof ClosedError);
  });

  unixTest(`${network}: peerPidfd is a descriptor for the peer's process`, network, ({ a }) => {
    let fd: number;
    try {
      fd = a.peerPidfd().detach();
    } catch (error) {
      assert.equal((error as { code?: string }).code, 'ENOPROTOOPT', 'Linux before 6.5');
      return;
    }
    assert.match(linkOf(fd), /pidfd/);
    assert.equal(flagsOf(fd) & O_CLOEXEC, O_CLOEXEC);
    assert.match(readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8'), new RegExp(`^Pid:\\s*${process.pid}$`, 'm'));
    closeSync(fd);
    a.close();
    assert.ok(thrown(() => a.peerPidfd(), 'get').cause instanceof ClosedError);
  });
}

unixTest('closeWrite: the peer reads to the end, and we go on reading', 'unix', async ({ a, b }) => {
  await a.write('last');
  a.closeWrite();
  a.closeWrite();
  assert.equal((await readFull(b, 4)).toString(), 'last');
  assert.equal(await b.read(Buffer.alloc(1)), null);
  await b.write('answer');
  assert.equal((await readFull(a, 6)).toString(), 'answer');
  assert.equal((await failure(a.write('x'), 'write')).code, 'EPIPE');
});

unixTest('closeRead ends a read that waits, and the writes of the peer', 'unix', async ({ a, b }) => {
  const read = a.read(Buffer.alloc(1));
  await staysPending(read);
  a.closeRead();
  assert.equal(await read, null);
  assert.equal((await failure(b.write('x'), 'write')).code, 'EPIPE');
});

unixTest('setReadBuffer and setWriteBuffer', 'unix', ({ a }) => {
  a.setReadBuffer(10_000);
  a.setWriteBuffer(10_000);
  assert.equal(a.syscallConn().getsockopt(SOL_SOCKET, SO_RCVBUF), 20_000);
  assert.throws(() => a.setReadBuffer(-1), RangeError);
  assert.throws(() => a.setWriteBuffer('1' as unknown as number), TypeError);
});
