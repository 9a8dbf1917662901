// dial: from a network string and an address text to a connection. The top of the way down.

import type { Addr } from '../addr/addr.ts';
import { parseNetwork } from '../addr/network.ts';
import { protocolLookup } from '../addr/protocol.ts';
import type { Conn } from '../conn/conn.ts';
import { toDialLimits, toSignalOf, wantNetwork } from '../conn/limits.ts';
import { toPlan, type TCPDialOptions } from '../conn/tcp.ts';
import type { TCPConn } from '../conn/tcpconn.ts';
import { AddrError, OpError, UnknownNetworkError } from '../errors.ts';
import type { Limits } from '../fd/op.ts';
import { step } from '../trace.ts';
import { type Address, resolveList, toText } from './resolve.ts';
import { type Candidate, dialSerial, pair } from './serial.ts';

/** What can be said about every dial of a {@link Dialer}. All of it is checked at once; wrong values throw. */
export interface DialerOptions extends Omit<TCPDialOptions, 'signal'> {
  /** The local address to dial from, or one for each family. */
  readonly localAddr?: Addr | readonly Addr[] | undefined;
}

/** What can be said about one dial. */
export interface DialOptions extends DialerOptions {
  /** Ends the dial, not the connection that comes of it. */
  readonly signal?: AbortSignal | undefined;
}

/** The networks that are TCP. */
export type TCPNetwork = 'tcp' | 'tcp4' | 'tcp6';

/**
 * Connects to `address` on `network`, looking names up and trying each address in turn, and resolves with the connection.
 *
 * The address is `host:port` with a number or a service name; an empty host is this machine. `tcp4` and `tcp6` keep to one
 * family. A deadline, a timeout or a signal ends the dial and leaves nothing behind. Rejects with an OpError; where several
 * addresses failed its `attempts` has the error of each.
 *
 * @see Go's net.Dial
 */
export function dial(network: TCPNetwork, address: Address, options?: DialOptions): Promise<TCPConn>;
export function dial(network: string, address: Address, options?: DialOptions): Promise<Conn>;
export function dial(network: string, address: Address, options: DialOptions = {}): Promise<TCPConn> {
  const plan = toPlan(options);
  const limits = toDialLimits(options);
  const locals = toLocals(options.localAddr);
  wantNetwork(network);
  const text = toText(address);
  return find(network, text, locals, limits).then((candidates) => dialSerial(network, candidates, plan, limits));
}

/** Everything before the first socket; a failure tells the network only, as in Go. */
async function find(network: string, text: string, locals: readonly Addr[], limits: Limits): Promise<Candidate[]> {
  try {
    const { family } = parseNetwork(network, true, protocolLookup());
    if (family !== 'tcp') throw new UnknownNetworkError(network);
    if (text === '') throw new AddrError('missing address', '');
    step(5, `dial ${network} ${text}`);
    const candidates = pair(await resolveList(network, text, limits), locals);
    step(5, `addresses: ${candidates.map(({ remote }) => remote.toString()).join(', ')}`);
    return candidates;
  } catch (cause) {
    throw new OpError({ op: 'dial', net: network, cause });
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
    toPlan(options);
    toDialLimits(options);
    toLocals(options.localAddr);
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
