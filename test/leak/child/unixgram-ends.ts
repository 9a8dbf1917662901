// A write that waits for a full receiver, and nothing else to do: `node unixgram-ends.js <connected|free> <ref|unref>`. Says how many
// milliseconds' worth of deadline were left if the write settles, and nothing if the process ends before.

import { dial, listenPacket, UnixAddr } from 'gonet';

const [, , kind, how] = process.argv;
const server = await listenPacket('unixgram', '');
const to = new UnixAddr(server.localAddr.name, 'unixgram');
const client = kind === 'connected' ? await dial('unixgram', to.name) : await listenPacket('unixgram', '');
const send = (deadline: number): Promise<number> =>
  kind === 'connected' ? client.write('x', { deadline }) : client.writeTo('x', to, { deadline });
for (let full = false; !full;) {
  full = await send(Date.now() + 30).then(
    () => false,
    () => true,
  );
}
if (how === 'unref') client.unref();
const far = how === 'unref' ? 3_600_000 : 200;
send(Date.now() + far).catch((error: unknown) => console.log((error as { code?: string }).code));
