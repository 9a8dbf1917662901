// UDP with Node's own sockets at the other end, in both directions: node:dgram is the same kernel seen by somebody else.

import assert from 'node:assert/strict';
import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { describe, test } from 'node:test';

import { dial, dialUDP } from 'gonet';

import { leavesNothing, opErrorOf, withoutIPv6 } from './loopback.ts';
import { at, batchOf, bound, text, told } from './udp.ts';

const options = { timeout: 15_000 };

/** Node's socket at a free port of `host`, closed at the end of `body`. */
async function withNode(host: string, body: (socket: Socket, port: number) => Promise<void>): Promise<void> {
  const socket = createSocket(host.includes(':') ? 'udp6' : 'udp4');
  socket.bind(0, host);
  await once(socket, 'listening');
  try {
    await body(socket, socket.address().port);
  } finally {
    socket.close();
    await once(socket, 'close');
  }
}

/** The next datagram that Node gets, as a text, and its sender. */
async function heard(socket: Socket): Promise<[text: string, sender: string]> {
  const [data, { address, port, family }] = (await once(socket, 'message')) as [Buffer, RemoteInfo];
  return [data.toString(), family === 'IPv6' ? `[${address}]:${port}` : `${address}:${port}`];
}

const sendTo = (socket: Socket, data: string | Buffer, port: number, host: string): Promise<number> =>
  new Promise((resolve, reject) => {
    socket.send(data, port, host, (error, n) => (error === null ? resolve(n) : reject(error)));
  });

for (const host of ['127.0.0.1', '::1']) {
  describe(host, { skip: host === '::1' && withoutIPv6 }, () => {
    test('Node hears what is sent, by every way, and its answers are heard', options, () =>
      leavesNothing(() =>
        withNode(host, async (socket, port) => {
          using conn = await bound(host);
          const to = at(host, port);
          const from = String(conn.localAddr);
          const ways = {
            writeTo: () => conn.writeTo('writeTo', to),
            writeMsg: () => conn.writeMsg('writeMsg', { addr: to }),
            writeBatch: () => conn.writeBatch(batchOf(['writeBatch'], to)),
          };
          for (const [way, send] of Object.entries(ways)) {
            const hearing = heard(socket);
            await send();
            assert.deepEqual(await hearing, [way, from]);
            await sendTo(socket, `answer to ${way}`, conn.localAddr.port, host);
            assert.deepEqual(await told(conn), [`answer to ${way}`, String(to)]);
          }
        }),
      ),
    );

    test('a dialed socket and Node talk', options, () =>
      withNode(host, async (socket, port) => {
        using conn = await dial('udp', { host, port });
        assert.equal(String(conn.remoteAddr), String(at(host, port)));
        for (const word of ['one', 'zwei', '三', '']) {
          const hearing = heard(socket);
          await conn.write(word);
          assert.deepEqual(await hearing, [word, String(conn.localAddr)]);
          await sendTo(socket, word, conn.localAddr.port, host);
          assert.equal(await text(conn), word);
        }
      }),
    );

    test('large datagrams and many of them', options, () =>
      withNode(host, async (socket, port) => {
        using conn = await bound(host);
        const large = Buffer.alloc(60_000, 'pattern');
        const hearing = heard(socket);
        await conn.writeTo(large, at(host, port));
        assert.equal((await hearing)[0], large.toString());
        await sendTo(socket, large, conn.localAddr.port, host);
        assert.equal(await text(conn), large.toString());
        for (let i = 0; i < 200; i++) {
          await sendTo(socket, `${i}`, conn.localAddr.port, host);
          assert.equal(await text(conn), `${i}`);
        }
      }),
    );

    test('a connected socket of Node’s talks to one that hears all', options, () =>
      withNode(host, async (socket) => {
        using conn = await bound(host);
        socket.connect(conn.localAddr.port, host);
        await once(socket, 'connect');
        socket.send('hello');
        const [data, from] = await told(conn);
        assert.equal(data, 'hello');
        const hearing = heard(socket);
        await conn.writeTo('hello yourself', at(host, socket.address().port));
        assert.deepEqual(await hearing, ['hello yourself', String(conn.localAddr)]);
        assert.equal(from, String(at(host, socket.address().port)));
      }),
    );

    test('Node’s socket closes: the next call is refused', options, async () => {
      let port = 0;
      await withNode(host, (_socket, its) => {
        port = its;
        return Promise.resolve();
      });
      using conn = await dialUDP('udp', null, at(host, port));
      await conn.write('x');
      assert.equal((await opErrorOf(conn.read(Buffer.alloc(1)))).code, 'ECONNREFUSED');
    });
  });
}
