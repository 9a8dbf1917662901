// A peer on Node's own sockets, in a process of its own: three servers, whose ports it tells its parent. One floods whoever
// connects, one swallows what it gets, one echoes.

import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';

const BLOCK = Buffer.alloc(1 << 16, 'x');

function flood(socket: Socket): void {
  while (socket.write(BLOCK));
  socket.once('drain', () => flood(socket));
}

async function serve(talk: (socket: Socket) => void): Promise<number> {
  const server = createServer((socket) => {
    socket.setNoDelay(true);
    socket.on('error', () => socket.destroy());
    talk(socket);
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return (server.address() as AddressInfo).port;
}

process.send!({
  flood: await serve(flood),
  sink: await serve((socket) => socket.resume()),
  echo: await serve((socket) => socket.pipe(socket)),
});
// The parent is gone, whatever became of it.
process.on('disconnect', () => process.exit());
