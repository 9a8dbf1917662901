// What these tests need of the machine, tried once: for `skip`, the reason why they cannot run, or false.

import { existsSync } from 'node:fs';

import { complaint } from './command.ts';

const RULES = `
  add table inet probe
  add chain inet probe arriving { type filter hook input priority 0; }
  add rule inet probe arriving meta l4proto tcp numgen random mod 100 < 10 counter drop
  add rule inet probe arriving meta l4proto tcp counter reject with tcp reset
  add rule inet probe arriving counter reject with icmpx host-unreachable
`;
const inside = ['--net', '--'];

function hosts(): string | false {
  if (process.geteuid?.() !== 0) return 'network namespaces need root';
  if (!existsSync('/proc/self/ns/net')) return 'this system has no network namespaces';
  if (!existsSync('/proc/net/if_inet6')) return 'this system has no IPv6';
  for (const [tool, flag] of [
    ['unshare', '--version'],
    ['nsenter', '--version'],
    ['ip', '-Version'],
    ['nft', '--version'],
  ] as const) {
    if (complaint(tool, [flag]) !== false) return `no ${tool} on this machine`;
  }
  const refused = complaint('unshare', [...inside, 'ip', 'link', 'set', 'lo', 'up']);
  if (refused !== false) return `no network namespace may be made here: ${refused}`;
  const pair = complaint('unshare', [
    ...inside,
    'ip',
    'link',
    'add',
    'probe0',
    'type',
    'veth',
    'peer',
    'name',
    'probe1',
  ]);
  if (pair !== false) return `no veth pair may be made here: ${pair}`;
  const rules = complaint('unshare', [...inside, 'nft', '-f', '-'], RULES);
  if (rules !== false) return `nft does not take the rules: ${rules}`;
  return false;
}

function relay(): string | false {
  if (!existsSync('/dev/net/tun')) return 'no /dev/net/tun on this machine';
  if (complaint('python3', ['--version']) !== false) return 'no python3 on this machine';
  return complaint('unshare', [...inside, 'ip', 'tuntap', 'add', 'probe', 'mode', 'tun']);
}

/** Why there can be no hosts of our own, or false. */
export const noHosts: string | false = hosts();

/** Why there can be no slow or lossy link between them, or false. */
export const noRelay: string | false = noHosts === false ? relay() : noHosts;
