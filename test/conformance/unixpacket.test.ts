// Packets of a Unix socket (SOCK_SEQPACKET) keep every promise of Conn that is not about a stream of bytes, and those of a packet.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { dial, listen } from 'gonet';
import { connSuite } from './conn-suite.ts';
import { failure, fromNow, PAST, staysPending, timesOut } from './outcome.ts';
import { LIMIT } from './pair.ts';
import { checkLeaks } from './sockets.ts';
import { TempDir } from './tempdir.ts';
import { unixPair, unixTest } from './unix-pair.ts';

checkLeaks();

const PARTS = 'a read takes one packet, and what does not fit is lost';
const BIG = 'a write of more than fits into a packet is EMSGSIZE';
const EMPTY = 'an empty write is an empty packet';

/** Tests of the suite that are about a stream of bytes. */
const skips: Readonly<Record<string, string>> = {
  "a call's own deadline, past, takes nothing of what is there": PARTS,
  'a queued read obeys its own deadline': PARTS,
  'a queued read obeys its own signal': PARTS,
  'a read takes at most what fits, and the rest stays': PARTS,
  'a signal that is aborted already fails the call, ready or not': PARTS,
  'an iteration queues with reads': PARTS,
  'reads begun in bursts get their bytes in order': PARTS,
  '700 calls at once, and then in step again': PARTS,
  'big writes that are begun together do not interleave': PARTS,
  'calls that complete at once still let the loop turn': PARTS,
  'past the deadline a call fails, ready or not, and takes nothing': PARTS,
  'reads that wait finish in the order in which they began': PARTS,
  '8 MB go both ways at once': BIG,
  'what was written before close() still arrives': BIG,
  'write, writev and text together do not interleave': BIG,
  'writev goes on in the middle of a chunk': BIG,
  'a write that timed out tells how many bytes the peer will get': BIG,
  'a writev that timed out tells how many bytes the peer will get': BIG,
  'a write that timed out has written the front of its data': BIG,
  'a write that a signal ended tells its count, too': BIG,
  'writes that close() ended tell their counts, too': BIG,
  'a write that begins with no room waits for it': BIG,
  'a queued write obeys its own deadline and signal, and then sends nothing': BIG,
  'a deadline set into the past ends what waits': BIG,
  'a deadline ahead ends what waits, not early, and the conn goes on': BIG,
  'one way moves nothing of the other': BIG,
  'abort ends a write that waits, and the conn goes on': BIG,
  'close() ends what waits and queues, in order': BIG,
  'close() beats the deadline and the signal of a call that waits': BIG,
  'the peer closes: a write that waits fails, and not by time': BIG,
  '`for await` gives Buffers to the end of the stream, and no more': BIG,
  'an empty write gives 0 and sends nothing': EMPTY,
  'an empty write needs no room': EMPTY,
};

connSuite(
  'unixpacket',
  Object.assign(() => unixPair('unixpacket'), { skips }),
);

const text = (bytes: Uint8Array, n: number | null): string => Buffer.from(bytes.subarray(0, n ?? 0)).toString();

unixTest('each write is one packet, and each read takes one', 'unixpacket', async ({ a, b }) => {
  const into = Buffer.alloc(64);
  for (const packet of ['one', 'two', 'three']) await a.write(packet);
  await a.writev([Buffer.from('fo'), new Uint8Array(0), Buffer.from('ur')]);
  for (const packet of ['one', 'two', 'three', 'four']) assert.equal(text(into, await b.read(into)), packet);
});

unixTest('reads that wait get one packet each', 'unixpacket', async ({ a, b }) => {
  const bufs = ['', '', ''].map(() => Buffer.alloc(8));
  const reads = bufs.map((buf) => b.read(buf));
  await staysPending(Promise.race(reads));
  for (const packet of ['1', '22', '333']) await a.write(packet);
  assert.deepEqual(await Promise.all(reads), [1, 2, 3]);
  assert.deepEqual(
    bufs.map((buf, i) => text(buf, i + 1)),
    ['1', '22', '333'],
  );
});

unixTest('what does not fit into the buffer is lost, after small packets, too', 'unixpacket', async ({ a, b }) => {
  for (let i = 0; i < 3; i++) {
    const small = Buffer.alloc(8);
    await a.write('small');
    assert.equal(await b.read(small), 5);
    // A read that waits after a small one must not be held to a small size.
    const large = Buffer.alloc(50_000);
    const read = b.read(large);
    await staysPending(read, 5);
    await a.write(Buffer.alloc(40_000, i));
    assert.equal(await read, 40_000);
    await a.write(Buffer.from('abcdef'));
    assert.equal(await b.read(small.subarray(0, 3)), 3);
    await a.write('next');
    assert.equal(text(small, await b.read(small)), 'next');
  }
});

unixTest('the iteration gives packets whole, however large', 'unixpacket', async ({ a, b }) => {
  const sizes = [1, 70_000, 2, 150_000, 3000];
  const sent = (async () => {
    for (const [i, size] of sizes.entries()) await a.write(Buffer.alloc(size, i));
    a.close();
  })();
  const seen: number[] = [];
  for await (const packet of b) {
    assert.equal(packet.compare(Buffer.alloc(packet.length, seen.length)), 0);
    seen.push(packet.length);
  }
  assert.deepEqual(seen, sizes);
  await sent;
});

unixTest('a packet that is too large is refused whole', 'unixpacket', async ({ a, b }) => {
  const huge = Buffer.alloc(8 << 20);
  for (const write of [a.write(huge), a.writev([huge, huge])]) {
    const error = await failure(write);
    assert.deepEqual([error.code, error.bytesWritten], ['EMSGSIZE', 0]);
    assert.match(error.message, /: message too long$/);
  }
  await a.write('still in step');
  assert.equal(await b.read(Buffer.alloc(64)), 13);
});

unixTest('more chunks than one writev(2) takes are one packet all the same', 'unixpacket', async ({ a, b }) => {
  const chunks = Array.from({ length: 3000 }, (_, i) => Buffer.from(String(i % 10)));
  assert.equal(await a.writev(chunks), 3000);
  const into = Buffer.alloc(4000);
  assert.equal(await b.read(into), 3000);
  assert.equal(text(into, 3000), Buffer.concat(chunks).toString());
});

unixTest(
  'an empty packet reads as the end of the stream does, and the next one can be read',
  'unixpacket',
  async (pair) => {
    const { a, b } = pair;
    const into = Buffer.alloc(8);
    assert.equal(await a.write(''), 0);
    await a.write('x');
    assert.equal(await b.read(into), null);
    assert.equal(await b.read(into), 1);
    await a.write(new Uint8Array(0));
    await a.write('y');
    for await (const packet of b) assert.fail(`gave ${packet.length} bytes`);
    assert.equal(text(into, await b.read(into)), 'y');
    assert.equal(await a.writev([new Uint8Array(0)]), 0, 'nothing at all');
    await timesOut(b.read(into, { deadline: fromNow(20) }), 'read');
  },
);

unixTest('a full peer: packets wait for room, empty ones too', 'unixpacket', async ({ a, b }) => {
  const packet = Buffer.alloc(10_000);
  const taken = (): Promise<boolean> =>
    a.write(packet, { deadline: fromNow(30) }).then(
      () => true,
      () => false,
    );
  let under = 0;
  while (await taken()) under++;
  const waiting = a.write('');
  await staysPending(waiting);
  assert.equal((await timesOut(a.write('late', { deadline: PAST }), 'write')).bytesWritten, 0);
  for (let i = 0; i < under; i++) assert.equal(await b.read(packet), packet.length);
  assert.equal(await waiting, 0);
});

test('a stream and a packet listener do not mix: the kernel says so', { timeout: LIMIT }, async () => {
  using dir = new TempDir();
  await using listener = await listen('unixpacket', dir.file());
  assert.equal((await failure(dial('unix', dir.file()), 'dial')).code, 'EPROTOTYPE');
  await using abstract = await listen('unix', '');
  assert.equal((await failure(dial('unixpacket', abstract.addr.toString()), 'dial')).code, 'ECONNREFUSED');
  assert.equal(listener.addr.network, 'unixpacket');
});
