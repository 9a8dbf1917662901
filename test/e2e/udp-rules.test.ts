// What Go's UDP sockets do, rule by rule, where it is not a promise of every PacketConn: which addresses a socket takes and gives,
// what goes wrong and how it is said. Numbers are those of the list of Go's behaviours.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { dialUDP, PacketBatch, SyscallError, UDPAddr, WriteToConnectedError } from 'gonet';
import { Addr, AddrPort } from 'gonet/netip';
import { MSG_TRUNC } from 'gonet/syscall';

import { leavesNothing, opErrorOf, withoutIPv6 } from './loopback.ts';
import { at, bound, message, NOBODY, reached, told, text } from './udp.ts';

const options = { timeout: 10_000 };

test('a connected socket takes no address, in whatever form (124)', options, async () => {
  using b = await bound();
  using a = await dialUDP('udp', null, b.localAddr);
  const ends = `${a.localAddr}->${b.localAddr}`;
  for (const write of [
    () => a.writeTo('x', b.localAddr),
    () => a.writeMsg('x', { addr: b.localAddr }),
    () => a.writeMsg('x', { addr: NOBODY['127.0.0.1'] }),
  ]) {
    const error = await opErrorOf(write());
    assert.ok(error.cause instanceof WriteToConnectedError);
    const to = String(error.addr);
    assert.equal(error.message, `write udp ${a.localAddr}->${to}: use of WriteTo with pre-connected connection`);
  }
  assert.equal(await a.write('plain'), 5);
  assert.equal(await a.writeMsg('message'), 7);
  assert.deepEqual([await text(b), await text(b)], ['plain', 'message']);
  assert.equal(ends, `${a.localAddr}->${a.remoteAddr}`);
});

test('an unconnected socket needs one (124)', options, async () => {
  using a = await bound();
  const error = await opErrorOf(a.write('x'));
  assert.equal(error.message, `write udp ${a.localAddr}: write: destination address required`);
  assert.deepEqual([error.code, error.syscall, error.addr], ['EDESTADDRREQ', 'write', null]);
  const other = await opErrorOf(a.writeMsg('x'));
  assert.equal(other.message, `write udp ${a.localAddr}: sendmsg: destination address required`);
  const batch = new PacketBatch();
  batch.add(Buffer.from('x'));
  const third = await opErrorOf(a.writeBatch(batch));
  assert.equal(third.message, `write udp ${a.localAddr}: sendmmsg: destination address required`);
});

test('a port that is none is EINVAL, before the closed check (125)', options, async () => {
  using a = await bound();
  const bad = at('127.0.0.1', 70_000);
  const writes = [() => a.writeTo('x', bad), () => a.writeMsg('x', { addr: bad })];
  for (const write of writes) {
    const error = await opErrorOf(write());
    assert.deepEqual([error.code, error.port], ['EINVAL', 70_000]);
    assert.ok(error.cause instanceof SyscallError);
  }
  const batch = new PacketBatch();
  batch.add(Buffer.from('1'), a.localAddr);
  batch.add(Buffer.from('2'), bad);
  assert.equal((await opErrorOf(a.writeBatch(batch))).code, 'EINVAL');
  assert.equal(batch.sent, 1);
  assert.equal(await text(a), '1');
});

test('IPv6 does not fit an IPv4 socket, and says so (127)', options, async () => {
  using a = await bound('127.0.0.1', {}, 'udp4');
  const six = at('2001:db8::1', 9);
  const batch = new PacketBatch();
  batch.add(Buffer.from('x'), six);
  for (const [to, write] of [
    [`->${six}`, () => a.writeTo('x', six)],
    [`->${six}`, () => a.writeMsg('x', { addr: six })],
    ['', () => a.writeBatch(batch)],
  ] as const) {
    const error = await opErrorOf(write());
    assert.equal(error.message, `write udp4 ${a.localAddr}${to}: address 2001:db8::1: non-IPv4 address`);
    assert.deepEqual([error.code, error.bytesWritten], ['ERR_NET_ADDR', 0]);
  }
});

test('an IPv4 socket takes IPv4 inside IPv6, and so does one of both families (127)', options, async () => {
  using b = await bound('127.0.0.1', {}, 'udp4');
  const mapped = UDPAddr.fromAddrPort(AddrPort.from(Addr.parse('::ffff:127.0.0.1'), b.localAddr.port));
  using four = await bound('127.0.0.1', {}, 'udp4');
  assert.equal(await four.writeTo('x', mapped), 1);
  assert.deepEqual(await told(b), ['x', String(four.localAddr)]);
  using connected = await dialUDP('udp4', null, mapped);
  assert.equal(await connected.write('y'), 1);
  assert.deepEqual(await told(b), ['y', String(connected.localAddr)]);
  assert.equal(String(connected.remoteAddr), `127.0.0.1:${mapped.port}`);
});

test(
  'a socket of both families takes IPv4, IPv4 inside IPv6 and IPv6 (127)',
  { ...options, skip: withoutIPv6 },
  async () => {
    using both = await bound('');
    using four = await bound('127.0.0.1');
    using six = await bound('::1');
    const { port } = four.localAddr;
    for (const addr of [at('127.0.0.1', port), at('::ffff:127.0.0.1', port)]) {
      assert.equal(await both.writeTo('x', addr), 1);
      assert.equal(await both.writeMsg('y', { addr }), 1);
      const from = `127.0.0.1:${both.localAddr.port}`;
      assert.deepEqual(
        [await told(four), await told(four)],
        [
          ['x', from],
          ['y', from],
        ],
      );
    }
    assert.equal(await both.writeTo('z', six.localAddr), 1);
    assert.deepEqual(await told(six), ['z', `[::1]:${both.localAddr.port}`]);
  },
);

test(
  'what a socket of both families tells of an IPv4 sender prints as IPv4 (128)',
  { ...options, skip: withoutIPv6 },
  async () => {
    using both = await bound('');
    using four = await bound('127.0.0.1');
    const to = reached(both, '127.0.0.1');
    for (const _ of [1, 2, 3]) await four.writeTo('x', to);
    const batch = new PacketBatch();
    const { addr } = await both.readFrom(Buffer.alloc(9));
    const { addr: again } = await message(both);
    assert.equal(await both.readBatch(batch), 1);
    for (const sender of [addr, again, batch.addr(0) as UDPAddr]) {
      assert.ok(sender.ip.is4In6());
      assert.deepEqual([String(sender), sender.address, sender.family], [String(four.localAddr), '127.0.0.1', 'IPv4']);
      assert.ok(sender.equals(four.localAddr));
    }
    await both.writeTo('back', addr);
    assert.deepEqual(await told(four), ['back', String(to)]);
  },
);

test('an IPv4 socket tells of IPv4 senders as IPv4 (128)', options, async () => {
  using a = await bound('127.0.0.1', {}, 'udp4');
  await a.writeTo('x', a.localAddr);
  await a.writeTo('y', a.localAddr);
  assert.ok((await a.readFrom(Buffer.alloc(9))).addr.ip.is4());
  assert.ok((await message(a)).addr.ip.is4());
});

test('an address without an IP is this machine', options, async () => {
  using b = await bound('127.0.0.1', {}, 'udp4');
  using a = await bound('127.0.0.1', {}, 'udp4');
  for (const ip of ['', '0.0.0.0', '::ffff:0.0.0.0']) {
    await a.writeTo('x', at(ip, b.localAddr.port));
    assert.deepEqual(await told(b), ['x', String(a.localAddr)]);
  }
});

test('a short buffer loses the rest silently, except to readMsg (130)', options, async () => {
  using a = await bound();
  const into = Buffer.alloc(3);
  for (const _ of [1, 2, 3]) await a.writeTo('abcdef', a.localAddr);
  assert.equal(await a.read(into), 3);
  assert.equal((await a.readFrom(into)).n, 3);
  const { n, flags, truncated } = await a.readMsg(into);
  assert.deepEqual([n, flags, truncated], [3, MSG_TRUNC, true]);
});

test('more than 65,507 bytes are EMSGSIZE, whole and at once (133)', options, () =>
  leavesNothing(async () => {
    using a = await bound();
    using b = await dialUDP('udp', null, a.localAddr);
    const error = await opErrorOf(a.writeTo(Buffer.alloc(65_508), b.localAddr));
    assert.equal(error.message, `write udp ${a.localAddr}->${b.localAddr}: sendto: message too long`);
    assert.equal(
      (await opErrorOf(b.write(Buffer.alloc(65_508)))).message,
      `write udp ${b.localAddr}->${a.localAddr}: write: message too long`,
    );
    assert.equal(await b.write(Buffer.alloc(65_507)), 65_507);
    assert.equal((await a.readFrom(Buffer.alloc(65_536))).n, 65_507);
  }),
);

test('reads name the peer if there is one, writes where they were to go (134)', options, async () => {
  using a = await bound();
  using b = await dialUDP('udp', null, a.localAddr);
  const past = { deadline: 1 };
  const read = await opErrorOf(a.readFrom(Buffer.alloc(1), past));
  assert.equal(read.message, `read udp ${a.localAddr}: i/o timeout`);
  assert.deepEqual([read.source, read.addr], [a.localAddr, null]);
  const write = await opErrorOf(a.writeTo('x', b.localAddr, past));
  assert.equal(write.message, `write udp ${a.localAddr}->${b.localAddr}: i/o timeout`);
  assert.deepEqual([write.source, write.addr], [a.localAddr, b.localAddr]);
  assert.deepEqual([write.address, write.port], ['127.0.0.1', b.localAddr.port]);
  for (const call of [
    b.read(Buffer.alloc(1), past),
    b.readFrom(Buffer.alloc(1), past),
    b.readMsg(Buffer.alloc(1), past),
  ]) {
    assert.equal((await opErrorOf(call)).message, `read udp ${b.localAddr}->${a.localAddr}: i/o timeout`);
  }
});

test('a connected socket hears its peer only', options, async () => {
  using peer = await bound();
  using stranger = await bound();
  using conn = await dialUDP('udp', null, peer.localAddr);
  await stranger.writeTo('from a stranger', conn.localAddr);
  await peer.writeTo('from the peer', conn.localAddr);
  assert.deepEqual(await told(conn), ['from the peer', String(peer.localAddr)]);
});
