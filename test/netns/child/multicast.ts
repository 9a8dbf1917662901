// A UDP socket that does what it is told, one line at a time, and answers each line with one of its own: joins and leaves groups,
// sends, and tells what it gets. It reads only when it is asked to, so that answers come in the order of the questions.

import { listenMulticastUDP, listenPacket, OpError, UDPAddr, type UDPConn } from 'gonet';
import { Addr } from 'gonet/netip';

import { hear, jobOf, say } from './wire.ts';

export interface MulticastJob {
  readonly network: 'udp4' | 'udp6';
  /** What it is bound to; default everything. */
  readonly host?: string;
  readonly port?: number;
  /** By listenMulticastUDP, to this group on this interface. */
  readonly group?: string;
  readonly interface?: string;
}

/** One line. */
export type MulticastOrder =
  | { readonly do: 'join' | 'leave'; readonly group: string; readonly interface?: string; readonly source?: string }
  | { readonly do: 'send'; readonly to: string; readonly port: number; readonly text: string }
  | { readonly do: 'take' }
  | { readonly do: 'set'; readonly interface?: string; readonly ttl?: number; readonly loop?: boolean };

export type MulticastSaid =
  | { readonly event: 'bound'; readonly port: number }
  | { readonly event: 'done' }
  | { readonly event: 'failed'; readonly message: string }
  | {
      readonly event: 'got';
      readonly text: string;
      readonly from: string;
      readonly ttl: number | undefined;
      readonly ifIndex: number | undefined;
      readonly destination: string;
    };

const tell = (said: MulticastSaid): void => say(said);

function make({ network, host = '', port = 0, group, interface: name }: MulticastJob): Promise<UDPConn> {
  if (group === undefined) return listenPacket(network, { host, port });
  return listenMulticastUDP(network, name ?? null, new UDPAddr(Addr.parse(group), port));
}

async function obey(conn: UDPConn, order: MulticastOrder): Promise<MulticastSaid> {
  const done = { event: 'done' } as const;
  if (order.do === 'send') {
    await conn.writeTo(order.text, new UDPAddr(Addr.parse(order.to), order.port));
    return done;
  }
  if (order.do === 'take') {
    const into = Buffer.alloc(2000);
    const { n, addr, control } = await conn.readMsg(into);
    const { ttl, packetInfo } = control;
    const [text, from] = [into.toString('utf8', 0, n), String(addr)];
    return {
      event: 'got',
      text,
      from,
      ttl,
      ifIndex: packetInfo?.ifIndex,
      destination: String(packetInfo?.destination),
    };
  }
  if (order.do === 'set') {
    if (order.interface !== undefined) conn.setMulticastInterface(order.interface);
    if (order.ttl !== undefined) conn.setMulticastTTL(order.ttl);
    if (order.loop !== undefined) conn.setMulticastLoop(order.loop);
    return done;
  }
  const source = order.source === undefined ? undefined : Addr.parse(order.source);
  const options = { interface: order.interface, source };
  if (order.do === 'join') conn.joinGroup(Addr.parse(order.group), options);
  else conn.leaveGroup(Addr.parse(order.group), options);
  return done;
}

using conn = await make(jobOf<MulticastJob>());
conn.setReceive({ ttl: true, packetInfo: true });
tell({ event: 'bound', port: conn.localAddr.port });
for (;;) {
  const order = JSON.parse(await hear()) as MulticastOrder;
  tell(
    await obey(conn, order).catch((error: unknown): MulticastSaid => {
      if (!(error instanceof OpError)) throw error;
      return { event: 'failed', message: error.message };
    }),
  );
}
