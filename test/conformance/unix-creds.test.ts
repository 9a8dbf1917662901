// Who is at the other end of a Unix socket, by the kernel's word: SO_PEERCRED, and what comes with each message: SCM_CREDENTIALS and
// SCM_PIDFD.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

import { ClosedError, dial, listen, listenPacket, type UnixConn, type UnixMessage } from 'gonet';
import { O_CLOEXEC, SO_PASSCRED, SOL_SOCKET } from 'gonet/syscall';

import { failure, thrown } from './outcome.ts';
import { LIMIT } from './pair.ts';
import { checkLeaks, flagsOf } from './sockets.ts';
import { TempDir } from './tempdir.ts';
import { closeAll, messageTest, NETWORKS } from './unix-messages.ts';
import { gram } from './unixgram-pair.ts';

checkLeaks();

const me = { pid: process.pid, uid: process.getuid!(), gid: process.getgid!() };

async function next(conn: UnixConn): Promise<UnixMessage> {
  const message = await conn.readMsg(Buffer.alloc(100));
  closeAll(message);
  return message;
}

messageTest('messages tell their sender after setPassCred, until it is off again', NETWORKS, async (a, b) => {
  await a.write('1');
  assert.equal((await next(b)).creds, null);
  b.setPassCred(true);
  for (const send of [() => a.write('2'), () => a.writeMsg('3', { fds: [0] }), () => a.writeMsg('4', { creds: me })]) {
    await send();
    assert.deepEqual((await next(b)).creds, me);
  }
  await b.write('5');
  assert.equal((await next(a)).creds, null, 'the other end has not asked');
  a.setPassCred(true);
  await b.write('6');
  assert.deepEqual((await next(a)).creds, me);
  b.setPassCred(false);
  await a.writeMsg('7', { creds: me });
  assert.equal((await next(b)).creds, null);
  a.close();
  assert.ok(thrown(() => a.setPassCred(true), 'set').cause instanceof ClosedError);
  for (const wrong of [1, 'true', null, undefined]) {
    assert.throws(() => b.setPassCred(wrong as unknown as boolean), TypeError);
    assert.throws(() => b.setPassPidfd(wrong as unknown as boolean), TypeError);
  }
});

messageTest('wrong credentials are refused at once', NETWORKS, (a) => {
  const wrong: readonly unknown[] = [
    { ...me, pid: 0.5 },
    { ...me, uid: -1 },
    { ...me, gid: 2 ** 32 },
    { pid: 1, uid: 1 },
    { ...me, pid: '1' },
  ];
  for (const creds of wrong) {
    assert.throws(() => void a.writeMsg('x', { creds: creds as typeof me }), {
      name: 'RangeError',
      message: 'Credentials must be a pid, a uid and a gid',
    });
  }
  for (const creds of [null, 1, 'me']) assert.throws(() => void a.writeMsg('x', { creds: creds as never }), TypeError);
});

messageTest('credentials of a process that is not there are refused by the kernel', NETWORKS, async (a, b) => {
  // Not even root may name a pid that nobody has: ESRCH; others may name nobody but themselves: EPERM.
  const error = await failure(a.writeMsg('x', { creds: { ...me, pid: 0x3fffffff } }), 'write');
  assert.ok(['EPERM', 'ESRCH'].includes(error.code!), error.message);
  assert.deepEqual([error.syscall, error.bytesWritten], ['sendmsg', 0]);
  await a.write('in step');
  assert.equal((await next(b)).n, 7);
});

messageTest('setPassPidfd: a descriptor of the sender’s process', NETWORKS, async (a, b) => {
  try {
    b.setPassPidfd(true);
  } catch (error) {
    assert.equal((error as { code?: string }).code, 'ENOPROTOOPT', 'Linux before 6.5');
    return;
  }
  await a.writeMsg('x', { fds: [0] });
  const { fds, pidfd, creds } = await b.readMsg(Buffer.alloc(1));
  fds.forEach((each) => each.close());
  assert.deepEqual([fds.length, creds], [1, null]);
  using owned = pidfd!;
  assert.equal(flagsOf(owned.fd) & O_CLOEXEC, O_CLOEXEC);
  assert.match(readFileSync(`/proc/self/fdinfo/${owned.fd}`, 'utf8'), new RegExp(`^Pid:\\s*${process.pid}$`, 'm'));
  b.setPassPidfd(false);
  await a.write('y');
  assert.equal((await next(b)).pidfd, null);
});

for (const network of ['unix', 'unixpacket'] as const) {
  test(`${network}: what is accepted has setPassCred from its listener`, { timeout: LIMIT }, async () => {
    await using listener = await listen(network, '', {
      control: (_network, _address, raw) => raw.setsockopt(SOL_SOCKET, SO_PASSCRED, 1),
    });
    await using client = await dial(network, listener.addr.name);
    // Sent before it is accepted.
    await client.write('early');
    await using server = await listener.accept();
    const { creds } = await next(server);
    assert.equal(server.syscallConn().getsockopt(SOL_SOCKET, SO_PASSCRED), 1);
    assert.deepEqual(creds, me);
  });
}

test('unixgram: a sender without a name is given one for its credentials', { timeout: LIMIT }, async () => {
  using dir = new TempDir();
  await using server = await listenPacket('unixgram', dir.file());
  await using client = await dial('unixgram', dir.file());
  await client.write('1');
  assert.equal((await next(server)).addr, null);
  client.setPassCred(true);
  await client.write('2');
  const { addr, creds } = await next(server);
  assert.match(addr!.name, /^@[0-9a-f]{5}$/);
  assert.equal(creds, null);
  await server.writeTo('answer', addr!);
  const answer = await next(client);
  assert.deepEqual([answer.creds, answer.addr!.equals(gram(dir.file()))], [me, true]);
});
