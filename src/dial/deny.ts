// A Control hook against forged requests: whoever may choose what a service connects to must not reach the service's own machine
// and network that way. It sees the address that is dialed, not the name, so a name that changes its mind between check and dial
// (DNS rebinding) gets nowhere.

import { splitHostPort } from '../addr/hostport.ts';
import { Addr, Prefix } from '../addr/ip.ts';
import { carried, notPublic } from '../addr/reach.ts';
import { wantObject } from '../conn/limits.ts';
import type { Control } from '../conn/plan.ts';
import { AddrError } from '../errors.ts';

/** Exceptions. */
export interface DenyPrivateOptions {
  /** Networks that may be dialed all the same, such as `10.1.0.0/16`. */
  readonly allow?: readonly (string | Prefix)[] | undefined;
  /** Networks that may not be dialed besides, an own range of public addresses for example. */
  readonly deny?: readonly (string | Prefix)[] | undefined;
}

/**
 * A `control` hook that refuses addresses that are not public: loopback, private (RFC 1918), link-local, unique-local, shared
 * (RFC 6598), unspecified, multicast, reserved, and the metadata addresses of clouds; also inside IPv6, as 4-in-6, NAT64 with
 * its well-known prefixes, 6to4 and Teredo. A local socket is refused too. The attempt fails with an AddrError,
 * `address 10.0.0.1: private address is denied`; other attempts of the race go on.
 *
 * A NAT64 prefix of the network's own cannot be known here: put it into `deny`.
 */
export function denyPrivate(options: DenyPrivateOptions = {}): Control {
  wantObject(options);
  const allowed = toPrefixes('allow', options.allow);
  const denied = toPrefixes('deny', options.deny);
  return (network, address) => {
    const addr = /^(?:tcp|udp|ip)/.test(network) ? ipOf(address) : null;
    if (addr === null) throw new AddrError('local address is denied', address);
    const plain = addr.unmap().withZone('');
    // Whoever denies an IPv4 network denies every way into it; whoever allows one allows what is written.
    if (within(denied, plain) || within(denied, carried(plain)))
      throw new AddrError('address is denied', addr.toString());
    if (within(allowed, plain)) return;
    const kind = notPublic(plain);
    if (kind !== null) throw new AddrError(`${kind} address is denied`, addr.toString());
  };
}

const within = (prefixes: readonly Prefix[], addr: Addr | null): boolean =>
  addr !== null && prefixes.some((prefix) => prefix.contains(addr));

function toPrefixes(name: string, networks: DenyPrivateOptions['allow']): Prefix[] {
  if (networks === undefined) return [];
  if (!Array.isArray(networks)) throw new TypeError(`Option ${name} must be an array of networks`);
  return networks.map(toPrefix);
}

/** A network, of IPv4 if it is one inside IPv6. */
function toPrefix(network: string | Prefix): Prefix {
  if (!(network instanceof Prefix) && typeof network !== 'string') {
    throw new TypeError('A network must be a Prefix or a text such as "10.0.0.0/8"');
  }
  const prefix = typeof network === 'string' ? Prefix.parse(network) : network;
  if (!prefix.isValid()) throw new RangeError('A network must be a valid Prefix');
  return prefix.addr.is4In6() && prefix.bits >= 96 ? Prefix.from(prefix.addr.unmap(), prefix.bits - 96) : prefix;
}

/** The IP address in what a hook is told; none where nothing but this machine is meant. */
function ipOf(address: string): Addr | null {
  const whole = Addr.tryParse(address);
  if (whole !== null) return whole;
  try {
    return Addr.tryParse(splitHostPort(address).host);
  } catch {
    return null;
  }
}
