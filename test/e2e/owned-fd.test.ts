// OwnedFd: a descriptor with an owner, which is closed once, given away, or adopted.

import assert from 'node:assert/strict';
import { closeSync, fstatSync, openSync } from 'node:fs';
import { test } from 'node:test';

import { ClosedError, dial, fromFd, listen, OwnedFd, UnixConn } from 'gonet';

import { linkOf } from '../conformance/sockets.ts';
import { unixPair } from '../conformance/unix-pair.ts';
import { leavesNothing } from './loopback.ts';

const options = { timeout: 15_000 };
const open = (): number => openSync('/dev/null', 'r');
const isOpen = (fd: number): boolean => linkOf(fd) === '/dev/null';

test('close() closes, once; the number is nobody’s then', options, () => {
  const fd = open();
  const owned = new OwnedFd(fd);
  assert.deepEqual([owned.fd, owned.closed], [fd, false]);
  assert.ok(isOpen(fd));
  owned.close();
  assert.ok(!isOpen(fd));
  assert.equal(owned.closed, true);
  // The number is used again at once; a second close() must not touch it.
  const other = open();
  assert.equal(other, fd);
  owned.close();
  owned[Symbol.dispose]();
  assert.ok(isOpen(other));
  closeSync(other);
  assert.throws(() => owned.fd, ClosedError);
  assert.throws(() => owned.detach(), ClosedError);
  assert.throws(() => owned.fd, { code: 'ERR_NET_CLOSED', message: 'use of closed network connection' });
});

test('`using` closes, on an exception, too', options, () => {
  const fd = open();
  assert.throws(() => {
    using owned = new OwnedFd(fd);
    assert.ok(isOpen(owned.fd));
    throw new Error('in the body');
  }, /^Error: in the body$/);
  assert.ok(!isOpen(fd));
});

test('detach() gives the descriptor away, open', options, () => {
  const owned = new OwnedFd(open());
  const fd = owned.detach();
  assert.equal(owned.closed, true);
  assert.throws(() => owned.fd, ClosedError);
  owned.close();
  assert.ok(isOpen(fd));
  assert.ok(!fstatSync(fd).isFile());
  closeSync(fd);
});

test('what is no number of a descriptor is refused', options, () => {
  for (const wrong of [-1, 0.5, Number.NaN, Infinity, 2 ** 31, '3', null, undefined, {}, 3n]) {
    assert.throws(() => new OwnedFd(wrong as number), TypeError);
  }
});

test('a connection goes over as a descriptor and is adopted: its peer notices nothing', options, () =>
  leavesNothing(async () => {
    await using listener = await listen('tcp', '127.0.0.1:0');
    const [client, server] = await Promise.all([dial('tcp', listener.addr.toString()), listener.accept()]);
    const { a, b, stop } = await unixPair('unix');
    using sent = new OwnedFd(server.detach());
    await a.writeMsg('take over', { fds: [sent] });
    sent.close();
    const { fds } = await b.readMsg(Buffer.alloc(20));
    await using adopted = fromFd(fds[0]!.detach());
    assert.equal(fds[0]!.closed, true);
    assert.ok(!(adopted instanceof UnixConn) && 'read' in adopted);
    await client.write('hello');
    const into = Buffer.alloc(10);
    assert.equal(await adopted.read(into), 5);
    client.close();
    assert.equal(await adopted.read(into), null);
    stop();
  }),
);
