// fromFd of datagrams: a socket of UDP, ICMP echo, unixgram or raw IP goes on where it was, with a peer and without one; and of an
// OwnedFd, which is spent only when that works.

import assert from 'node:assert/strict';
import { openSync } from 'node:fs';
import { test } from 'node:test';

import {
  type AdoptedSocket,
  ClosedError,
  type Conn,
  dial,
  fromFd,
  IPConn,
  listen,
  listenPacket,
  listenUnixgram,
  dialUnix,
  OpError,
  OwnedFd,
  PacketBatch,
  type PacketConn,
  TCPListener,
  UDPConn,
  UnixAddr,
  UnixConn,
  WriteToConnectedError,
} from 'gonet';
import { getsockopt, O_CLOEXEC, O_NONBLOCK, SO_TYPE, SOL_SOCKET } from 'gonet/syscall';
import { failure, staysPending, thrown, timesOut } from './outcome.ts';
import { LIMIT } from './pair.ts';
import { checkLeaks, flagsOf, linkOf } from './sockets.ts';

checkLeaks();

type Packets = UDPConn | IPConn | UnixConn;

interface Row {
  readonly name: string;
  readonly kind: new (...args: never[]) => Packets;
  /** What its errors call it when it is adopted. */
  readonly network: string;
  /** A socket that has no peer and can be sent to. */
  bound(): Promise<Packets>;
  /** One that is connected to it. */
  connected(to: Packets): Promise<Packets>;
  /** What comes back of `text` where the kernel answers by itself. */
  readonly answers?: true;
  /** Whether the kernel does not tell the peer. */
  readonly secret?: true;
}

const udp = (name: string, host: string): Row => ({
  name,
  kind: UDPConn,
  network: 'udp',
  bound: () => listenPacket(name, `${host}:0`) as Promise<UDPConn>,
  connected: (to) => dial('udp', to.localAddr.toString()),
});

const raw = (name: string, host: string): Row => ({
  name,
  kind: IPConn,
  network: 'ip',
  bound: () => listenPacket(name, host) as Promise<IPConn>,
  connected: () => dial(name, host) as Promise<Conn> as Promise<IPConn>,
  secret: true,
});

let count = 0;

const ROWS: readonly Row[] = [
  udp('udp4', '127.0.0.1'),
  udp('udp6', '[::1]'),
  {
    name: 'unixgram',
    kind: UnixConn,
    network: 'unixgram',
    bound: () => listenUnixgram('unixgram', new UnixAddr('', 'unixgram')),
    connected: (to) => {
      const local = new UnixAddr(`@gonet-adopt-${process.pid}-${count++}`, 'unixgram');
      return dialUnix('unixgram', local, to.localAddr as UnixAddr);
    },
  },
  // Protocols for experiments, RFC 3692.
  raw('ip4:253', '127.0.0.1'),
  raw('ip6:254', '::1'),
];

/** Its bound socket, or the reason why there is none on this machine. */
async function boundOf({ bound }: Row): Promise<Packets | string> {
  try {
    return await bound();
  } catch (error) {
    assert.ok(error instanceof OpError && /^(?:EPERM|EACCES|EADDRNOTAVAIL|EAFNOSUPPORT)$/.test(error.code), `${error}`);
    return error.message;
  }
}

/** Adopts the descriptor of `conn`, which is spent. */
function adopted(row: Row, conn: Packets): Packets {
  const { localAddr } = conn;
  const socket: AdoptedSocket = fromFd(conn.detach());
  assert.ok(socket instanceof row.kind);
  assert.deepEqual([String(socket.localAddr), socket.localAddr.network], [String(localAddr), localAddr.network]);
  return socket;
}

/** Sends and receives as both ends do that have the same kind of address. */
const writeTo = (from: Packets, text: string, to: Packets): Promise<number> =>
  (from as PacketConn).writeTo(text, to.localAddr);

async function hears(conn: Packets, text: string, from: Packets): Promise<void> {
  const into = Buffer.alloc(256);
  const { n, addr } = await conn.readFrom(into);
  assert.deepEqual([into.toString('latin1', 0, n), String(addr)], [text, String(from.localAddr)]);
}

for (const row of ROWS) {
  test(`${row.name} without a peer`, { timeout: LIMIT }, async (t) => {
    const first = await boundOf(row);
    if (typeof first === 'string') return t.skip(first);
    await using conn = adopted(row, first);
    await using other = (await boundOf(row)) as Packets;
    assert.equal(conn.remoteAddr, null);
    const { message } = await timesOut(conn.readFrom(Buffer.alloc(1), { deadline: 1 }), 'read');
    assert.equal(message, `read ${row.network} ${conn.localAddr}: i/o timeout`);
    if (row.kind !== IPConn) {
      const reading = hears(conn, 'one', other);
      await staysPending(reading);
      await writeTo(other, 'one', conn);
      await reading;
      await writeTo(conn, 'two', other);
      await hears(other, 'two', conn);
    } else {
      // Each socket of the protocol hears everything.
      await writeTo(conn, 'one', conn);
      await hears(conn, 'one', conn);
    }
    const { code } = await failure(conn.write('x'), 'write');
    assert.equal(code, row.network === 'unixgram' ? 'ENOTCONN' : 'EDESTADDRREQ');
  });

  test(`${row.name} with a peer`, { timeout: LIMIT }, async (t) => {
    const far = await boundOf(row);
    if (typeof far === 'string') return t.skip(far);
    await using other = far;
    await using conn = adopted(row, await row.connected(other));
    await conn.write('one');
    await hears(other, 'one', conn);
    if (row.secret === true) return assert.equal(conn.remoteAddr, null);
    assert.equal(String(conn.remoteAddr), String(other.localAddr));
    await writeTo(other, 'two', conn);
    const into = Buffer.alloc(8);
    assert.equal(await conn.read(into), 3);
    const refused = await failure(writeTo(conn, 'x', other), 'write');
    assert.ok(refused.cause instanceof WriteToConnectedError);
    const { message } = await timesOut(conn.read(into, { deadline: 1 }), 'read');
    assert.equal(message, `read ${row.network} ${conn.localAddr}->${other.localAddr}: i/o timeout`);
  });
}

for (const [network, host] of [
  ['udp4:icmp', '127.0.0.1'],
  ['udp6:ipv6-icmp', '::1'],
] as const) {
  test(`${network}: an echo that is under way arrives`, { timeout: LIMIT }, async (t) => {
    let first: UDPConn;
    try {
      first = (await listenPacket(network, host)) as UDPConn;
    } catch (error) {
      assert.ok(error instanceof OpError);
      return t.skip(error.message);
    }
    const to = first.localAddr;
    const request = Buffer.from([host === '::1' ? 128 : 8, 0, 0, 0, 0, 0, 0, 1, 0x68, 0x69]);
    await first.writeTo(request, to);
    await using conn = adopted({ kind: UDPConn } as Row, first) as UDPConn;
    const into = Buffer.alloc(64);
    const { n } = await conn.readFrom(into);
    assert.deepEqual([n, into[0], into.toString('latin1', 8, n)], [request.length, host === '::1' ? 129 : 0, 'hi']);
    const { message } = await timesOut(conn.read(into, { deadline: 1 }));
    assert.equal(message, `read ${network.slice(0, 4)} ${to}: i/o timeout`);
  });
}

test('batches leave an adopted UDP socket whole and in order', { timeout: LIMIT }, async () => {
  await using to = (await listenPacket('udp', '127.0.0.1:0')) as UDPConn;
  await using conn = fromFd((await dial('udp', to.localAddr.toString())).detach());
  assert.ok(conn instanceof UDPConn);
  const batch = new PacketBatch();
  for (let i = 0; i < 20; i++) batch.add(Buffer.alloc(100, i));
  assert.equal(await conn.writeBatch(batch), 20);
  const into = Buffer.alloc(200);
  for (let i = 0; i < 20; i++) assert.deepEqual([await to.read(into), into[99]], [100, i]);
});

// OwnedFd ───────────────────────────────────────────────────────────────────

test('an OwnedFd is spent when its descriptor is adopted', { timeout: LIMIT }, async () => {
  using listener = await listen('tcp', '127.0.0.1:0');
  const owned = new OwnedFd(listener.dup());
  const { fd } = owned;
  await using twin = fromFd(owned);
  assert.ok(twin instanceof TCPListener && twin.addr.equals(listener.addr));
  assert.ok(owned.closed);
  owned.close();
  assert.match(linkOf(fd), /^socket:/);
  assert.equal(flagsOf(fd) & (O_CLOEXEC | O_NONBLOCK), O_CLOEXEC | O_NONBLOCK);
  assert.equal(typeof getsockopt(fd, SOL_SOCKET, SO_TYPE), 'number');

  const again = thrown(() => fromFd(owned), 'file');
  assert.ok(again.cause instanceof ClosedError);
  assert.equal(again.message, 'file file+net: use of closed network connection');
  assert.match(linkOf(fd), /^socket:/);
});

test('an OwnedFd stays as it is when its descriptor is refused', { timeout: LIMIT }, () => {
  using owned = new OwnedFd(openSync('/dev/null', 'r'));
  assert.equal(thrown(() => fromFd(owned), 'file').code, 'ENOTSOCK');
  assert.ok(!owned.closed);
  assert.equal(linkOf(owned.fd), '/dev/null');
});
