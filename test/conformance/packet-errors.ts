// The packet suite on errors: Go's text and fields on every failure, and wrong arguments, which throw at once.

import assert from 'node:assert/strict';

import { type Addr, type IOOptions, type OpError, PacketBatch } from 'gonet';
import { failsClosed, fromNow, isCanceled, PAST, thrown, timesOut } from './outcome.ts';
import { inStep, type Kind, packetTest, reads, type Scene, writes } from './packet-pair.ts';

/** Checks the text and every field that does not depend on the cause: from here, and to where it was to go, if anywhere. */
export function checkFields(error: OpError, { a, network }: Scene, op: string, to: Addr | null): void {
  const node = to as { readonly address?: string; readonly port?: number } | null;
  assert.equal(error.message, `${op} ${network} ${a.localAddr}${to === null ? '' : `->${to}`}: ${error.cause.message}`);
  assert.deepEqual([error.name, error.op, error.net], ['OpError', op, network]);
  assert.equal(error.source, a.localAddr);
  assert.equal(error.addr, to);
  assert.deepEqual([error.address, error.port], [node?.address, node?.port]);
  assert.equal(error.bytesWritten, op === 'write' ? 0 : undefined);
  assert.match(String(error.stack), /^OpError: /);
}

const NO_BYTES: readonly unknown[] = [undefined, null, 1, {}, [1], new ArrayBuffer(8), new Uint16Array(2)];

const NO_OPTIONS: readonly (readonly [unknown, typeof TypeError | typeof RangeError])[] = [
  [null, TypeError],
  [1, TypeError],
  ['signal', TypeError],
  [{ signal: {} }, TypeError],
  [{ signal: null }, TypeError],
  [{ deadline: 'soon' }, TypeError],
  [{ deadline: 1n }, TypeError],
  [{ deadline: Number.NaN }, RangeError],
  [{ deadline: new Date(Number.NaN) }, RangeError],
];

/** Checks that `call` throws at once, and not by a promise. */
export function throwsAtOnce(call: () => unknown, type: typeof TypeError | typeof RangeError = TypeError): void {
  assert.throws(
    () => {
      const answer = call();
      if (answer instanceof Promise) answer.catch(() => {});
    },
    (error) => error instanceof type,
    String(call),
  );
}

/** Where an error says that a write was to go: a batch may have many receivers, so it names none. */
const aim = (way: string, to: Addr): Addr | null => (way === 'writeBatch' ? null : to);

export function packetErrors(kind: Kind): void {
  const { messages = true, batches = true } = kind.traits;

  packetTest("a time-out has Go's text and fields", kind, async (scene) => {
    const { a, atB } = scene;
    for (const [way, read] of Object.entries(reads(kind))) {
      const error = await timesOut(read(a, { deadline: PAST }), 'read');
      checkFields(error, scene, 'read', null);
      assert.match(error.message, /: i\/o timeout$/, way);
      checkFields(await timesOut(read(a, { deadline: fromNow(5) }), 'read'), scene, 'read', null);
    }
    for (const [way, write] of Object.entries(writes(kind, atB))) {
      const error = await timesOut(write(a, { deadline: PAST }), 'write');
      checkFields(error, scene, 'write', aim(way, atB));
      assert.deepEqual([error.errno, error.syscall], [undefined, undefined]);
    }
  });

  packetTest("a cancelled call has Go's text and fields", kind, async (scene) => {
    const { a, atB } = scene;
    const options = { signal: AbortSignal.abort('why') };
    for (const read of Object.values(reads(kind))) {
      const error = await isCanceled(read(a, options), 'why', 'read');
      checkFields(error, scene, 'read', null);
      assert.match(error.message, /: operation was canceled$/);
    }
    for (const [way, write] of Object.entries(writes(kind, atB))) {
      checkFields(await isCanceled(write(a, options), 'why', 'write'), scene, 'write', aim(way, atB));
    }
  });

  packetTest("a call on a closed socket has Go's text and fields", kind, async (scene) => {
    const { a, atB, network } = scene;
    a.close();
    for (const read of Object.values(reads(kind))) {
      const error = await failsClosed(read(a), 'read');
      checkFields(error, scene, 'read', null);
      assert.match(error.message, /: use of closed network connection$/);
    }
    for (const [way, write] of Object.entries(writes(kind, atB))) {
      checkFields(await failsClosed(write(a), 'write'), scene, 'write', aim(way, atB));
    }
    const { message } = thrown(() => a.setDeadline(null));
    assert.equal(message, `set ${network} ${a.localAddr}: use of closed network connection`);
  });

  packetTest('wrong buffers throw at once', kind, async (scene) => {
    const { a, atB } = scene;
    for (const wrong of NO_BYTES as readonly Uint8Array[]) {
      throwsAtOnce(() => a.read(wrong));
      throwsAtOnce(() => a.readFrom(wrong));
      throwsAtOnce(() => a.write(wrong));
      throwsAtOnce(() => a.writev([wrong]));
      throwsAtOnce(() => a.writeTo(wrong, atB));
      if (messages) throwsAtOnce(() => a.readMsg!(wrong));
      if (messages) throwsAtOnce(() => a.writeMsg!(wrong, { addr: atB }));
    }
    throwsAtOnce(() => a.readFrom('text' as unknown as Uint8Array));
    throwsAtOnce(() => a.writev('text' as unknown as Uint8Array[]));
    await inStep(scene);
  });

  packetTest('wrong addresses throw at once', kind, async (scene) => {
    const { a } = scene;
    const others: unknown[] = ['127.0.0.1:1', {}, { network: 'udp', toString: () => 'mine' }, 1, undefined];
    for (const wrong of [...others, null] as Addr[]) throwsAtOnce(() => a.writeTo('x', wrong));
    for (const wrong of messages ? (others.slice(0, 4) as Addr[]) : []) {
      throwsAtOnce(() => a.writeMsg!('x', { addr: wrong }));
    }
    if (messages) for (const wrong of [null, 1, 'x']) throwsAtOnce(() => a.writeMsg!('x', wrong as never));
    await inStep(scene);
  });

  packetTest('wrong options throw at once', kind, async (scene) => {
    const { a, atB } = scene;
    for (const [wrong, type] of NO_OPTIONS as readonly (readonly [IOOptions, typeof TypeError])[]) {
      for (const read of Object.values(reads(kind))) throwsAtOnce(() => read(a, wrong), type);
      for (const write of Object.values(writes(kind, atB))) throwsAtOnce(() => write(a, wrong), type);
    }
    for (const set of [a.setDeadline, a.setReadDeadline, a.setWriteDeadline]) {
      for (const wrong of ['soon', {}, 1n, true]) throwsAtOnce(() => set.call(a, wrong as number));
      for (const wrong of [Number.NaN, new Date(Number.NaN)]) throwsAtOnce(() => set.call(a, wrong), RangeError);
    }
    await inStep(scene);
    a.close();
    throwsAtOnce(() => a.readFrom('x' as unknown as Uint8Array));
    throwsAtOnce(() => a.writeTo('x', atB, { deadline: Number.NaN }), RangeError);
  });

  packetTest(
    'wrong batches throw at once',
    kind,
    async (scene) => {
      const { a, atB } = scene;
      for (const wrong of [undefined, null, {}, [], Buffer.alloc(8)] as unknown as PacketBatch[]) {
        throwsAtOnce(() => a.readBatch!(wrong));
        throwsAtOnce(() => a.writeBatch!(wrong));
      }
      const batch = new PacketBatch({ capacity: 2, size: 4 });
      for (const wrong of [...NO_BYTES, 'text'] as Uint8Array[]) throwsAtOnce(() => batch.add(wrong, atB));
      throwsAtOnce(() => batch.add(Buffer.alloc(5), atB), RangeError);
      assert.equal(batch.length, 0);
      for (const i of [0, -1, 1.5, Number.NaN, '0']) throwsAtOnce(() => batch.data(i as number), RangeError);
      batch.add(Buffer.from('x'), { network: 'udp', toString: () => 'mine' });
      throwsAtOnce(() => a.writeBatch!(batch));
      await inStep(scene);
    },
    batches ? false : 'this kind has no readBatch and writeBatch',
  );
}
