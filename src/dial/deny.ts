// A Control hook against forged requests: whoever may choose what a service connects to must not reach the service's own machine
// and network that way. It sees the address that is dialed, not the name, so a name that changes its mind between check and dial
// (DNS rebinding) gets nowhere.

import { isIPv4 } from '../addr/addrlist.ts';
import { splitHostPort } from '../addr/hostport.ts';
import { Addr, Prefix } from '../addr/ip.ts';
import { notPublic } from '../addr/reach.ts';
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
export function denyPrivate({ allow = [], deny = [] }: DenyPrivateOptions = {}): Control {
  const allowed = allow.map(toPrefix);
  const denied = deny.map(toPrefix);
  return (_network, address) => {
    const addr = ipOf(address);
    if (addr === null) throw new AddrError('local address is denied', address);
    const forms = isIPv4(addr) ? [addr.unmap(), addr] : [addr];
    const within = (prefixes: readonly Prefix[]): boolean =>
      prefixes.some((prefix) => forms.some((form) => prefix.contains(form.withZone(''))));
    if (within(denied)) throw new AddrError('address is denied', addr.toString());
    if (within(allowed)) return;
    const kind = notPublic(addr);
    if (kind !== null) throw new AddrError(`${kind} address is denied`, addr.toString());
  };
}

function toPrefix(network: string | Prefix): Prefix {
  if (network instanceof Prefix) return network;
  if (typeof network !== 'string') throw new TypeError('A network must be a Prefix or a text such as "10.0.0.0/8"');
  return Prefix.parse(network);
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
