// A TCP server that is restarted, and no client notices. On SIGHUP it starts its successor and hands it the listening socket over a
// Unix socket. Both hold the same socket then: at no moment is a connection refused, and those in the backlog are taken by
// whoever comes first. The predecessor answers the clients it has, and ends. A successor that fails to start changes nothing.
//
//   node dist/examples/restart.js localhost:7000    each line is answered by the process id and the line
//   kill -HUP <pid>                                 a successor, with the code that is on disk now
//   kill -TERM <pid>                                the end, once all clients have gone

import { spawn } from 'node:child_process';
import { dial, fromFd, listen, OwnedFd, type TCPConn, TCPListener } from 'gonet';

/** How long a successor may take until it serves, in milliseconds. */
const START = 10_000;
/** How long clients may stay with a process that is to end, in milliseconds. */
const GRACE = 60_000;
const LONGEST_LINE = 64 * 1024;

const report = (error: unknown): void => console.error(process.pid, String(error));

// ── the server ──────────────────────────────────────────────────────────────────────────────────────────────────────────────

const clients = new Set<TCPConn>();
let end: number | null = null;

async function serve(listener: TCPListener): Promise<void> {
  for await (const conn of listener) {
    clients.add(conn);
    conn.setDeadline(end);
    void answer(conn)
      .catch(report)
      .finally(() => {
        clients.delete(conn);
        conn.close();
      });
  }
}

async function answer(conn: TCPConn): Promise<void> {
  const decoder = new TextDecoder();
  let text = '';
  for await (const chunk of conn) {
    const lines = (text + decoder.decode(chunk, { stream: true })).split('\n');
    text = lines.pop() ?? '';
    if (text.length > LONGEST_LINE) throw new Error('A line without an end');
    for (const line of lines) await conn.write(`${process.pid} ${line}\n`);
  }
}

/** Takes no more clients. The process ends by itself once the last one has gone, for nothing waits any more. */
function finish(listener: TCPListener): void {
  end = Date.now() + GRACE;
  for (const conn of clients) conn.setDeadline(end);
  // This process's descriptor only: while a successor has one of its own, the socket listens on.
  listener.close();
}

// ── the predecessor's side ──────────────────────────────────────────────────────────────────────────────────────────────────

/** Starts a successor and resolves when it serves. */
async function handOver(listener: TCPListener): Promise<void> {
  // The kernel chooses an abstract name: there is no file that could be left behind.
  await using door = await listen('unix', '');
  const env = { ...process.env, PREDECESSOR: door.addr.name };
  const child = spawn(process.execPath, [...process.execArgv, ...process.argv.slice(1)], { stdio: 'inherit', env });
  const ended = new AbortController();
  child.once('error', (error) => ended.abort(error));
  child.once('exit', () => ended.abort(new Error('The successor has ended')));
  const limits = { signal: ended.signal, deadline: Date.now() + START };
  try {
    for (;;) {
      await using conn = await door.accept(limits);
      // Anybody can connect; the kernel knows who it was.
      if (conn.peerCred().pid !== child.pid) continue;
      using copy = new OwnedFd(listener.dup());
      await conn.writeMsg('listener', { fds: [copy] }, limits);
      if ((await conn.read(new Uint8Array(8), limits)) === null) throw new Error('The successor has hung up');
      break;
    }
  } catch (error) {
    child.kill('SIGKILL');
    ended.signal.throwIfAborted();
    throw error;
  }
  child.unref();
}

// ── the successor's side ────────────────────────────────────────────────────────────────────────────────────────────────────

/** Takes over the predecessor's listener; `ready` tells it to end. */
async function takeOver(name: string): Promise<{ listener: TCPListener; ready: () => Promise<void> }> {
  const conn = await dial('unix', name, { timeout: START });
  if (conn.peerCred().pid !== process.ppid) throw new Error('That is not the predecessor');
  const { fds } = await conn.readMsg(new Uint8Array(8), { deadline: Date.now() + START });
  const listener = fds[0] && fromFd(fds[0]);
  if (!(listener instanceof TCPListener)) throw new Error('The predecessor has sent no listener');
  return { listener, ready: () => conn.write('ready').then(() => conn.close()) };
}

// ── the process ─────────────────────────────────────────────────────────────────────────────────────────────────────────────

const { PREDECESSOR: name } = process.env;
const { listener, ready } =
  name === undefined
    ? { listener: await listen('tcp', process.argv[2] ?? 'localhost:0'), ready: async () => {} }
    : await takeOver(name);

let restarting = false;
process.on('SIGHUP', () => {
  if (restarting || end !== null) return;
  restarting = true;
  handOver(listener)
    .then(() => finish(listener), report)
    .finally(() => (restarting = false));
});
process.on('SIGTERM', () => finish(listener));
process.on('exit', () => console.log(`${process.pid} ends`));

void serve(listener).catch(report);
await ready();
console.log(`${process.pid} serves ${listener.addr}`);
