// What becomes of the packets that arrive at a host: dropped, all or some, or answered with a refusal. nft(8)
// Answers to neighbour solicitations always get through, so that a host that drops everything is silent, not absent.

import { isIPv6 } from 'node:net';
import { setImmediate } from 'node:timers/promises';

import type { Host } from './host.ts';

/** Which packets; all that arrive where nothing is said. */
export interface Match {
  /** The address that they are for. */
  readonly to?: string;
  /** The TCP port that they are for. */
  readonly port?: number;
  /** Only the first packet of a TCP connection. */
  readonly syn?: boolean;
  /** Only so many of a hundred, by chance. */
  readonly percent?: number;
}

/** How a packet is refused: by TCP, or by an ICMP message of the packet's family. */
export type Refusal = 'tcp reset' | 'port-unreachable' | 'host-unreachable' | 'no-route' | 'admin-prohibited';

interface Listed {
  readonly nftables: readonly {
    readonly rule?: { readonly expr: readonly { readonly counter?: { readonly packets: number } }[] };
  }[];
}

const CHAIN = 'inet gonet arriving';
/** How long a packet may take to come, in milliseconds. */
const PATIENCE = 10_000;

/** The rules of one host. */
export class Firewall {
  readonly #host: Host;

  constructor(host: Host) {
    this.#host = host;
    this.#nft('add table inet gonet', `add chain ${CHAIN} { type filter hook input priority 0; }`);
    this.clear();
  }

  /** Drops packets: a black hole, or with `percent` a lossy host. */
  drop(match: Match = {}): void {
    this.#nft(`add rule ${CHAIN} ${condition(match)} counter drop`);
  }

  /** Refuses packets. */
  reject(how: Refusal, match: Match = {}): void {
    const answer =
      how === 'tcp reset' ? 'meta l4proto tcp counter reject with tcp reset' : `counter reject with icmpx ${how}`;
    this.#nft(`add rule ${CHAIN} ${condition(match)} ${answer}`);
  }

  /** Lets everything through again. */
  clear(): void {
    const neighbours = 'icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert }';
    this.#nft(`flush chain ${CHAIN}`, `add rule ${CHAIN} ${neighbours} accept`);
  }

  /** How many packets the present rules have dropped or refused. */
  get hits(): number {
    const { nftables } = JSON.parse(this.#host.exec('nft', ['-j', 'list', 'table', 'inet', 'gonet'])) as Listed;
    return nftables
      .flatMap(({ rule }) => rule?.expr ?? [])
      .reduce((sum, { counter }) => sum + (counter?.packets ?? 0), 0);
  }

  /** Resolves once the present rules have dropped or refused so many packets. */
  async struck(times: number): Promise<void> {
    for (const end = performance.now() + PATIENCE; this.hits < times;) {
      if (performance.now() > end) throw new Error(`${this.hits} packets, not ${times}, in ${PATIENCE} ms`);
      await setImmediate();
    }
  }

  #nft(...lines: readonly string[]): void {
    this.#host.exec('nft', ['-f', '-'], `${lines.join('\n')}\n`);
  }
}

function condition({ to, port, syn = false, percent }: Match): string {
  const parts: string[] = [];
  if (to !== undefined) parts.push(`${isIPv6(to) ? 'ip6' : 'ip'} daddr ${to}`);
  if (port !== undefined) parts.push(`tcp dport ${port}`);
  if (syn) parts.push('tcp flags & (syn | ack) == syn');
  if (percent !== undefined) parts.push(`numgen random mod 100 < ${percent}`);
  return parts.join(' ');
}
