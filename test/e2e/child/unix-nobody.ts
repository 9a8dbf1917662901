// Sends credentials as a user who may nothing: gives up its privileges when everything is loaded, and prints what becomes of each
// message as a line of JSON.

import { dial, listenPacket, OpError, type PeerCred } from 'gonet';

const NOBODY = 65_534;

await using server = await listenPacket('unixgram', '');
await using client = await dial('unixgram', server.localAddr.name);
server.setPassCred(true);
await client.write('warm');
await server.readMsg(Buffer.alloc(10));
process.setgroups!([]);
process.setgid!(NOBODY);
process.setuid!(NOBODY);

const me = { pid: process.pid, uid: NOBODY, gid: NOBODY };
for (const creds of [me, { ...me, pid: 1 }, { ...me, uid: 0 }, { ...me, gid: 0 }] as PeerCred[]) {
  try {
    await client.writeMsg('x', { creds });
    const { creds: told } = await server.readMsg(Buffer.alloc(10));
    console.log(JSON.stringify(JSON.stringify(told) === JSON.stringify(me) ? 'told as they are' : told));
  } catch (error) {
    console.log(JSON.stringify(error instanceof OpError ? `${error.op} ${error.cause.message}` : String(error)));
  }
}
