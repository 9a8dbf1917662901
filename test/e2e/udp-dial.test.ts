// Dialing UDP: names with several addresses one after another, local addresses, hooks, limits, and what the errors say.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { CanceledError, DeadlineError, dial, Dialer, dialUDP, OpError, TCPAddr, UDPConn } from 'gonet';
import type { Addr } from 'gonet/netip';

import { leavesNothing, opErrorOf, withoutIPv6 } from './loopback.ts';
import { fixed } from './names.ts';
import { at, bound, told } from './udp.ts';

const options = { timeout: 15_000 };

test('dial gives a connected UDPConn that has both names', options, async () => {
  using server = await bound();
  const { port } = server.localAddr;
  for (const conn of [
    await dial('udp', `127.0.0.1:${port}`),
    await dial('udp4', { host: '127.0.0.1', port }),
    await new Dialer().dial('udp', `127.0.0.1:${port}`),
    await dialUDP('udp', null, server.localAddr),
    await dialUDP('udp4', at('127.0.0.1'), server.localAddr),
  ]) {
    using client = conn;
    assert.ok(client instanceof UDPConn);
    assert.equal(String(client.remoteAddr), String(server.localAddr));
    assert.ok(client.localAddr.port > 0 && String(client.localAddr.ip) === '127.0.0.1');
    await client.write('hello');
    assert.deepEqual(await told(server), ['hello', String(client.localAddr)]);
  }
});

test('nobody has to be there', options, async () => {
  using conn = await dial('udp', '127.0.0.1:1');
  assert.equal(String(conn.remoteAddr), '127.0.0.1:1');
});

test('of a name, the first address that connects is taken', options, async () => {
  using server = await bound('127.0.0.1');
  const { port } = server.localAddr;
  using first = await dial('udp', `name.test:${port}`, { resolver: fixed('127.0.0.1', '127.0.0.2') });
  assert.equal(String(first.remoteAddr), `127.0.0.1:${port}`);
  // From loopback there is no way to 192.0.2.1: the second one it is.
  using second = await dial('udp', `name.test:${port}`, {
    resolver: fixed('192.0.2.1', '127.0.0.1'),
    localAddr: at('127.0.0.1'),
  });
  await second.write('x');
  assert.deepEqual(await told(server), ['x', String(second.localAddr)]);
});

test('one after another: a hook sees each, and never two at a time', options, () =>
  leavesNothing(async () => {
    const seen: string[] = [];
    let under = 0;
    const control = async (network: string, address: string): Promise<void> => {
      assert.equal(++under, 1);
      seen.push(`${network} ${address}`);
      await new Promise((resolve) => setImmediate(resolve));
      under--;
      throw new Error(`not ${address}`);
    };
    const ips = ['127.0.0.1', '127.0.0.2', '127.0.0.3'];
    const error = await opErrorOf(dial('udp', 'name.test:9', { resolver: fixed(...ips), control, fallbackDelay: 1 }));
    assert.deepEqual(
      seen,
      ips.map((ip) => `udp4 ${ip}:9`),
    );
    assert.deepEqual(
      error.attempts?.map(({ message }) => message),
      ips.map((ip) => `dial udp ${ip}:9: not ${ip}:9`),
    );
    assert.equal(error.message, `dial udp: ${ips.map((ip) => `${ip}:9: not ${ip}:9`).join('; ')}`);
  }),
);

test('a network of one family takes its addresses only', { ...options, skip: withoutIPv6 }, async () => {
  const resolver = fixed('127.0.0.1', '::1');
  for (const [network, host] of [
    ['udp4', '127.0.0.1'],
    ['udp6', '[::1]'],
  ] as const) {
    using conn = await dial(network, 'name.test:9', { resolver });
    assert.equal(String(conn.remoteAddr), `${host}:9`);
  }
  const error = await opErrorOf(dial('udp6', '127.0.0.1:9'));
  assert.equal(error.message, 'dial udp6: address 127.0.0.1: no suitable address found');
});

test('an empty host is this machine', options, async () => {
  using server = await bound('127.0.0.1', {}, 'udp4');
  using conn = await dial('udp4', `:${server.localAddr.port}`);
  await conn.write('x');
  assert.deepEqual(await told(server), ['x', String(conn.localAddr)]);
});

test('a local address, one for each family, and none that fits', { ...options, skip: withoutIPv6 }, async () => {
  const localAddr = [at('127.0.0.9'), at('::1')];
  using four = await dial('udp', '127.0.0.1:9', { localAddr });
  using six = await dial('udp', '[::1]:9', { localAddr });
  assert.deepEqual([String(four.localAddr.ip), String(six.localAddr.ip)], ['127.0.0.9', '::1']);
  using any = await dial('udp', '127.0.0.1:9', { localAddr: at('') });
  assert.equal(String(any.localAddr.ip), '127.0.0.1');
  const mismatch = await opErrorOf(dial('udp', '127.0.0.1:9', { localAddr: new TCPAddr(null, 0) }));
  assert.equal(mismatch.message, 'dial udp: address :0: mismatched local address type');
  const unfit = await opErrorOf(dial('udp', '127.0.0.1:9', { localAddr: at('::1') }));
  assert.equal(unfit.message, 'dial udp: address [::1]:0: no suitable address found');
  using taken = await bound('127.0.0.1');
  const inUse = await opErrorOf(dialUDP('udp', taken.localAddr, at('127.0.0.1', 9)));
  assert.equal(inUse.message, `dial udp ${taken.localAddr}->127.0.0.1:9: bind: address already in use`);
});

test(
  'a hook sees the concrete network and the remote address (69), and what it throws is the cause (70)',
  options,
  () =>
    leavesNothing(async () => {
      const seen: string[] = [];
      using conn = await dial('udp', '127.0.0.1:9', {
        localAddr: at('127.0.0.1'),
        control: (network, address) => void seen.push(`${network} ${address}`),
      });
      assert.deepEqual(seen, ['udp4 127.0.0.1:9']);
      const boom = new Error('boom');
      const error = await opErrorOf(
        dialUDP('udp', null, at('127.0.0.1', 9), {
          control: () => {
            throw boom;
          },
        }),
      );
      assert.equal(error.message, 'dial udp 127.0.0.1:9: boom');
      assert.equal(error.cause, boom);
      conn.close();
    }),
);

test('what is missing is said as Go says it', options, async () => {
  for (const [network, address, message] of [
    ['udp', '', 'dial udp: missing address'],
    ['udp', '127.0.0.1', 'dial udp: address 127.0.0.1: missing port in address'],
    ['udp', '127.0.0.1:99999', 'dial udp: address 99999: invalid port'],
    ['udp7', '127.0.0.1:1', 'dial udp7: unknown network udp7'],
  ] as const) {
    assert.equal((await opErrorOf(dial(network, address))).message, message);
  }
  assert.equal((await opErrorOf(dialUDP('udp', null, null))).message, 'dial udp: missing address');
  assert.equal(
    (await opErrorOf(dialUDP('tcp', null, at('127.0.0.1', 1)))).message,
    'dial tcp 127.0.0.1:1: unknown network tcp',
  );
  const error = await opErrorOf(dialUDP('udp4', null, at('::1', 1)));
  assert.equal(error.message, 'dial udp4 [::1]:1: address ::1: non-IPv4 address');
});

test('a deadline or a signal ends a dial, and nothing is left', options, () =>
  leavesNothing(async () => {
    for (const late of [{ timeout: -1 }, { deadline: 1 }]) {
      assert.ok((await opErrorOf(dial('udp', '127.0.0.1:9', late))).cause instanceof DeadlineError);
      assert.ok((await opErrorOf(dialUDP('udp', null, at('127.0.0.1', 9), late))).cause instanceof DeadlineError);
    }
    const signal = AbortSignal.abort('no');
    for (const call of [dial('udp', '127.0.0.1:9', { signal }), dialUDP('udp', null, at('127.0.0.1', 9), { signal })]) {
      const error = await opErrorOf(call);
      assert.ok(error.cause instanceof CanceledError && error.cause.cause === 'no');
    }
    const controller = new AbortController();
    const resolver = { lookupNetIP: () => new Promise<Addr[]>(() => {}) };
    const slow = opErrorOf(dial('udp', 'name.test:9', { signal: controller.signal, resolver }));
    setImmediate(() => controller.abort('no'));
    assert.equal((await slow).message, 'dial udp: lookup name.test: operation was canceled');
    assert.equal((await slow).code, 'ABORT_ERR');
  }),
);

test('a zone that means nothing to loopback does no harm', { ...options, skip: withoutIPv6 }, async () => {
  using server = await bound('::1');
  using conn = await dial('udp', `[::1%lo]:${server.localAddr.port}`);
  await conn.write('x');
  assert.deepEqual(await told(server), ['x', String(conn.localAddr)]);
  assert.ok((await opErrorOf(dial('udp', '[fe80::1]:9'))) instanceof OpError, 'without a zone there is no way');
});
