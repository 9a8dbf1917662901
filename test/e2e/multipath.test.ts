// MPTCP as this machine's kernel has it: with a peer that has it too, with one that has none, and with options that only TCP
// knows. Where the kernel has none, the dial is one of TCP (test/fault/multipath.test.ts).

import assert from 'node:assert/strict';
import { test } from 'node:test';

import {
  dial,
  dialTCP,
  Dialer,
  listen,
  ListenConfig,
  listenTCP,
  type RawConn,
  type TCPConn,
  type TCPListener,
} from 'gonet';
import * as c from 'gonet/syscall';

import { leavesNothing, opErrorOf, pass, refusing, withoutIPv6 } from './loopback.ts';
import { DIALED, LISTENING, readRow, whyNotSet, withoutMultipath } from './optionrows.ts';

const options = { timeout: 10_000, skip: withoutMultipath() };
const multipath = true;
const isMultipath = (owner: { syscallConn(): RawConn }): boolean =>
  owner.syscallConn().getsockopt(c.SOL_SOCKET, c.SO_PROTOCOL) === c.IPPROTO_MPTCP;

/** Both ends of a dial, from which something has gone each way. */
async function ends(listener: TCPListener, dialing: Promise<TCPConn>): Promise<[client: TCPConn, server: TCPConn]> {
  const [client, server] = await Promise.all([dialing, listener.accept()]);
  await pass(client, server);
  await pass(server, client);
  return [client, server];
}

for (const [address, without] of [
  ['127.0.0.1:0', false],
  ['[::1]:0', withoutIPv6],
] as const) {
  test(`both ends ask for it, ${address}`, { ...options, skip: options.skip || without }, () =>
    leavesNothing(async () => {
      for (const listening of [
        () => listen('tcp', address, { multipath }),
        () => new ListenConfig({ multipath }).listen('tcp', address),
      ]) {
        using listener = await listening();
        assert.ok(isMultipath(listener));
        const to = listener.addr.toString();
        for (const dialing of [
          () => dial('tcp', to, { multipath }),
          () => new Dialer({ multipath }).dial('tcp', to),
          () => dialTCP('tcp', null, listener.addr, { multipath }),
        ]) {
          const [client, server] = await ends(listener, dialing());
          assert.deepEqual(
            [client, server].map((conn) => [isMultipath(conn), conn.multipath()]),
            [
              [true, true],
              [true, true],
            ],
          );
          for (const conn of [client, server]) conn.close();
          assert.deepEqual([client.multipath(), server.multipath()], [false, false]);
        }
      }
    }),
  );
}

test('only the client asks for it: the connection is one of TCP', options, async () => {
  using listener = await listen('tcp', '127.0.0.1:0');
  const [client, server] = await ends(listener, dial('tcp', listener.addr.toString(), { multipath }));
  assert.deepEqual([client.multipath(), server.multipath()], [false, false]);
  assert.ok(isMultipath(client), 'its socket is one of MPTCP all the same');
  for (const conn of [client, server]) conn.close();
});

test('only the server asks for it', options, async () => {
  using listener = await listenTCP('tcp', null, { multipath });
  const [client, server] = await ends(listener, dial('tcp4', `127.0.0.1:${listener.addr.port}`));
  assert.deepEqual([client.multipath(), server.multipath(), isMultipath(client)], [false, false, false]);
  for (const conn of [client, server]) conn.close();
});

test('nobody asks for it, or says false', options, async () => {
  for (const own of [{}, { multipath: false }]) {
    using listener = await listen('tcp', '127.0.0.1:0', own);
    const [client, server] = await ends(listener, dial('tcp', listener.addr.toString(), own));
    assert.deepEqual(
      [isMultipath(listener), isMultipath(client), client.multipath(), server.multipath()],
      [false, false, false, false],
    );
    for (const conn of [client, server]) conn.close();
  }
});

test('the defaults of a connection are set on it', options, async () => {
  using listener = await listen('tcp', '127.0.0.1:0', { multipath });
  for (const control of [undefined, () => undefined]) {
    const [client, server] = await ends(listener, dial('tcp', listener.addr.toString(), { multipath, control }));
    for (const conn of [client, server]) {
      const raw = conn.syscallConn();
      assert.equal(conn.multipath(), true);
      assert.deepEqual(
        [raw.getsockopt(c.IPPROTO_TCP, c.TCP_NODELAY), raw.getsockopt(c.SOL_SOCKET, c.SO_KEEPALIVE)],
        [1, 1],
      );
      conn.close();
    }
  }
});

for (const row of DIALED) {
  test(
    `dial with ${row.name}: on MPTCP, or on TCP if only that can`,
    { ...options, skip: options.skip || whyNotSet(row) },
    async () => {
      using listener = await listen('tcp', '127.0.0.1:0', { multipath });
      const own = { multipath, [row.name]: row.value };
      const [client, server] = await ends(listener, dial('tcp', listener.addr.toString(), own));
      // Some options of an MPTCP socket can be set but not read.
      if (!client.multipath()) assert.equal(readRow(client.syscallConn(), row, '127.0.0.1'), row.reads);
      assert.equal(server.multipath(), client.multipath());
      for (const conn of [client, server]) conn.close();
    },
  );
}

for (const row of LISTENING) {
  test(
    `listen with ${row.name}: on MPTCP, or on TCP if only that can`,
    { ...options, skip: options.skip || whyNotSet(row) },
    async () => {
      using listener = await listen('tcp', '127.0.0.1:0', { multipath, [row.name]: row.value });
      if (!isMultipath(listener)) assert.equal(readRow(listener.syscallConn(), row, '127.0.0.1'), row.reads);
      const [client, server] = await ends(listener, dial('tcp', listener.addr.toString(), { multipath }));
      assert.equal(client.multipath(), isMultipath(listener));
      for (const conn of [client, server]) conn.close();
    },
  );
}

test('a refused connection is refused', options, () =>
  leavesNothing(async () => {
    using refused = await refusing();
    const error = await opErrorOf(dial('tcp', { host: '127.0.0.1', port: refused.port }, { multipath }));
    assert.equal(error.message, `dial tcp 127.0.0.1:${refused.port}: connect: connection refused`);
  }),
);
