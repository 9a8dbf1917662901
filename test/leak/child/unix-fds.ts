// Descriptors in messages where they could get lost: `node --expose-gc unix-fds.js <name>`. Says `done` if none was.

import assert from 'node:assert/strict';
import { closeSync, openSync } from 'node:fs';
import { setImmediate } from 'node:timers/promises';

import * as fc from 'fast-check';
import { dial, listen, listenPacket, OpError, OwnedFd, type UnixConn, type UnixMessage, type UnixNetwork } from 'gonet';

import { upTo } from '../../conformance/outcome.ts';
import { linkOf } from '../../conformance/sockets.ts';

const { gc } = globalThis as unknown as { gc: () => void };
/** How many descriptors are open; needs none to find out. */
const count = (): number => upTo(1024).filter((fd) => linkOf(fd) !== '').length;

async function collect(enough: () => boolean, rounds = 200): Promise<void> {
  for (let i = 0; i < rounds && !enough(); i++) {
    gc();
    for (let turn = 0; turn < 3; turn++) await setImmediate();
  }
}

/** Two ends, `a` with `b` for its peer, and their end. */
async function pair(network: UnixNetwork): Promise<{ a: UnixConn; b: UnixConn } & Disposable> {
  if (network === 'unixgram') {
    const b = await listenPacket(network, '');
    const a = await dial(network, b.localAddr.name);
    return { a, b, [Symbol.dispose]: () => [a, b].forEach((each) => each.close()) };
  }
  using listener = await listen(network, '');
  const [a, b] = await Promise.all([dial(network, listener.addr.name), listener.accept()]);
  return { a, b, [Symbol.dispose]: () => [a, b].forEach((each) => each.close()) };
}

/** Opens files until there is room for `free` more only. */
function crowd(free: number): number[] {
  const fds: number[] = [];
  try {
    for (;;) fds.push(openSync('/dev/null', 'r'));
  } catch (error) {
    assert.equal((error as NodeJS.ErrnoException).code, 'EMFILE');
  }
  for (let i = 0; i < free; i++) closeSync(fds.pop()!);
  return fds;
}

// A function of its own, so that no frame of the program holds what it made.
async function waitingWrite(a: UnixConn): Promise<{ fd: number; written: Promise<number> }> {
  // To the brim, in small pieces.
  for (let full = false; !full;) {
    full = await a.write(Buffer.alloc(1000), { deadline: Date.now() + 30 }).then(
      () => false,
      () => true,
    );
  }
  const owned = new OwnedFd(openSync('/dev/zero', 'r'));
  return { fd: owned.fd, written: a.writeMsg('x', { fds: [owned] }) };
}

async function receive(b: UnixConn): Promise<number[]> {
  const { fds } = await b.readMsg(Buffer.alloc(10));
  return fds.map((each) => each.fd);
}

const programs: Record<string, (network: UnixNetwork) => Promise<void>> = {
  async EMFILE(network) {
    using ends = await pair(network);
    const { a, b } = ends;
    // Whatever is opened once only is open now.
    await a.write('warm');
    await b.readMsg(Buffer.alloc(10));
    b.setPassCred(true);
    for (const free of [0, 1, 3]) {
      const others = crowd(free);
      const before = count();
      await a.writeMsg('data', { fds: [0, 0, 0, 0, 0] });
      const error = await b.readMsg(Buffer.alloc(10)).then(
        () => assert.fail('no error'),
        (reason: unknown) => reason as OpError,
      );
      assert.ok(error instanceof OpError);
      assert.deepEqual([error.code, error.op], ['ERR_NET_CONTROL_TRUNCATED', 'read']);
      assert.match(error.message, /: control data was truncated$/);
      assert.equal((error.cause as { bytesRead?: number }).bytesRead, 4);
      assert.equal(count(), before, 'what came was closed');
      await a.write('next');
      assert.equal((await b.readMsg(Buffer.alloc(10))).n, 4);
      others.forEach(closeSync);
    }
    await a.writeMsg('room again', { fds: [0, 0, 0, 0, 0] });
    const { fds } = await b.readMsg(Buffer.alloc(10));
    assert.equal(fds.length, 5);
    fds.forEach((each) => each.close());
  },

  async dropped(network) {
    using ends = await pair(network);
    await ends.a.writeMsg('x', { fds: [0, 0, 0] });
    const numbers = await receive(ends.b);
    assert.equal(numbers.length, 3);
    await collect(() => numbers.every((fd) => linkOf(fd) === ''));
    assert.deepEqual(
      numbers.map((fd) => linkOf(fd)),
      ['', '', ''],
    );
  },

  async detached(network) {
    using ends = await pair(network);
    await ends.a.writeMsg('x', { fds: [0] });
    const detach = async (): Promise<number> => (await ends.b.readMsg(Buffer.alloc(10))).fds[0]!.detach();
    const fd = await detach();
    await collect(() => false, 20);
    assert.notEqual(linkOf(fd), '');
    closeSync(fd);
  },

  async 'in a write that waits'(network) {
    using ends = await pair(network);
    const { fd, written } = await waitingWrite(ends.a);
    await collect(() => linkOf(fd) === '', 50);
    assert.equal(linkOf(fd), '/dev/zero', 'collected while it was being sent');
    let came: UnixMessage;
    const into = Buffer.alloc(1 << 20);
    do came = await ends.b.readMsg(into);
    while (came.fds.length === 0);
    assert.equal(linkOf(came.fds[0]!.fd), '/dev/zero');
    came.fds[0]!.close();
    await written;
    await collect(() => linkOf(fd) === '');
    assert.equal(linkOf(fd), '');
  },

  async 'random messages'(network) {
    using ends = await pair(network);
    const { a, b } = ends;
    const file = openSync('/dev/null', 'r');
    gc();
    const before = count();
    const one = fc.record({
      data: fc.nat(40),
      fds: fc.oneof({ weight: 5, arbitrary: fc.nat(6) }, { weight: 1, arbitrary: fc.nat(253) }),
      room: fc.nat(50),
      creds: fc.boolean(),
      passes: fc.boolean(),
      by: fc.constantFrom('readMsg', 'readMsg', 'readMsg', 'read', 'readFrom'),
      fate: fc.constantFrom('close', 'close', 'ignore', 'detach', 'twice'),
    });
    const messages = fc.array(one, { minLength: 1, maxLength: 8 });
    const property = fc.asyncProperty(messages, async (list) => {
      for (const { data, fds, room, creds, passes, by, fate } of list) {
        b.setPassCred(passes);
        const own = creds ? { creds: { pid: process.pid, uid: process.getuid!(), gid: process.getgid!() } } : {};
        const sent = await a.writeMsg(Buffer.alloc(data, 1), { fds: Array<number>(fds).fill(file), ...own });
        assert.equal(sent, data);
        const lone = data === 0 && network !== 'unixgram';
        // Nothing goes where there is nothing to go along with; of an empty packet a read cannot tell it from the end.
        if (lone && fds === 0 && !creds) {
          if (network === 'unixpacket') await b.readMsg(Buffer.alloc(1));
          continue;
        }
        const left = lone ? 1 : data;
        const into = Buffer.alloc(network === 'unix' ? Math.max(left, room) : room);
        if (by !== 'readMsg') {
          const whole = into.length > 0 ? into : Buffer.alloc(50);
          await (by === 'read' ? b.read(whole) : b.readFrom(whole));
          continue;
        }
        const message = await b.readMsg(into);
        if (network === 'unixpacket' && message.n === null) assert.equal(data, 0);
        assert.equal(message.fds.length, fds);
        assert.equal(message.creds === null, !passes);
        for (const each of message.fds) {
          if (fate === 'detach') closeSync(each.detach());
          else if (fate !== 'ignore') each.close();
          if (fate === 'twice') each.close();
        }
      }
    });
    // What was ignored is open until it is collected.
    const rounds = 20;
    for (let i = 0; i < rounds; i++) {
      await fc.assert(property, { numRuns: 25 });
      await collect(() => count() <= before);
      assert.equal(count(), before, 'descriptors were lost');
    }
    closeSync(file);
  },
};

const [, , name, network] = process.argv;
await programs[name!]!(network as UnixNetwork);
console.log('done');
