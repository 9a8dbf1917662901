// Dials and closes, with gonet or node:net, as the parent says: { count, concurrency, host, port }; port 0 is this process's own server
// of the same library. Answers with dials per second and CPU time per dial in microseconds. See ../README.md.
import { once } from 'node:events';
import net from 'node:net';
import { dial, listen } from '../../dist/src/index.js';

const libraries = {
  async gonet() {
    const listener = await listen('tcp', '127.0.0.1:0');
    const drain = async (conn) => {
      const buffer = Buffer.alloc(64);
      try {
        while ((await conn.read(buffer)) !== null);
      } catch {
        // Reset by the client.
      }
      conn.close();
    };
    void (async () => {
      for await (const conn of listener) void drain(conn);
    })();
    const one = async (host, port) => (await dial('tcp', `${host}:${port}`)).close();
    return { port: listener.addr.port, one };
  },
  async 'node-net'() {
    const server = net.createServer((socket) => socket.on('error', () => {}).resume());
    server.listen(0, '127.0.0.1', 4096);
    await once(server, 'listening');
    const one = (host, port) =>
      new Promise((resolve, reject) => {
        const socket = net.connect({ host, port, noDelay: true, keepAlive: true });
        socket.once('connect', () => socket.destroy());
        socket.once('error', reject);
        socket.once('close', resolve);
      });
    return { port: server.address().port, one };
  },
};

const { port: own, one } = await libraries[process.argv[2]]();

process.on('message', async ({ count, concurrency, hosts, port }) => {
  let left = count;
  const dialOn = async () => {
    while (left-- > 0) await one(hosts[left % hosts.length], port || own);
  };
  const cpuBefore = process.cpuUsage();
  const start = performance.now();
  await Promise.all(Array.from({ length: concurrency }, dialOn));
  const seconds = (performance.now() - start) / 1000;
  const { user, system } = process.cpuUsage(cpuBefore);
  process.send({ rate: count / seconds, cpu: (user + system) / count });
});
console.log(`PORT ${own}`);
