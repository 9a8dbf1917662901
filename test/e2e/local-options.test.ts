// Options that decide which local address and port a socket may have: what Linux allows with them and refuses without.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { dial, listen, TCPAddr } from 'gonet';
import { Addr } from 'gonet/netip';
import * as c from 'gonet/syscall';

import { connect, leavesNothing, opErrorOf, pass, withoutIPv6 } from './loopback.ts';
import { isCapable } from './optionrows.ts';

const options = { timeout: 10_000 };
const local = (port = 0, ip = '127.0.0.1'): TCPAddr => new TCPAddr(Addr.parse(ip), port);

/** Addresses that are nobody's: RFC 5737, RFC 3849. */
const NOT_OURS = [
  ['192.0.2.1:0', false],
  ['[2001:db8::1]:0', withoutIPv6],
] as const;

for (const [address, without] of NOT_OURS) {
  for (const name of ['freebind', 'transparent'] as const) {
    const skip =
      without || (name === 'transparent' && !isCapable() && 'transparent needs CAP_NET_ADMIN or CAP_NET_RAW');
    test(`${name}: listen on ${address}, which is not ours`, { ...options, skip }, () =>
      leavesNothing(async () => {
        for (const own of [{}, { [name]: false }]) {
          const error = await opErrorOf(listen('tcp', address, own));
          assert.equal(error.message, `listen tcp ${address}: bind: cannot assign requested address`);
        }
        using listener = await listen('tcp', address, { [name]: true });
        assert.equal(`${listener.addr}`, address.replace(/0$/, String(listener.addr.port)));
      }),
    );
  }
}

test('bindAddressNoPort: a local address without a port', options, async () => {
  for (const ip of ['127.0.0.1', '127.0.0.77']) {
    using pair = await connect('127.0.0.1:0', 'tcp', { bindAddressNoPort: true, localAddr: local(0, ip) });
    const { localAddr } = pair.client;
    assert.equal(localAddr.ip.toString(), ip);
    assert.ok(localAddr.port > 0);
    assert.equal(`${pair.server.remoteAddr}`, `${localAddr}`);
    await pass(pair.client, pair.server);
  }
});

for (const own of [{ reusePort: true }, { reuseAddr: true }]) {
  const [name] = Object.keys(own);
  test(`${name}: two dials from one local port to two peers`, options, async () => {
    // Bound, and not left to connect(2), which may choose a port that a stranger's connection has too (__inet_hash_connect).
    using one = await connect('127.0.0.1:0', 'tcp', { ...own, localAddr: local() });
    using listener = await listen('tcp', '127.0.0.1:0');
    const { port } = one.client.localAddr;
    const to = listener.addr.toString();
    const refused = await opErrorOf(dial('tcp', to, { localAddr: local(port) }));
    assert.equal(refused.code, 'EADDRINUSE');
    using client = await dial('tcp', to, { ...own, localAddr: local(port) });
    using server = await listener.accept();
    assert.equal(client.localAddr.port, port);
    await pass(client, server);
    await pass(one.server, one.client);
  });
}

test('reusePort: listeners share a port, if all of them say so', options, async () => {
  using first = await listen('tcp', '127.0.0.1:0', { reusePort: true });
  const address = first.addr.toString();
  assert.equal((await opErrorOf(listen('tcp', address))).code, 'EADDRINUSE');
  using second = await listen('tcp', address, { reusePort: true });
  assert.equal(second.addr.port, first.addr.port);
});

test('reuseAddr false: the port of connections that linger is in use', options, async () => {
  const pair = await connect();
  const address = pair.listener.addr.toString();
  pair.listener.close();
  // The server closes first, so that its port is the one that lingers, in TIME_WAIT or before it.
  pair.server.close();
  assert.equal(await pair.client.read(Buffer.alloc(1)), null);
  pair.client.close();
  assert.equal((await opErrorOf(listen('tcp', address, { reuseAddr: false }))).code, 'EADDRINUSE');
  (await listen('tcp', address)).close();
});

test('bindToDevice: what comes through another interface is not ours', options, async () => {
  using listener = await listen('tcp', '127.0.0.1:0', { bindToDevice: 'lo' });
  using client = await dial('tcp', listener.addr.toString(), { bindToDevice: 'lo' });
  using server = await listener.accept();
  await pass(client, server);
  assert.equal(client.syscallConn().getsockopt(c.SOL_SOCKET, c.SO_BINDTODEVICE, 16).toString('latin1'), 'lo\0');
});
