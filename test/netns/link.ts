// Links between two hosts: a cable, which is a veth pair, and a relay, which is slow or loses packets. Each is a network of its
// own with one address of each family at each end.

import { fileURLToPath } from 'node:url';

import type { Host } from './host.ts';
import type { Line, Program } from './program.ts';

/** The address of each family at one end of a link. */
export interface End {
  readonly ip4: string;
  readonly ip6: string;
}

/** A link, whose device has the same name at both ends. */
export interface Link {
  readonly device: string;
  readonly near: End;
  readonly far: End;
}

/** What a relay does to what it carries. */
export interface RelayOptions {
  /** Milliseconds that a packet is under way, in each direction. */
  readonly delay?: number;
  /** So many of a hundred packets are lost, in each direction. */
  readonly loss?: number;
}

/** 2001:db8::/32 (RFC 3849) and not fd00::/8, as RFC 6724 prefers IPv4 to the latter. */
const end = (net: number, host: number): End => ({ ip4: `10.${net}.0.${host}`, ip6: `2001:db8:${net}::${host}` });

function setUp(host: Host, device: string, net: number, { ip4, ip6 }: End): void {
  host.ip(
    `link set ${device} up`,
    `address add ${ip4}/24 dev ${device}`,
    `address add ${ip6}/64 dev ${device} nodad`,
    `route add 224.0.0.0/4 dev ${device} metric ${1000 + net}`,
  );
}

/** Joins two hosts by a cable, as network `net`. */
export function cable(near: Host, far: Host, net: number): Link {
  const link = { device: `cable${net}`, near: end(net, 1), far: end(net, 2) };
  const { device } = link;
  near.ip(`link add ${device} type veth peer name ${device} netns ${far.pid}`);
  setUp(near, device, net, link.near);
  setUp(far, device, net, link.far);
  return link;
}

const RELAY = fileURLToPath(new URL('../../../test/netns/relay.py', import.meta.url));
const FOREVER = 600_000;

interface Ready extends Line {
  readonly event: 'ready';
}

/** Joins two hosts by a relay, as network `net`. It goes with the near host. */
export async function relay(near: Host, far: Host, net: number, options: RelayOptions): Promise<Link> {
  const { delay = 0, loss = 0 } = options;
  const link = { device: `relay${net}`, near: end(net, 1), far: end(net, 2) };
  const { device } = link;
  const args = [RELAY, device, `${device}-far`, String(delay), String(loss)];
  const program: Program<Ready> = near.spawn('relay', 'python3', args, FOREVER);
  await program.next('ready');
  near.ip(`link set ${device}-far netns ${far.pid} name ${device}`);
  setUp(near, device, net, link.near);
  setUp(far, device, net, link.far);
  return link;
}
