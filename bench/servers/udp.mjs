// One rival of udp.mjs: sends or receives as it is told, and answers with its rate and its CPU time. Arguments: gonet or node-dgram.
import { createSocket } from 'node:dgram';
import { once } from 'node:events';

const [rival] = process.argv.slice(2);
const gonet = rival === 'gonet' ? await import('../../dist/src/index.js') : null;

/** Datagrams between two looks at the clock. */
const LOOK = 256;

/** Counts from the first datagram on, until the time is over. */
class Clock {
  count = 0;
  #ms;
  #since = 0;
  #cpu = null;
  #looked = 0;

  constructor(ms) {
    this.#ms = ms;
  }

  /** Whether there is time for more. */
  add(n) {
    if (this.#cpu === null) {
      this.#cpu = process.cpuUsage();
      this.#since = performance.now();
      return true;
    }
    this.count += n;
    if (this.count - this.#looked < LOOK) return true;
    this.#looked = this.count;
    return performance.now() - this.#since < this.#ms;
  }

  /** Datagrams a second, and microseconds of CPU for each. */
  result() {
    const seconds = (performance.now() - this.#since) / 1000;
    const { user, system } = process.cpuUsage(this.#cpu);
    return { rate: this.count / seconds, cpu: (user + system) / this.count };
  }
}

const ways = {
  gonet: {
    async receive({ bytes }, clock, ready) {
      const conn = await gonet.listenPacket('udp4', '127.0.0.1:0');
      ready(conn.localAddr.port);
      const into = Buffer.alloc(bytes);
      for (let more = true; more;) {
        await conn.readFrom(into);
        more = clock.add(1);
      }
      conn.close();
    },
    async iterate(_job, clock, ready) {
      const conn = await gonet.listenPacket('udp4', '127.0.0.1:0');
      ready(conn.localAddr.port);
      for await (const _ of conn.packets()) if (!clock.add(1)) break;
      conn.close();
    },
    async receiveBatch({ bytes, whole }, clock, ready) {
      const conn = await gonet.listenPacket('udp4', '127.0.0.1:0');
      // Datagrams that came together are taken apart here, and not in the kernel.
      if (whole) conn.setReceive({ segmentSize: true });
      ready(conn.localAddr.port);
      const batch = new gonet.PacketBatch(whole ? { capacity: 16, size: 65_535 } : { size: bytes });
      let sum = 0;
      for (let more = true; more;) {
        const n = await conn.readBatch(batch);
        for (let i = 0; i < n; i++) sum += batch.data(i).length;
        more = clock.add(n);
      }
      if (sum < bytes) throw new Error('Nothing was received');
      conn.close();
    },
    /** As many at a time as the job says. */
    async send({ bytes, port, atOnce }, clock) {
      const conn = await gonet.dial('udp4', `127.0.0.1:${port}`);
      const data = Buffer.alloc(bytes);
      let more = true;
      const one = async () => {
        while (more) {
          await conn.write(data);
          more &&= clock.add(1);
        }
      };
      await Promise.all(Array.from({ length: atOnce }, one));
      conn.close();
    },
    async sendBatch({ bytes, port }, clock) {
      const conn = await gonet.dial('udp4', `127.0.0.1:${port}`);
      const data = Buffer.alloc(bytes);
      const batch = new gonet.PacketBatch({ size: bytes });
      for (let more = true; more;) {
        batch.clear();
        while (batch.add(data));
        more = clock.add(await conn.writeBatch(batch));
      }
      conn.close();
    },
  },
  'node-dgram': {
    async receive(_job, clock, ready) {
      const socket = createSocket('udp4').bind(0, '127.0.0.1');
      await once(socket, 'listening');
      await new Promise((resolve) => {
        socket.on('message', () => {
          if (!clock.add(1)) socket.removeAllListeners('message').close(resolve);
        });
        ready(socket.address().port);
      });
    },
    /** As many at a time as the job says. */
    async send({ bytes, port, atOnce }, clock) {
      const socket = createSocket('udp4');
      socket.connect(port, '127.0.0.1');
      await once(socket, 'connect');
      const data = Buffer.alloc(bytes);
      await new Promise((resolve, reject) => {
        let under = 0;
        let more = true;
        const next = (error) => {
          if (error) return reject(error);
          under--;
          more &&= clock.add(1);
          if (more) start();
          else if (under === 0) resolve();
        };
        const start = () => {
          under++;
          socket.send(data, next);
        };
        for (let i = 0; i < atOnce; i++) start();
      });
      socket.close();
    },
  },
};

process.on('message', async (job) => {
  const clock = new Clock(job.ms);
  await ways[rival][job.way](job, clock, (port) => process.send({ port }));
  process.send({ result: clock.result() });
});
console.log('READY');
