// What a raw socket reads and writes, rule by rule, where it is not a promise of every PacketConn: headers, addresses that do not
// fit, peers, hooks and options. Numbers are those of the list of Go's behaviours.

import assert from 'node:assert/strict';
import { setImmediate } from 'node:timers/promises';
import { test } from 'node:test';

import {
  dial,
  dialIP,
  type IPConn,
  type IPNetwork,
  ListenConfig,
  listenIP,
  listenPacket,
  PacketBatch,
  UDPAddr,
  WriteToConnectedError,
} from 'gonet';
import { Addr } from 'gonet/netip';
import * as c from 'gonet/syscall';

import { errorOf } from './form.ts';
import { leavesNothing, opErrorOf } from './loopback.ts';
import { at, bound, EXPERIMENT, FAR, headerLength, NEAR, THIRD, told, withoutRaw, withoutRaw6 } from './rawip.ts';

const options = { timeout: 20_000 };
const raw = { ...options, skip: withoutRaw };
const raw6 = { ...options, skip: withoutRaw6 };
const NETWORK: IPNetwork = `ip4:${EXPERIMENT}`;

const textOf = (data: Uint8Array, from = 0): string => Buffer.from(data).toString('latin1', from);
const getsockopt = (conn: IPConn, level: number, name: number): number => conn.syscallConn().getsockopt(level, name);

/** What each way of reading gives of one packet with this payload. */
async function everyWay(to: IPConn, send: () => Promise<unknown>): Promise<Record<string, Buffer>> {
  const into = Buffer.alloc(2000);
  const batch = new PacketBatch();
  const ways: Record<string, () => Promise<Buffer>> = {
    readFrom: async () => into.subarray(0, (await to.readFrom(into)).n),
    packets: async () => (await to.packets().next()).value!.data,
    read: async () => into.subarray(0, await to.read(into)),
    readMsg: async () => into.subarray(0, (await to.readMsg(into)).n),
    readBatch: async () => ((await to.readBatch(batch)) === 1 ? batch.data(0) : Buffer.alloc(0)),
    iteration: async () => (await to[Symbol.asyncIterator]().next()).value!,
  };
  const all: Record<string, Buffer> = {};
  for (const [name, way] of Object.entries(ways)) {
    await send();
    all[name] = Buffer.from(await way());
    into.fill(0);
    const waiting = way();
    await setImmediate();
    await send();
    assert.equal((await waiting).length, all[name].length, `${name}, waiting`);
  }
  return all;
}

test('readFrom and packets() leave the IPv4 header out, all others keep it (149)', raw, async () => {
  using a = await bound(NEAR);
  using b = await bound(FAR);
  const { readFrom, packets, ...whole } = await everyWay(b, () => a.writeTo('payload', b.localAddr));
  assert.deepEqual([textOf(readFrom!), textOf(packets!)], ['payload', 'payload']);
  assert.equal(Object.keys(whole).length, 4);
  for (const [way, packet] of Object.entries(whole)) {
    assert.equal(headerLength(packet), 20, way);
    assert.equal(textOf(packet, 20), 'payload', way);
    assert.equal(packet.readUInt8(9), EXPERIMENT);
    assert.deepEqual([...packet.subarray(12, 20)].join('.'), `${NEAR}.${FAR}`);
  }
});

test('a header with options is left out as a whole (149)', raw, async () => {
  using a = await bound(NEAR);
  using b = await bound(FAR);
  // Two no-operations and two ends of the list: one word more.
  a.syscallConn().setsockopt(c.IPPROTO_IP, c.IP_OPTIONS, Uint8Array.of(1, 1, 0, 0));
  const { readFrom, packets, read } = await everyWay(b, () => a.writeTo('payload', b.localAddr));
  assert.deepEqual([textOf(readFrom!), textOf(packets!)], ['payload', 'payload']);
  assert.equal(headerLength(read!), 24);
  assert.equal(textOf(read!, 24), 'payload');
});

test('a payload that looks like a header is one (149)', raw, async () => {
  using a = await bound(NEAR);
  using b = await bound(FAR);
  const payload = Buffer.alloc(40, 0x45);
  const { readFrom, packets } = await everyWay(b, () => a.writeTo(payload, b.localAddr));
  assert.deepEqual([readFrom, packets], [payload, payload]);
});

test('readFrom needs room for the payload only; what does not fit is lost', raw, async () => {
  using a = await bound(NEAR);
  using b = await bound(FAR);
  for (const size of [0, 1, 5, 19, 20, 21]) {
    const into = Buffer.alloc(30, '.');
    await a.writeTo('a payload of 21 bytes', b.localAddr);
    assert.equal((await b.readFrom(into.subarray(2, 2 + size))).n, size);
    assert.equal(textOf(into), `..${'a payload of 21 bytes'.slice(0, size)}`.padEnd(30, '.'));
  }
});

test('on IPv6 there is no header (149)', raw6, async () => {
  using conn = await listenPacket(`ip6:${EXPERIMENT}`, '::1');
  const all = await everyWay(conn, () => conn.writeTo('payload', at('::1')));
  for (const [way, data] of Object.entries(all)) assert.equal(textOf(data), 'payload', way);
});

test('a sender is an IPAddr without a port, which can be answered', raw, async () => {
  using a = await bound(NEAR);
  using b = await bound(FAR);
  await a.writeTo('question', b.localAddr);
  const { addr } = await b.readFrom(Buffer.alloc(100));
  assert.deepEqual([addr.constructor.name, addr.address, String(addr), 'port' in addr], ['IPAddr', NEAR, NEAR, false]);
  await b.writeTo('answer', addr);
  assert.deepEqual(await told(a), ['answer', FAR]);
});

test('a connected socket hears its peer only, and needs no address', raw, async () => {
  using a = await dialIP(NETWORK, at(NEAR), at(FAR));
  using b = await bound(FAR);
  using other = await bound(THIRD);
  assert.deepEqual([String(a.localAddr), String(a.remoteAddr)], [NEAR, FAR]);
  await other.writeTo('from a stranger', a.localAddr);
  await b.writeTo('from the peer', a.localAddr);
  assert.deepEqual(await told(a), ['from the peer', FAR]);
  assert.deepEqual([await a.write('1'), await a.writev([Buffer.from('2'), Buffer.from('3')])], [1, 2]);
  assert.equal(await a.writeMsg('4'), 1);
  assert.deepEqual(
    [await told(b), await told(b), await told(b)],
    [
      ['1', NEAR],
      ['23', NEAR],
      ['4', NEAR],
    ],
  );
});

test('a connected socket takes no address (150)', raw, async () => {
  using a = await dialIP(NETWORK, at(NEAR), at(FAR));
  for (const write of [() => a.writeTo('x', at(FAR)), () => a.writeMsg('x', { addr: at(THIRD) })]) {
    const error = await opErrorOf(write());
    assert.ok(error.cause instanceof WriteToConnectedError);
    assert.equal(error.code, 'ERR_NET_WRITE_TO_CONNECTED');
    const text = `write ip4 ${NEAR}->${String(error.addr)}: use of WriteTo with pre-connected connection`;
    assert.equal(error.message, text);
  }
});

test('IPv6 does not fit an IPv4 socket, and says so', raw, async () => {
  using a = await bound(NEAR);
  const six = at('2001:db8::1');
  for (const write of [() => a.writeTo('x', six), () => a.writeMsg('x', { addr: six })]) {
    const error = await errorOf(write);
    assert.equal(error.message, `write ip4 ${NEAR}->2001:db8::1: address 2001:db8::1: non-IPv4 address`);
    assert.deepEqual([error.code, error.net], ['ERR_NET_ADDR', 'ip4']);
  }
  const batch = new PacketBatch();
  batch.add(Buffer.from('x'), six);
  const text = `write ip4 ${NEAR}: address 2001:db8::1: non-IPv4 address`;
  assert.equal((await errorOf(() => a.writeBatch(batch))).message, text);
  await a.writeTo('in four bytes or sixteen', at(`::ffff:${NEAR}`));
  assert.deepEqual(await told(a), ['in four bytes or sixteen', NEAR]);
});

test('an address with a port is none of these', raw, async () => {
  using a = await bound(NEAR);
  const wrong = new UDPAddr(Addr.parse(NEAR), 1) as never;
  assert.throws(() => a.writeTo('x', wrong), { name: 'TypeError', message: 'Address must be an IPAddr' });
  assert.throws(() => a.writeMsg('x', { addr: wrong }), { name: 'TypeError' });
});

test('errors of a conn name the network without its protocol (150)', raw, async () => {
  await leavesNothing(async () => {
    using a = await bound(NEAR);
    using dialed = await dialIP(NETWORK, at(NEAR), at(FAR));
    const past = { deadline: Date.now() - 1 };
    assert.equal((await errorOf(() => a.read(Buffer.alloc(9), past))).message, `read ip4 ${NEAR}: i/o timeout`);
    const ends = `read ip4 ${NEAR}->${FAR}`;
    assert.equal((await errorOf(() => dialed.readFrom(Buffer.alloc(9), past))).message, `${ends}: i/o timeout`);
    const aimless = await errorOf(() => a.write('x'));
    assert.equal(aimless.message, `write ip4 ${NEAR}: write: destination address required`);
    dialed.close();
    const closed = await errorOf(() => dialed.read(Buffer.alloc(9)));
    assert.deepEqual([closed.message, closed.net], [`${ends}: use of closed network connection`, 'ip4']);
  });
});

test('a network without a family is told without one', raw, async () => {
  using conn = await listenPacket(`ip:${EXPERIMENT}`, NEAR);
  const { message } = await errorOf(() => conn.write('x'));
  assert.equal(message, `write ip ${NEAR}: write: destination address required`);
});

test('a hook sees the family, and an address without a port', raw, async () => {
  const seen: [string, string, number][] = [];
  const control = (network: string, address: string, hook: { control(fn: (fd: number) => void): void }): void =>
    hook.control((fd) => seen.push([network, address, c.getsockopt(fd, c.SOL_SOCKET, c.SO_PROTOCOL)]));
  for (const network of [NETWORK, `ip:${EXPERIMENT}`]) {
    (await dial(network, NEAR, { control })).close();
    (await listenPacket(network, NEAR, { control })).close();
    (await new ListenConfig({ control }).listenPacket(network, NEAR)).close();
    (await listenIP(network, at(NEAR), { control })).close();
    (await dialIP(network, null, at(NEAR), { control })).close();
  }
  assert.deepEqual(
    seen,
    Array.from({ length: 10 }, () => ['ip4', NEAR, EXPERIMENT]),
  );
  await leavesNothing(async () => {
    const refuse = (): never => {
      throw new Error('not here');
    };
    const error = await opErrorOf(listenPacket(NETWORK, NEAR, { control: refuse }));
    assert.equal(error.message, `listen ${NETWORK} ${NEAR}: not here`);
  });
});

test('options are set before bind and connect, and TTL later', raw, async () => {
  const named = { tos: 0xb8, mark: 7, priority: 3, bindToDevice: 'lo', freebind: true, readBuffer: 20_000 };
  for (const conn of [await bound(NEAR, named), await dial(NETWORK, NEAR, named)]) {
    assert.equal(getsockopt(conn, c.IPPROTO_IP, c.IP_TOS), 0xb8);
    assert.equal(getsockopt(conn, c.SOL_SOCKET, c.SO_MARK), 7);
    assert.equal(getsockopt(conn, c.SOL_SOCKET, c.SO_PRIORITY), 3);
    assert.equal(getsockopt(conn, c.IPPROTO_IP, c.IP_FREEBIND), 1);
    assert.equal(getsockopt(conn, c.SOL_SOCKET, c.SO_RCVBUF), 40_000);
    const device = conn.syscallConn().getsockopt(c.SOL_SOCKET, c.SO_BINDTODEVICE, 16);
    assert.equal(device.toString('latin1').split('\0')[0], 'lo');
    conn.close();
  }
});

test('TTL and TOS are in the header of what is sent, for all or for one', raw, async () => {
  using a = await bound(NEAR, { tos: 0x20 });
  using b = await bound(FAR);
  const packet = Buffer.alloc(100);
  const next = async (): Promise<number[]> => {
    await b.read(packet);
    return [packet.readUInt8(8), packet.readUInt8(1)];
  };
  a.setTTL(9);
  await a.writeTo('x', b.localAddr);
  assert.deepEqual(await next(), [9, 0x20]);
  await a.writeMsg('x', { addr: b.localAddr, ttl: 33, tos: 0x48 });
  assert.deepEqual(await next(), [33, 0x48]);
  await a.writeTo('x', b.localAddr);
  assert.deepEqual(await next(), [9, 0x20]);
  b.setReceive({ ttl: true, packetInfo: true });
  await a.writeTo('x', b.localAddr);
  const { control } = await b.readMsg(packet);
  assert.deepEqual([control.ttl, String(control.packetInfo!.destination)], [9, FAR]);
});

test('with IP_HDRINCL the header is the caller’s', raw, async () => {
  using a = await bound(NEAR);
  using b = await bound(FAR);
  a.syscallConn().setsockopt(c.IPPROTO_IP, c.IP_HDRINCL, true);
  const packet = Buffer.alloc(27);
  packet.set([0x45, 0, 0, 27, 0, 0, 0, 0, 77, EXPERIMENT]);
  packet.set([...NEAR.split('.'), ...FAR.split('.')].map(Number), 12);
  packet.write('my own', 20);
  assert.equal(await a.writeTo(packet, b.localAddr), 27);
  const into = Buffer.alloc(100);
  await b.read(into);
  assert.deepEqual([into.readUInt8(8), into.toString('latin1', 20, 26)], [77, 'my own']);
});
