// The packet suite on readMsg and writeMsg: a datagram with what else there is to know of it.

import assert from 'node:assert/strict';

import { MSG_TRUNC } from 'gonet/syscall';
import { failure, PAST, staysPending, timesOut } from './outcome.ts';
import { inStep, type Kind, noMessages, packetTest, take } from './packet-pair.ts';

export function packetMessages(kind: Kind): void {
  const { empty = true, header = {}, largest } = kind.traits;
  const head = header.readMsg ?? 0;
  const skip = noMessages(kind);

  packetTest(
    'a message tells its length and its sender, and that it is whole',
    kind,
    async ({ a, b, atA, atB }) => {
      const into = Buffer.alloc(100);
      assert.equal(await a.writeMsg!('hello', { addr: atB }), 5);
      const { n, addr, flags, truncated = false } = await b.readMsg!(into);
      assert.equal(into.toString('utf8', head, n!), 'hello');
      assert.deepEqual([n, String(addr), flags, truncated], [head + 5, String(atA), 0, false]);
      assert.equal(await b.writeMsg!(Buffer.from('back'), { addr: addr! }), 4);
      assert.equal(await take(a), 'back');
    },
    skip,
  );

  packetTest(
    'what does not fit is lost, and the message says so',
    kind,
    async (scene) => {
      const { a, b, atA, atB } = scene;
      const into = Buffer.alloc(head + 2);
      for (const data of ['abcdef', 'gh', 'ijkl']) await a.writeTo(data, atB);
      const cut = await b.readMsg!(into);
      assert.deepEqual([cut.n, cut.flags & MSG_TRUNC, cut.truncated ?? true], [head + 2, MSG_TRUNC, true]);
      assert.equal(into.toString('utf8', head), 'ab');
      const whole = await b.readMsg!(into);
      assert.deepEqual([whole.n, whole.flags, whole.truncated ?? false], [head + 2, 0, false]);
      const none = await b.readMsg!(new Uint8Array(0));
      assert.deepEqual([none.n, none.flags & MSG_TRUNC, String(none.addr)], [0, MSG_TRUNC, String(atA)]);
      await inStep(scene);
    },
    skip,
  );

  packetTest(
    'an empty message is one',
    kind,
    async (scene) => {
      const { a, b, atA, atB } = scene;
      const waiting = b.readMsg!(Buffer.alloc(100));
      await staysPending(waiting);
      assert.equal(await a.writeMsg!('', { addr: atB }), 0);
      const { n, addr, flags } = await waiting;
      assert.deepEqual([n, String(addr), flags], [head, String(atA), 0]);
      await inStep(scene);
    },
    skip === false && !empty ? 'this kind has no empty datagrams' : skip,
  );

  packetTest(
    'a message that is too large is refused whole',
    kind,
    async (scene) => {
      const { a, atB } = scene;
      const error = await failure(a.writeMsg!(Buffer.alloc(largest + 1), { addr: atB }), 'write');
      assert.deepEqual([error.code, error.syscall, error.bytesWritten], ['EMSGSIZE', 'sendmsg', 0]);
      assert.equal(error.addr, atB);
      await inStep(scene);
    },
    skip,
  );

  packetTest(
    'messages and plain datagrams queue with each other',
    kind,
    async (scene) => {
      const { a, b, atB } = scene;
      const into = [Buffer.alloc(100), Buffer.alloc(100), Buffer.alloc(100)] as const;
      const waiting = [b.readMsg!(into[0]), b.readFrom(into[1]), b.readMsg!(into[2])] as const;
      await Promise.all([a.writeMsg!('1', { addr: atB }), a.writeTo('2', atB), a.writeMsg!('3', { addr: atB })]);
      const [first, second, third] = await Promise.all(waiting);
      const texts = [
        into[0].toString('utf8', head, first.n!),
        into[1].toString('utf8', header.readFrom ?? 0, second.n),
        into[2].toString('utf8', head, third.n!),
      ];
      assert.deepEqual(texts, ['1', '2', '3']);
      await inStep(scene);
    },
    skip,
  );

  packetTest(
    'a call past its deadline neither takes nor sends one',
    kind,
    async (scene) => {
      const { a, b, atB } = scene;
      await a.writeTo('kept', atB);
      await timesOut(b.readMsg!(Buffer.alloc(100), { deadline: PAST }), 'read');
      await timesOut(a.writeMsg!('never', { addr: atB }, { deadline: PAST }), 'write');
      assert.equal(await take(b), 'kept');
      await inStep(scene);
    },
    skip,
  );
}
