// The Control hook (Go's rules 68 to 71): what it is told, when it is called, what it may do, and what becomes of its failure.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { dial, Dialer, dialTCP, listen, ListenConfig, listenTCP, type Control, type RawConn } from 'gonet';
import { getsockopt, SO_ACCEPTCONN, SO_MARK, SO_PRIORITY, SO_RCVBUF, SO_REUSEADDR, SOL_SOCKET } from 'gonet/syscall';

import { connect, leavesNothing, opErrorOf, openSockets, pass, withoutIPv6 } from './loopback.ts';

const options = { timeout: 10_000 };
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** A hook that remembers what it was told. */
function recorder(): { told: string[]; control: Control } {
  const told: string[] = [];
  return { told, control: (network, address) => void told.push(`${network} ${address}`) };
}

test('a dial’s hook sees the concrete network and the remote address', { ...options, skip: withoutIPv6 }, async () => {
  using four = await listen('tcp', '127.0.0.1:0');
  using six = await listen('tcp', '[::1]:0');
  const rows: [network: string, address: string, told: string][] = [
    ['tcp', four.addr.toString(), `tcp4 ${four.addr}`],
    ['tcp4', four.addr.toString(), `tcp4 ${four.addr}`],
    ['tcp', six.addr.toString(), `tcp6 ${six.addr}`],
    ['tcp6', six.addr.toString(), `tcp6 ${six.addr}`],
    ['tcp', `[::ffff:127.0.0.1]:${four.addr.port}`, `tcp4 ${four.addr}`],
    ['tcp', `:${four.addr.port}`, `tcp4 :${four.addr.port}`],
  ];
  for (const [network, address, expected] of rows) {
    const { told, control } = recorder();
    (await dial(network, address, { control })).close();
    (await new Dialer({ control }).dial(network, address)).close();
    assert.deepEqual(told, [expected, expected]);
  }
  const { told, control } = recorder();
  (await dialTCP('tcp', null, six.addr, { control })).close();
  assert.deepEqual(told, [`tcp6 ${six.addr}`]);
});

test('a listen’s hook sees the concrete network and the local address', { ...options, skip: withoutIPv6 }, async () => {
  const rows: [network: string, address: string, told: string][] = [
    ['tcp', '127.0.0.1:0', 'tcp4 127.0.0.1:0'],
    ['tcp4', '127.0.0.1:0', 'tcp4 127.0.0.1:0'],
    ['tcp', '[::1]:0', 'tcp6 [::1]:0'],
    ['tcp6', '[::1]:0', 'tcp6 [::1]:0'],
    ['tcp', ':0', 'tcp6 :0'],
    ['tcp4', ':0', 'tcp4 :0'],
    ['tcp', '0.0.0.0:0', 'tcp6 0.0.0.0:0'],
    ['tcp', '[::]:0', 'tcp6 0.0.0.0:0'],
    ['tcp6', '[::]:0', 'tcp6 [::]:0'],
  ];
  for (const [network, address, expected] of rows) {
    const { told, control } = recorder();
    (await listen(network, address, { control })).close();
    (await new ListenConfig({ control }).listen(network, address)).close();
    assert.deepEqual(told, [expected, expected]);
  }
  const { told, control } = recorder();
  (await listenTCP('tcp', null, { control })).close();
  assert.deepEqual(told, ['tcp6 :0']);
});

test('it is called once, after the default options and before listen', options, async () => {
  let seen: number[] = [];
  const control: Control = (_network, _address, raw) => {
    seen = [...seen, raw.getsockopt(SOL_SOCKET, SO_REUSEADDR), raw.getsockopt(SOL_SOCKET, SO_ACCEPTCONN)];
    raw.control((fd) => seen.push(getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN)));
  };
  using listener = await listen('tcp', '127.0.0.1:0', { control });
  assert.deepEqual(seen, [1, 0, 0]);
  assert.equal(listener.syscallConn().getsockopt(SOL_SOCKET, SO_ACCEPTCONN), 1);
});

test('what it sets stays: by RawConn, at once and after a wait', options, async () => {
  for (const wait of [false, true]) {
    const control: Control = async (_network, _address, raw) => {
      if (wait) await turn();
      raw.setsockopt(SOL_SOCKET, SO_PRIORITY, 3);
      raw.setsockopt(SOL_SOCKET, SO_RCVBUF, 20_000);
    };
    using pair = await connect('127.0.0.1:0', 'tcp', { control });
    const raw = pair.client.syscallConn();
    assert.deepEqual([raw.getsockopt(SOL_SOCKET, SO_PRIORITY), raw.getsockopt(SOL_SOCKET, SO_RCVBUF)], [3, 40_000]);
    await pass(pair.client, pair.server);
  }
});

test('what it returns does not matter, unless it can be waited for', options, () =>
  leavesNothing(async () => {
    for (const answer of [5, 'x', null, {}, [], Promise.resolve(5)]) {
      const control = (() => answer) as unknown as Control;
      using pair = await connect('127.0.0.1:0', 'tcp', { control });
      await pass(pair.client, pair.server);
      (await listen('tcp', '127.0.0.1:0', { control })).close();
    }
  }),
);

test('SO_MARK, where this process may', options, async (t) => {
  const control: Control = (_network, _address, raw) => raw.setsockopt(SOL_SOCKET, SO_MARK, 42);
  using listener = await listen('tcp', '127.0.0.1:0');
  const reached = await dial('tcp', listener.addr.toString(), { control }).catch((error: unknown) => error);
  if (reached instanceof Error) {
    assert.equal((reached as NodeJS.ErrnoException).code, 'EPERM');
    return t.skip('no privilege to mark packets');
  }
  using conn = reached as Awaited<ReturnType<typeof dial>> & { syscallConn(): RawConn };
  assert.equal(conn.syscallConn().getsockopt(SOL_SOCKET, SO_MARK), 42);
});

const FAILURES: [how: string, control: (boom: Error) => Control][] = [
  [
    'throws',
    (boom) => () => {
      throw boom;
    },
  ],
  ['rejects', (boom) => () => Promise.reject(boom)],
  [
    'rejects later',
    (boom) => async () => {
      await turn();
      throw boom;
    },
  ],
];

for (const [how, make] of FAILURES) {
  test(`a hook that ${how} refuses: its error is the cause, and the socket is closed`, options, () =>
    leavesNothing(async () => {
      const boom = Object.assign(new Error('boom'), { code: 'MY_CODE' });
      const control = make(boom);
      using listener = await listen('tcp', '127.0.0.1:0');
      const before = openSockets();
      const dialed = await opErrorOf(dial('tcp', listener.addr.toString(), { control }));
      assert.equal(dialed.message, `dial tcp ${listener.addr}: boom`);
      assert.equal(dialed.cause, boom);
      assert.equal(dialed.code, 'MY_CODE');
      const listened = await opErrorOf(listen('tcp', '127.0.0.1:0', { control }));
      assert.equal(listened.message, 'listen tcp 127.0.0.1:0: boom');
      assert.equal(listened.cause, boom);
      assert.deepEqual(openSockets(), before);
    }),
  );
}

test('a hook that throws what is no error', options, async () => {
  const control: Control = () => Promise.reject('just a text');
  const error = await opErrorOf(listen('tcp', '127.0.0.1:0', { control }));
  assert.equal(error.message, 'listen tcp 127.0.0.1:0: just a text');
  assert.ok(error.cause instanceof Error);
});

test('an option that the kernel refuses ends the dial with its reason', options, () =>
  leavesNothing(async () => {
    const control: Control = (_network, _address, raw) => raw.setsockopt(SOL_SOCKET, 9999, 1);
    const error = await opErrorOf(listen('tcp', '127.0.0.1:0', { control }));
    assert.match(error.message, /^listen tcp 127\.0\.0\.1:0: setsockopt: protocol not available$/);
    assert.equal(error.code, 'ENOPROTOOPT');
  }),
);

test('in a hook nothing can wait: the socket is not in the poller yet (rule 71)', options, () =>
  leavesNothing(async () => {
    let tries = 0;
    let dialed: Promise<void> | undefined;
    const control: Control = async (_network, _address, raw) => {
      await raw.read(() => true);
      await raw.write(() => true);
      dialed = raw.read(() => ++tries < 0);
      await assert.rejects(dialed, /^OpError: raw-read tcp: waiting for unsupported file type$/);
      await assert.rejects(
        raw.write(() => false),
        /waiting for unsupported file type$/,
      );
    };
    using pair = await connect('127.0.0.1:0', 'tcp', { control });
    await pass(pair.server, pair.client);
    assert.equal(tries, 1);
    assert.ok(dialed !== undefined);
  }),
);

test('a RawConn that outlives a refused dial is closed', options, async () => {
  let kept: RawConn | undefined;
  const control: Control = (_network, _address, raw) => {
    kept = raw;
    throw new Error('boom');
  };
  await opErrorOf(listen('tcp', '127.0.0.1:0', { control }));
  assert.throws(() => kept!.control(() => assert.fail('called')), { code: 'ERR_NET_CLOSED' });
  assert.throws(() => kept!.getsockopt(SOL_SOCKET, SO_PRIORITY), { code: 'ERR_NET_CLOSED' });
  await assert.rejects(
    kept!.read(() => true),
    { code: 'ERR_NET_CLOSED' },
  );
});

test('a timeout and a signal end a dial whose hook still waits, and close its socket', options, async () => {
  using listener = await listen('tcp', '127.0.0.1:0');
  const before = openSockets();
  let go = (): void => undefined;
  const gate = new Promise<void>((resolve) => {
    go = resolve;
  });
  const controller = new AbortController();
  const late = opErrorOf(dial('tcp', listener.addr.toString(), { control: () => gate, timeout: 20 }));
  const canceled = opErrorOf(dial('tcp', listener.addr.toString(), { control: () => gate, signal: controller.signal }));
  await turn();
  controller.abort();
  // Should the dials wait for their hooks after all, the hooks end some time.
  const release = setTimeout(go, 1000);
  const first = await Promise.race([Promise.all([late, canceled]), gate]);
  clearTimeout(release);
  go();
  assert.ok(Array.isArray(first), 'the dials wait for their hooks');
  assert.deepEqual(
    first.map(({ code }) => code),
    ['ETIMEDOUT', 'ABORT_ERR'],
  );
  assert.deepEqual(openSockets(), before);
});
