// An address text of an IP network taken apart into what has to be looked up: host and port. The order is Go's: the split, then
// the port, then (by the caller) the host; the first of them to fail is what the error tells.

import { UnknownNetworkError } from '../errors.ts';
import { splitHostPort } from './hostport.ts';
import { lookupPort } from './port.ts';
import { builtinServices, type Services } from './services.ts';

/** What an address text names. */
export interface Target {
  /** A literal, a name, or empty. */
  readonly host: string;
  /** The port; 0 on ip networks, which have none. */
  readonly port: number;
}

/**
 * Takes an address text apart for a network: `host:port` on tcp and udp, a bare host on ip. The empty text is the empty host.
 *
 * Throws `AddrError` or `DNSError` for the text, and `UnknownNetworkError` for any other network.
 */
export function splitTarget(network: string, address: string, services: Services = builtinServices): Target {
  switch (network) {
    case 'tcp':
    case 'tcp4':
    case 'tcp6':
    case 'udp':
    case 'udp4':
    case 'udp6': {
      if (address === '') return { host: '', port: 0 };
      const { host, port } = splitHostPort(address);
      return { host, port: lookupPort(network, port, services) };
    }
    case 'ip':
    case 'ip4':
    case 'ip6':
      return { host: address, port: 0 };
    default:
      throw new UnknownNetworkError(network);
  }
}
