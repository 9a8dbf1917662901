// Every public call, made to fail: at most three levels (OpError, one other, a number), what code looks at lifted to the top,
// Go's text, the names and codes of the design.

import assert from 'node:assert/strict';
import { closeSync, openSync } from 'node:fs';
import { test } from 'node:test';

import * as gonet from 'gonet';
import { Addr } from 'gonet/netip';
import { SOL_SOCKET } from 'gonet/syscall';

import { sys } from '../../src/syscall/sys.ts';
import { AF_NETLINK, SOCK_RAW } from '../../src/syscall/zconst_linux.ts';
import { errorOf } from './form.ts';
import { connect, leavesNothing, opErrorOf, refusing, silent, type Pair } from './loopback.ts';

const options = { timeout: 20_000 };
const { dial, dialTCP, fromFd, listen, listenTCP, resolveTCPAddr, TCPAddr } = gonet;
const PAST = { deadline: 1 };
const aborted = { signal: AbortSignal.abort('enough') };

/** `CLIENT`, `SERVER` and `LISTENER` stand for the addresses. */
function shown(message: string, { client, server }: Pair): string {
  const [own, other] = [client.localAddr.toString(), server.localAddr.toString()];
  return message.replaceAll(own, 'CLIENT').replaceAll(other, 'SERVER');
}

type Row = [name: string, call: (pair: Pair) => unknown, message: string, code: string];
const BUF = Buffer.alloc(1);
const BOTH = 'tcp CLIENT->SERVER';
const CLOSING = 'use of closed network connection';

/** On a connection that is open. */
const OPEN: Row[] = [
  ['read, deadline', ({ client }) => client.read(BUF, PAST), `read ${BOTH}: i/o timeout`, 'ETIMEDOUT'],
  ['read, signal', ({ client }) => client.read(BUF, aborted), `read ${BOTH}: operation was canceled`, 'ABORT_ERR'],
  ['write, deadline', ({ client }) => client.write('x', PAST), `write ${BOTH}: i/o timeout`, 'ETIMEDOUT'],
  ['write, signal', ({ client }) => client.write('x', aborted), `write ${BOTH}: operation was canceled`, 'ABORT_ERR'],
  ['writev, deadline', ({ client }) => client.writev([BUF], PAST), `writev ${BOTH}: i/o timeout`, 'ETIMEDOUT'],
  ['accept, deadline', ({ listener }) => listener.accept(PAST), 'accept tcp SERVER: i/o timeout', 'ETIMEDOUT'],
  [
    'accept, signal',
    ({ listener }) => listener.accept(aborted),
    'accept tcp SERVER: operation was canceled',
    'ABORT_ERR',
  ],
  [
    'getsockopt',
    ({ client }) => client.syscallConn().getsockopt(SOL_SOCKET, 9999),
    `get ${BOTH}: getsockopt: protocol not available`,
    'ENOPROTOOPT',
  ],
  [
    'setsockopt',
    ({ client }) => client.syscallConn().setsockopt(SOL_SOCKET, 9999, 1),
    `set ${BOTH}: setsockopt: protocol not available`,
    'ENOPROTOOPT',
  ],
  [
    'raw-read of a listener',
    ({ listener }) => listener.syscallConn().read(() => true),
    'raw-read tcp SERVER: raw-read: invalid argument',
    'EINVAL',
  ],
  [
    'listen, in use',
    ({ listener }) => listen('tcp', listener.addr.toString()),
    'listen tcp SERVER: bind: address already in use',
    'EADDRINUSE',
  ],
  [
    'dial, hook’s option',
    ({ listener }) => dial('tcp4', listener.addr.toString(), PAST),
    'dial tcp4 SERVER: i/o timeout',
    'ETIMEDOUT',
  ],
  [
    'fromFd, again',
    ({ client }) => {
      client.syscallConn().control((fd) => fromFd(fd));
    },
    'file file+net: epoll_ctl: file exists',
    'EEXIST',
  ],
];

/** On a connection and a listener that are closed. */
const CLOSED: [name: string, call: Row[1], head: string][] = [
  ['read', ({ client }) => client.read(BUF), `read ${BOTH}`],
  ['read of nothing', ({ client }) => client.read(Buffer.alloc(0)), `read ${BOTH}`],
  ['write', ({ client }) => client.write('x'), `write ${BOTH}`],
  ['write of nothing', ({ client }) => client.write(''), `write ${BOTH}`],
  ['writev', ({ client }) => client.writev([BUF]), `writev ${BOTH}`],
  ['iteration', ({ client }) => client[Symbol.asyncIterator]().next(), `read ${BOTH}`],
  ['closeRead', ({ client }) => client.closeRead(), `close ${BOTH}`],
  ['closeWrite', ({ client }) => client.closeWrite(), `close ${BOTH}`],
  ['setDeadline', ({ client }) => client.setDeadline(null), 'set tcp CLIENT'],
  ['setReadDeadline', ({ client }) => client.setReadDeadline(null), 'set tcp CLIENT'],
  ['setWriteDeadline', ({ client }) => client.setWriteDeadline(null), 'set tcp CLIENT'],
  ['setReadBuffer', ({ client }) => client.setReadBuffer(4096), 'set tcp CLIENT'],
  ['setWriteBuffer', ({ client }) => client.setWriteBuffer(4096), 'set tcp CLIENT'],
  ['setNoDelay', ({ client }) => client.setNoDelay(), `set ${BOTH}`],
  ['setKeepAlive', ({ client }) => client.setKeepAlive(), `set ${BOTH}`],
  ['setLinger', ({ client }) => client.setLinger(0), `set ${BOTH}`],
  ['setUserTimeout', ({ client }) => client.setUserTimeout(1), `set ${BOTH}`],
  ['dup', ({ client }) => client.dup(), `dup ${BOTH}`],
  ['detach', ({ client }) => client.detach(), `detach ${BOTH}`],
  ['raw control', ({ client }) => client.syscallConn().control(() => undefined), `raw-control ${BOTH}`],
  ['raw read', ({ client }) => client.syscallConn().read(() => true), `raw-read ${BOTH}`],
  ['raw write', ({ client }) => client.syscallConn().write(() => true), `raw-write ${BOTH}`],
  ['getsockopt', ({ client }) => client.syscallConn().getsockopt(1, 3), `get ${BOTH}`],
  ['setsockopt', ({ client }) => client.syscallConn().setsockopt(1, 9, 1), `set ${BOTH}`],
  ['accept', ({ listener }) => listener.accept(), 'accept tcp SERVER'],
  ['setDeadline of a listener', ({ listener }) => listener.setDeadline(null), 'set tcp SERVER'],
  ['dup of a listener', ({ listener }) => listener.dup(), 'dup tcp SERVER'],
  ['detach of a listener', ({ listener }) => listener.detach(), 'detach tcp SERVER'],
  [
    'raw control of a listener',
    ({ listener }) => listener.syscallConn().control(() => undefined),
    'raw-control tcp SERVER',
  ],
];

for (const [state, rows] of [
  ['open', OPEN],
  ['closed', CLOSED.map(([name, call, head]): Row => [name, call, `${head}: ${CLOSING}`, 'ERR_NET_CLOSED'])],
] as const) {
  for (const [name, call, message, code] of rows) {
    test(`${name}, while ${state}`, options, () =>
      leavesNothing(async () => {
        using pair = await connect();
        if (state === 'closed') for (const each of [pair.client, pair.listener]) each.close();
        const error = await errorOf(() => call(pair));
        assert.equal(shown(error.message, pair), message);
        assert.equal(error.code, code);
        assert.equal(error.bytesWritten, /^writev? /.test(message) ? 0 : undefined);
        // Both ends, or one alone.
        assert.equal(error.source === null, !message.includes('->'));
      }),
    );
  }
}

/** Without a connection. */
const ALONE: [name: string, call: () => unknown, message: string, code: string][] = [
  ['dial, network', () => dial('tcp9', ':1'), 'dial tcp9: unknown network tcp9', 'ERR_NET_UNKNOWN_NETWORK'],
  ['dial, address', () => dial('tcp', ''), 'dial tcp: missing address', 'ERR_NET_ADDR'],
  ['dial, name', () => dial('tcp', '127.1:1'), 'dial tcp: lookup 127.1: no such host', 'ENOTFOUND'],
  [
    'dial, look-up ended',
    () => dial('tcp', 'localhost:1', aborted),
    'dial tcp: lookup localhost: operation was canceled',
    'ABORT_ERR',
  ],
  ['dialTCP, network', () => dialTCP('x', null, null), 'dial x: unknown network x', 'ERR_NET_UNKNOWN_NETWORK'],
  ['dialTCP, no address', () => dialTCP('tcp', null, null), 'dial tcp: missing address', 'ERR_NET_ADDR'],
  [
    'dialTCP, port',
    () => dialTCP('tcp', null, new TCPAddr(null, -1)),
    'dial tcp :-1: connect: invalid argument',
    'EINVAL',
  ],
  ['listen, network', () => listen('tcp9', ':0'), 'listen tcp9: unknown network tcp9', 'ERR_NET_UNKNOWN_NETWORK'],
  ['listen, signal', () => listen('tcp', ':0', aborted), 'listen tcp: operation was canceled', 'ABORT_ERR'],
  ['listenTCP, network', () => listenTCP('x', null), 'listen x: unknown network x', 'ERR_NET_UNKNOWN_NETWORK'],
  [
    'listenTCP, address',
    () => listenTCP('tcp4', new TCPAddr(Addr.parse('::1'), 0)),
    'listen tcp4 [::1]:0: address ::1: non-IPv4 address',
    'ERR_NET_ADDR',
  ],
  ['fromFd, not open', () => fromFd(1_000_000), 'file file+net: getsockopt: bad file descriptor', 'EBADF'],
];

for (const [name, call, message, code] of ALONE) {
  test(name, options, () =>
    leavesNothing(async () => {
      const error = await errorOf(call);
      assert.deepEqual([error.message, error.code], [message, code]);
    }),
  );
}

test('a refused and a timed-out dial', options, async () => {
  using refused = await refusing();
  const error = await errorOf(() => dial('tcp', `127.0.0.1:${refused.port}`));
  assert.equal(error.message, `dial tcp 127.0.0.1:${refused.port}: connect: connection refused`);
  using listener = await silent();
  assert.ok((await errorOf(() => dial('tcp', `127.0.0.1:${listener.port}`, { timeout: 5 }))).timeout);
});

test('fromFd of what it does not know: the descriptor stays the caller’s', options, async () => {
  const file = openSync('/dev/null', 'r');
  assert.equal(
    (await errorOf(() => fromFd(file))).message,
    'file file+net: getsockopt: socket operation on non-socket',
  );
  closeSync(file);
  const fd = sys.socket(AF_NETLINK, SOCK_RAW, 0);
  assert.equal((await errorOf(() => fromFd(fd))).message, 'file file+net: socket: protocol not supported');
  assert.equal(sys.close(fd), 0);
});

test('a write after our own end of the stream', options, async () => {
  using pair = await connect();
  pair.client.closeWrite();
  for (const [op, call] of [
    ['write', () => pair.client.write('x')],
    ['writev', () => pair.client.writev([BUF])],
  ] as const) {
    const error = await errorOf(call);
    assert.equal(shown(error.message, pair), `${op} ${BOTH}: ${op}: broken pipe`);
    assert.deepEqual([error.code, error.errno, error.syscall, error.bytesWritten], ['EPIPE', -32, op, 0]);
  }
});

test(
  'after a reset: the reason once, then the end; half-close has nothing to close (rules 87, 115)',
  options,
  async () => {
    using pair = await connect();
    pair.server.setLinger(0);
    pair.server.close();
    const error = await errorOf(() => pair.client.read(BUF));
    assert.equal(shown(error.message, pair), `read ${BOTH}: read: connection reset by peer`);
    assert.deepEqual([error.code, error.errno, error.temporary], ['ECONNRESET', -104, false]);
    assert.equal(await pair.client.read(BUF), null);
    const shut = await errorOf(() => pair.client.closeWrite());
    assert.equal(shown(shut.message, pair), `close ${BOTH}: shutdown: transport endpoint is not connected`);
  },
);

test('a write that ends half-way tells how much the kernel has', options, async () => {
  using pair = await connect();
  const controller = new AbortController();
  const data = Buffer.alloc(64 << 20);
  const writing = opErrorOf(pair.client.write(data, { signal: controller.signal }));
  controller.abort();
  const { bytesWritten = -1, code } = await writing;
  assert.ok(code === 'ABORT_ERR' && bytesWritten > 0 && bytesWritten < data.length, String(bytesWritten));
});

test('resolveTCPAddr rejects with the bare reason', options, async () => {
  const rows: [network: string, address: string, kind: new (...args: never[]) => Error][] = [
    ['tcp9', ':1', gonet.UnknownNetworkError],
    ['tcp', '127.0.0.1', gonet.AddrError],
    ['tcp', '127.1:1', gonet.DNSError],
  ];
  for (const [network, address, kind] of rows) {
    await assert.rejects(resolveTCPAddr(network, address), (error) => error instanceof kind);
  }
});
