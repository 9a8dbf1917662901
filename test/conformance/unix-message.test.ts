// Descriptors in messages of Unix sockets, on every kind of them: what is sent, what is received, and what becomes of those that
// nobody wants (Go's rules 142 to 144).

import assert from 'node:assert/strict';
import { closeSync, fstatSync, openSync } from 'node:fs';

import { dial, fromFd, listen, OwnedFd, UnixListener } from 'gonet';
import { MSG_CTRUNC, MSG_TRUNC, O_CLOEXEC } from 'gonet/syscall';

import { MSG_CMSG_CLOEXEC } from '../../src/syscall/zconst_linux.ts';
import { failure, staysPending, upTo } from './outcome.ts';
import { pairTest, readFull } from './pair.ts';
import { checkLeaks, flagsOf, linkOf } from './sockets.ts';
import { gramPair } from './unixgram-pair.ts';
import { closeAll, messageTest, NETWORKS, openCount, PACKETS, withFile } from './unix-messages.ts';
import type { unixPair } from './unix-pair.ts';

checkLeaks();

messageTest(
  'descriptors arrive as others of the same file, in order and close-on-exec',
  NETWORKS,
  async (a, b, network) => {
    const before = openCount();
    await withFile(async (fd) => {
      const other = openSync('/dev/zero', 'r');
      const into = Buffer.alloc(10);
      assert.equal(await a.writeMsg('data', { fds: [fd, { fd: other }, fd] }), 4);
      const message = await b.readMsg(into);
      assert.equal(into.toString('utf8', 0, message.n!), 'data');
      assert.deepEqual(
        message.fds.map((each) => linkOf(each.fd)),
        ['/dev/null', '/dev/zero', '/dev/null'],
      );
      assert.equal(new Set([fd, other, ...message.fds.map((each) => each.fd)]).size, 5);
      for (const each of message.fds) assert.equal(flagsOf(each.fd) & O_CLOEXEC, O_CLOEXEC);
      assert.equal(
        message.flags & (MSG_CMSG_CLOEXEC | MSG_CTRUNC | MSG_TRUNC),
        0,
        'the flag of the call is not the message’s',
      );
      assert.deepEqual([message.creds, message.pidfd, message.truncated], [null, null, false]);
      assert.equal(message.addr?.name, network === 'unixgram' ? a.localAddr.name : message.addr?.name);
      closeAll(message);
      closeSync(other);
    });
    assert.equal(openCount(), before);
  },
);

messageTest('253 descriptors are the most', NETWORKS, (a, b) =>
  withFile(async (fd) => {
    assert.equal(await a.writeMsg('x', { fds: upTo(253).map(() => fd) }), 1);
    const message = await b.readMsg(Buffer.alloc(1));
    assert.equal(message.fds.length, 253);
    closeAll(message);
    const fds = upTo(254).map(() => fd);
    assert.throws(() => void a.writeMsg('x', { fds }), {
      name: 'RangeError',
      message: 'A message takes 253 descriptors, not 254',
    });
  }),
);

messageTest('what is no descriptor is refused: at once, or by the kernel', NETWORKS, async (a, b) => {
  for (const wrong of [-1, 0.5, Number.NaN, 2 ** 31, '0', null, undefined, {}, { fd: -1 }]) {
    assert.throws(() => void a.writeMsg('x', { fds: [wrong as number] }), TypeError);
  }
  assert.throws(() => void a.writeMsg('x', { fds: 0 as unknown as number[] }), TypeError);
  assert.throws(() => void a.writeMsg('x', null as never), TypeError);
  await withFile(async (fd) => {
    const gone = openSync('/dev/null', 'r');
    closeSync(gone);
    const error = await failure(a.writeMsg('data', { fds: [fd, gone] }), 'write');
    assert.deepEqual([error.code, error.syscall, error.bytesWritten], ['EBADF', 'sendmsg', 0]);
    assert.match(error.message, /: sendmsg: bad file descriptor$/);
    const owned = new OwnedFd(openSync('/dev/null', 'r'));
    owned.close();
    assert.throws(() => void a.writeMsg('x', { fds: [owned] }), { code: 'ERR_NET_CLOSED' });
  });
  await a.write('in step');
  assert.equal(await b.read(Buffer.alloc(10)), 7);
});

messageTest('descriptors without data: one byte goes with them, which is not counted', ['unix', 'unixpacket'], (a, b) =>
  withFile(async (fd) => {
    for (const data of ['', new Uint8Array(0)]) {
      assert.equal(await a.writeMsg(data, { fds: [fd] }), 0);
      const message = await b.readMsg(Buffer.alloc(10));
      assert.deepEqual([message.n, message.fds.length], [1, 1]);
      closeAll(message);
    }
    await a.writeMsg('', { fds: [fd] });
    await a.write('next');
    const message = await b.readMsg(new Uint8Array(0));
    assert.deepEqual([message.n, message.fds.length], [1, 1], 'one byte, though there is no room');
    closeAll(message);
    assert.equal((await readFull(b, 4)).toString(), 'next');
    assert.equal(await a.writeMsg(''), 0);
  }),
);

messageTest('the end of the stream is null, with an empty buffer, too', ['unix', 'unixpacket'], async (a, b) => {
  const waiting = b.readMsg(new Uint8Array(0));
  await staysPending(waiting);
  a.close();
  assert.equal((await waiting).n, null);
  for (const size of [0, 1, 10]) {
    const { n, fds, addr } = await b.readMsg(Buffer.alloc(size));
    assert.deepEqual([n, fds, addr], [null, [], null]);
  }
  for await (const { data } of b.packets()) assert.fail(`gave ${data.length} bytes`);
  assert.equal((await b.readFrom(Buffer.alloc(1))).n, 0);
});

pairTest('unixgram: descriptors without data are an empty datagram', gramPair as typeof unixPair, ({ a, b }) =>
  withFile(async (fd) => {
    assert.equal(await a.writeMsg('', { fds: [fd], addr: b.localAddr }), 0);
    const message = await b.readMsg(Buffer.alloc(10));
    assert.deepEqual([message.n, message.fds.length, message.addr!.name], [0, 1, a.localAddr.name]);
    closeAll(message);
    await a.writeTo('next', b.localAddr);
    const empty = await b.readMsg(new Uint8Array(0));
    assert.deepEqual([empty.n, empty.truncated], [0, true]);
  }),
);

messageTest('every other way to read closes the descriptors', NETWORKS, async (a, b, network) => {
  const before = openCount();
  await withFile(async (fd) => {
    const into = Buffer.alloc(10);
    for (const read of [
      () => b.read(into),
      () => b.readFrom(into),
      () => b.packets().next(),
      () => b[Symbol.asyncIterator]().next(),
    ]) {
      await a.writeMsg('data', { fds: [fd, fd] });
      await read();
    }
    // What was never read goes with the socket.
    await a.writeMsg('data', { fds: [fd] });
  });
  assert.equal(openCount(), before, network);
});

messageTest('a part of a packet does not fit: it is lost, and the descriptors are there', PACKETS, (a, b) =>
  withFile(async (fd) => {
    await a.writeMsg('abcdef', { fds: [fd] });
    const message = await b.readMsg(Buffer.alloc(3));
    assert.deepEqual(
      [message.n, message.truncated, message.flags & MSG_TRUNC, message.fds.length],
      [3, true, MSG_TRUNC, 1],
    );
    closeAll(message);
  }),
);

messageTest('messages and plain data keep their order', NETWORKS, (a, b) =>
  withFile(async (fd) => {
    const into = Buffer.alloc(10);
    const sent = Promise.all([
      a.write('1'),
      a.writeMsg('2', { fds: [fd] }),
      a.write('3'),
      a.writeMsg('4', { fds: [fd] }),
    ]);
    let text = '';
    let came = 0;
    while (text.length < 4) {
      const message = await b.readMsg(into);
      text += into.toString('utf8', 0, message.n!);
      came += message.fds.length;
      closeAll(message);
    }
    await sent;
    assert.deepEqual([text, came], ['1234', 2]);
  }),
);

messageTest('a listener goes over as a descriptor, and is adopted', NETWORKS, async (a, b) => {
  await using listener = await listen('unix', '');
  const dup = listener.dup();
  await a.writeMsg('a listener', { fds: [dup] });
  closeSync(dup);
  const { fds } = await b.readMsg(Buffer.alloc(20));
  await using adopted = fromFd(fds[0]!.detach());
  assert.ok(adopted instanceof UnixListener);
  assert.equal(adopted.addr.name, listener.addr.name);
  listener.close();
  const [client, server] = await Promise.all([dial('unix', adopted.addr.name), adopted.accept()]);
  await client.write('through');
  assert.equal(await server.read(Buffer.alloc(10)), 7);
  client.close();
  server.close();
});

messageTest('a descriptor of the socket itself may go along', NETWORKS, async (a, b) => {
  a.syscallConn().control((fd) => assert.ok(fstatSync(fd).isSocket()));
  const dup = a.dup();
  await a.writeMsg('me', { fds: [dup] });
  closeSync(dup);
  closeAll(await b.readMsg(Buffer.alloc(2)));
});
