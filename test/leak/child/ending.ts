// A worker thread under traffic that ends in one of several ways, `new Worker(…/ending.js, { workerData })`: an echo server with
// its clients, a parked read, a parked accept, a write that cannot go on, a dial that gets no answer, deadlines far away.

import { parentPort, workerData } from 'node:worker_threads';

import { dial, dialTCP, listen, type TCPConn, type TCPListener } from 'gonet';

import { loopback, pair, pattern, readAll, stalled, talk } from '../../fault/pair.ts';

/** How the thread ends, and when. */
export interface Ending {
  readonly way: Way;
  readonly round: number;
  /** After so many steps: connections of the first 13, then echoes. */
  readonly after: number;
  /** With `process.exit(code)`. */
  readonly code: number;
  /** An echo server of another thread's, which gets a client too; null for none. */
  readonly port: number | null;
}

/** `terminate` is up to the main thread, which is told when the time has come. */
export type Way = 'terminate' | 'exit' | 'exit in a handler' | 'throw' | 'reject' | 'close' | 'idle';

const HOUR = 3_600_000;
const { way, round, after, code, port } = workerData as Ending;
/** What is open, held so that nothing is collected. */
const kept: { close(): void }[] = [];
let ended = false;
let steps = 0;

function keep<T extends { close(): void }>(each: T): T {
  kept.push(each);
  step();
  return each;
}

function step(): void {
  if (steps++ === after) end();
}

/** Goes on until the connection is closed, by whoever ends the thread; any other failure ends it, and so the test. */
function background(work: Promise<unknown>): void {
  work.catch((error: unknown) => {
    if (!ended) throw error;
  });
}

async function serve(listener: TCPListener): Promise<void> {
  for await (const conn of listener) background(echo(keep(conn)));
}

async function echo(conn: TCPConn): Promise<void> {
  const buf = Buffer.alloc(8192);
  for (let n = await conn.read(buf); n !== null; n = await conn.read(buf)) await conn.write(buf.subarray(0, n));
}

async function ask(conn: TCPConn, size: number): Promise<void> {
  const question = pattern(size);
  for (;;) {
    if (ended) return;
    const answered = readAll(conn, size);
    await conn.write(question);
    if (!(await answered).equals(question)) throw new Error('An echo is not what was said');
    step();
  }
}

async function start(): Promise<void> {
  const listener = keep(await listen('tcp', '127.0.0.1:0'));
  background(serve(listener));
  const nobody = await stalled();
  keep({ close: () => nobody[Symbol.dispose]() });
  const hangs = new AbortController();
  background(dialTCP('tcp', null, nobody.addr, { timeout: HOUR, signal: hangs.signal }));
  keep({ close: () => hangs.abort() });
  const quiet = keep(await listen('tcp', '127.0.0.1:0'));
  background(quiet.accept());
  const { client, server } = await pair();
  keep(client);
  keep(server);
  background(client.read(Buffer.alloc(1), { deadline: Date.now() + HOUR }));
  background(client.write(Buffer.alloc(1 << 24)));
  background(client.closed);
  const clients: TCPConn[] = [];
  for (let i = 0; i < 4; i++) clients.push(keep(await dial('tcp', listener.addr.toString())));
  if (port !== null) clients.push(keep(await dialTCP('tcp', null, loopback(port))));
  for (const [i, each] of clients.entries()) background(ask(each, [1, 100, 5000, 100_000, 64][i]!));
}

function end(): void {
  const places = ways[way];
  places[round % places.length]!();
}

function fail(): never {
  throw new Error('thrown under traffic');
}

/** Calls `then` out of the poller's wake-up itself: a callback runs there with no promise in between. */
function inHandler(then: () => void): void {
  background(
    (async () => {
      const { client, server } = await pair();
      keep(client);
      keep(server);
      let calls = 0;
      const reading = server.syscallConn().read(() => {
        if (++calls > 1) then();
        return calls > 1;
      });
      await client.write('now');
      await reading;
    })(),
  );
}

function closeAll(): void {
  ended = true;
  for (const each of kept.splice(0)) each.close();
}

async function idle(): Promise<void> {
  const idlers = await pair();
  keep(idlers.client);
  keep(idlers.server);
  keep(await listen('tcp', '127.0.0.1:0'));
  await talk(idlers);
}

const exit = (): void => process.exit(code);

/** The places in which each way can be gone; a round takes one. */
const ways: Readonly<Record<Way, readonly (() => void)[]>> = {
  terminate: [() => parentPort!.postMessage('now', [])],
  exit: [exit, () => setImmediate(exit), () => setTimeout(exit), () => process.nextTick(exit)],
  'exit in a handler': [
    () => inHandler(exit),
    () => inHandler(() => queueMicrotask(exit)),
    () => inHandler(() => process.nextTick(exit)),
  ],
  throw: [() => setImmediate(fail), () => inHandler(() => queueMicrotask(fail)), () => process.nextTick(fail)],
  reject: [() => void Promise.reject(new Error('thrown under traffic')), () => void (async () => fail())()],
  close: [closeAll, () => inHandler(closeAll)],
  idle: [
    () => {
      closeAll();
      void idle();
    },
  ],
};

if (way === 'terminate') parentPort!.postMessage('begun', []);
void start();
