// The packet suite on crowds: many calls at once, deadlines that keep moving, and a flood that must starve nobody. Only time-outs
// may come of it, and afterwards both sides are in step. Nothing is measured in time.

import assert from 'node:assert/strict';

import { DeadlineError, OpError, PacketBatch } from 'gonet';
import { fromNow, HOUR, PAST, upTo } from './outcome.ts';
import {
  BURST,
  type Datagrams,
  inStep,
  type Kind,
  noBatches,
  packetTest,
  take,
  takeBytes,
  type Scene,
} from './packet-pair.ts';

/** Swallows a time-out; everything else is a failure. True if it was one. */
async function orTimeout(promise: Promise<unknown>): Promise<boolean> {
  try {
    await promise;
    return false;
  } catch (error) {
    if (error instanceof OpError && error.cause instanceof DeadlineError) return true;
    throw error;
  }
}

/** Takes whatever is under way to `b`: what was sent last comes last, unless there was no room for it. */
async function drained({ b, send }: Scene): Promise<void> {
  const into = Buffer.alloc(2048);
  const marker = 'the last one';
  const sends: Promise<unknown>[] = [];
  for (let text = ''; text !== marker;) {
    // Not awaited: there may be no room before the next read.
    if (text === '') sends.push(send(marker));
    text = await b.readFrom(into, { deadline: fromNow(100) }).then(
      ({ n }) => into.toString('utf8', 0, n),
      () => '',
    );
  }
  await Promise.all(sends);
}

/** So many steps may complete before a turn of the loop: DESIGN D5 says 128 operations, and each step has at most three. */
const SHARE = 1000;

/** How many steps `step` makes before the loop comes round to what was asked for at the start. */
async function stepsBefore(ask: (done: () => void) => void, step: () => Promise<unknown>): Promise<number> {
  const turn = { over: false };
  ask(() => {
    turn.over = true;
  });
  let steps = 0;
  for (; !turn.over && steps < 100 * SHARE; steps++) await step();
  return steps;
}

export function packetCrowds(kind: Kind): void {
  const { header = {} } = kind.traits;

  packetTest('a flood of datagrams starves neither immediates nor timers', kind, async ({ a, b, atB }) => {
    const into = Buffer.alloc(100);
    const iterator = b.packets();
    const steps: Record<string, () => Promise<unknown>> = {
      readFrom: async () => [await a.writeTo('x', atB), await b.readFrom(into)],
      read: async () => [await a.writeTo('x', atB), await b.read(into)],
      packets: async () => [await a.writeTo('x', atB), await iterator.next()],
      'an empty read': () => b.read(new Uint8Array(0)),
    };
    for (const [name, step] of Object.entries(steps)) {
      const count = await stepsBefore((done) => setImmediate(done), step);
      assert.ok(count < SHARE, `${name}: ${count} steps before an immediate`);
      const due = fromNow(5);
      await stepsBefore((done) => setTimeout(done, 5), step);
      // The loop came round: how late is the machine's business, that it is not at the end of all steps is ours.
      assert.ok(Date.now() >= due - 1);
    }
  });

  packetTest(
    'a flood of batches starves nobody, either',
    kind,
    async ({ a, b, atB }) => {
      const [out, into] = [new PacketBatch({ capacity: 2 }), new PacketBatch({ capacity: 2 })];
      out.add(Buffer.from('1'), atB);
      out.add(Buffer.from('2'), atB);
      const step = async (): Promise<unknown> => [await a.writeBatch!(out), await b.readBatch!(into)];
      const count = await stepsBefore((done) => setImmediate(done), step);
      assert.ok(count < SHARE, `${count} steps before an immediate`);
    },
    noBatches(kind),
  );

  packetTest('concurrent writers never mix their datagrams', kind, async (scene) => {
    const { a, b, atA, atB } = scene;
    const size = Math.min(2000, kind.traits.largest);
    const writer = async (tag: number): Promise<void> => {
      for (const i of upTo(30)) {
        const [from, to] = tag % 2 === 0 ? [a, atB] : [b, atA];
        await from.writeTo(Buffer.alloc(size - tag, tag), to);
        // Each takes one for the one that it has sent, so that the queues stay short.
        const got = (await takeBytes(tag % 2 === 0 ? b : a)).subarray(header.readFrom ?? 0);
        assert.equal(got.length, size - got[0]!, `round ${i}`);
        assert.ok(
          got.every((byte) => byte === got[0]),
          'mixed',
        );
      }
    };
    await Promise.all(upTo(BURST).map(writer));
    await inStep(scene);
  });

  packetTest('reads begun in bursts get their datagrams in order', kind, async (scene) => {
    const { b, send } = scene;
    for (let round = 0; round < 100; round++) {
      const waiting = upTo(BURST).map(() => take(b));
      const begin = round % BURST;
      await Promise.all(upTo(begin).map((i) => send(`${i}`)));
      await Promise.all(upTo(BURST - begin).map((i) => send(`${begin + i}`)));
      assert.deepEqual(await Promise.all(waiting), upTo(BURST).map(String));
    }
    await inStep(scene);
  });

  packetTest('10 x 50 reads under deadlines of 1 ms: only time-outs', kind, async (scene) => {
    const { a, b, atB } = scene;
    const readers = { over: false };
    const source = (async () => {
      while (!readers.over) await orTimeout(a.writeTo('x', atB, { deadline: fromNow(1) }));
    })();
    const reader = async (): Promise<void> => {
      const into = Buffer.alloc(100);
      for (const _ of upTo(50)) if (await orTimeout(b.readFrom(into))) b.setReadDeadline(fromNow(1));
    };
    b.setReadDeadline(fromNow(1));
    await Promise.all(upTo(10).map(reader));
    readers.over = true;
    await source;
    b.setReadDeadline(PAST);
    assert.ok(await orTimeout(take(b)));
    b.setReadDeadline(null);
    await drained(scene);
    await inStep(scene);
  });

  packetTest('deadlines that pass at once, against reads and writes: no hang', kind, async (scene) => {
    const { a, b, atB } = scene;
    for (let round = 0; round < 300; round++) {
      a.setDeadline(fromNow(0.002));
      const calls = [take(a), a.writeTo('x', atB), a.packets().next()].map(orTimeout);
      if (round % 50 === 0) await Promise.all(calls);
      else void Promise.all(calls);
      await drained1(b);
    }
    assert.ok(await orTimeout(take(a)));
    a.setDeadline(null);
    await drained(scene);
    await inStep(scene);
  });

  packetTest('deadlines that are pushed ahead before each call never fire', kind, async (scene) => {
    const { a, b, send, back } = scene;
    for (const i of upTo(300)) {
      for (const conn of [a, b]) conn.setDeadline(fromNow(HOUR));
      await send(`${i}`);
      assert.equal(await take(b), `${i}`);
      await back(`${i}`);
      assert.equal(await take(a), `${i}`);
    }
    await inStep(scene);
  });

  packetTest('400 reads under limits that differ: each meets its own', kind, async (scene) => {
    const ends = await Promise.all(
      upTo(400).map((i) => orTimeout(scene.a.readFrom(Buffer.alloc(1), { deadline: fromNow((i * 7) % 40) }))),
    );
    assert.ok(ends.every(Boolean), 'a read found something');
    await inStep(scene);
  });
}

/** Takes one if it is there. */
const drained1 = (conn: Datagrams): Promise<boolean> =>
  orTimeout(conn.readFrom(Buffer.alloc(100), { deadline: fromNow(0.5) }));
