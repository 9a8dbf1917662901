// The packet suite on `for await`: packets() gives datagrams with their senders, the conn itself their payloads; leaving either
// loses none.

import assert from 'node:assert/strict';

import { failsClosed, failure, fromNow, PAST, staysPending, timesOut, upTo } from './outcome.ts';
import { BURST, type Datagrams, inStep, type Kind, packetTest, take } from './packet-pair.ts';

/** The texts of the next `n` datagrams. */
async function collect(conn: Datagrams, n: number, head: number): Promise<string[]> {
  const texts: string[] = [];
  for await (const { data } of conn.packets()) {
    texts.push(data.subarray(head).toString());
    if (texts.length === n) break;
  }
  return texts;
}

async function forever(conn: Datagrams): Promise<void> {
  for await (const _ of conn.packets());
}

export function packetIteration(kind: Kind): void {
  const { empty = true, header = {}, largest } = kind.traits;
  const head = header.packets ?? 0;

  packetTest('packets() gives each datagram with its sender, in a Buffer of its own', kind, async (scene) => {
    const { b, atA, send } = scene;
    const kept: Buffer[] = [];
    const texts = upTo(BURST).map((i) => `${i}`.repeat(i + 1));
    for (const text of texts) await send(text);
    for await (const { data, addr } of b.packets()) {
      assert.ok(Buffer.isBuffer(data));
      assert.equal(String(addr), String(atA));
      kept.push(data);
      if (kept.length === BURST) break;
    }
    await inStep(scene);
    assert.deepEqual(
      kept.map((data) => data.subarray(head).toString()),
      texts,
    );
  });

  packetTest('the conn itself gives the payloads', kind, async (scene) => {
    const { b, send } = scene;
    for (const text of ['1', '22', '333']) await send(text);
    const seen: string[] = [];
    for await (const data of b) {
      assert.ok(Buffer.isBuffer(data));
      seen.push(data.subarray(header.iteration ?? head).toString());
      if (seen.length === 3) break;
    }
    assert.deepEqual(seen, ['1', '22', '333']);
    await inStep(scene);
  });

  packetTest('the largest datagram comes whole', kind, async ({ b, send }) => {
    const data = Buffer.alloc(largest, 'pattern!');
    await send(data);
    for await (const packet of b.packets()) {
      assert.equal(packet.data.subarray(head).compare(data), 0);
      break;
    }
  });

  packetTest(
    'an empty datagram is a turn of the loop, not its end',
    kind,
    async ({ b, send }) => {
      for (const text of ['', 'x', '']) await send(text);
      assert.deepEqual(await collect(b, 3, head), ['', 'x', '']);
    },
    empty ? false : 'this kind has no empty datagrams',
  );

  packetTest('`break` leaves the socket open, and entering again loses none', kind, async (scene) => {
    const { b, send } = scene;
    const seen: string[] = [];
    for (let i = 0; i < 40; i += 4) {
      for (const j of upTo(4)) await send(`${i + j}`);
      seen.push(...(await collect(b, 1, head)), await take(b), ...(await collect(b, 2, head)));
    }
    assert.deepEqual(seen, upTo(40).map(String));
    await inStep(scene);
  });

  packetTest('a throw in the body leaves the socket open, too', kind, async (scene) => {
    const { b, send } = scene;
    await send('1');
    await send('2');
    const body = async (): Promise<void> => {
      for await (const { data } of b.packets()) throw new Error(`saw ${data.subarray(head).toString()}`);
    };
    await assert.rejects(body, /^Error: saw 1$/);
    assert.equal(await take(b), '2');
    await inStep(scene);
  });

  packetTest('return() ends an iteration and nothing else', kind, async (scene) => {
    const iterator = scene.b.packets();
    assert.equal(iterator[Symbol.asyncIterator](), iterator);
    assert.deepEqual(await iterator.return!(), { done: true, value: undefined });
    await inStep(scene);
  });

  packetTest('two iterations share what comes, and queue with reads', kind, async (scene) => {
    const { b, send } = scene;
    const [one, two] = [b.packets(), b.packets()];
    const waiting = [one.next(), two.next(), one.next()];
    const read = take(b);
    for (const i of upTo(4)) await send(`${i}`);
    const results = await Promise.all(waiting);
    assert.deepEqual(
      results.map(({ value }) => value!.data.subarray(head).toString()),
      ['0', '1', '2'],
    );
    assert.equal(await read, '3');
    await inStep(scene);
  });

  packetTest('the read deadline is thrown into the loop, which can be entered again', kind, async (scene) => {
    const { b, send } = scene;
    b.setReadDeadline(fromNow(20));
    await timesOut(forever(b), 'read');
    await send('kept');
    b.setReadDeadline(PAST);
    await timesOut(forever(b), 'read');
    b.setReadDeadline(null);
    const loop = forever(b);
    await staysPending(loop);
    b.setReadDeadline(PAST);
    await timesOut(loop, 'read');
    b.setReadDeadline(null);
    await inStep(scene);
  });

  packetTest('close() throws ClosedError into the loop', kind, async ({ b }) => {
    const loop = failsClosed(forever(b), 'read');
    b.close();
    await loop;
    await failsClosed(forever(b), 'read');
  });

  packetTest('close() in the body throws ClosedError at the next step', kind, async ({ b, send }) => {
    await send('x');
    const loop = async (): Promise<void> => {
      for await (const _ of b.packets()) b.close();
    };
    assert.equal((await failure(loop(), 'read')).code, 'ERR_NET_CLOSED');
  });
}
