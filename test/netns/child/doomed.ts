// A whole world of its own, with a server, a waiting client and a relay in it, in a process that is about to be killed. Tells of
// each host the namespace, and then waits.

import { readlinkSync } from 'node:fs';

import { noRelay } from '../probe.ts';
import { twoHosts } from '../world.ts';
import type { EchoSaid } from './echo.ts';
import type { LostSaid } from './lost.ts';
import { hear, say } from './wire.ts';

export interface DoomedSaid {
  readonly event: 'living';
  readonly namespaces: readonly string[];
}

await using world = await twoHosts();
const { near, far, cable } = world;
if (noRelay === false) await world.relay({ delay: 10 });
const server = far.start<EchoSaid>('echo', { address: ':0' });
const { port } = await server.next('listening');
const client = near.start<LostSaid>('lost', { address: `${cable.far.ip4}:${port}`, write: false });
await client.next('connected');
const namespaces = [near, far].map(({ pid }) => readlinkSync(`/proc/${pid}/ns/net`));
say({ event: 'living', namespaces } satisfies DoomedSaid);
await hear();
