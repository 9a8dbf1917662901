// Unix sockets end to end: names as Go prints them, errors with Go's texts, a full backlog, hooks and options, and Node's and
// Python's sockets at the other end.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect as nodeConnect, createServer, type Socket } from 'node:net';
import { test } from 'node:test';
import { text } from 'node:stream/consumers';

import { Addr } from 'gonet/netip';
import { dial, Dialer, dialUnix, listen, ListenConfig, listenUnix, TCPAddr, UnixAddr, type UnixConn } from 'gonet';
import { getsockopt, SO_RCVBUF, SO_REUSEADDR, SO_SNDBUF, SOL_SOCKET } from 'gonet/syscall';

import { TempDir } from '../conformance/tempdir.ts';
import { leavesNothing, opErrorOf } from './loopback.ts';

const options = { timeout: 15_000 };
const NETWORKS = ['unix', 'unixpacket'] as const;

async function echo(a: UnixConn, b: UnixConn): Promise<void> {
  const into = Buffer.alloc(8);
  await a.write('ping');
  assert.equal(await b.read(into), 4);
  await b.write('pong!');
  assert.equal(await a.read(into), 5);
}

for (const network of NETWORKS) {
  test(`${network}: names on a path (TestUnixConnLocalAndRemoteNames)`, options, () =>
    leavesNothing(async () => {
      using dir = new TempDir();
      await using listener = await listen(network, { path: dir.file() });
      assert.deepEqual([listener.addr.name, listener.addr.network], [dir.file(), network]);
      for (const local of [null, new UnixAddr('', network), new UnixAddr(dir.file('local'), network)]) {
        const name = local === null || local.name === '' ? '@' : local.name;
        const [a, b] = await Promise.all([dialUnix(network, local, listener.addr), listener.accept()]);
        assert.deepEqual([a.localAddr.name, a.remoteAddr!.name], [name, dir.file()]);
        assert.deepEqual([b.localAddr.name, b.remoteAddr!.name], [dir.file(), name]);
        assert.deepEqual([a.localAddr.network, b.remoteAddr!.network], [network, network]);
        await echo(a, b);
        a.close();
        b.close();
      }
    }),
  );

  test(`${network}: abstract names, of every length, and one that the kernel chooses`, options, async () => {
    const long = `@${'x'.repeat(100 - String(process.pid).length)}-${process.pid}-${network}`.slice(0, 108);
    for (const name of [`@gonet-${process.pid}`, `\0gonet-nul-${process.pid}`, long, '']) {
      await using listener = await listen(network, name);
      if (name === '') assert.match(listener.addr.name, /^@[0-9a-f]{5}$/);
      else assert.equal(listener.addr.name, name.replace('\0', '@'));
      const [a, b] = await Promise.all([dial(network, listener.addr.name), listener.accept()]);
      assert.equal(a.remoteAddr!.name, listener.addr.name);
      await echo(a, b);
      a.close();
      b.close();
    }
  });
}

test("errors have Go's texts", options, () =>
  leavesNothing(async () => {
    using dir = new TempDir();
    const none = dir.file('none');
    const long = dir.file('x'.repeat(108));
    const addr = new UnixAddr(none, 'unix');
    const rows: readonly [promise: Promise<unknown>, message: string][] = [
      [dial('unix', none), `dial unix ${none}: connect: no such file or directory`],
      [dial('unixpacket', '@gonet-nobody'), `dial unixpacket @gonet-nobody: connect: connection refused`],
      [dial('unix', ''), 'dial unix: missing address'],
      [dial('unix', long), `dial unix ${long}: connect: invalid argument`],
      [listen('unix', long), `listen unix ${long}: bind: invalid argument`],
      [dial('unix:1', none), 'dial unix:1: unknown network unix:1'],
      [dialUnix('unix', null, null), 'dial unix: missing address'],
      [dialUnix('unix', null, new UnixAddr('', 'unix')), 'dial unix : missing address'],
      [dialUnix('tcp', null, addr), `dial tcp ${none}: unknown network tcp`],
      [listenUnix('tcp', addr), `listen tcp ${none}: unknown network tcp`],
      [listenUnix('unix', null), 'listen unix: missing address'],
      [listen('unixgram', none), `listen unixgram: address ${none}: unexpected address type`],
      [
        dial('unix', none, { localAddr: new UnixAddr(none, 'unixpacket') }),
        `dial unix: address ${none}: mismatched local address type`,
      ],
      [
        dial('unix', none, { localAddr: new TCPAddr(Addr.parse('127.0.0.1'), 0) }),
        'dial unix: address 127.0.0.1:0: mismatched local address type',
      ],
      [listen('unix', '', { signal: AbortSignal.abort() }), 'listen unix: operation was canceled'],
      [dial('unix', none, { signal: AbortSignal.abort() }), `dial unix ${none}: operation was canceled`],
      [dial('unix', none, { timeout: -1 }), `dial unix ${none}: i/o timeout`],
    ];
    for (const [promise, message] of rows) assert.equal((await opErrorOf(promise)).message, message);
    assert.throws(() => void dialUnix('unix', null, none as unknown as UnixAddr), TypeError);
    assert.throws(() => void listenUnix('unix', none as unknown as UnixAddr), TypeError);
  }),
);

// a full backlog (Go's rule 52) ─────────────────────────────────────────────

test('a full backlog without a deadline: EAGAIN at once, and no timeout', options, () =>
  leavesNothing(async () => {
    using dir = new TempDir();
    await using listener = await listen('unix', dir.file(), { backlog: 0 });
    await using first = await dial('unix', dir.file());
    const error = await opErrorOf(dial('unix', dir.file()));
    assert.equal(error.message, `dial unix ${dir.file()}: connect: resource temporarily unavailable`);
    assert.deepEqual([error.code, error.timeout, error.temporary], ['EAGAIN', false, true]);
    (await listener.accept()).close();
    assert.equal(await first.read(Buffer.alloc(1)), null);
  }),
);

test('a full backlog with a deadline: the dial waits for room', options, () =>
  leavesNothing(async () => {
    using dir = new TempDir();
    await using listener = await listen('unix', dir.file(), { backlog: 0 });
    await using first = await dial('unix', dir.file());
    let over = false;
    const second = dialUnix('unix', null, listener.addr, { timeout: 10_000 }).finally(() => (over = true));
    await new Promise((resolve) => setTimeout(resolve, 30));
    assert.equal(over, false);
    const accepted = await listener.accept();
    await using conn = await second;
    assert.equal(conn.remoteAddr!.name, first.remoteAddr!.name);
    accepted.close();
    (await listener.accept()).close();
  }),
);

test('a backlog that stays full until the deadline: EAGAIN then, and a signal ends the wait', options, () =>
  leavesNothing(async () => {
    using dir = new TempDir();
    await using listener = await listen('unix', dir.file(), { backlog: 0 });
    await using first = await dial('unix', listener.addr.name);
    const began = Date.now();
    const error = await opErrorOf(dial('unix', dir.file(), { timeout: 60 }));
    assert.ok(Date.now() - began >= 59, 'early');
    assert.deepEqual([error.code, error.timeout], ['EAGAIN', false]);
    const controller = new AbortController();
    const waiting = dial('unix', dir.file(), { timeout: 10_000, signal: controller.signal });
    setTimeout(() => controller.abort(), 20);
    assert.equal((await opErrorOf(waiting)).code, 'ABORT_ERR');
    first.close();
  }),
);

// options and hooks ─────────────────────────────────────────────────────────

for (const network of NETWORKS) {
  test(`${network}: buffers and the hook; what is TCP's means nothing`, options, async () => {
    using dir = new TempDir();
    const told: string[] = [];
    const own = {
      readBuffer: 20_000,
      writeBuffer: 30_000,
      priority: 1,
      noDelay: true,
      keepAlive: true,
      tos: 8,
      bindToDevice: 'lo',
      userTimeout: 1000,
      reusePort: true,
      fastOpen: true,
      congestion: 'reno',
      multipath: true,
      control: (each: string, address: string): void => void told.push(`${each} ${address}`),
    };
    await using listener = await new ListenConfig(own).listen(network, dir.file());
    await using conn = await new Dialer({ ...own, synRetries: 1, quickAck: true }).dial(network, dir.file());
    assert.deepEqual(told, [`${network} ${dir.file()}`, `${network} ${dir.file()}`]);
    conn.syscallConn().control((fd) => {
      assert.equal(getsockopt(fd, SOL_SOCKET, SO_RCVBUF), 40_000);
      assert.equal(getsockopt(fd, SOL_SOCKET, SO_SNDBUF), 60_000);
      assert.equal(getsockopt(fd, SOL_SOCKET, SO_REUSEADDR), 0);
    });
    listener.syscallConn().control((fd) => assert.equal(getsockopt(fd, SOL_SOCKET, SO_REUSEADDR), 1));
    (await listener.accept()).close();
  });
}

// other people's sockets ────────────────────────────────────────────────────

// On paths only: the libuv of Node 20 pads abstract names with NULs to the full length, which makes them others (libuv#4028).
test("Node's client, our server", options, async () => {
  using dir = new TempDir();
  await using listener = await listen('unix', dir.file());
  const client = nodeConnect(dir.file());
  await using conn = await listener.accept();
  assert.equal(conn.remoteAddr!.name, '@');
  client.write('from node');
  const into = Buffer.alloc(64);
  assert.equal(await conn.read(into), 9);
  await conn.write('x'.repeat(100_000));
  conn.closeWrite();
  assert.equal((await text(client)).length, 100_000);
  client.destroy();
});

test("our client, Node's server", options, async () => {
  using dir = new TempDir();
  const server = createServer({ allowHalfOpen: true }, (socket: Socket) => socket.pipe(socket));
  server.listen(dir.file());
  await once(server, 'listening');
  await using conn = await dial('unix', dir.file());
  assert.equal(conn.remoteAddr!.name, dir.file());
  const count = async (): Promise<number> => {
    let total = 0;
    for await (const chunk of conn) total += chunk.length;
    return total;
  };
  const [, heard] = await Promise.all([conn.write('y'.repeat(300_000)).then(() => conn.closeWrite()), count()]);
  assert.equal(heard, 300_000);
  conn.close();
  server.close();
  await once(server, 'close');
});

const SERVER = `
import socket, sys
kind = socket.SOCK_SEQPACKET if sys.argv[2] == 'unixpacket' else socket.SOCK_STREAM
s = socket.socket(socket.AF_UNIX, kind)
s.bind(sys.argv[1].replace('@', '\\0')); s.listen()
print('ready', flush=True)
c, _ = s.accept()
while True:
    data = c.recv(100000)
    if not data: break
    c.sendall(data.upper())
`;

for (const [network, name] of [
  ['unix', 's'],
  ['unixpacket', 's'],
  ['unix', '@'],
  ['unixpacket', '@'],
] as const) {
  test(`our client, a server in Python, on ${network}, ${name === '@' ? 'abstract' : 'a path'}`, options, async (t) => {
    using dir = new TempDir();
    const path = name === '@' ? `@gonet-python-${process.pid}` : dir.file(name);
    const python = spawn('python3', ['-c', SERVER, path, network], { stdio: ['ignore', 'pipe', 'inherit'] });
    const ready = await Promise.race([
      once(python.stdout, 'data').then(() => true),
      once(python, 'error').then(() => false),
    ]);
    if (!ready) return t.skip('no python3');
    await using conn = await dial(network, path);
    assert.equal(conn.peerCred().pid, python.pid);
    const into = Buffer.alloc(64);
    for (const word of ['one', 'three']) {
      await conn.write(word);
      assert.equal(await conn.read(into), word.length);
      assert.equal(into.toString('latin1', 0, word.length), word.toUpperCase());
    }
    conn.closeWrite();
    assert.equal(await conn.read(into), null);
    await once(python, 'exit');
  });
}
