// Unix datagrams end to end: names and their limits as Go has them, and errors with Go's texts (Go's rules 135 to 141).

import assert from 'node:assert/strict';
import { existsSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';

import {
  dial,
  Dialer,
  dialUnix,
  listen,
  listenPacket,
  listenUnix,
  listenUnixgram,
  UnixAddr,
  type UnixConn,
  type UnixNetwork,
  WriteToConnectedError,
} from 'gonet';
import { SO_RCVBUF, SOL_SOCKET } from 'gonet/syscall';

import { TempDir } from '../conformance/tempdir.ts';
import { leavesNothing, opErrorOf } from './loopback.ts';

const options = { timeout: 15_000 };
const NETWORKS = ['unix', 'unixpacket', 'unixgram'] as const;
const gram = (name: string): UnixAddr => new UnixAddr(name, 'unixgram');

/** A bound socket or listener, by its network. */
async function bind(network: UnixNetwork, name: string): Promise<{ readonly name: string } & Disposable> {
  if (network === 'unixgram') {
    const conn = await listenPacket(network, name);
    return { name: conn.localAddr.name, [Symbol.dispose]: () => conn.close() };
  }
  const listener = await listen(network, name);
  return { name: listener.addr.name, [Symbol.dispose]: () => listener.close() };
}

for (const network of NETWORKS) {
  test(
    `${network}: a path of 107 bytes is the longest, and an abstract name of 108 with its @ (rule 135)`,
    options,
    () =>
      leavesNothing(async () => {
        using dir = new TempDir();
        const own = dir.path.length + 1;
        const path = (length: number): string => dir.file('x'.repeat(length - own));
        const abstract = (length: number): string => `@${process.pid}-${network}-`.padEnd(length, 'x');
        for (const name of [path(107), abstract(108), abstract(107), abstract(50)]) {
          using bound = await bind(network, name);
          assert.equal(bound.name, name);
          using client = await dial(network, name);
          assert.equal(client.remoteAddr!.name, name);
        }
        for (const name of [path(108), path(109), abstract(109), abstract(200)]) {
          const listening = await opErrorOf(bind(network, name));
          assert.equal(listening.message, `listen ${network} ${name}: bind: invalid argument`);
          assert.equal(
            (await opErrorOf(dial(network, name))).message,
            `dial ${network} ${name}: connect: invalid argument`,
          );
        }
        // Bytes, not characters.
        const half = Math.floor((107 - own) / 2);
        const wide = dir.file('ü'.repeat(half));
        using bound = await bind(network, wide);
        assert.equal(bound.name, wide);
        assert.equal((await opErrorOf(bind(network, dir.file('ü'.repeat(half + 1))))).code, 'EINVAL');
      }),
  );
}

test('names: a path, a leading NUL, and one that the kernel chooses (rules 135, 136)', options, () =>
  leavesNothing(async () => {
    using dir = new TempDir();
    for (const [address, expected] of [
      [dir.file(), dir.file()],
      [{ path: dir.file('object') }, dir.file('object')],
      [`\0gonet-gram-${process.pid}`, `@gonet-gram-${process.pid}`],
      ['', /^@[0-9a-f]{5}$/],
    ] as const) {
      await using conn = await listenPacket('unixgram', address);
      if (typeof expected === 'string') assert.equal(conn.localAddr.name, expected);
      else assert.match(conn.localAddr.name, expected);
      assert.deepEqual([conn.localAddr.network, conn.remoteAddr], ['unixgram', null]);
      await using peer = await dial('unixgram', { path: conn.localAddr.name });
      assert.deepEqual([peer.localAddr.name, peer.remoteAddr!.name], ['@', conn.localAddr.name]);
      await peer.write('x');
      const { n, addr } = await conn.readFrom(Buffer.alloc(8));
      assert.deepEqual([n, addr], [1, null], 'a sender without a name (rule 137)');
    }
  }),
);

test('a dial: with a peer, a name of its own, or only the one or the other (rule 138)', options, () =>
  leavesNothing(async () => {
    using dir = new TempDir();
    await using server = await listenUnixgram('unixgram', gram(dir.file('server')));
    const into = Buffer.alloc(10);
    const checkBoth = async (conn: UnixConn, name: string): Promise<void> => {
      assert.deepEqual([conn.localAddr.name, conn.remoteAddr!.name], [name, server.localAddr.name]);
      await conn.write('hello');
      const { addr } = await server.readFrom(into);
      await server.writeTo('hi', addr!);
      assert.equal(await conn.read(into), 2);
      conn.close();
      assert.ok(existsSync(name), 'its file stays (rule 140)');
    };
    await checkBoth(await dial('unixgram', dir.file('server'), { localAddr: gram(dir.file('1')) }), dir.file('1'));
    await checkBoth(
      await new Dialer({ localAddr: gram(dir.file('2')) }).dial('unixgram', dir.file('server')),
      dir.file('2'),
    );
    await checkBoth(await dialUnix('unixgram', gram(dir.file('3')), server.localAddr), dir.file('3'));

    for (const remote of [null, gram('')]) {
      await using alone = await dialUnix('unixgram', gram(`@gonet-alone-${process.pid}`), remote);
      assert.deepEqual([alone.localAddr.name, alone.remoteAddr], [`@gonet-alone-${process.pid}`, null]);
      await alone.writeTo('x', server.localAddr);
      assert.equal((await server.readFrom(into)).addr!.name, alone.localAddr.name);
    }
    for (const [local, remote] of [
      [null, null],
      [gram(''), null],
      [gram(''), gram('')],
    ] as const) {
      assert.match((await opErrorOf(dialUnix('unixgram', local, remote))).message, /: missing address$/);
    }
    await using plain = await dialUnix('unixgram', gram(''), server.localAddr);
    assert.equal(plain.localAddr.name, '@');
  }),
);

test('a dial that fails leaves no file', options, () =>
  leavesNothing(async () => {
    using dir = new TempDir();
    for (const network of NETWORKS) {
      const localAddr = new UnixAddr(dir.file(`local-${network}`), network);
      assert.equal((await opErrorOf(dial(network, dir.file('none'), { localAddr }))).code, 'ENOENT');
      assert.ok(!existsSync(localAddr.name), network);
      writeFileSync(localAddr.name, '');
      assert.equal((await opErrorOf(dial(network, dir.file('none'), { localAddr }))).code, 'EADDRINUSE');
      assert.ok(existsSync(localAddr.name), 'not ours');
    }
  }),
);

test("errors have Go's texts (rule 141)", options, () =>
  leavesNothing(async () => {
    using dir = new TempDir();
    await using server = await listenPacket('unixgram', dir.file());
    await using client = await dial('unixgram', dir.file());
    const to = server.localAddr;
    for (const write of [client.writeTo('x', to), client.writeMsg('x', { addr: to })]) {
      const error = await opErrorOf(write);
      assert.ok(error.cause instanceof WriteToConnectedError);
      assert.equal(error.message, `write unixgram @->${to}: use of WriteTo with pre-connected connection`);
      assert.deepEqual([error.addr, error.bytesWritten], [to, 0]);
    }
    for (const network of ['unix', 'unixpacket'] as const) {
      const other = new UnixAddr(to.name, network);
      for (const [write, syscall] of [
        [server.writeTo('x', other), 'sendto'],
        [server.writeMsg('x', { addr: other }), 'sendmsg'],
      ] as const) {
        const error = await opErrorOf(write);
        assert.equal(
          error.message,
          `write unixgram ${to}->${to}: ${syscall}: address family not supported by protocol`,
        );
        assert.deepEqual([error.code, error.addr, error.bytesWritten], ['EAFNOSUPPORT', other, 0]);
      }
    }
    const long = gram('x'.repeat(108));
    assert.equal(
      (await opErrorOf(server.writeTo('x', long))).message,
      `write unixgram ${to}->${long}: sendto: invalid argument`,
    );
    assert.equal((await opErrorOf(server.write('x'))).code, 'ENOTCONN');
    assert.equal((await opErrorOf(server.writeTo('x', gram(dir.file('none'))))).code, 'ENOENT');
    assert.equal((await opErrorOf(server.writeTo('x', gram('@gonet-nobody')))).code, 'ECONNREFUSED');
    writeFileSync(dir.file('plain'), '');
    assert.equal((await opErrorOf(server.writeTo('x', gram(dir.file('plain'))))).code, 'ECONNREFUSED');
    await using stream = await listen('unix', dir.file('stream'));
    assert.equal((await opErrorOf(server.writeTo('x', gram(stream.addr.name)))).code, 'EPROTOTYPE');
    assert.equal((await opErrorOf(dial('unixgram', stream.addr.name))).code, 'EPROTOTYPE');

    const rows: readonly [promise: Promise<unknown>, message: string][] = [
      [listenPacket('unix', dir.file('u')), `listen unix: address ${dir.file('u')}: unexpected address type`],
      [listen('unixgram', dir.file('u')), `listen unixgram: address ${dir.file('u')}: unexpected address type`],
      [listenUnixgram('unix', gram('')), 'listen unix : unknown network unix'],
      [listenUnix('unixgram', gram('')), 'listen unixgram : unknown network unixgram'],
      [listenUnixgram('unixgram', null), 'listen unixgram: missing address'],
      [listenPacket('unixgram', dir.file()), `listen unixgram ${dir.file()}: bind: address already in use`],
      [listenPacket('unixgram', '', { signal: AbortSignal.abort() }), 'listen unixgram: operation was canceled'],
      [
        dial('unixgram', dir.file(), { localAddr: new UnixAddr(dir.file('l'), 'unix') }),
        `dial unixgram: address ${dir.file('l')}: mismatched local address type`,
      ],
    ];
    for (const [promise, message] of rows) assert.equal((await opErrorOf(promise)).message, message);
    for (const wrong of ['/a', 1, {}]) assert.throws(() => void listenUnixgram('unixgram', wrong as never), TypeError);
  }),
);

test('the hook and buffers of both sides; a hook that throws leaves no file', options, () =>
  leavesNothing(async () => {
    using dir = new TempDir();
    const told: string[] = [];
    const own = { readBuffer: 20_000, control: (net: string, at: string): void => void told.push(`${net} ${at}`) };
    await using server = await listenPacket('unixgram', dir.file(), own);
    await using client = await dial('unixgram', dir.file(), own);
    assert.deepEqual(told, Array(2).fill(`unixgram ${dir.file()}`));
    for (const conn of [server, client]) assert.equal(conn.syscallConn().getsockopt(SOL_SOCKET, SO_RCVBUF), 40_000);
    const control = (): void => {
      throw new Error('no');
    };
    assert.match((await opErrorOf(listenPacket('unixgram', dir.file('n'), { control }))).message, /: no$/);
    assert.ok(!existsSync(dir.file('n')));
  }),
);
