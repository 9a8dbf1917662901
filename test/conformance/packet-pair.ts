// What the packet suite is given, and how each of its tests gets a fresh pair and gives it back. Kinds of sockets differ in what
// their traits say and in nothing else. Knows PacketConn, and of what some have beyond it the form.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { type Addr, type Conn, type IOOptions, PacketBatch, type PacketConn } from 'gonet';
import { LIMIT } from './pair.ts';

/** A datagram as `readMsg` gives it, as far as all kinds agree. */
export interface Told {
  readonly n: number | null;
  readonly flags: number;
  readonly truncated?: boolean;
  readonly addr: Addr | null;
}

/** A socket of datagrams, with what some kinds do not have. */
export interface Datagrams extends Conn, PacketConn {
  readMsg?(into: Uint8Array, options?: IOOptions): Promise<Told>;
  writeMsg?(
    data: Uint8Array | string,
    message?: { readonly addr?: Addr | undefined },
    options?: IOOptions,
  ): Promise<number>;
  readBatch?(batch: PacketBatch, options?: IOOptions): Promise<number>;
  writeBatch?(batch: PacketBatch, options?: IOOptions): Promise<number>;
}

/** Two sockets that can send to each other. */
export interface PacketPair<C extends Datagrams = Datagrams> {
  readonly a: C;
  readonly b: C;
  /** Where each is reached, and what the other sees as the sender, where that is not its local address. */
  readonly atA?: Addr;
  readonly atB?: Addr;
  /** The network in the errors of both ends, where it is not the one of their addresses. */
  readonly network?: string;
  /** Closes whatever the test left open. */
  stop(): void;
}

/** Makes a pair, with nothing sent yet. */
export type MakePackets = () => Promise<PacketPair>;

/** The ways to receive that may give a header before the data. */
export type Way = 'read' | 'readFrom' | 'readMsg' | 'readBatch' | 'packets' | 'iteration';

/** In what one kind differs from others. */
export interface PacketTraits {
  /** Bytes of the largest datagram; one more is EMSGSIZE. */
  readonly largest: number;
  /** Whether a datagram may be empty; default true. */
  readonly empty?: boolean;
  /** Whether there are readMsg and writeMsg; default true. */
  readonly messages?: boolean;
  /** Whether there are readBatch and writeBatch; default true. */
  readonly batches?: boolean;
  /** Bytes before the data in what a way of receiving gives; default none. */
  readonly header?: Readonly<Partial<Record<Way, number>>>;
  /** The code of a write without a receiver; default EDESTADDRREQ. */
  readonly aimless?: string;
  /** Whether a writer waits where nobody reads; default false, datagrams are lost instead. */
  readonly waits?: boolean;
  /** Makes two that are connected to each other. */
  readonly connected?: MakePackets;
}

/** A pair with all that a test needs of it. */
export interface Scene {
  readonly a: Datagrams;
  readonly b: Datagrams;
  readonly atA: Addr;
  readonly atB: Addr;
  readonly network: string;
  /** Sends from `a` to `b` or back; the count. */
  send(data: Uint8Array | string): Promise<number>;
  back(data: Uint8Array | string): Promise<number>;
}

/** Kinds of sockets for the themes of the suite. */
export interface Kind {
  readonly make: MakePackets;
  readonly traits: PacketTraits;
}

/** How many datagrams may be under way where nobody reads: unix(7) keeps ten. */
export const BURST = 8;

/** One test on a pair of its own; `skip` is the reason why it is not run. */
export function packetTest(
  name: string,
  { make }: Kind,
  body: (scene: Scene) => Promise<void> | void,
  skip: string | false = false,
): void {
  test(name, { timeout: LIMIT, skip }, async () => {
    const pair = await make();
    try {
      await body(toScene(pair));
    } finally {
      pair.stop();
    }
  });
}

function toScene({ a, b, atA = a.localAddr, atB = b.localAddr, network = a.localAddr.network }: PacketPair): Scene {
  const way =
    (from: Datagrams, to: Addr) =>
    (data: Uint8Array | string): Promise<number> =>
      from.remoteAddr === null ? from.writeTo(data, to) : from.write(data);
  return { a, b, atA, atB, network, send: way(a, atB), back: way(b, atA) };
}

/** For `skip`: why there are no messages or batches, or false. */
export const noMessages = ({ traits: { messages = true } }: Kind): string | false =>
  messages ? false : 'this kind has no readMsg and writeMsg';
export const noBatches = ({ traits: { batches = true } }: Kind): string | false =>
  batches ? false : 'this kind has no readBatch and writeBatch';

/** The next datagram as a text, by readFrom. */
export async function take(conn: Datagrams): Promise<string> {
  return (await takeBytes(conn)).toString();
}

export async function takeBytes(conn: Datagrams): Promise<Buffer> {
  const into = Buffer.alloc(70_000);
  const { n } = await conn.readFrom(into);
  return into.subarray(0, n);
}

/** One from each side arrives at the other: nothing of before is left, and both work. */
export async function inStep({ a, b, send, back }: Scene): Promise<void> {
  const both = [take(a), take(b)];
  await Promise.all([send('to b'), back('to a')]);
  assert.deepEqual(await Promise.all(both), ['to a', 'to b']);
}

type Call = (conn: Datagrams, options?: IOOptions) => Promise<unknown>;

/** Every way to receive one datagram. */
export function reads({ traits }: Kind): Readonly<Record<string, Call>> {
  const into = (): Buffer => Buffer.alloc(2048);
  return {
    readFrom: (conn, options) => conn.readFrom(into(), options),
    read: (conn, options) => conn.read(into(), options),
    ...(traits.messages !== false && { readMsg: (conn, options) => conn.readMsg!(into(), options) }),
    ...(traits.batches !== false && {
      readBatch: (conn, options) => conn.readBatch!(new PacketBatch({ capacity: 1 }), options),
    }),
  };
}

/** Every way to send `x` to an address, or with null to the connected peer. */
export function writes({ traits }: Kind, addr: Addr | null): Readonly<Record<string, Call>> {
  const message = addr === null ? {} : { addr };
  const batch = (): PacketBatch => {
    const made = new PacketBatch({ capacity: 1 });
    made.add(Buffer.from('x'), addr);
    return made;
  };
  return {
    ...(addr === null
      ? {
          write: (conn, options) => conn.write('x', options),
          writev: (conn, options) => conn.writev([Buffer.from('x')], options),
        }
      : { writeTo: (conn, options) => conn.writeTo('x', addr, options) }),
    ...(traits.messages !== false && { writeMsg: (conn, options) => conn.writeMsg!('x', message, options) }),
    ...(traits.batches !== false && { writeBatch: (conn, options) => conn.writeBatch!(batch(), options) }),
  };
}
