// The record of system calls: the only door to the kernel for every floor above. Tests and the tracer replace entries; whoever
// calls writes `sys.recv(…)`, never an imported `recv`. The backend is loaded by the first call, not by the import.

import { UnsupportedError } from '../errors.ts';
import { unsupported } from './arch.ts';
import type { Backend, Sys } from './backend.ts';
import { ffiBackend } from './libc.ts';

let loaded: Backend | null = null;

/** Loads the backend if that has not happened, fills the record and returns it. Throws an UnsupportedError on other systems. */
export function load(): Backend {
  if (loaded !== null) return loaded;
  const why = unsupported();
  if (why !== null) throw new UnsupportedError(why);
  loaded = ffiBackend();
  Object.assign(sys, loaded.sys);
  return loaded;
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
  read: lazy('read'),
  write: lazy('write'),
  readv: lazy('readv'),
  writev: lazy('writev'),
  close: lazy('close'),
  fcntl: lazy('fcntl'),
  epoll_create1: lazy('epoll_create1'),
  epoll_ctl: lazy('epoll_ctl'),
  epoll_wait: lazy('epoll_wait'),
  if_nametoindex: lazy('if_nametoindex'),
  if_indextoname: lazy('if_indextoname'),
};
