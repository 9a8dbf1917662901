// The record of system calls: the only door to the kernel for every floor above. Tests and the tracer replace entries; whoever
// calls writes `sys.recv(…)`, never an imported `recv`. The backend is loaded by the first call, not by the import.

import { UnsupportedError } from '../errors.ts';
import { unsupported } from './arch.ts';
import type { Backend, Batch, Sys } from './backend.ts';
import { ffiBackend } from './libc.ts';
import { hasAddon, nativeBackend } from './native.ts';

type Name = Backend['name'];

/** What the environment variable GONET_BACKEND asks for; null for whatever is there. */
function asked(): Name | null {
  const name = process.env['GONET_BACKEND'] ?? '';
  if (name === '') return null;
  if (name === 'ffi' || name === 'native') return name;
  throw new UnsupportedError(`GONET_BACKEND must be "ffi" or "native", not "${name}"`);
}

function expected(): Name {
  if (unsupported() !== null) return 'ffi';
  const { GONET_BACKEND: name } = process.env;
  return name === 'ffi' || name === 'native' ? name : hasAddon() ? 'native' : 'ffi';
}

/**
 * The backend in use: `native`, the addon in C, or `ffi`, koffi. Before the first socket call, which loads it, the one that will
 * be tried: the addon where there is one. The environment variable GONET_BACKEND forces one of the two.
 */
export let backend: 'ffi' | 'native' = expected();

let loaded: Backend | null = null;

/** Loads the backend if that has not happened, fills the record and returns it. Throws an UnsupportedError on other systems. */
export function load(): Backend {
  if (loaded !== null) return loaded;
  const why = unsupported();
  if (why !== null) throw new UnsupportedError(why);
  loaded = choose();
  backend = loaded.name;
  Object.assign(sys, loaded.sys);
  return loaded;
}

function choose(): Backend {
  const forced = asked();
  if (forced === 'ffi' || (forced === null && !hasAddon())) return ffiBackend();
  try {
    return nativeBackend();
  } catch (cause) {
    const why = `the native backend cannot be loaded: ${cause instanceof Error ? cause.message : String(cause)}`;
    if (forced === 'native') throw new UnsupportedError(`GONET_BACKEND is "native", but ${why}`, { cause });
    const fallback = ffiBackend();
    process.emitWarning(`gonet uses koffi, because ${why}`, { code: 'GONET_NATIVE' });
    return fallback;
  }
}

/** recv(2) for many descriptors at once; null where the backend has no such thing, or the record's own entry was replaced. */
export function recvBatch(): Batch | null {
  return loaded !== null && sys.recv === loaded.sys.recv ? (loaded.batches?.recv ?? null) : null;
}

/** send(2) likewise. */
export function sendBatch(): Batch | null {
  return loaded !== null && sys.send === loaded.sys.send ? (loaded.batches?.send ?? null) : null;
}

/** The descriptor was made elsewhere and is closed with this thread from now on. */
export function own(fd: number): void {
  load().own(fd);
}

/** The descriptor is somebody else's from now on. */
export function disown(fd: number): void {
  load().disown(fd);
}

function lazy<K extends keyof Sys>(name: K): Sys[K] {
  const entry = (...args: never[]): number => {
    load();
    const call = sys[name] as (...args: never[]) => number;
    return call(...args);
  };
  return entry as Sys[K];
}

/** The record. Until the backend is loaded, an entry loads it and then calls what has taken its place. */
export const sys: Sys = {
  socket: lazy('socket'),
  socketpair: lazy('socketpair'),
  bind: lazy('bind'),
  connect: lazy('connect'),
  listen: lazy('listen'),
  accept4: lazy('accept4'),
  getsockname: lazy('getsockname'),
  getpeername: lazy('getpeername'),
  shutdown: lazy('shutdown'),
  getsockopt: lazy('getsockopt'),
  setsockopt: lazy('setsockopt'),
  recv: lazy('recv'),
  send: lazy('send'),
  recvfrom: lazy('recvfrom'),
  sendto: lazy('sendto'),
  recvmsg: lazy('recvmsg'),
  sendmsg: lazy('sendmsg'),
  recvmmsg: lazy('recvmmsg'),
  sendmmsg: lazy('sendmmsg'),
  read: lazy('read'),
  write: lazy('write'),
  readv: lazy('readv'),
  writev: lazy('writev'),
  close: lazy('close'),
  fcntl: lazy('fcntl'),
  fchmod: lazy('fchmod'),
  epoll_create1: lazy('epoll_create1'),
  epoll_ctl: lazy('epoll_ctl'),
  epoll_wait: lazy('epoll_wait'),
  if_nametoindex: lazy('if_nametoindex'),
  if_indextoname: lazy('if_indextoname'),
};
