// dial: from a network string and an address text to a connection. The top of the way down.

import type { Addr } from '../addr/addr.ts';
import { parseNetwork } from '../addr/network.ts';
import { protocolLookup } from '../addr/protocol.ts';
import { TCPAddr } from '../addr/tcpaddr.ts';
import type { Conn } from '../conn/conn.ts';
import { toDialLimits, toSignalOf, wantNetwork } from '../conn/limits.ts';
import { NO_OPTIONS } from '../conn/options.ts';
import { type TCPDialOptions, type TCPDialPlan, toDialPlan } from '../conn/plan.ts';
import { doDialTCP } from '../conn/tcp.ts';
import type { TCPConn } from '../conn/tcpconn.ts';
import { AddrError, OpError, UnknownNetworkError } from '../errors.ts';
import type { Limits } from '../fd/op.ts';
import { now } from '../poll/deadline.ts';
import { dialing, step, steps } from '../trace.ts';
import { Attempts } from './attempt.ts';
import { type HostResolver, toResolver } from './lookup.ts';
import { type Address, toText } from './resolve.ts';
import { dialInet, toDelay } from './inet.ts';

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

/** A dial, checked. */
interface Dialing {
  readonly network: string;
  readonly text: string;
  readonly plan: TCPDialPlan;
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
 * family. A deadline, a timeout or a signal ends the dial and leaves nothing behind. Rejects with an OpError; where several
 * addresses failed its `attempts` has the error of each.
 *
 * @see Go's net.Dial, RFC 8305
 */
export function dial(network: TCPNetwork, address: Address, options?: DialOptions): Promise<TCPConn>;
export function dial(network: string, address: Address, options?: DialOptions): Promise<Conn>;
export function dial(network: string, address: Address, options: DialOptions = NO_OPTIONS): Promise<TCPConn> {
  const plan = toDialPlan(options);
  const limits = toDialLimits(options);
  const locals = toLocals(options.localAddr);
  const delay = toDelay(options.fallbackDelay);
  const resolver = toResolver(options.resolver);
  wantNetwork(network);
  const text = toText(address);
  const all = { network, text, plan, limits, locals, delay, resolver };
  if (!dialing.hasSubscribers) return run(all);
  return dialing.tracePromise(() => run(all), { network, address: text });
}

/** Everything before the first attempt fails with the network only, as in Go. */
async function run({ network, text, plan, limits, locals, delay, resolver }: Dialing): Promise<TCPConn> {
  const attempts = new Attempts<TCPAddr, TCPConn>(network, now(), (local, remote, own) =>
    doDialTCP(network, local, remote, plan, own),
  );
  try {
    const { family } = parseNetwork(network, true, protocolLookup());
    if (family !== 'tcp') throw new UnknownNetworkError(network);
    if (text === '') throw new AddrError('missing address', '');
    if (steps.hasSubscribers) step(5, `dial ${network} ${text}`);
    return await dialInet({ kind: TCPAddr, text, locals, delay, resolver }, attempts, limits);
  } catch (cause) {
    throw cause instanceof OpError ? cause : new OpError({ op: 'dial', net: network, cause });
  }
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
  dial(
    network: TCPNetwork,
    address: Address,
    options?: { readonly signal?: AbortSignal | undefined },
  ): Promise<TCPConn>;
  dial(network: string, address: Address, options?: { readonly signal?: AbortSignal | undefined }): Promise<Conn>;
  dial(network: string, address: Address, options?: { readonly signal?: AbortSignal | undefined }): Promise<Conn> {
    const signal = toSignalOf(options) ?? undefined;
    return dial(network, address, { ...this.#options, signal });
  }
}
