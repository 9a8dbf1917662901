// Makes sockets that take a capability, as a user who may nothing: gives up its privileges, if it has any, when everything is
// loaded, and prints what becomes of each, as one line of JSON.

import { readFileSync } from 'node:fs';

import { dial, dialIP, IPAddr, listen, listenIP, listenPacket } from 'gonet';
import { Addr } from 'gonet/netip';
import { AF_INET, AF_PACKET, IPPROTO_ICMP, SOCK_RAW, socket } from 'gonet/syscall';

const NOBODY = 65_534;

const listener = await listen('tcp', '127.0.0.1:0');
(await dial('tcp', listener.addr.toString())).close();
listener.close();
if (process.getuid!() === 0) {
  process.setgroups!([]);
  process.setgid!(NOBODY);
  process.setuid!(NOBODY);
}
const [, capabilities = ''] = /^CapEff:\s*(\w+)$/m.exec(readFileSync('/proc/self/status', 'utf8')) ?? [];

const lo = new IPAddr(Addr.parse('127.0.0.1'));
const attempts: Readonly<Record<string, () => Promise<{ close(): void }> | { close(): void }>> = {
  dial: () => dial('ip4:icmp', '127.0.0.1'),
  dialIP: () => dialIP('ip4:1', null, lo),
  listenPacket: () => listenPacket('ip4:icmp', '127.0.0.1'),
  listenIP: () => listenIP('ip4:1', lo),
  socket: () => socket(AF_INET, SOCK_RAW, IPPROTO_ICMP),
  packet: () => socket(AF_PACKET, SOCK_RAW),
};

const told: Record<string, string> = {};
for (const [name, attempt] of Object.entries(attempts)) {
  try {
    (await attempt()).close();
    told[name] = 'done';
  } catch (error) {
    const { code, message } = error as Error & { readonly code?: string };
    told[name] = `${code} ${message}`;
  }
}
console.log(JSON.stringify({ capabilities: Number.parseInt(capabilities, 16), told }));
