// Traffic that must not notice what happens to other threads: an echo server on gonet with a client that goes on asking, and
// whatever other clients come.

import assert from 'node:assert/strict';

import { listen, type OpError, type TCPConn } from 'gonet';

import { pair, pattern, readAll } from '../../fault/pair.ts';

/** The traffic. */
export interface Bystander {
  /** Where the echo server listens. */
  readonly port: number;
  /** Resolves when the client has had one more echo; rejects if the traffic has failed. */
  echoed(): Promise<void>;
  /** Ends the traffic; resolves when all of it is closed. */
  end(): Promise<void>;
}

const SIZE = 3000;

/** Answers until the client goes away, however it does. */
async function echo(conn: TCPConn): Promise<void> {
  using _ = conn;
  const buf = Buffer.alloc(SIZE);
  try {
    for (let n = await conn.read(buf); n !== null; n = await conn.read(buf)) await conn.write(buf.subarray(0, n));
  } catch (error) {
    assert.match((error as OpError).code, /^(?:ECONNRESET|EPIPE)$/);
  }
}

/** Begins the traffic. */
export async function bystander(): Promise<Bystander> {
  const listener = await listen('tcp', '127.0.0.1:0');
  const serving = (async () => {
    const answers: Promise<void>[] = [];
    for await (const conn of listener) answers.push(echo(conn));
    await Promise.all(answers);
  })();

  const { client, server } = await pair();
  let ending = false;
  const waiting: (() => void)[] = [];
  const asking = (async () => {
    const question = pattern(SIZE);
    for (;;) {
      if (ending) return client.close();
      const answered = readAll(client, SIZE);
      await client.write(question);
      assert.ok((await answered).equals(question), 'an echo is not what was said');
      for (const tell of waiting.splice(0)) tell();
    }
  })();
  const answering = echo(server);
  const failed = Promise.all([serving, asking, answering]);
  failed.catch(() => {});

  return {
    port: listener.addr.port,
    echoed: async () => {
      await Promise.race([failed, new Promise<void>((resolve) => waiting.push(resolve))]);
    },
    end: async () => {
      ending = true;
      listener.close();
      await failed;
    },
  };
}
