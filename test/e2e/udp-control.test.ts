// What goes with a datagram beside its address, both ways: interface and destination, TTL, the DSCP byte, time, segments, drops.
// ip(7), ipv6(7), udp(7), socket(7). The hosts' own view of it, over loopback.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { type PacketControl, PacketBatch, type ReceiveOptions, type UDPConn } from 'gonet';
import { Addr } from 'gonet/netip';

import { opErrorOf, withoutIPv6 } from './loopback.ts';
import { at, batchOf, bound, LO, message, reached, text, told } from './udp.ts';

const options = { timeout: 15_000 };
const ALL: ReceiveOptions = { packetInfo: true, ttl: true, tos: true, timestamp: true, originalDestination: true };

const everything: ReceiveOptions = { ...ALL, dropped: true, segmentSize: true };

const times = (n: number, data: string): string[] => Array.from({ length: n }, () => data);

for (const [host, wildcard] of [
  ['127.0.0.1', '0.0.0.0'],
  ['::1', '::'],
  // IPv4 on a socket of both families: IPv4's messages.
  ['127.0.0.1', ''],
] as const) {
  describe(`${host} at ${wildcard === '' ? 'a socket of both families' : wildcard}`, { skip: withoutIPv6 }, () => {
    test('nothing is told unless it is asked for', options, async () => {
      using a = await bound(host);
      await a.writeMsg('x', { addr: a.localAddr, ttl: 9, tos: 0x20 });
      assert.deepEqual((await message(a)).control, {});
    });

    test('everything is told, and no more when it is asked for no longer', options, async () => {
      using a = await bound(host);
      using b = await bound(wildcard);
      const to = reached(b, host);
      b.setReceive(ALL);
      await a.writeMsg('x', { addr: to, ttl: 9, tos: 0xb8 });
      const { control, n, truncated } = await message(b);
      assert.deepEqual([n, truncated, control.ttl, control.tos], [1, false, 9, 0xb8]);
      assert.equal(control.packetInfo?.ifIndex, LO);
      assert.equal(String(control.packetInfo.destination.unmap()), host);
      assert.equal(typeof control.timestamp, 'bigint');
      assert.ok(Math.abs(Number(control.timestamp! / 1_000_000n) - Date.now()) < 60_000);
      assert.equal(String(control.originalDestination?.addr.unmap()), host);
      assert.equal(control.originalDestination?.port, to.port);

      b.setReceive({ packetInfo: false, ttl: false, tos: false, timestamp: false, originalDestination: false });
      await a.writeMsg('x', { addr: to, ttl: 9, tos: 0xb8 });
      assert.deepEqual((await message(b)).control, {});
    });

    test('a batch tells the same of each', options, async () => {
      using a = await bound(host);
      using b = await bound(wildcard);
      b.setReceive({ packetInfo: true, ttl: true });
      a.setTTL(33);
      await a.writeBatch(batchOf(['1', '2'], reached(b, host)));
      const batch = new PacketBatch();
      let seen = 0;
      while (seen < 2) {
        const n = await b.readBatch(batch);
        for (let i = 0; i < n; i++, seen++) {
          const { ttl, packetInfo } = batch.control(i);
          assert.deepEqual([ttl, packetInfo?.ifIndex], [33, LO]);
        }
      }
    });

    test('a batch has room for everything at once', options, async () => {
      using a = await bound(host);
      using b = await bound(wildcard, { readBuffer: 1 });
      const addr = reached(b, host);
      b.setReceive(everything);
      for (let i = 0; i < 50; i++) await a.writeTo('x'.repeat(1000), addr);
      await drained(b);
      const batch = new PacketBatch();
      await a.writeMsg('xxyy', { addr, segmentSize: 2 });
      assert.equal(await b.readBatch(batch), 2);
      assert.deepEqual([String(batch.data(0)), String(batch.data(1))], ['xx', 'yy']);
      await a.writeMsg('xxyy', { addr, segmentSize: 2 });
      const names = (control: object): string[] => Object.keys(control).toSorted((x, y) => x.localeCompare(y));
      const all = names((await message(b)).control);
      assert.deepEqual(all, names(everything));
      assert.deepEqual(names(batch.control(0)), all);
    });

    test('a TTL of one datagram is of no other; setTTL is of all', options, async () => {
      using a = await bound(host);
      using b = await bound(wildcard);
      const addr = reached(b, host);
      b.setReceive({ ttl: true });
      await a.writeMsg('x', { addr, ttl: 1 });
      assert.equal((await message(b)).control.ttl, 1);
      await a.writeTo('x', addr);
      assert.equal((await message(b)).control.ttl, 64);
      a.setTTL(255);
      await a.writeTo('x', addr);
      assert.equal((await message(b)).control.ttl, 255);
    });

    test('one payload is cut into datagrams, the last as long as what is left', options, async () => {
      using a = await bound(host);
      using b = await bound(wildcard);
      const addr = reached(b, host);
      assert.equal(await a.writeMsg('aaabbbc', { addr, segmentSize: 3 }), 7);
      assert.deepEqual([await text(b), await text(b), await text(b)], ['aaa', 'bbb', 'c']);
      a.setSegmentSize(2);
      await a.writeTo('ddee', addr);
      assert.deepEqual([await text(b), await text(b)], ['dd', 'ee']);
      a.setSegmentSize(0);
      await a.writeTo('ffgg', addr);
      assert.equal(await text(b), 'ffgg');
      const batch = new PacketBatch();
      for (const each of ['hhh', 'iii', 'j', 'kkkk']) batch.add(Buffer.from(each), addr);
      assert.equal(await a.writeBatch(batch), 4);
      assert.deepEqual([await text(b), await text(b), await text(b), await text(b)], ['hhh', 'iii', 'j', 'kkkk']);
      a.setSegmentSize(2);
      assert.equal(await a.writeBatch(batch.clear().add(Buffer.from('llmm'), addr) ? batch : assert.fail()), 1);
      assert.deepEqual([await text(b), await text(b)], ['ll', 'mm']);
    });

    test('and they may come as one, with the size of each', options, async () => {
      using a = await bound(host);
      using b = await bound(wildcard);
      b.setReceive({ segmentSize: true });
      const data = times(10, 'x'.repeat(1000)).join('');
      await a.writeMsg(data, { addr: reached(b, host), segmentSize: 1000 });
      const { n, control } = await message(b);
      assert.deepEqual([n, control.segmentSize], [10_000, 1000]);
    });

    test('the index of an interface is a way out', options, async () => {
      using a = await bound(host);
      using b = await bound(wildcard);
      const addr = reached(b, host);
      await a.writeMsg('x', { addr, packetInfo: { ifIndex: LO } });
      assert.deepEqual(await told(b), ['x', String(a.localAddr)]);
      const error = await opErrorOf(a.writeMsg('x', { addr, packetInfo: { ifIndex: 0x7fff_fff0 } }));
      assert.equal(error.syscall, 'sendmsg');
    });

    test('what no message can hold throws at once', options, async () => {
      using a = await bound(host);
      const addr = a.localAddr;
      const wrong: [PacketControl, typeof TypeError | typeof RangeError][] = [
        [{ ttl: 256 }, RangeError],
        [{ ttl: -1 }, RangeError],
        [{ ttl: 1.5 }, RangeError],
        [{ ttl: Number.NaN }, RangeError],
        [{ ttl: '9' as unknown as number }, TypeError],
        [{ ttl: null as unknown as number }, TypeError],
        [{ tos: 256 }, RangeError],
        [{ tos: '1' as unknown as number }, TypeError],
        [{ segmentSize: 65_536 }, RangeError],
        [{ segmentSize: true as unknown as number }, TypeError],
        [{ packetInfo: { ifIndex: -1 } }, RangeError],
        [{ packetInfo: { ifIndex: 'lo' as unknown as number } }, TypeError],
        [{ packetInfo: { source: '127.0.0.1' as unknown as Addr } }, TypeError],
      ];
      for (const [control, type] of wrong) {
        assert.throws(() => void a.writeMsg('x', { addr, ...control } as object), type, JSON.stringify(control));
      }
      for (const ttl of [0, 256, -1, 1.5]) assert.throws(() => a.setTTL(ttl), RangeError);
      assert.throws(() => a.setSegmentSize(-1), RangeError);
      if (host !== '::1') {
        const source = Addr.parse('::1');
        assert.throws(() => void a.writeMsg('x', { addr, packetInfo: { source } }), /^RangeError: Source must be/);
      }
      assert.throws(() => a.setReceive({ ttl: 1 as unknown as boolean }), TypeError);
      assert.throws(() => a.setReceive(null as unknown as ReceiveOptions), TypeError);
      await a.writeTo('in step', addr);
      assert.equal(await text(a), 'in step');
    });
  });
}

test('a source that is chosen is what the receiver sees', options, async () => {
  using a = await bound('0.0.0.0');
  using b = await bound();
  const source = Addr.parse('127.0.0.2');
  await a.writeMsg('x', { addr: b.localAddr, packetInfo: { source } });
  assert.deepEqual(await told(b), ['x', `127.0.0.2:${a.localAddr.port}`]);
  await a.writeTo('y', b.localAddr);
  assert.deepEqual(await told(b), ['y', `127.0.0.1:${a.localAddr.port}`]);
  const foreign = Addr.parse('192.0.2.1');
  const error = await opErrorOf(a.writeMsg('x', { addr: b.localAddr, packetInfo: { source: foreign } }));
  assert.equal(error.syscall, 'sendmsg');
});

test('the same from a socket of both families', { ...options, skip: withoutIPv6 }, async () => {
  using a = await bound('');
  using b = await bound();
  for (const source of [Addr.parse('127.0.0.3'), Addr.parse('::ffff:127.0.0.3')]) {
    await a.writeMsg('x', { addr: b.localAddr, packetInfo: { source } });
    assert.deepEqual(await told(b), ['x', `127.0.0.3:${a.localAddr.port}`]);
  }
});

test('an answer leaves from the address that was asked, whatever the route says', options, async () => {
  using server = await bound('0.0.0.0');
  using client = await bound('127.0.0.9');
  server.setReceive({ packetInfo: true });
  await client.writeTo('question', at('127.0.0.5', server.localAddr.port));
  const { addr, control } = await message(server);
  await server.writeMsg('answer', { addr, packetInfo: { source: control.packetInfo!.destination } });
  assert.deepEqual(await told(client), ['answer', `127.0.0.5:${server.localAddr.port}`]);
});

test(
  'on a socket of both families, the wildcard of IPv4 takes the same TTL as any other',
  { ...options, skip: withoutIPv6 },
  async () => {
    using a = await bound('');
    using b = await bound('');
    b.setReceive({ ttl: true });
    for (const ip of ['::', '::1', '127.0.0.1', '', '0.0.0.0']) {
      await a.writeMsg('x', { addr: at(ip, b.localAddr.port), ttl: 9 });
      assert.equal((await message(b)).control.ttl, 9, `to ${ip}`);
    }
  },
);

/** Takes what is there. */
async function drained(conn: UDPConn): Promise<number> {
  for (let n = 0; ; n++) {
    const taken = await conn.readFrom(Buffer.alloc(9), { deadline: Date.now() + 20 }).then(
      () => true,
      () => false,
    );
    if (!taken) return n;
  }
}

test('what found no room is counted', options, async () => {
  using a = await bound();
  using b = await bound('127.0.0.1', { readBuffer: 1 });
  b.setReceive({ dropped: true });
  for (let i = 0; i < 50; i++) await a.writeTo('x'.repeat(1000), b.localAddr);
  const taken = await drained(b);
  assert.ok(taken < 50);
  await a.writeTo('after', b.localAddr);
  assert.equal((await message(b)).control.dropped, 50 - taken);
});
