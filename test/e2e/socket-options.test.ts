// The options of a socket that a dial or a listen names: set before its hook is called, there on the connection, inherited where
// Linux does so, refused at once where no kernel could take them.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import {
  dial,
  Dialer,
  type DialOptions,
  dialTCP,
  listen,
  ListenConfig,
  listenTCP,
  type RawConn,
  TCPAddr,
  type TCPListener,
} from 'gonet';
import { Addr } from 'gonet/netip';
import * as c from 'gonet/syscall';

import { connect, leavesNothing, opErrorOf, pass, withoutIPv6 } from './loopback.ts';
import { DIALED, LISTENING, readRow, whyNotSet, WRONG, type Row } from './optionrows.ts';

const options = { timeout: 10_000 };
const HOSTS = [
  ['127.0.0.1:0', false],
  ['[::1]:0', withoutIPv6],
] as const;
const loopback = new TCPAddr(Addr.parse('127.0.0.1'), 0);

/** A hook that tells what a row reads in it. */
function watching(
  row: Row,
  host: string,
): { seen: (number | string)[]; control: (...of: [string, string, RawConn]) => void } {
  const seen: (number | string)[] = [];
  return { seen, control: (_network, _address, raw) => void seen.push(readRow(raw, row, host)) };
}

for (const [host, without] of HOSTS) {
  for (const row of DIALED) {
    test(`dial ${host}: ${row.name} ${row.value}`, { ...options, skip: without || whyNotSet(row) }, async () => {
      const plain = watching(row, host);
      (await connect(host, 'tcp', { control: plain.control }))[Symbol.dispose]();
      const own = watching(row, host);
      for (const more of [{}, { control: own.control }]) {
        using pair = await connect(host, 'tcp', { [row.name]: row.value, ...more });
        assert.equal(readRow(pair.client.syscallConn(), row, host), row.reads);
        await pass(pair.client, pair.server);
        await pass(pair.server, pair.client);
      }
      assert.deepEqual([plain.seen, own.seen], [[row.preset], [row.reads]]);
    });
  }

  for (const row of LISTENING) {
    test(`listen ${host}: ${row.name} ${row.value}`, { ...options, skip: without || whyNotSet(row) }, async () => {
      using bare = await listen('tcp', host);
      assert.equal(readRow(bare.syscallConn(), row, host), row.preset);
      const own = watching(row, host);
      using listener = await listen('tcp', host, { [row.name]: row.value, control: own.control });
      assert.deepEqual([...own.seen, readRow(listener.syscallConn(), row, host)], [row.reads, row.reads]);
      using client = await dial('tcp', { host: listener.addr.address, port: listener.addr.port });
      using server = await listener.accept();
      if (row.inherited) assert.equal(readRow(server.syscallConn(), row, host), row.reads);
      await pass(client, server);
    });
  }

  test(`all options of a dial at once, to ${host}`, { ...options, skip: without }, async () => {
    // Not tos: it sets the priority as well.
    const rows = DIALED.filter((row) => whyNotSet(row) === false);
    const own = Object.fromEntries(rows.map(({ name, value }) => [name, value]));
    using pair = await connect(host, 'tcp', own);
    for (const row of rows) assert.equal(readRow(pair.client.syscallConn(), row, host), row.reads, row.name);
    await pass(pair.client, pair.server);
  });
}

test(
  'a dual-stack listener and what it accepts of IPv4 have the tos of both',
  { ...options, skip: withoutIPv6 },
  async () => {
    using listener = await listen('tcp', ':0', { tos: 0x20 });
    using client = await dial('tcp4', { host: '127.0.0.1', port: listener.addr.port });
    using server = await listener.accept();
    for (const raw of [listener.syscallConn(), server.syscallConn()]) {
      assert.deepEqual(
        [raw.getsockopt(c.IPPROTO_IP, c.IP_TOS), raw.getsockopt(c.IPPROTO_IPV6, c.IPV6_TCLASS)],
        [0x20, 0x20],
      );
    }
    await pass(client, server);
  },
);

test('priority and tos: both as they are named', options, async () => {
  using pair = await connect('127.0.0.1:0', 'tcp', { priority: 5, tos: 0xb8 });
  const raw = pair.client.syscallConn();
  assert.deepEqual([raw.getsockopt(c.IPPROTO_IP, c.IP_TOS), raw.getsockopt(c.SOL_SOCKET, c.SO_PRIORITY)], [0xb8, 5]);
});

const WAYS: Record<string, (own: object) => unknown> = {
  dial: (own) => dial('tcp', '127.0.0.1:1', own),
  'new Dialer': (own) => new Dialer(own),
  dialTCP: (own) => dialTCP('tcp', null, loopback, own),
  listen: (own) => listen('tcp', '127.0.0.1:0', own),
  'new ListenConfig': (own) => new ListenConfig(own),
  listenTCP: (own) => listenTCP('tcp', loopback, own),
};

/** The name of what a call throws at once. */
function thrown(call: () => unknown): string {
  try {
    const value = call();
    if (value instanceof Promise) value.then((made: TCPListener) => made.close()).catch(() => undefined);
    return 'nothing';
  } catch (error) {
    return (error as Error).name;
  }
}

const shown = (value: unknown): string => (typeof value === 'bigint' ? `${value}n` : JSON.stringify(value));

for (const [way, call] of Object.entries(WAYS)) {
  const side = way.toLowerCase().includes('dial') ? 'dial' : 'listen';
  for (const { name, types, ranges } of WRONG.filter(({ of }) => of === 'both' || of === side)) {
    test(`${way}: what ${name} cannot be`, options, () => {
      for (const [values, expected] of [
        [types, 'TypeError'],
        [ranges, 'RangeError'],
      ] as const) {
        for (const value of values)
          assert.equal(
            thrown(() => call({ [name]: value })),
            expected,
            shown(value),
          );
      }
    });
  }
}

test('an option that is undefined is one that is not there', options, async () => {
  const none = Object.fromEntries(WRONG.map(({ name }) => [name, undefined]));
  using listener = await listen('tcp', '127.0.0.1:0', none);
  (await dial('tcp', listener.addr.toString(), none)).close();
  (await dialTCP('tcp', null, listener.addr, none)).close();
  (await listenTCP('tcp', loopback, none)).close();
});

const KEPT = [
  [c.IPPROTO_TCP, c.TCP_NODELAY],
  [c.SOL_SOCKET, c.SO_KEEPALIVE],
  [c.IPPROTO_TCP, c.TCP_KEEPIDLE],
  [c.IPPROTO_TCP, c.TCP_KEEPINTVL],
  [c.IPPROTO_TCP, c.TCP_KEEPCNT],
] as const;
const kept = (raw: RawConn): number[] => KEPT.map(([level, name]) => raw.getsockopt(level, name));

test('what the hook sets is not set again: it comes last', options, async () => {
  const control = (_network: string, _address: string, raw: RawConn): void =>
    KEPT.forEach(([level, name], i) => raw.setsockopt(level, name, [0, 0, 77, 78, 7][i]!));
  for (const more of [{}, { noDelay: true, keepAlive: true }, { keepAlive: { idle: 3000 } }]) {
    using pair = await connect('127.0.0.1:0', 'tcp', { control, ...more });
    assert.deepEqual(kept(pair.client.syscallConn()), [0, 0, 77, 78, 7]);
    await pass(pair.client, pair.server);
  }
});

test('noDelay and keepAlive as they are named, with a hook and without', options, async () => {
  using bare = await listen('tcp', '127.0.0.1:0');
  const [, , ...system] = kept(bare.syscallConn());
  const rows: [own: DialOptions, expected: number[]][] = [
    [{}, [1, 1, 15, 15, 9]],
    [{ noDelay: false }, [0, 1, 15, 15, 9]],
    [{ keepAlive: false }, [1, 0, ...system]],
    [{ noDelay: false, keepAlive: false }, [0, 0, ...system]],
    [{ keepAlive: { idle: 3000, interval: 4000, count: 5 } }, [1, 1, 3, 4, 5]],
  ];
  for (const [own, expected] of rows) {
    for (const control of [undefined, () => undefined]) {
      using pair = await connect('127.0.0.1:0', 'tcp', { ...own, control });
      assert.deepEqual(kept(pair.client.syscallConn()), expected, JSON.stringify(own));
    }
    using listener = await listen('tcp', '127.0.0.1:0', own);
    using client = await dial('tcp', listener.addr.toString());
    using server = await listener.accept();
    assert.deepEqual(kept(server.syscallConn()), expected, JSON.stringify(own));
    client.close();
  }
});

test('a hook has the last word over an option that is named', options, async () => {
  const control = (_network: string, _address: string, raw: RawConn): void =>
    raw.setsockopt(c.IPPROTO_TCP, c.TCP_USER_TIMEOUT, 999);
  using pair = await connect('127.0.0.1:0', 'tcp', { control, userTimeout: 5 });
  assert.equal(pair.client.syscallConn().getsockopt(c.IPPROTO_TCP, c.TCP_USER_TIMEOUT), 999);
});

test('quickAck is as it was named when the dial is over', options, async () => {
  for (const control of [undefined, () => undefined]) {
    for (const quickAck of [true, false]) {
      using pair = await connect('127.0.0.1:0', 'tcp', { quickAck, control });
      assert.equal(pair.client.syscallConn().getsockopt(c.IPPROTO_TCP, c.TCP_QUICKACK), Number(quickAck));
      await pass(pair.client, pair.server);
    }
  }
});

test('each option that a kernel refuses names itself', options, () =>
  leavesNothing(async () => {
    using listener = await listen('tcp', '127.0.0.1:0');
    for (const [own, code, text] of [
      [{ bindToDevice: 'no-such0' }, 'ENODEV', 'no such device (bindToDevice)'],
      [{ congestion: 'no-such' }, 'ENOENT', 'no such file or directory (congestion)'],
    ] as const) {
      for (const failing of [dial('tcp', listener.addr.toString(), own), listen('tcp', '127.0.0.1:0', own)]) {
        const error = await opErrorOf(failing);
        assert.ok(error.message.endsWith(`: setsockopt: ${text}`), error.message);
        assert.deepEqual([error.code, error.syscall], [code, 'setsockopt']);
      }
    }
  }),
);
