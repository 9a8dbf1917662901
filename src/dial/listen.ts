// listen: from a network string and an address text to a listener.

import { parseNetwork } from '../addr/network.ts';
import { protocolLookup } from '../addr/protocol.ts';
import type { TCPAddr } from '../addr/tcpaddr.ts';
import type { Listener } from '../conn/conn.ts';
import { toSignal, toSignalOf, wantNetwork } from '../conn/limits.ts';
import { type TCPListenOptions, toListenPlan } from '../conn/plan.ts';
import { listenTCP } from '../conn/tcp.ts';
import type { TCPListener } from '../conn/tcplistener.ts';
import { AddrError, CanceledError, OpError } from '../errors.ts';
import { NEVER } from '../poll/deadline.ts';
import { step } from '../trace.ts';
import type { TCPNetwork } from './dial.ts';
import { type Address, resolveListen, toText } from './resolve.ts';

/** What can be said about one listen. All of it is checked at once; wrong values throw. */
export type ListenOptions = TCPListenOptions;

/**
 * Listens on `address` and resolves with the listener.
 *
 * An empty host, `0.0.0.0` and `[::]` on `tcp` mean every address, IPv6 and IPv4 both, as in Go; `tcp4` and `tcp6` keep to one
 * family. Port 0 takes a free one, which `listener.addr` tells. Rejects with an OpError.
 *
 * @see Go's net.Listen
 */
export function listen(network: TCPNetwork, address: Address, options?: ListenOptions): Promise<TCPListener>;
export function listen(network: string, address: Address, options?: ListenOptions): Promise<Listener>;
export function listen(network: string, address: Address, options: ListenOptions = {}): Promise<TCPListener> {
  toListenPlan(options);
  const signal = toSignal(options.signal);
  wantNetwork(network);
  const text = toText(address);
  return find(network, text, signal).then((local) => listenTCP(network, local, options));
}

/** Everything before the socket; a failure tells the network only, as in Go. */
async function find(network: string, text: string, signal: AbortSignal | null): Promise<TCPAddr> {
  try {
    const { family } = parseNetwork(network, true, protocolLookup());
    if (family !== 'tcp') throw new AddrError('unexpected address type', text);
    if (signal?.aborted === true) throw new CanceledError(signal.reason);
    step(5, `listen ${network} ${text}`);
    return await resolveListen(network, text, { deadline: NEVER, signal });
  } catch (cause) {
    throw new OpError({ op: 'listen', net: network, cause });
  }
}

/**
 * Options for many listens.
 *
 * @see Go's net.ListenConfig
 */
export class ListenConfig {
  readonly #options: Omit<ListenOptions, 'signal'>;

  constructor(options: Omit<ListenOptions, 'signal'> = {}) {
    toListenPlan(options);
    this.#options = { ...options };
  }

  /** Listens with these options; see {@link listen}. */
  listen(
    network: TCPNetwork,
    address: Address,
    options?: { readonly signal?: AbortSignal | undefined },
  ): Promise<TCPListener>;
  listen(network: string, address: Address, options?: { readonly signal?: AbortSignal | undefined }): Promise<Listener>;
  listen(
    network: string,
    address: Address,
    options?: { readonly signal?: AbortSignal | undefined },
  ): Promise<Listener> {
    const signal = toSignalOf(options) ?? undefined;
    return listen(network, address, { ...this.#options, signal });
  }
}
