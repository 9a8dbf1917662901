// Pairs of Unix sockets of datagrams, on paths or abstract names, connected to each other or not.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { dial, dialUnix, listenPacket, listenUnixgram, type RawConn, UnixAddr, type UnixConn } from 'gonet';
import { SO_SNDBUF, SOL_SOCKET } from 'gonet/syscall';

import { Sockaddr } from '../../src/syscall/sockaddr.ts';
import { sys } from '../../src/syscall/sys.ts';
import type { PacketPair } from './packet-pair.ts';
import { LIMIT } from './pair.ts';
import { TempDir } from './tempdir.ts';

/** Two names for sockets, and what is to be done with them afterwards. */
interface Names {
  readonly a: string;
  readonly b: string;
  done(): void;
}

/** Where the sockets of a pair are. */
export type Place = 'paths' | 'abstract names' | 'names that the kernel chooses';

let count = 0;

function names(place: Place): Names {
  if (place === 'names that the kernel chooses') return { a: '', b: '', done: () => {} };
  if (place === 'abstract names') {
    const name = `@gonet-gram-${process.pid}-${count++}`;
    return { a: `${name}a`, b: `${name}b`, done: () => {} };
  }
  const dir = new TempDir();
  return { a: dir.file('a'), b: dir.file('b'), done: () => dir[Symbol.dispose]() };
}

/** An address of `unixgram`. */
export const gram = (name: string): UnixAddr => new UnixAddr(name, 'unixgram');

/** Two that receive from all. */
export async function gramPair(place: Place = 'paths'): Promise<PacketPair<UnixConn>> {
  const { a: atA, b: atB, done } = names(place);
  const a = await listenPacket('unixgram', atA);
  const b = await listenUnixgram('unixgram', gram(atB));
  const stop = (): void => {
    a.close();
    b.close();
    done();
  };
  return { a, b, stop };
}

/**
 * Two that are connected to each other. Each must be there when the other one connects, so `a` is bound in the hook of its dial, and
 * `b` dials it meanwhile.
 */
export async function connectedGrams(place: Place = 'paths'): Promise<PacketPair<UnixConn>> {
  const { a: atA, b: atB, done } = names(place);
  let dialed: UnixConn | null = null;
  const control = async (_network: string, _address: string, raw: RawConn): Promise<void> => {
    const sa = new Sockaddr();
    raw.control((fd) => assert.equal(sys.bind(fd, sa.bytes, sa.setUnix(atA)), 0));
    dialed = await dial('unixgram', atA, { localAddr: gram(atB) });
  };
  const a = await dialUnix('unixgram', null, gram(atB), { control });
  const b = dialed!;
  const stop = (): void => {
    a.close();
    b.close();
    done();
  };
  return { a, b, stop };
}

/** Bytes of the largest datagram: all of the send buffer but 32. unix(7) */
export async function largest(): Promise<number> {
  await using conn = await listenPacket('unixgram', '');
  return conn.syscallConn().getsockopt(SOL_SOCKET, SO_SNDBUF) - 32;
}

/** One test on a fresh pair. */
export function gramTest(name: string, body: (pair: PacketPair<UnixConn>) => Promise<void>, place?: Place): void {
  test(name, { timeout: LIMIT }, async () => {
    const pair = await gramPair(place);
    try {
      await body(pair);
    } finally {
      pair.stop();
    }
  });
}
