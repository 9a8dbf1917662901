// Two UDP sockets on loopback under random commands, against plain queues: loopback keeps the order, and loses nothing where little is
// under way. Every way to send is mixed with every way to receive, buffers short and long.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import * as fc from 'fast-check';
import { listenPacket, PacketBatch, UDPAddr, type UDPConn } from 'gonet';
import { Addr } from 'gonet/netip';
import { MSG_TRUNC } from 'gonet/syscall';

import { openSockets } from '../e2e/loopback.ts';

/** What was sent, and by whom. */
interface Datagram {
  readonly data: Buffer;
  readonly from: string;
}

/** A read that waits, and what it must get. */
interface Waiting {
  done: Promise<void>;
  gets: Datagram | null;
}

/** A socket, and the model of its two queues, of which one is empty: what nobody has read yet, and who waits for something to read. */
interface Side {
  readonly conn: UDPConn;
  /** Where it is reached, and what others see as the sender. */
  readonly at: UDPAddr;
  readonly queue: Datagram[];
  readonly waiting: Waiting[];
}

type Sent = 'writeTo' | 'writeMsg' | 'writeBatch';
type Taken = 'read' | 'readFrom' | 'readMsg' | 'packets' | 'iteration';
type Command =
  | {
      readonly do: 'send';
      readonly by: Sent;
      readonly to: 0 | 1;
      readonly from: 0 | 1;
      readonly sizes: readonly number[];
    }
  | { readonly do: 'take'; readonly by: Taken; readonly side: 0 | 1; readonly room: number }
  | { readonly do: 'take batch'; readonly side: 0 | 1; readonly capacity: number; readonly room: number }
  | { readonly do: 'wait'; readonly by: Taken; readonly side: 0 | 1; readonly room: number }
  | { readonly do: 'empty'; readonly side: 0 | 1 }
  | { readonly do: 'late'; readonly side: 0 | 1 };

const side = fc.constantFrom(0 as const, 1 as const);
const size = fc.oneof(fc.constantFrom(0, 1, 2, 1472, 9000), fc.nat(3000));
const room = fc.oneof(fc.constantFrom(0, 1, 9000), fc.nat(3000));
const taken = fc.constantFrom<Taken>('read', 'readFrom', 'readMsg', 'packets', 'iteration');
const command: fc.Arbitrary<Command> = fc.oneof(
  {
    arbitrary: fc.record({
      do: fc.constant('send' as const),
      by: fc.constantFrom<Sent>('writeTo', 'writeMsg', 'writeBatch'),
      to: side,
      from: side,
      sizes: fc.array(size, { minLength: 1, maxLength: 4 }),
    }),
    weight: 4,
  },
  { arbitrary: fc.record({ do: fc.constant('take' as const), by: taken, side, room }), weight: 4 },
  fc.record({
    do: fc.constant('take batch' as const),
    side,
    capacity: fc.integer({ min: 1, max: 6 }),
    room: fc.integer({ min: 1, max: 3000 }),
  }),
  fc.record({ do: fc.constant('wait' as const), by: taken, side, room }),
  fc.record({ do: fc.constant('empty' as const), side }),
  fc.record({ do: fc.constant('late' as const), side }),
);

/** How many may be unread: far from what a receive buffer holds. */
const MOST = 12;

let tag = 0;
/** Bytes that are of no other datagram. */
const datagram = (length: number): Buffer => Buffer.alloc(length, `${tag++}.`);

async function send({ conn, at }: Side, to: Side, by: Sent, sizes: readonly number[]): Promise<void> {
  const all = sizes.map(datagram);
  const addr = to.at;
  const served = to.waiting.splice(0, sizes.length);
  for (const [i, data] of all.entries()) {
    const sent = { data, from: String(at) };
    const first = served[i];
    if (first === undefined) to.queue.push(sent);
    else first.gets = sent;
  }
  if (by === 'writeBatch') {
    const batch = new PacketBatch({ capacity: sizes.length, size: 9000 });
    for (const data of all) assert.ok(batch.add(data, addr));
    assert.equal(await conn.writeBatch(batch), sizes.length);
  } else {
    for (const data of all) {
      const n: number = await (by === 'writeTo' ? conn.writeTo(data, addr) : conn.writeMsg(data, { addr }));
      assert.equal(n, data.length);
    }
  }
  await Promise.all(served.map(({ done }) => done));
}

/** Takes one datagram, and checks it against `expected`, which is asked when it has come. */
async function take(conn: UDPConn, by: Taken, space: number, expected: () => Datagram): Promise<void> {
  if (by === 'packets' || by === 'iteration') {
    const next = by === 'packets' ? conn.packets().next() : conn[Symbol.asyncIterator]().next();
    const { value } = await next;
    const { data, from } = expected();
    const [bytes, addr] = Buffer.isBuffer(value) ? [value, from] : [value!.data, String(value!.addr)];
    assert.ok(bytes.equals(data));
    assert.equal(addr, from);
    return;
  }
  // An empty buffer takes nothing by read.
  const into = Buffer.alloc(by === 'read' ? Math.max(space, 1) : space);
  const result = by === 'read' ? { n: await conn.read(into), addr: null } : await conn[by](into);
  const { data, from } = expected();
  assert.equal(result.n, Math.min(data.length, into.length));
  assert.ok(into.subarray(0, result.n).equals(data.subarray(0, into.length)));
  if (result.addr !== null) assert.equal(String(result.addr), from);
  if ('flags' in result) assert.equal(result.flags, data.length > into.length ? MSG_TRUNC : 0);
}

async function takeBatch({ conn, queue }: Side, capacity: number, space: number): Promise<void> {
  const batch = new PacketBatch({ capacity, size: space });
  const n = await conn.readBatch(batch);
  assert.equal(n, Math.min(capacity, queue.length), 'loopback has them all by now');
  for (let i = 0; i < n; i++) {
    const { data, from } = queue.shift()!;
    assert.ok(batch.data(i).equals(data.subarray(0, space)));
    assert.deepEqual([batch.truncated(i), String(batch.addr(i))], [data.length > space, from]);
  }
}

async function run(sides: readonly [Side, Side], each: Command): Promise<void> {
  if (each.do === 'send') {
    const [from, to] = [sides[each.from], sides[each.to]];
    if (to.queue.length + each.sizes.length <= MOST) await send(from, to, each.by, each.sizes);
    return;
  }
  const { conn, queue, waiting } = sides[each.side];
  if (each.do === 'empty') return assert.equal(waiting.length > 0 ? 0 : await conn.read(new Uint8Array(0)), 0);
  if (each.do === 'late') {
    return assert.rejects(conn.readFrom(Buffer.alloc(1), { deadline: 1 }), /i\/o timeout$/);
  }
  if (each.do === 'wait') {
    if (queue.length > 0) return;
    const entry: Waiting = { done: Promise.resolve(), gets: null };
    entry.done = take(conn, each.by, each.room, () => entry.gets!);
    waiting.push(entry);
  } else if (waiting.length > 0 || queue.length === 0) return;
  else if (each.do === 'take') await take(conn, each.by, each.room, () => queue.shift()!);
  else await takeBatch(sides[each.side], each.capacity, each.room);
}

/** What is left on both sides is what the model says, and nothing else. */
async function finish(sides: readonly [Side, Side]): Promise<void> {
  for (const to of sides) {
    const ones = to.waiting.map(() => 1);
    if (ones.length > 0) await send(sides[0], to, 'writeTo', ones);
    while (to.queue.length > 0) await take(to.conn, 'readFrom', 9000, () => to.queue.shift()!);
    await assert.rejects(to.conn.readFrom(Buffer.alloc(1), { deadline: Date.now() + 1 }), /i\/o timeout$/);
  }
}

for (const host of ['127.0.0.1', '']) {
  test(
    `two sockets ${host === '' ? 'of both families' : 'of IPv4'} under random commands`,
    { timeout: 60_000 },
    async () => {
      const before = openSockets();
      const property = fc.asyncProperty(fc.array(command, { maxLength: 40, size: 'max' }), async (script) => {
        const make = async (): Promise<Side> => {
          const conn = await listenPacket('udp', { host, port: 0 });
          return { conn, at: new UDPAddr(Addr.parse('127.0.0.1'), conn.localAddr.port), queue: [], waiting: [] };
        };
        const sides = [await make(), await make()] as const;
        try {
          for (const each of script) await run(sides, each);
          await finish(sides);
        } finally {
          for (const { conn } of sides) conn.close();
          await Promise.allSettled(sides.flatMap(({ waiting }) => waiting.map(({ done }) => done)));
        }
      });
      await fc.assert(property, { numRuns: 150 });
      assert.deepEqual(openSockets(), before);
    },
  );
}
