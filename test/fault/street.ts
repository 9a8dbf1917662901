// A street of loopback addresses behind one port: every one of them is served by one listener, unless a fault is planned for
// it. So a dial of a name meets living, refusing, unreachable and silent addresses in any order.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { type Control, dial, type DialOptions, type HostResolver, listen, type TCPConn, type TCPListener } from 'gonet';
import { Addr } from 'gonet/netip';

import { Sockaddr } from '../../src/syscall/sockaddr.ts';
import { noLeak } from './descriptors.ts';
import { stalled } from './pair.ts';
import { every, Plan, type Swap } from './plan.ts';

/** The street, with a plan that is about its addresses. */
export interface Street extends Disposable {
  readonly plan: Plan;
  readonly listener: TCPListener;
  readonly port: number;
  /** A name for the resolver, with the port. */
  readonly target: string;
  /** The addresses that were dialed, in order. */
  readonly dialed: readonly string[];
  /** Connects to `host` answer `errno`. */
  refuse(host: string, errno: number): void;
  /** Connects to `host`, an IPv4 address, get no answer: they end up before a listener whose backlog is full. */
  silence(host: string): void;
}

/** The address that a call of connect is given, as text. */
function hostOf(bytes: Uint8Array, length: number): string {
  const sa = new Sockaddr().clear();
  sa.bytes.set(bytes.subarray(0, length));
  return sa.ip.toString();
}

export async function street(): Promise<Street> {
  const listener = await listen('tcp', ':0');
  const hole = await stalled();
  const { port } = listener.addr;
  const nowhere = new Sockaddr();
  const length = nowhere.setInet4(hole.addr.ip.as4(), hole.addr.port);
  const plan = new Plan();
  const dialed: string[] = [];
  // A rule that fits no call: the buffer says where to during the call only.
  plan.swap('connect', every, (real, ...args) => real(...args), {
    where: (_fd, addr, size) => dialed.push(hostOf(addr, size)) < 0,
  });
  const swap = (host: string, what: Swap<'connect'>): void => {
    plan.swap('connect', every, what, { where: (_fd, addr, size) => hostOf(addr, size) === host });
  };
  const dispose = (): void => {
    plan[Symbol.dispose]();
    hole[Symbol.dispose]();
    listener.close();
  };
  return {
    plan,
    listener,
    port,
    target: `street.test:${port}`,
    dialed,
    refuse: (host, errno) => swap(host, () => -errno),
    silence: (host) => swap(host, (real, fd) => real(fd, nowhere.bytes, length)),
    [Symbol.dispose]: dispose,
  };
}

/** Somebody who knows one name, of these addresses. */
export function knows(...hosts: readonly string[]): { readonly resolver: HostResolver } {
  const addrs = hosts.map((host) => Addr.parse(host));
  return { resolver: { lookupNetIP: () => Promise.resolve(addrs) } };
}

/** `127.0.0.2` for 2. */
export const host = (last: number): string => `127.0.0.${last}`;

/** Dials the street by its name. */
export const dialStreet = (road: Street, hosts: readonly string[], options: DialOptions = {}): Promise<TCPConn> =>
  dial('tcp', road.target, { ...knows(...hosts), ...options });

/** A hook that does `what` for these addresses, and lets the others pass. */
export const hookFor =
  (lasts: readonly number[], what: () => void | Promise<void>): Control =>
  (_network, address) =>
    lasts.some((last) => address.startsWith(`${host(last)}:`)) ? what() : undefined;

/** Runs `body` on a street with a plan, and fails if it leaves a descriptor or anything that keeps the process alive. */
export function onStreet(
  name: string,
  body: (road: Street) => Promise<void>,
  options: { readonly skip?: string | false } = {},
): void {
  test(name, { timeout: 10_000, ...options }, async () => {
    const before = holders();
    await noLeak(async () => {
      using road = await street();
      await body(road);
    });
    assert.deepEqual(holders(), before);
  });
}

/** What keeps the process alive, but for what goes by itself with this turn of the loop. */
const holders = (): string[] =>
  process
    .getActiveResourcesInfo()
    .filter((each) => !PASSING.has(each))
    .toSorted();
const PASSING: ReadonlySet<string> = new Set(['CloseReq', 'Immediate']);
