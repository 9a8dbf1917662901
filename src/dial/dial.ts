// dial: from a network string and an address text to a connection. The top of the way down.

import type { Addr } from '../addr/addr.ts';
import type { IPEndpoint } from '../addr/endpoint.ts';
import { IPAddr } from '../addr/ipaddr.ts';
import { parseNetwork } from '../addr/network.ts';
import { TCPAddr } from '../addr/tcpaddr.ts';
import { UDPAddr } from '../addr/udpaddr.ts';
import type { Conn } from '../conn/conn.ts';
import { doDialIP, doDialPing, parsePing } from '../conn/ip.ts';
import type { IPConn } from '../conn/ipconn.ts';
import { toLocalPlan } from '../conn/localplan.ts';
import { toDialLimits, toSignalOf, wantNetwork } from '../conn/limits.ts';
import { NO_OPTIONS } from '../conn/options.ts';
import { type TCPDialOptions, type TCPDialPlan, toDialPlan, toPacketPlan } from '../conn/plan.ts';
import { systemProtocol } from '../conn/protocols.ts';
import { doDialTCP } from '../conn/tcp.ts';
import type { TCPConn } from '../conn/tcpconn.ts';
import { doDialUDP } from '../conn/udp.ts';
import type { UDPConn } from '../conn/udpconn.ts';
import type { UnixConn } from '../conn/unixconn.ts';
import type { VsockConn } from '../conn/vsock.ts';
import { AddrError, OpError } from '../errors.ts';
import type { Limits } from '../fd/op.ts';
import { now } from '../poll/deadline.ts';
import { dialing, step, steps } from '../trace.ts';
import { Attempts, type Connect } from './attempt.ts';
import { dialLocal, type UnixNetwork } from './local.ts';
import { type HostResolver, toResolver } from './lookup.ts';
import { type Address, toText } from './resolve.ts';
import { dialInet, type InetTarget, toDelay } from './inet.ts';

/** What can be said about every dial of a {@link Dialer}. All of it is checked at once; wrong values throw. */
export interface DialerOptions extends Omit<TCPDialOptions, 'signal'> {
  /** The local address to dial from, or one for each family. */
  readonly localAddr?: Addr | readonly Addr[] | undefined;
  /**
   * Milliseconds before the next address joins the race, while those before it go on trying; default 250, and so is 0.
   * Negative: one address after another, each with its share of the time. RFC 8305
   */
  readonly fallbackDelay?: number | undefined;
  /** Who looks names up; default the system's way. */
  readonly resolver?: HostResolver | undefined;
}

/** What can be said about one dial. */
export interface DialOptions extends DialerOptions {
  /** Ends the dial, not the connection that comes of it. */
  readonly signal?: AbortSignal | undefined;
}

/** The networks that are TCP. */
export type TCPNetwork = 'tcp' | 'tcp4' | 'tcp6';
/** The networks that are UDP, and those of the sockets for ICMP echo that need no privilege. */
export type UDPNetwork = 'udp' | 'udp4' | 'udp6' | 'udp4:icmp' | 'udp6:ipv6-icmp';
/** The networks of raw sockets, each with a protocol: `ip4:icmp`, `ip6:58`. */
export type IPNetwork = `${'ip' | 'ip4' | 'ip6'}:${string}`;

/** A dial, checked. */
interface Dialing {
  readonly network: string;
  readonly text: string;
  readonly plan: TCPDialPlan;
  readonly options: DialOptions;
  readonly limits: Limits;
  readonly locals: readonly Addr[];
  readonly delay: number;
  readonly resolver: HostResolver;
}

/**
 * Connects to `address` on `network`, looking names up and racing the addresses that they have, and resolves with the first
 * connection.
 *
 * The address is `host:port` with a number or a service name; an empty host is this machine. `tcp4` and `tcp6` keep to one
 * family. On `unix` and `unixpacket` it is a path, or `@` and an abstract name; on `vsock` it is `cid:port`, in numbers or with
 * `local` or `host` as the cid. Options that only IP or TCP has mean nothing there.
 *
 * A deadline, a timeout or a signal ends the dial and leaves nothing behind. Rejects with an OpError; where several addresses
 * failed its `attempts` has the error of each.
 *
 * @see Go's net.Dial, RFC 8305
 */
export function dial(network: TCPNetwork, address: Address, options?: DialOptions): Promise<TCPConn>;
export function dial(network: UDPNetwork, address: Address, options?: DialOptions): Promise<UDPConn>;
export function dial(network: IPNetwork, address: Address, options?: DialOptions): Promise<IPConn>;
export function dial(network: UnixNetwork, address: Address, options?: DialOptions): Promise<UnixConn>;
export function dial(network: 'vsock', address: Address, options?: DialOptions): Promise<VsockConn>;
export function dial(network: string, address: Address, options?: DialOptions): Promise<Conn>;
export function dial(network: string, address: Address, options: DialOptions = NO_OPTIONS): Promise<Conn> {
  const plan = toDialPlan(options);
  const limits = toDialLimits(options);
  const locals = toLocals(options.localAddr);
  const delay = toDelay(options.fallbackDelay);
  const resolver = toResolver(options.resolver);
  wantNetwork(network);
  const text = toText(address);
  const all = { network, text, plan, options, limits, locals, delay, resolver };
  if (!dialing.hasSubscribers) return run(all);
  return dialing.tracePromise(() => run(all), { network, address: text });
}

/** Everything before the first attempt fails with the network only, as in Go. */
async function run(dialing: Dialing): Promise<Conn> {
  const { network, text, plan, options, locals, limits } = dialing;
  // A connect that asks nobody tells nothing about who is there: no race.
  const oneByOne = { ...dialing, delay: -1 };
  try {
    const parsed = parsePing(network) ?? parseNetwork(network, true, systemProtocol);
    const { family, afnet } = parsed;
    if (text === '') throw new AddrError('missing address', '');
    if (steps.hasSubscribers) step(5, `dial ${network} ${text}`);
    switch (family) {
      case 'tcp': {
        let raced = plan;
        const onRace = (): void => void (raced = sharing(dialing));
        const target = locals.length === 0 ? dialing : { ...dialing, onRace };
        return await inet(target, TCPAddr, afnet, (from, to, own) => doDialTCP(network, from, to, raced, own));
      }
      case 'udp':
        return await inet(oneByOne, UDPAddr, afnet, (from, to, own) =>
          doDialUDP(network, from, to, toPacketPlan(options), own),
        );
      case 'ip':
        return await inet(oneByOne, IPAddr, afnet, (from, to, own) =>
          doDialIP(parsed, from, to, toPacketPlan(options), own),
        );
      case 'ping':
        return await inet(oneByOne, UDPAddr, parsed.hosts, (from, to, own) =>
          doDialPing(parsed, from, to, toPacketPlan(options), own),
        );
      default:
        return await dialLocal(parsed.afnet as UnixNetwork | 'vsock', text, toLocalPlan(options), locals, limits);
    }
  } catch (cause) {
    throw cause instanceof OpError ? cause : new OpError({ op: 'dial', net: network, cause });
  }
}

/** The plan for attempts side by side from one port: sockets may share it if all of them say so. socket(7) */
function sharing({ plan, options, locals }: Dialing): TCPDialPlan {
  const fixed = locals.some((each) => each instanceof TCPAddr && each.port !== 0);
  return fixed && options.reuseAddr === undefined ? toDialPlan({ ...options, reuseAddr: true }) : plan;
}

function inet<A extends IPEndpoint, C extends Disposable>(
  { network, limits, ...target }: Dialing & { readonly onRace?: () => void },
  kind: InetTarget<A>['kind'],
  afnet: string,
  connect: Connect<A, C>,
): Promise<C> {
  return dialInet({ ...target, kind, afnet }, new Attempts<A, C>(network, now(), connect), limits);
}

function toLocals(local: DialerOptions['localAddr']): readonly Addr[] {
  if (local === undefined) return [];
  const list = Array.isArray(local) ? (local as readonly Addr[]) : [local as Addr];
  for (const each of list) {
    if (each === null || typeof each !== 'object' || typeof each.network !== 'string') {
      throw new TypeError('Option localAddr must be an address or an array of addresses');
    }
  }
  return list;
}

/** What only one of many dials is told. */
interface OneDial {
  readonly signal?: AbortSignal | undefined;
}

/**
 * Options for many dials.
 *
 * @see Go's net.Dialer
 */
export class Dialer {
  readonly #options: DialerOptions;

  constructor(options: DialerOptions = {}) {
    toDialPlan(options);
    toDialLimits(options);
    toLocals(options.localAddr);
    toDelay(options.fallbackDelay);
    toResolver(options.resolver);
    this.#options = { ...options };
  }

  /** Dials with these options; see {@link dial}. */
  dial(network: TCPNetwork, address: Address, options?: OneDial): Promise<TCPConn>;
  dial(network: UDPNetwork, address: Address, options?: OneDial): Promise<UDPConn>;
  dial(network: UnixNetwork, address: Address, options?: OneDial): Promise<UnixConn>;
  dial(network: IPNetwork, address: Address, options?: OneDial): Promise<IPConn>;
  dial(network: 'vsock', address: Address, options?: OneDial): Promise<VsockConn>;
  dial(network: string, address: Address, options?: OneDial): Promise<Conn>;
  dial(network: string, address: Address, options?: OneDial): Promise<Conn> {
    const signal = toSignalOf(options) ?? undefined;
    return dial(network, address, { ...this.#options, signal });
  }
}
