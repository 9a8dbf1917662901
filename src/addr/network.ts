// Network names: which there are, which family and transport each one means, and the protocol after the colon of an ip one.
// They match exactly and in lower case.

import { AddrError, UnknownNetworkError } from '../errors.ts';
import { leadingNumber } from './fields.ts';

/** The networks of stream and datagram protocols with ports. */
export type InetNetwork = 'tcp' | 'tcp4' | 'tcp6' | 'udp' | 'udp4' | 'udp6';
/** The raw networks, without their `:protocol`. */
export type IPNetwork = 'ip' | 'ip4' | 'ip6';
/** The networks of local sockets. */
export type UnixNetwork = 'unix' | 'unixgram' | 'unixpacket';
/** Every network name, without a protocol; that of virtual machines has no family of names. */
export type NetworkName = InetNetwork | IPNetwork | UnixNetwork | 'vsock';

/** A network string taken apart. */
export interface ParsedNetwork {
  readonly afnet: NetworkName;
  readonly family: 'tcp' | 'udp' | 'ip' | 'unix' | 'vsock';
  /** The protocol number of an ip network; 0 where none was given. */
  readonly proto: number;
}

const KNOWN: ReadonlyMap<string, ParsedNetwork> = new Map(
  (
    [
      ['tcp', ['tcp', 'tcp4', 'tcp6']],
      ['udp', ['udp', 'udp4', 'udp6']],
      ['ip', ['ip', 'ip4', 'ip6']],
      ['unix', ['unix', 'unixgram', 'unixpacket']],
      ['vsock', ['vsock']],
    ] as const
  ).flatMap(([family, names]) => names.map((afnet) => [afnet, { afnet, family, proto: 0 }] as const)),
);

/**
 * Takes a network string apart: `tcp6`, `unixgram`, `ip4:icmp`, `ip6:58`.
 *
 * Only ip networks may carry a protocol, and must if `needsProto`, as for dialing and listening. Throws `UnknownNetworkError`,
 * or `AddrError` for a protocol that `protocols` does not know.
 */
export function parseNetwork(
  network: string,
  needsProto: boolean,
  protocols: (name: string) => number | undefined,
): ParsedNetwork {
  const colon = network.lastIndexOf(':');
  const known = KNOWN.get(colon < 0 ? network : network.slice(0, colon));
  const isIP = known?.family === 'ip';
  if (known === undefined || (colon >= 0 && !isIP)) throw new UnknownNetworkError(network);
  if (colon >= 0) return { ...known, proto: protocolNumber(network.slice(colon + 1), protocols) };
  if (isIP && needsProto) throw new UnknownNetworkError(network);
  return known;
}

function protocolNumber(text: string, protocols: (name: string) => number | undefined): number {
  const number = leadingNumber(text);
  if (number !== null && number.rest === '') return number.value;
  const found = protocols(text);
  if (found === undefined) throw new AddrError('unknown IP protocol specified', text);
  return found;
}

/** The family that a network name is held to: its last character, if that is 4 or 6. */
export function familySuffix(network: string): '4' | '6' | '' {
  return network.endsWith('4') ? '4' : network.endsWith('6') ? '6' : '';
}
