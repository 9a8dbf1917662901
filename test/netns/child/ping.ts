// Pings, as root or as somebody who may nothing, and tells of each ping what came of it. Then the program must end by itself.

import { dial, type IPConn, listen, listenPacket, OpError, type UDPConn } from 'gonet';

import { ask, hear, idOf, ping, TIME_EXCEEDED } from '../../e2e/icmp.ts';
import { jobOf, say, sockets } from './wire.ts';

/** One ping: over a socket that is dialed, or over one that is bound to `local`. */
export interface PingJob {
  readonly network: string;
  readonly ip: string;
  readonly local?: string;
  /** Past so many routers it must not come, and the answer is theirs. */
  readonly ttl?: number;
}

export interface PingsJob {
  readonly uid: number;
  readonly pings: readonly PingJob[];
}

export interface Pinged {
  readonly event: 'pinged';
  /** The kind of conn. */
  readonly kind?: string;
  /** The reply's text and its sender. */
  readonly data?: string;
  readonly sender?: string;
  /** Type and errno of the error that a router has sent; of a raw socket, the type alone. */
  readonly exceeded?: readonly number[];
  readonly refused?: string;
}

export type PingSaid = Pinged | { readonly event: 'done'; readonly sockets: number; readonly uid: number };

/** What becomes of a request that comes no further than a router: the message itself, or the kernel's word of it. */
async function exceed(conn: IPConn | UDPConn, { ip, ttl }: PingJob): Promise<Omit<Pinged, 'event'>> {
  conn.setTTL(ttl!);
  if (conn.localAddr.network === 'ip') {
    await ask(conn, ip, 1, 'too far');
    const type = TIME_EXCEEDED[ip.includes(':') ? 6 : 4];
    const { sender, type: found } = await hear(conn, (message) => message.type === type);
    return { sender, exceeded: [found] };
  }
  conn.setReceive({ errors: true });
  await ask(conn, ip, 1, 'too far');
  const error = await hear(conn, () => true).then(String, (reason: unknown) => reason);
  const taken = conn.takeError();
  const { error: told } = taken?.control ?? {};
  if (!(error instanceof OpError) || told === undefined) return { refused: String(error) };
  return { sender: String(told.offender), exceeded: [told.type, told.errno], refused: error.code };
}

async function once(job: PingJob): Promise<Omit<Pinged, 'event'>> {
  const { network, ip, local, ttl } = job;
  try {
    const conn = await (local === undefined ? dial(network, ip) : listenPacket(network, local));
    using socket = conn as IPConn | UDPConn;
    const kind = socket.constructor.name;
    if (ttl !== undefined) return { kind, ...(await exceed(socket, job)) };
    const { sender, data } = await ping(socket, ip, 1, `from ${idOf(socket)}`);
    return { kind, sender, data: data === `from ${idOf(socket)}` ? 'same' : data };
  } catch (error) {
    if (!(error instanceof OpError)) throw error;
    return { refused: error.message };
  }
}

const { uid, pings } = jobOf<PingsJob>();
// The backend and the poller are there before the privilege goes.
const listener = await listen('tcp', '127.0.0.1:0');
(await dial('tcp', listener.addr.toString())).close();
listener.close();
const before = sockets();
if (uid !== 0) {
  process.setgroups!([]);
  process.setgid!(uid);
  process.setuid!(uid);
}
for (const job of pings) say({ event: 'pinged', ...(await once(job)) } satisfies Pinged);
say({ event: 'done', sockets: sockets() - before, uid: process.getuid!() } satisfies PingSaid);
