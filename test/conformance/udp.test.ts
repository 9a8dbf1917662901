// UDP over loopback keeps every promise of PacketConn: on IPv4, on IPv6, and on one socket for both. The conn suite is for streams:
// it reads in pieces, to an end, and fills up what never fills; what it says of datagrams is in the packet suite's connected part.

import { withoutIPv6 } from '../e2e/loopback.ts';
import { packetSuite } from './packet-suite.ts';
import { checkLeaks } from './sockets.ts';
import { connectedUDP, udpPair } from './udp-pair.ts';
import { describe } from 'node:test';

checkLeaks();

/** What is left of 65,535 bytes after the headers of IPv4 and UDP, and of UDP alone. */
const IPV4 = 65_507;
const IPV6 = 65_527;

packetSuite('udp4', () => udpPair('udp4', '127.0.0.1'), {
  largest: IPV4,
  connected: () => connectedUDP('udp4', '127.0.0.1'),
});

describe('with IPv6', { skip: withoutIPv6 }, () => {
  packetSuite('udp6', () => udpPair('udp6', '::1'), {
    largest: IPV6,
    connected: () => connectedUDP('udp6', '::1'),
  });

  packetSuite('udp of both families, spoken to by IPv4', () => udpPair('udp', '', '127.0.0.1'), { largest: IPV4 });

  packetSuite('udp of both families, spoken to by IPv6', () => udpPair('udp', '', '::1'), { largest: IPV6 });
});
