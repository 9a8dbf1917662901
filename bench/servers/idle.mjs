// The server of the idle bench: holds connections, each with a read parked, and reports its own memory when asked over
// the IPC channel. Run with --expose-gc. One argument: gonet, node-iterate or node-events.
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

const BACKLOG = 4096;
let connections = 0;

async function echoAll(conn) {
  connections++;
  try {
    for await (const chunk of conn) await conn.write(chunk);
  } catch {
    // a reset is an end, too
  } finally {
    connections--;
    conn.close();
  }
}

async function serveGonet() {
  const { listen } = await import('../../dist/src/index.js');
  const listener = await listen('tcp', '127.0.0.1:0');
  acceptAll(listener);
  return listener.addr.port;
}

async function acceptAll(listener) {
  for await (const conn of listener) echoAll(conn);
}

async function echoIterated(socket) {
  connections++;
  try {
    for await (const chunk of socket) socket.write(chunk);
  } catch {
    // a reset is an end, too
  } finally {
    connections--;
  }
}

function echoEvents(socket) {
  connections++;
  socket.on('error', () => {});
  socket.on('close', () => connections--);
  socket.on('data', (chunk) => socket.write(chunk));
}

async function serveNode(handler) {
  const { createServer } = await import('node:net');
  const server = createServer({ noDelay: true }, handler);
  return new Promise((resolve) => {
    server.listen({ port: 0, host: '127.0.0.1', backlog: BACKLOG }, () => resolve(server.address().port));
  });
}

const variants = {
  gonet: serveGonet,
  'node-iterate': () => serveNode(echoIterated),
  'node-events': () => serveNode(echoEvents),
};

function kilobytes(file, field) {
  return Number(readFileSync(file, 'latin1').match(new RegExp(`^${field}:\\s+(\\d+) kB`, 'm'))[1]);
}

/** Memory in bytes, after several collections: V8 gives pages back from another thread, a little later. */
async function memory() {
  for (let i = 0; i < 6; i++) {
    global.gc();
    await sleep(50);
  }
  const { heapUsed, external } = process.memoryUsage();
  return {
    rss: kilobytes('/proc/self/status', 'VmRSS') * 1024,
    private: kilobytes('/proc/self/smaps_rollup', 'Private_Dirty') * 1024,
    heap: heapUsed,
    external,
  };
}

const port = await variants[process.argv[2]]();
process.on('message', async (question) => {
  process.send(question === 'memory' ? await memory() : { connections });
});
process.on('disconnect', () => process.exit());
console.log(`PORT ${port}`);
