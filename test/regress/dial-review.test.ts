// What a dial owes to odd callers: attempts from one fixed port share it, a local address is taken in its own family, what is thrown
// may be anything, and one address's share of the time is not the end of the dial.

import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { test } from 'node:test';

import { denyPrivate, dial, listen, OpError, Resolver, TCPAddr } from 'gonet';
import { Addr, Prefix } from 'gonet/netip';

const TIMEOUT = { timeout: 20_000 };
const knows = (...ips: string[]): { lookupNetIP: () => Promise<Addr[]> } => ({
  lookupNetIP: () => Promise.resolve(ips.map((ip) => Addr.parse(ip))),
});

/** A listener with a full backlog: whoever dials it waits. */
async function silent(host: string, port = 0): Promise<Disposable & { port: number }> {
  const listener = await listen('tcp4', `${host}:${port}`, { backlog: 0 });
  const { port: own } = listener.addr;
  const held = await dial('tcp4', `${host}:${own}`);
  return {
    port: own,
    [Symbol.dispose]: () => {
      held.close();
      listener.close();
    },
  };
}

test('a race from one fixed port: the silent address does not keep it from the others', TIMEOUT, async () => {
  using hole = await silent('127.0.0.1');
  using listener = await listen('tcp4', `127.0.0.2:${hole.port}`);
  const free = createServer().listen(0, '127.0.0.1');
  await once(free, 'listening');
  const { port } = free.address() as { port: number };
  free.close();
  await once(free, 'close');
  const options = { localAddr: new TCPAddr(null, port), timeout: 5000 };
  using conn = await dial('tcp4', `street.test:${hole.port}`, {
    ...options,
    resolver: knows('127.0.0.1', '127.0.0.2'),
  });
  assert.deepEqual([conn.remoteAddr.address, conn.localAddr.port], ['127.0.0.2', port]);
  (await listener.accept()).close();
});

test(
  'one after another: an address that has used up its share of the time does not end the dial',
  TIMEOUT,
  async () => {
    using hole = await silent('127.0.0.2');
    const error: unknown = await dial('tcp4', `street.test:${hole.port}`, {
      resolver: knows('127.0.0.1', '127.0.0.2', '127.0.0.3'),
      fallbackDelay: -1,
      timeout: 5000,
    }).catch((reason: unknown) => reason);
    assert.ok(error instanceof OpError);
    assert.deepEqual([error.code, error.timeout, error.attempts?.length], ['ECONNREFUSED', false, 3]);
    assert.equal(error.attempts![1]!.code, 'ETIMEDOUT');
  },
);

test('a hook or a resolver may throw anything', TIMEOUT, async () => {
  const odd: unknown = Object.create(null);
  const throws = (): never => {
    throw odd;
  };
  const hooked = await dial('tcp', '127.0.0.1:9', { control: throws }).catch((error: unknown) => error);
  assert.ok(hooked instanceof OpError);
  assert.equal(hooked.cause.cause, odd);
  const resolver = { lookupNetIP: () => Promise.reject(odd as Error) };
  const looked = await dial('tcp', 'street.test:9', { resolver }).catch((error: unknown) => error);
  assert.ok(looked instanceof OpError);
});

test('localhost is this machine for getaddrinfo, too', TIMEOUT, async () => {
  const addrs = await new Resolver({ method: 'getaddrinfo' }).lookupHost('any.localhost');
  assert.ok(addrs.includes('127.0.0.1'));
});

test('denyPrivate refuses a network that is none', () => {
  const none = Prefix.from(Addr.parse('8.8.8.8'), 33);
  assert.throws(() => denyPrivate({ deny: [none] }), RangeError);
});
