// Tells what happens on every floor as it happens: the steps that the floors publish, and each system call, by swapping the
// entries of the record for ones that report. One line per step: microseconds since the start, floor, what.

import { errnoName } from '../syscall/errno.ts';
import type { Sys } from '../syscall/backend.ts';
import { load, sys } from '../syscall/sys.ts';
import * as constants from '../syscall/zconst_linux.ts';
import { follow } from '../trace.ts';

const FLOORS = ['0 syscall', '1 poll', '2 fd', '3 conn', '4 dns', '5 dial'];

/** Calls that say nothing new: the loop's own. */
const SILENT: ReadonlySet<string> = new Set(['epoll_wait', 'if_nametoindex', 'if_indextoname']);

/** Starts telling through `print`; the function that it returns stops it. */
export function trace(print: (line: string) => void): () => void {
  load();
  const start = process.hrtime.bigint();
  const tell = (floor: number, what: string): void => {
    const us = String((process.hrtime.bigint() - start) / 1000n).padStart(8);
    print(`${us} µs  ${(FLOORS[floor] ?? '').padEnd(10)} ${what}`);
  };
  const stop = follow(({ floor, what }) => tell(floor, what));
  const original = { ...sys };
  for (const name of Object.keys(sys) as (keyof Sys)[]) {
    if (!SILENT.has(name)) swap(name, tell);
  }
  return () => {
    stop();
    Object.assign(sys, original);
  };
}

function swap(name: keyof Sys, tell: (floor: number, what: string) => void): void {
  const real = sys[name] as (...args: unknown[]) => number;
  const told = (...args: unknown[]): number => {
    const result = real(...args);
    tell(0, `${name}(${argumentsOf(name, args)}) = ${result < 0 ? errnoName(result) : result}`);
    return result;
  };
  Object.assign(sys, { [name]: told });
}

/** The arguments as their man pages name them; buffers are left out. */
function argumentsOf(name: keyof Sys, args: readonly unknown[]): string {
  const numbers = args.filter((arg) => typeof arg === 'number');
  const [first = 0, second = 0, third = 0] = numbers;
  if (name === 'socket' || name === 'socketpair') return `${nameOf('AF_', first)}, ${flags('SOCK_', second)}, ${third}`;
  if (name === 'accept4') return `${first}, ${flags('SOCK_', second)}`;
  if (name === 'epoll_ctl') {
    const interest = second === constants.EPOLL_CTL_ADD ? `, ${flags('EPOLL', (args[3] as Int32Array)[0]!)}` : '';
    return `${first}, ${nameOf('EPOLL_CTL_', second)}, ${third}${interest}`;
  }
  if (name === 'setsockopt' || name === 'getsockopt') return `${first}, ${option(second, third)}${value(name, args)}`;
  if (name === 'shutdown') return `${first}, ${nameOf('SHUT_', second)}`;
  if (name.endsWith('mmsg')) return `${first}, ${third} messages`;
  if (/^(?:recv|send)/.test(name)) return `${first}, ${third} bytes`;
  if (name === 'bind' || name === 'connect') return `${first}`;
  return numbers.join(', ');
}

function option(level: number, name: number): string {
  if (level === constants.SOL_SOCKET) return nameOf('SO_', name);
  return level === constants.IPPROTO_TCP ? nameOf('TCP_', name) : nameOf('IPV6_', name);
}

function value(name: keyof Sys, args: readonly unknown[]): string {
  const bytes = args[3] as Uint8Array;
  return name === 'setsockopt' ? `, ${new DataView(bytes.buffer, bytes.byteOffset).getInt32(0, true)}` : '';
}

function nameOf(prefix: string, number: number): string {
  // SO_EE_ORIGIN_… and its kin are no options.
  const found = Object.entries(constants).find(
    ([name, each]) => name.startsWith(prefix) && !name.startsWith('SO_EE_') && each === number,
  );
  return found?.[0] ?? String(number);
}

/** What is set in a word: a socket type with its flags, or the bits of an epoll interest. */
function flags(prefix: 'SOCK_' | 'EPOLL', word: number): string {
  const single = (each: number): boolean => (each & (each - 1)) === 0 && (word & each) !== 0;
  const names = Object.entries(constants).filter(([name, each]) => {
    if (!name.startsWith(prefix) || name.startsWith('EPOLL_')) return false;
    const isType = prefix === 'SOCK_' && each <= 0xf;
    return isType ? (word & 0xf) === each : single(each);
  });
  return names.map(([name]) => name).join('|') || '0';
}
