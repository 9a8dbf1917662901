// denyPrivate, end to end: who is refused is not contacted, neither by literal nor by name, whatever the name says the second time.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { AddrError, denyPrivate, dial, Dialer, listen, type HostResolver, type OpError, type TCPListener } from 'gonet';
import { Addr } from 'gonet/netip';

import { NameServer, records, zone } from '../dns/nameserver.ts';
import { Plan } from '../fault/plan.ts';
import { checkForm } from './form.ts';
import { leavesNothing, opErrorOf, withoutIPv6 } from './loopback.ts';
import { asking, fixed } from './names.ts';

const options = { timeout: 10_000 };
const control = denyPrivate();

/** Runs a dial that must be refused, and sees to it that nobody was contacted: no connect, and nobody to accept. */
async function refusedBy(listener: TCPListener, go: () => Promise<unknown>): Promise<OpError> {
  using plan = new Plan();
  const error = await opErrorOf(go());
  for (const each of error.attempts ?? [error]) checkForm(each);
  const tcp = plan.of('socket').filter(({ args: [, type] }) => (type & 0xf) === 1);
  const sockets = new Set(tcp.map(({ result }) => result));
  assert.equal(plan.count('connect', (fd) => sockets.has(fd)) + plan.count('bind'), 0, 'somebody was contacted');
  assert.equal((await opErrorOf(listener.accept({ deadline: Date.now() - 1 }))).timeout, true);
  return error;
}

/** Whether a listener has nobody waiting; a client that is there is accepted before a deadline of the future passes. */
async function nobodyCame(listener: TCPListener): Promise<void> {
  using own = await dial('tcp', listener.addr.toString());
  using first = await listener.accept();
  assert.equal(String(first.remoteAddr), String(own.localAddr));
}

test('by literal', options, () =>
  leavesNothing(async () => {
    using listener = await listen('tcp', '127.0.0.1:0');
    const { port } = listener.addr;
    for (const [address, at, kind] of [
      [`127.0.0.1:${port}`, '127.0.0.1', 'loopback'],
      [`[::ffff:127.0.0.1]:${port}`, '127.0.0.1', 'loopback'],
      ['10.0.0.1:80', '10.0.0.1', 'private'],
      ['169.254.169.254:80', '169.254.169.254', 'metadata'],
      ['0.0.0.0:80', '0.0.0.0', 'unspecified'],
    ] as const) {
      const error = await refusedBy(listener, () => dial('tcp', address, { control }));
      const shown = address.replace('[::ffff:127.0.0.1]', '127.0.0.1');
      assert.match(error.message, new RegExp(`^dial tcp ${shown.replaceAll('.', String.raw`\.`)}: address .*${at}: `));
      assert.ok(error.message.endsWith(`${kind} address is denied`), error.message);
      assert.equal(error.code, 'ERR_NET_ADDR');
      assert.ok(error.cause instanceof AddrError);
      assert.deepEqual([error.timeout, error.temporary, error.syscall], [false, false, undefined]);
    }
    await nobodyCame(listener);
  }),
);

test('by literal of IPv6, and what carries IPv4 in it', { ...options, skip: withoutIPv6 }, async () => {
  using listener = await listen('tcp', '[::1]:0');
  const { port } = listener.addr;
  for (const host of [
    '::1',
    '64:ff9b::a00:1',
    '2002:7f00:1::',
    '::10.0.0.1',
    'fd00:ec2::254',
    'fe80::1%lo',
    'fec0::1',
  ]) {
    const error = await refusedBy(listener, () => dial('tcp', { host, port }, { control }));
    assert.ok(error.message.endsWith(' address is denied'), error.message);
  }
  await nobodyCame(listener);
});

test('this machine, without a host', options, async () => {
  using listener = await listen('tcp', ':0');
  const { port } = listener.addr;
  for (const address of [`:${port}`, `[::]:${port}`, `0.0.0.0:${port}`, `localhost:${port}`]) {
    const error = await refusedBy(listener, () => dial('tcp', address, { control }));
    assert.equal(error.code, 'ERR_NET_ADDR');
  }
});

test('by name: of a private and an allowed address the allowed one is reached', options, () =>
  leavesNothing(async () => {
    using server = await NameServer.start(zone({ 'x.test.': { A: ['10.255.255.1', '127.0.0.1'] } }));
    using listener = await listen('tcp', '127.0.0.1:0');
    const { port } = listener.addr;
    const own = { control: denyPrivate({ allow: ['127.0.0.0/8'] }) };
    for (const resolver of [asking(server), fixed('10.255.255.1', '127.0.0.1'), fixed('127.0.0.1', '10.255.255.1')]) {
      for (const fallbackDelay of [10_000, -1]) {
        using plan = new Plan();
        using conn = await dial('tcp4', `x.test:${port}`, { ...own, resolver, fallbackDelay });
        assert.equal(String(conn.remoteAddr), `127.0.0.1:${port}`);
        // What sorts addresses connects sockets of UDP, which sends nothing.
        const sockets = plan.of('socket').filter(({ args: [, type] }) => (type & 0xf) === 1);
        const fds = new Set(sockets.map(({ result }) => result));
        const connected = plan.of('connect').filter(({ args: [fd] }) => fds.has(fd));
        assert.equal(new Set(connected.map(({ args: [fd] }) => fd)).size, 1);
        (await listener.accept()).close();
      }
    }
  }),
);

test('by name: all refused', options, async () => {
  using listener = await listen('tcp', '127.0.0.1:0');
  const { port } = listener.addr;
  for (const fallbackDelay of [250, -1]) {
    const resolver = fixed('10.0.0.1', '127.0.0.1', '169.254.169.254');
    const dialer = new Dialer({ control, resolver, fallbackDelay });
    const error = await refusedBy(listener, () => dialer.dial('tcp', `x.test:${port}`));
    assert.equal(
      error.message,
      `dial tcp: 10.0.0.1:${port}: address 10.0.0.1: private address is denied; ` +
        `127.0.0.1:${port}: address 127.0.0.1: loopback address is denied; ` +
        `169.254.169.254:${port}: address 169.254.169.254: metadata address is denied`,
    );
    assert.equal(error.code, 'ERR_NET_ADDR');
    assert.equal(error.attempts?.length, 3);
    assert.ok(error.attempts.every((each) => each.cause instanceof AddrError));
  }
  await nobodyCame(listener);
});

test('by name: a single address', options, async () => {
  using listener = await listen('tcp', '127.0.0.1:0');
  const { port } = listener.addr;
  const resolver = fixed('127.0.0.1');
  const error = await refusedBy(listener, () => dial('tcp', `x.test:${port}`, { control, resolver }));
  assert.equal(error.message, `dial tcp 127.0.0.1:${port}: address 127.0.0.1: loopback address is denied`);
});

test('a name that answers otherwise the second time (DNS rebinding)', options, async () => {
  using listener = await listen('tcp', '127.0.0.1:0');
  const { port } = listener.addr;
  let calls = 0;
  const resolver: HostResolver = {
    lookupNetIP: () => Promise.resolve([Addr.parse(calls++ === 0 ? '192.0.9.1' : '127.0.0.1')]),
  };
  // What a check before the dial would have seen …
  const [checked] = await resolver.lookupNetIP('ip', 'x.test', { signal: new AbortController().signal });
  assert.doesNotThrow(() => control('tcp4', `${checked}:${port}`, null as never));
  // … and what is dialed.
  const error = await refusedBy(listener, () => dial('tcp', `x.test:${port}`, { control, resolver }));
  assert.match(error.message, /loopback address is denied$/);
  assert.equal(calls, 2);
  await nobodyCame(listener);
});

test('rebinding at the name server', options, async () => {
  let asked = 0;
  using server = await NameServer.start(() => records('A', asked++ === 0 ? '192.0.9.1' : '127.0.0.1'));
  using listener = await listen('tcp', '127.0.0.1:0');
  const resolver = asking(server);
  const [checked] = await resolver.lookupNetIP('ip4', 'x.test');
  assert.doesNotThrow(() => control('tcp4', `${checked}:${listener.addr.port}`, null as never));
  const go = (): Promise<unknown> => dial('tcp4', `x.test:${listener.addr.port}`, { control, resolver });
  const error = await refusedBy(listener, go);
  assert.match(error.message, /loopback address is denied$/);
  assert.equal(asked, 2);
});

test('deny: an address that would connect', options, async () => {
  using listener = await listen('tcp', '127.0.0.1:0');
  const address = listener.addr.toString();
  const own = { control: denyPrivate({ allow: ['127.0.0.0/8'], deny: ['127.0.0.1/32'] }) };
  const error = await refusedBy(listener, () => dial('tcp', address, own));
  assert.equal(error.message, `dial tcp ${address}: address 127.0.0.1: address is denied`);
  using other = await listen('tcp', '127.0.0.2:0');
  (await dial('tcp', other.addr.toString(), own)).close();
});
