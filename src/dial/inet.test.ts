import assert from 'node:assert/strict';
import { after, test } from 'node:test';

import { Addr } from '../addr/ip.ts';
import { TCPAddr } from '../addr/tcpaddr.ts';
import { UDPAddr } from '../addr/udpaddr.ts';
import { AddrError, CanceledError, DNSError, OpError, SyscallError } from '../errors.ts';
import type { Limits } from '../fd/op.ts';
import { NEVER, now } from '../poll/deadline.ts';
import { Attempts, type Connect } from './attempt.ts';
import { dialInet, type InetTarget, toDelay } from './inet.ts';
import type { HostResolver } from './lookup.ts';

const options = { timeout: 10_000 };

/** No socket is opened here, and so nothing else keeps the process alive. */
const alive = setInterval(() => {}, 1000);
after(() => clearInterval(alive));

const UNLIMITED: Limits = { deadline: NEVER, signal: null };

/** A connection that knows how it came about, and whether it was given up. */
class Fake implements Disposable {
  readonly said: string;
  disposed = false;

  constructor(local: TCPAddr | null, remote: TCPAddr) {
    this.said = `${local === null ? '' : `${local.toString()} `}${remote.toString()}`;
  }

  [Symbol.dispose](): void {
    this.disposed = true;
  }
}

/** Never settles, except by its signal. */
const hangs = ({ signal }: Limits): Promise<never> =>
  new Promise((_resolve, reject) => {
    signal?.addEventListener('abort', () => reject(new CanceledError(signal.reason)));
  });

const refused = (): SyscallError => new SyscallError('connect', -111, 'ECONNREFUSED', 'connection refused');
const connects: Connect<TCPAddr, Fake> = (local, remote) => Promise.resolve(new Fake(local, remote));

interface Dialed {
  readonly conn: Fake | null;
  readonly error: unknown;
  /** The addresses that were tried, in their order. */
  readonly tried: readonly string[];
}

async function go(
  text: string,
  network = 'tcp',
  target: Partial<InetTarget<TCPAddr>> = {},
  connect = connects,
  limits = UNLIMITED,
): Promise<Dialed> {
  const tried: string[] = [];
  const attempts = new Attempts<TCPAddr, Fake>(network, now(), (local, remote, own) => {
    tried.push(remote.toString());
    return connect(local, remote, own);
  });
  const whole = {
    kind: TCPAddr,
    afnet: network,
    text,
    locals: [],
    delay: 250,
    resolver: knows('192.0.2.1'),
    ...target,
  };
  return dialInet(whole, attempts, limits).then(
    (conn) => ({ conn, error: null, tried }),
    (error: unknown) => ({ conn: null, error, tried }),
  );
}

const knows = (...texts: string[]): HostResolver => ({
  lookupNetIP: () => Promise.resolve(texts.map((text) => Addr.parse(text))),
});
const asksNobody: HostResolver = { lookupNetIP: () => assert.fail('was asked') };

test('the delay of a race', options, () => {
  for (const [given, delay] of [
    [undefined, 250],
    [0, 250],
    [-0, 250],
    [1, 1],
    [0.5, 0.5],
    [-1, -1],
    [Infinity, Infinity],
    [-Infinity, -Infinity],
  ] as const) {
    assert.equal(toDelay(given), delay, String(given));
  }
  assert.throws(() => toDelay(NaN), RangeError);
  for (const wrong of [null, '250', {}, 250n]) assert.throws(() => toDelay(wrong as unknown as number), TypeError);
});

test('a literal is dialed without asking anybody', options, async () => {
  for (const [network, text, remote] of [
    ['tcp', '192.0.2.7:80', '192.0.2.7:80'],
    ['tcp4', '192.0.2.7:http', '192.0.2.7:80'],
    ['tcp6', '[2001:db8::1]:443', '[2001:db8::1]:443'],
    ['tcp', '[fe80::1%lo]:1', '[fe80::1%lo]:1'],
    ['tcp', ':80', ':80'],
  ] as const) {
    for (const delay of [250, -1]) {
      const { conn, tried } = await go(text, network, { resolver: asksNobody, delay });
      assert.deepEqual([conn?.said, tried], [remote, [remote]]);
    }
  }
});

test('`::` is two addresses, which race', options, async () => {
  const onlyFour: Connect<TCPAddr, Fake> = (local, remote, limits) =>
    remote.ip.is4() ? connects(local, remote, limits) : Promise.reject(refused());
  for (const delay of [10_000, -1]) {
    const { conn, tried } = await go('[::]:80', 'tcp', { delay }, onlyFour);
    assert.deepEqual([conn?.said, tried], ['0.0.0.0:80', ['[::]:80', '0.0.0.0:80']]);
  }
});

test('a name is asked for in the families of the network', options, async () => {
  const asked: string[] = [];
  const resolver: HostResolver = {
    lookupNetIP: (network, host) => {
      asked.push(`${network} ${host}`);
      return Promise.resolve([Addr.parse('192.0.2.1'), Addr.parse('2001:db8::1')]);
    },
  };
  assert.equal((await go('a.test:80', 'tcp4', { resolver })).conn?.said, '192.0.2.1:80');
  assert.equal((await go('a.test:80', 'tcp6', { resolver })).conn?.said, '[2001:db8::1]:80');
  assert.equal((await go('a.test:80', 'tcp', { resolver })).conn?.said, '192.0.2.1:80');
  assert.deepEqual(asked, ['ip4 a.test', 'ip6 a.test', 'ip a.test']);
});

test('what a resolver says of the other family is not dialed', options, async () => {
  const resolver = knows('192.0.2.1', '::ffff:192.0.2.2', '2001:db8::1');
  const fails = (): Promise<never> => Promise.reject(refused());
  assert.deepEqual((await go('a.test:80', 'tcp6', { resolver }, fails)).tried, ['[2001:db8::1]:80']);
  assert.equal((await go('a.test:80', 'tcp4', { resolver }, fails)).tried.length, 2);
});

test('an address that comes twice is dialed once', options, async () => {
  const { tried, error } = await go(
    'a.test:80',
    'tcp',
    { resolver: knows('192.0.2.1', '192.0.2.1', '192.0.2.2') },
    () => Promise.reject(refused()),
  );
  assert.deepEqual(tried, ['192.0.2.1:80', '192.0.2.2:80']);
  assert.ok(error instanceof OpError);
  assert.equal(error.attempts?.length, 2);
});

test('the other family has its turn second, whatever the order says', options, async () => {
  const resolver = knows('2001:db8::1', '2001:db8::2', '192.0.2.1', '192.0.2.2');
  const { tried } = await go('a.test:80', 'tcp', { resolver }, () => Promise.reject(refused()));
  assert.deepEqual(tried, ['[2001:db8::1]:80', '192.0.2.1:80', '[2001:db8::2]:80', '192.0.2.2:80']);
  const serial = await go('a.test:80', 'tcp', { resolver, delay: -1 }, () => Promise.reject(refused()));
  assert.deepEqual(serial.tried, ['[2001:db8::1]:80', '[2001:db8::2]:80', '192.0.2.1:80', '192.0.2.2:80']);
});

test('the second joins after the delay while the first goes on, and the loser is told', options, async () => {
  const resolver = knows('192.0.2.1', '192.0.2.2');
  let lost: unknown;
  const connect: Connect<TCPAddr, Fake> = (local, remote, limits) => {
    if (remote.toString() !== '192.0.2.1:80') return connects(local, remote, limits);
    return hangs(limits).catch((error: unknown) => {
      lost = error;
      throw error;
    });
  };
  const { conn, tried } = await go('a.test:80', 'tcp', { resolver, delay: 10 }, connect);
  assert.deepEqual([conn?.said, tried.length], ['192.0.2.2:80', 2]);
  assert.ok(lost instanceof CanceledError);
});

test('one that connects too late is closed', options, async () => {
  const all: Fake[] = [];
  const connect: Connect<TCPAddr, Fake> = (local, remote, { signal }) => {
    const conn = new Fake(local, remote);
    all.push(conn);
    if (all.length === 2) return Promise.resolve(conn);
    // Deaf to its signal, it connects when it is told to stop.
    return new Promise((resolve) => signal?.addEventListener('abort', () => resolve(conn)));
  };
  const { conn } = await go('a.test:80', 'tcp', { resolver: knows('192.0.2.1', '192.0.2.2'), delay: 5 }, connect);
  assert.deepEqual([conn?.said, conn?.disposed], ['192.0.2.2:80', false]);
  assert.deepEqual(
    all.map(({ disposed }) => disposed),
    [true, false],
  );
});

test('local addresses: the one of the family, and no remote without one', options, async () => {
  const resolver = knows('2001:db8::1', '192.0.2.1');
  const [four, six] = [new TCPAddr(Addr.parse('127.0.0.9'), 0), new TCPAddr(Addr.parse('::1'), 0)];
  const fails = (): Promise<never> => Promise.reject(refused());
  const said: string[] = [];
  const noting: Connect<TCPAddr, Fake> = (local, remote) => {
    said.push(`${local} ${remote}`);
    return fails();
  };
  await go('a.test:80', 'tcp', { resolver, locals: [four, six] }, noting);
  assert.deepEqual(said, ['[::1]:0 [2001:db8::1]:80', '127.0.0.9:0 192.0.2.1:80']);
  assert.deepEqual((await go('a.test:80', 'tcp', { resolver, locals: [four] }, fails)).tried, ['192.0.2.1:80']);
});

/** Everything before the first attempt comes as it is; the dial gives it its context. */
test('nothing to dial: the bare reason, and nothing is tried', options, async () => {
  const four = new TCPAddr(Addr.parse('127.0.0.9'), 0);
  const six = { resolver: knows('2001:db8::1') };
  const failing: HostResolver = { lookupNetIP: () => Promise.reject(new DNSError({ err: 'e', hostname: 'a.test' })) };
  const rows: readonly (readonly [string, string, Partial<InetTarget<TCPAddr>>, string])[] = [
    ['tcp', 'a.test:80', { resolver: knows() }, 'address a.test: no suitable address found'],
    ['tcp4', 'a.test:80', six, 'address a.test: no suitable address found'],
    ['tcp', 'a.test:80', { ...six, locals: [four] }, 'address 127.0.0.9:0: no suitable address found'],
    ['tcp', '[::1]:80', { locals: [four] }, 'address 127.0.0.9:0: no suitable address found'],
    ['tcp4', '[::1]:80', {}, 'address ::1: no suitable address found'],
    ['tcp', 'a.test', {}, 'address a.test: missing port in address'],
    ['tcp', 'a.test:80', { resolver: failing }, 'lookup a.test: e'],
    ['tcp', ':80', { locals: [new UDPAddr(null, 0)] }, 'address :0: mismatched local address type'],
  ];
  for (const [network, text, target, message] of rows) {
    for (const delay of [250, -1]) {
      const { error, tried } = await go(text, network, { ...target, delay });
      assert.ok(error instanceof AddrError || error instanceof DNSError, String(error));
      assert.deepEqual([error.message, tried], [message, []], `${network} ${text} ${delay}`);
    }
  }
});

test('a resolver that answers with nonsense is an error, not a crash', options, async () => {
  for (const nonsense of [undefined, null, 5, 'x', [null], ['192.0.2.1'], [{}]]) {
    const resolver = { lookupNetIP: () => Promise.resolve(nonsense) } as unknown as HostResolver;
    for (const delay of [250, -1]) {
      for (const network of ['tcp', 'tcp4']) {
        const { error } = await go('a.test:80', network, { resolver, delay }, () => Promise.reject(refused()));
        assert.ok(error instanceof Error, `${JSON.stringify(nonsense)} ${delay}`);
      }
    }
  }
});
