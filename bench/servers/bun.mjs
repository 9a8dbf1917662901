// Echo on Bun's own sockets.
const server = Bun.listen({
  hostname: '127.0.0.1',
  port: 0,
  socket: {
    open: (socket) => socket.setNoDelay(true),
    data: (socket, chunk) => void socket.write(chunk),
  },
});
console.log(`PORT ${server.port}`);
