// Many connections ready in one turn: what the poller reads for them and what they write together behaves as if each had read and
// written alone. Small writes may wait for the end of the turn (src/fd/outbox.ts), and nobody may notice.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { describe, test } from 'node:test';
import { setImmediate } from 'node:timers/promises';

import { dialTCP, type TCPConn } from 'gonet';
import { gathers } from '../../src/poll/loop.ts';
import { load } from '../../src/syscall/sys.ts';
import { noLeak } from '../fault/descriptors.ts';
import { failure, fdOf, loopback, pair, type Pair, pattern, readAll } from '../fault/pair.ts';

const options = { timeout: 20_000 };
const COUNT = 80;

/** Runs `body` with pairs whose last messages were short, so that batches read for them. */
async function many(body: (pairs: readonly Pair[]) => Promise<void>, count = COUNT): Promise<void> {
  await noLeak(async () => {
    const pairs = await Promise.all(Array.from({ length: count }, () => pair()));
    try {
      await Promise.all(
        pairs.map(async ({ client, server }) => {
          for (const [from, to] of [
            [client, server],
            [server, client],
          ] as const) {
            const got = to.read(Buffer.alloc(9));
            await from.write('warm');
            assert.equal(await got, 4);
          }
        }),
      );
      await body(pairs);
    } finally {
      for (const each of pairs) each[Symbol.dispose]();
    }
  });
}

/** Calls `then` with each server in the turn in which all of them have read a byte; resolves with what it gave. */
async function inOneTurn<T>(pairs: readonly Pair[], then: (pair: Pair, index: number) => T): Promise<T[]> {
  const results = pairs.map(async (each, i) => {
    assert.equal(await each.server.read(Buffer.alloc(64)), 1);
    // Wrapped, so that a promise is not waited for here.
    return { value: then(each, i) };
  });
  await setImmediate();
  for (const { client } of pairs) void client.write('x');
  return (await Promise.all(results)).map(({ value }) => value);
}

/** Until nothing waits to be written: the end of the turn is over. */
async function turnOver(): Promise<void> {
  while (gathers()) await setImmediate();
}

test('small writes of one turn wait for its end, on the native backend', options, async (t) => {
  if (load().name !== 'native') return t.skip('needs the native backend');
  await many(async (pairs) => {
    // After a slow turn the next gathers nothing, and on a busy machine any turn may be slow: one of a hundred is enough.
    let gathered = false;
    for (let i = 0; i < 100 && !gathered; i++) {
      const turn = await inOneTurn(pairs, ({ server }) => {
        void server.write('y');
        return gathers();
      });
      gathered = turn.includes(true);
      await turnOver();
      for (const { client } of pairs) assert.equal((await readAll(client, 1)).toString(), 'y');
    }
    assert.ok(gathered, 'no turn gathered');
  });
});

test('every answer arrives, and tells its length', options, () =>
  many(async (pairs) => {
    for (let round = 0; round < 20; round++) {
      const text = (i: number): string => `${round} ${i} `.repeat(1 + ((i * 7 + round) % 400));
      const written = await Promise.all(await inOneTurn(pairs, ({ server }, i) => server.write(text(i))));
      for (const [i, { client }] of pairs.entries()) {
        assert.equal(written[i], text(i).length);
        assert.equal((await readAll(client, written[i]!)).toString(), text(i));
      }
    }
  }),
);

test('writes of one connection keep their order, small and large', options, () =>
  many(async (pairs) => {
    const large = pattern(300_000);
    const writes = await inOneTurn(pairs, ({ server }) => [
      server.write('first'),
      server.write(large),
      server.writev([Buffer.from('third'), Buffer.from('fourth')]),
      server.write('last'),
    ]);
    await Promise.all(
      pairs.map(async ({ client }, i) => {
        const got = await readAll(client, 5 + large.length + 11 + 4);
        assert.equal(got.toString('latin1'), `first${large.toString('latin1')}thirdfourthlast`);
        assert.deepEqual(await Promise.all(writes[i]!), [5, large.length, 11, 4]);
      }),
    );
  }, 6),
);

for (const [name, end] of [
  ['close', (conn: TCPConn) => conn.close()],
  ['closeWrite', (conn: TCPConn) => conn.closeWrite()],
  ['detach and close', (conn: TCPConn) => load().sys.close(conn.detach())],
  ['Symbol.dispose', (conn: TCPConn) => conn[Symbol.dispose]()],
] as const) {
  test(`what was written before ${name} in the same turn arrives before the end`, options, () =>
    many(async (pairs) => {
      const writes = await inOneTurn(pairs, ({ server }) => {
        const written = server.write('the last words');
        end(server);
        return written;
      });
      assert.deepEqual(await Promise.all(writes), Array(COUNT).fill(14));
      for (const { client } of pairs) {
        assert.equal((await readAll(client, 99)).toString(), 'the last words');
      }
    }),
  );
}

test('a call on the raw descriptor comes after what was written before it', options, () =>
  many(async (pairs) => {
    const { sys } = load();
    await inOneTurn(pairs, ({ server }) => {
      void server.write('one ');
      server.syscallConn().control((fd) => assert.equal(sys.send(fd, Buffer.from('two '), 0, 4, 0), 4));
      void server.write('three ');
      const copy = server.dup();
      assert.equal(sys.send(copy, Buffer.from('four'), 0, 4, 0), 4);
      sys.close(copy);
    });
    for (const { client } of pairs) assert.equal((await readAll(client, 18)).toString(), 'one two three four');
    // Few of them: a turn has room for 128 operations that complete at once.
  }, 20),
);

test('a deadline in the past comes after what was written before it', options, () =>
  many(async (pairs) => {
    const writes = await inOneTurn(pairs, ({ server }) => {
      const written = server.write('in time');
      server.setWriteDeadline(1);
      return written;
    });
    assert.deepEqual(await Promise.all(writes), Array(COUNT).fill(7));
    for (const { server } of pairs) assert.equal((await failure(server.write('late'))).code, 'ETIMEDOUT');
  }),
);

test('a write that finds no room waits, and the others do not', options, () =>
  many(async (pairs) => {
    const full = pairs[0]!;
    full.server.setWriteBuffer(100_000);
    const filled = full.server.write(pattern(1 << 20));
    const writes = await inOneTurn(pairs.slice(1), ({ server }) => server.write('room'));
    assert.deepEqual(await Promise.all(writes), Array(COUNT - 1).fill(4));
    const after = full.server.write('!');
    assert.equal((await readAll(full.client, (1 << 20) + 1)).at(-1), 33);
    assert.deepEqual(await Promise.all([filled, after]), [1 << 20, 1]);
  }),
);

test('a failed write rejects alone, with its own error', options, () =>
  many(async (pairs) => {
    const outcomes = await inOneTurn(pairs, async ({ server, client }, i) => {
      if (i % 3 === 0) {
        client.setLinger(0);
        client.close();
      }
      return server.write('to whom').then(String, (error: { code: string }) => error.code);
    });
    for (const [i, outcome] of (await Promise.all(outcomes)).entries()) {
      if (i % 3 !== 0) assert.equal(outcome, '7');
      else assert.match(outcome, /^(?:ECONNRESET|EPIPE|7)$/);
    }
  }),
);

describe('reading', () => {
  test('data, an end and a reset in one batch', options, () =>
    many(async (pairs) => {
      const reads = pairs.map(({ server }) =>
        server.read(Buffer.alloc(64)).then(String, (e: { code: string }) => e.code),
      );
      await setImmediate();
      for (const [i, { client }] of pairs.entries()) {
        if (i % 3 === 0) void client.write('data');
        else if (i % 3 === 1) client.closeWrite();
        else {
          client.setLinger(0);
          client.close();
        }
      }
      const expected = pairs.map((_, i) => ['4', 'null', 'ECONNRESET'][i % 3]);
      assert.deepEqual(await Promise.all(reads), expected);
    }),
  );

  test('a buffer that is smaller, larger, shared or part of another', options, () =>
    many(async (pairs) => {
      const whole = Buffer.alloc(64 * COUNT, '-');
      const intos = pairs.map((_, i) =>
        i % 2 === 0 ? whole.subarray(64 * i, 64 * i + 1 + (i % 20)) : new Uint8Array(new SharedArrayBuffer(5000), 9),
      );
      const reads = pairs.map(({ server }, i) => server.read(intos[i]!));
      await setImmediate();
      for (const { client } of pairs) void client.write('0123456789');
      for (const [i, n] of (await Promise.all(reads)).entries()) {
        const into = intos[i]!;
        assert.equal(n, Math.min(10, into.length));
        assert.equal(Buffer.from(into.slice(0, n)).toString(), '0123456789'.slice(0, n));
        const rest = await readAll(pairs[i]!.server, 10 - n);
        assert.equal(rest.toString(), '0123456789'.slice(n));
      }
      for (let i = 0; i < COUNT; i += 2)
        assert.equal(whole.toString('latin1', 64 * i + 21, 64 * i + 64), '-'.repeat(43));
    }),
  );

  test('a buffer that was transferred away is EFAULT, and no byte is lost', options, () =>
    many(async (pairs) => {
      const outcomes = pairs.map(({ server }, i) => {
        const into = new Uint8Array(64);
        const read = server.read(into).then(String, (error: { code: string }) => error.code);
        if (i % 2 === 0) structuredClone(into.buffer, { transfer: [into.buffer] });
        return read;
      });
      await setImmediate();
      for (const { client } of pairs) void client.write('bytes');
      assert.deepEqual(
        await Promise.all(outcomes),
        pairs.map((_, i) => (i % 2 === 0 ? 'EFAULT' : '5')),
      );
      for (let i = 0; i < COUNT; i += 2) assert.equal((await readAll(pairs[i]!.server, 5)).toString(), 'bytes');
    }),
  );

  test('messages larger than a batch gives one connection arrive whole', options, () =>
    many(async (pairs) => {
      const data = pattern(20_000);
      const reads = pairs.map(async ({ server }) => {
        const chunks: Buffer[] = [];
        for await (const chunk of server) chunks.push(chunk as Buffer);
        return Buffer.concat(chunks);
      });
      await setImmediate();
      for (const { client } of pairs) void client.write(data).then(() => client.close());
      for (const got of await Promise.all(reads)) assert.ok(got.equals(data));
    }),
  );

  test('a reader in a queue of them, and one that is cancelled by another', options, () =>
    many(async (pairs) => {
      const [first, ...others] = pairs;
      const cancel = new AbortController();
      const cancelled = others.map(({ server }) => failure(server.read(Buffer.alloc(9), { signal: cancel.signal })));
      const queue = [1, 2, 3].map((size) => first!.server.read(Buffer.alloc(size)));
      void queue[0]!.then(() => cancel.abort());
      await setImmediate();
      for (const { client } of pairs) void client.write('123456');
      assert.deepEqual(await Promise.all(queue), [1, 2, 3]);
      const reads = await Promise.allSettled(cancelled);
      for (const [i, { server }] of others.entries()) {
        const left = reads[i]!.status === 'fulfilled' ? '123456' : '';
        if (left !== '') assert.equal((await readAll(server, 6)).toString(), left);
      }
    }),
  );
});

test('a peer on node:net: many sockets, requests and answers of all sizes', options, async () => {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => void sockets.add(socket.on('data', (chunk) => socket.write(chunk)))).listen(
    0,
  );
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  await noLeak(async () => {
    await Promise.all(
      Array.from({ length: 40 }, async (_, i) => {
        using conn = await dialTCP('tcp', null, loopback(port));
        assert.ok(fdOf(conn) > 0);
        for (let round = 0; round < 30; round++) {
          const data = pattern(1 + ((i * 131 + round * 977) % 5000));
          void conn.write(data);
          assert.ok((await readAll(conn, data.length)).equals(data));
        }
      }),
    );
    for (const socket of sockets) socket.destroy();
  });
  server.close();
});
