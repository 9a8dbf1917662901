// examples/restart.ts under load: clients of gonet and of node:net come and go all the time while the server is restarted again and
// again. No connection is refused, reset or lost, and each predecessor ends by itself when its clients have gone.

import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';

import { backend, dial, type TCPConn } from 'gonet';
import { readFull } from '../conformance/pair.ts';
import { TempDir } from '../conformance/tempdir.ts';

const PROGRAM = new URL('../../examples/restart.js', import.meta.url).pathname;
const RESTARTS = 3;
/** Answers of a successor that are awaited before it is restarted in its turn. */
const ANSWERS = 60;
/** Milliseconds; what takes longer has failed. */
const PATIENCE = 20_000;

/** The server: whichever process it is just now. */
class Server implements AsyncDisposable {
  readonly pids: number[] = [];
  stderr = '';
  readonly ended: Promise<unknown[]>;
  addr = '';
  readonly #child: ChildProcess;
  readonly #lines: AsyncIterator<string>;

  constructor(name: string, flags: readonly string[] = []) {
    const { NODE_TEST_CONTEXT: _, ...env } = process.env;
    const child = spawn(process.execPath, [...flags, PROGRAM, '127.0.0.1:0'], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...env, GONET_BACKEND: name },
    });
    this.#child = child;
    this.#lines = createInterface(child.stdout)[Symbol.asyncIterator]();
    child.stderr.setEncoding('utf8').on('data', (more: string) => (this.stderr += more));
    // Once the last process that has inherited the pipes is gone.
    this.ended = once(child, 'close');
  }

  get pid(): number {
    return this.pids.at(-1)!;
  }

  /** Waits until a process tells that it serves. */
  async serves(): Promise<void> {
    for (;;) {
      const next = await Promise.race([this.#lines.next(), delay(PATIENCE, null, { ref: false })]);
      assert.ok(next !== null, `nobody serves: ${this.stderr}`);
      assert.ok(next.done !== true, 'the server has ended');
      const [, pid, addr = ''] = /^(\d+) serves (\S+)$/.exec(next.value) ?? [];
      if (pid === undefined) continue;
      this.pids.push(Number(pid));
      this.addr = addr;
      return;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const pid of [this.#child.pid!, ...this.pids]) if (!isGone(pid)) process.kill(pid, 'SIGKILL');
    await this.ended;
  }
}

/** Whether a process has ended; nobody may have asked for its exit status. proc(5) */
function isGone(pid: number): boolean {
  try {
    return /^\d+ \(.*\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return true;
  }
}

async function until(done: () => boolean, what: string): Promise<void> {
  for (const end = Date.now() + PATIENCE; !done(); await delay(5)) assert.ok(Date.now() < end, what);
}

/** One connection, one request: the answer. */
type Ask = (port: number, request: string) => Promise<string>;

const askGonet: Ask = async (port, request) => {
  using conn = await dial('tcp', { host: '127.0.0.1', port }, { timeout: PATIENCE });
  await conn.write(request);
  return await answerOf(conn);
};

async function answerOf(conn: TCPConn): Promise<string> {
  const into = Buffer.alloc(64);
  let got = 0;
  while (into[got - 1] !== 0x0a) {
    const n = await conn.read(into.subarray(got), { deadline: Date.now() + PATIENCE });
    if (n === null) throw new Error('lost: the end of the stream');
    got += n;
  }
  return into.toString('latin1', 0, got);
}

const askNode: Ask = (port, request) =>
  new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(request));
    let got = '';
    socket.setTimeout(PATIENCE, () => socket.destroy(new Error('lost: no answer')));
    socket.setEncoding('latin1').on('data', (more: string) => {
      got += more;
      if (got.endsWith('\n')) socket.end(() => resolve(got));
    });
    socket.on('error', reject).on('close', () => reject(new Error('lost: closed')));
  });

/** Clients that ask all the time, each on connection after connection. */
class Load {
  readonly wrong: string[] = [];
  readonly answers = new Map<number, number>();
  asked = 0;
  #on = true;
  readonly #clients: Promise<void>[];

  constructor(port: number) {
    this.#clients = [askGonet, askGonet, askGonet, askNode, askNode, askNode].map((ask) => this.#run(port, ask));
  }

  async #run(port: number, ask: Ask): Promise<void> {
    while (this.#on) {
      const id = ++this.asked;
      try {
        const answer = await ask(port, `request ${id}\n`);
        const [, pid, same] = /^(\d+) request (\d+)\n$/.exec(answer) ?? [];
        assert.equal(Number(same), id);
        this.answers.set(Number(pid), this.answersOf(Number(pid)) + 1);
      } catch (error) {
        this.wrong.push(String(error));
      }
      await delay(2);
    }
  }

  answersOf(pid: number): number {
    return this.answers.get(pid) ?? 0;
  }

  async stop(): Promise<void> {
    this.#on = false;
    await Promise.all(this.#clients);
  }
}

for (const name of new Set([backend, 'ffi'])) {
  test(`restarts under load lose nothing, ${name}`, { timeout: 60_000 }, async (t) => {
    await using server = new Server(name);
    await server.serves();
    const { addr, pid: eldest } = server;
    // A conversation that goes on through every restart.
    using faithful = await dial('tcp', addr);
    const load = new Load(Number(addr.split(':')[1]));
    const began = performance.now();
    try {
      for (let i = 0; i < RESTARTS; i++) {
        const { pid } = server;
        await until(() => load.answersOf(pid) >= ANSWERS, `${pid} answers too little: ${load.wrong[0]}`);
        process.kill(pid, 'SIGHUP');
        await server.serves();
        assert.equal(server.addr, addr);
        if (pid !== eldest) await until(() => isGone(pid), `${pid} does not end`);
      }
      await until(() => load.answersOf(server.pid) >= ANSWERS, 'the last one answers too little');
    } finally {
      await load.stop();
    }
    const ms = Math.round(performance.now() - began);
    t.diagnostic(`${load.asked} connections in ${ms} ms, ${RESTARTS} restarts`);
    assert.deepEqual(load.wrong, []);
    assert.equal(
      [...load.answers.values()].reduce((sum, n) => sum + n, 0),
      load.asked,
    );
    assert.deepEqual([...load.answers.keys()], server.pids, 'who answered, in the order of their first answers');
    assert.equal(new Set(server.pids).size, RESTARTS + 1);

    assert.ok(!isGone(eldest));
    for (const line of ['still\n', 'here\n']) {
      const answer = `${eldest} ${line}`;
      const [, heard] = await Promise.all([faithful.write(line), readFull(faithful, answer.length)]);
      assert.equal(heard.toString(), answer);
    }
    faithful.close();
    await until(() => isGone(eldest), 'the eldest does not end');

    process.kill(server.pid, 'SIGTERM');
    assert.deepEqual(await server.ended, [0, null]);
    assert.equal(server.stderr, '');
    assert.ok(server.pids.every(isGone));
  });
}

test('a successor that fails to start changes nothing', { timeout: 60_000 }, async () => {
  using dir = new TempDir();
  // Every process of this server begins with it.
  const first = dir.file('first.mjs');
  writeFileSync(first, '');
  await using server = new Server(backend, ['--import', first]);
  await server.serves();
  const { pid, addr } = server;
  const port = Number(addr.split(':')[1]);
  writeFileSync(first, 'process.exit(3)');
  for (let i = 1; i <= 2; i++) {
    process.kill(pid, 'SIGHUP');
    const reports = `${pid} Error: The successor has ended\n`.repeat(i);
    await until(() => server.stderr === reports, 'no report');
    assert.equal(await askGonet(port, 'a\n'), `${pid} a\n`);
  }
  writeFileSync(first, '');
  process.kill(pid, 'SIGHUP');
  await server.serves();
  await until(() => isGone(pid), 'the predecessor does not end');
  assert.equal(await askGonet(port, 'b\n'), `${server.pid} b\n`);
  process.kill(server.pid, 'SIGTERM');
  assert.deepEqual(await server.ended, [0, null]);
});
