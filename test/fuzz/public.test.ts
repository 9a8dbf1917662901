// The public calls with random arguments: a TypeError or RangeError at once, or a promise that settles with a known error or
// with something that can be closed. Never a crash, and never a descriptor that is left open. Loopback only.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import * as fc from 'fast-check';
import * as gonet from 'gonet';
import { Addr } from 'gonet/netip';

import { openSockets } from '../e2e/loopback.ts';

const options = { timeout: 60_000 };

const wild = fc.anything({ withBigInt: true, withDate: true, withTypedArray: true, withNullPrototype: true });
const garbage = fc.oneof(fc.constantFrom<unknown>(undefined, null, NaN, -1, 1.5, 0, '', {}, []), wild);

const network = fc.oneof(
  { weight: 8, arbitrary: fc.constantFrom('tcp', 'tcp4', 'tcp6') },
  fc.constantFrom('TCP', 'tcp5', 'http', 'ip', 'ip4:', 'ip:x', '', 'tcp:80', '\0', '☺'),
  garbage,
);

/** Hosts that need no name server: literals of this machine, and what is no name. */
const HOSTS = [
  '127.0.0.1',
  '127.0.0.2',
  '::1',
  '',
  '0.0.0.0',
  '::',
  '::ffff:127.0.0.1',
  'localhost',
  '127.1',
  '010.0.0.1',
];
const NO_HOSTS = ['a b', 'a..b', '☺', '[', ']', '[[::1]]', '%', '%lo', '::1%lo', '127.0.0.1%lo', 'x'.repeat(300), '\0'];
const host = fc.constantFrom(...HOSTS, ...HOSTS, ...NO_HOSTS);
/** Ports where nobody is, of the kernel's choice, or that are none. */
const port = fc.constantFrom<string | number>(
  0,
  0,
  '0',
  '',
  'http',
  1,
  '+1',
  -1,
  65_536,
  '1e9',
  '☺',
  'no-such',
  NaN,
  1.5,
);
const address = fc.oneof(
  { weight: 6, arbitrary: fc.tuple(host, port).map(([host, port]) => gonet.joinHostPort(host, port)) },
  fc.record({ host, port }, { requiredKeys: ['port'] }),
  fc.stringMatching(/^[:[\]%0.]*$/),
  garbage.filter((value) => typeof value !== 'string'),
);

const ip = fc.constantFrom(
  ...['127.0.0.1', '127.0.0.2', '::1', '0.0.0.0', '::', '::ffff:127.0.0.1'].map((s) => Addr.parse(s)),
);
const tcpAddr = fc
  .tuple(fc.option(ip), fc.constantFrom(0, 0, 1, -1, 65_536, 2 ** 31 - 1))
  .map(([ip, port]) => new gonet.TCPAddr(ip, port));
const udpAddr = fc.constant(new gonet.UDPAddr(null, 0));
const typed = fc.oneof({ weight: 6, arbitrary: tcpAddr }, fc.constant(null), udpAddr, garbage);

const good = <T>(arbitrary: fc.Arbitrary<T>, bad: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> =>
  fc.oneof({ weight: 9, arbitrary }, bad);
/** A time, a span or a count; what is one of them need not be another. */
const time = good(fc.constantFrom(undefined, 0, 1, 9, 50, 1000), fc.constantFrom(-1, NaN, '5', null, 1e300));
const date = good(
  fc.constantFrom(undefined, null, 0, Date.now() + 1e9, new Date(0)),
  fc.constantFrom('5', new Date(NaN)),
);
const flag = good(fc.constantFrom(undefined, true, false), fc.constantFrom(1, 'yes', null));
const control = fc.constantFrom<unknown>(
  undefined,
  null,
  () => undefined,
  () => 5,
  async () => Promise.resolve(),
  () => assert.fail('refused'),
  async () => Promise.reject(new Error('refused')),
  (_network: string, _address: string, raw: gonet.RawConn) => raw.read(() => false),
);
const keepAlive = fc.oneof(
  flag,
  fc.record({ enable: flag, idle: time, interval: time, count: time }, { requiredKeys: [] }),
);
const signal = good(
  fc.constantFrom(undefined, AbortSignal.abort(), new AbortController().signal),
  fc.constantFrom(null, 'abort'),
);
const option = fc.oneof(
  { weight: 1, arbitrary: garbage },
  {
    weight: 8,
    arbitrary: fc.record(
      {
        timeout: time,
        deadline: date,
        localAddr: good(fc.oneof(tcpAddr, fc.array(tcpAddr, { maxLength: 3 })), typed),
        noDelay: flag,
        keepAlive,
        control,
        signal,
        backlog: time,
        reusePort: flag,
        ipv6Only: flag,
      },
      { requiredKeys: [] },
    ),
  },
);

/** One level of cause below an OpError, or a bare error where Go's is. */
function checkError(error: unknown, bare: boolean): void {
  const known = [gonet.AddrError, gonet.DNSError, gonet.UnknownNetworkError];
  if (bare && known.some((kind) => error instanceof kind)) return;
  assert.ok(error instanceof gonet.OpError, String(error));
  // A hook's own error stays as it is, and it may be an OpError of its RawConn.
  assert.ok(!(error.cause instanceof gonet.OpError) || error.cause.op === 'raw-read');
  assert.equal(typeof error.code, 'string');
  assert.ok(error.errno === undefined || error.errno < 0);
}

/** A dial that is answered by nobody ends by this. */
const IMPATIENT = { timeout: 500 };

async function tryCall(call: () => unknown, bare = false): Promise<void> {
  let result: unknown;
  try {
    result = call();
  } catch (error) {
    if (!(error instanceof TypeError || error instanceof RangeError)) checkError(error, false);
    return;
  }
  try {
    const value = await result;
    if (value instanceof gonet.TCPConn || value instanceof gonet.TCPListener) value.close();
    else assert.ok(value instanceof gonet.TCPAddr);
  } catch (error) {
    checkError(error, bare);
  }
}

/** Runs a property, and sees to it that every run closes what it opens. */
async function check<T extends unknown[]>(
  property: (...args: T) => Promise<void>,
  ...arbs: { [K in keyof T]: fc.Arbitrary<T[K]> }
): Promise<void> {
  const before = openSockets();
  await fc.assert(
    fc.asyncProperty(fc.tuple<T>(...arbs), async (args) => {
      await property(...args);
      assert.deepEqual(openSockets(), before);
    }),
    { numRuns: 300 },
  );
}

type Any = Parameters<typeof gonet.dial>;

/** A record of options gets a limit of time, unless it has one already; anything else stays as it is. */
function limited(value: unknown): unknown {
  if (value === null || typeof value !== 'object' || Object.getPrototypeOf(value) !== Object.prototype) return value;
  return { ...IMPATIENT, ...value };
}

test('dial', options, () =>
  check(
    (network, address, option) =>
      tryCall(() => gonet.dial(network as string, address as Any[1], limited(option) as Any[2])),
    network,
    address,
    option,
  ),
);

test('listen', options, () =>
  check(
    (network, address, option) =>
      tryCall(() => gonet.listen(network as string, address as Any[1], option as gonet.ListenOptions)),
    network,
    address,
    option,
  ),
);

test('dialTCP', options, () =>
  check(
    (network, local, remote, option) =>
      tryCall(() =>
        gonet.dialTCP(network as string, local as gonet.TCPAddr, remote as gonet.TCPAddr, limited(option) as Any[2]),
      ),
    network,
    typed,
    typed,
    option,
  ),
);

test('listenTCP', options, () =>
  check(
    (network, local, option) =>
      tryCall(() => gonet.listenTCP(network as string, local as gonet.TCPAddr, option as gonet.TCPListenOptions)),
    network,
    typed,
    option,
  ),
);

test('resolveTCPAddr', options, () =>
  check(
    (network, address, signal) =>
      tryCall(
        () => gonet.resolveTCPAddr(network as string, address as string, { signal: signal as AbortSignal }),
        true,
      ),
    network,
    address,
    signal,
  ),
);

test('fromFd', options, () =>
  check(
    // Numbers that cannot be another descriptor of this process.
    (fd) => tryCall(() => gonet.fromFd(fd as number)),
    fc.oneof(
      garbage.filter((value) => typeof value !== 'number' || !(value >= 0 && value < 1_000_000)),
      fc.integer({ min: 1_000_000 }),
      fc.double().filter((value) => !Number.isInteger(value)),
    ),
  ),
);

test('Dialer and ListenConfig check everything when they are made', options, () => {
  fc.assert(
    fc.property(option, (option) => {
      for (const make of [() => new gonet.Dialer(option as object), () => new gonet.ListenConfig(option as object)]) {
        try {
          make();
        } catch (error) {
          assert.ok(error instanceof TypeError || error instanceof RangeError, String(error));
        }
      }
    }),
    { numRuns: 500 },
  );
});
