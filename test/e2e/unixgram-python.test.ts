// Datagrams to servers such as a Linux service meets: systemd's notify socket, and /dev/log.

import assert from 'node:assert/strict';
import { openSync, closeSync, rmSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';

import { dial, dialUnix, listenPacket, UnixAddr, type UnixConn } from 'gonet';

import { staysPending } from '../conformance/outcome.ts';
import { TempDir } from '../conformance/tempdir.ts';
import { leavesNothing, opErrorOf } from './loopback.ts';
import { Python, withoutPython } from './python.ts';

const options = { timeout: 30_000, skip: withoutPython };
const gram = (name: string): UnixAddr => new UnixAddr(name, 'unixgram');

/** Says each datagram with its sender's process, name and files. */
const SERVER = `
import array, json, os, socket, struct, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
s.bind(sys.argv[1].replace('@', '\\0', 1) if sys.argv[1][0] == '@' else sys.argv[1])
print('ready')
while True:
    data, control, flags, addr = s.recvmsg(65536, 1024)
    found = {'text': data.decode(), 'files': [], 'from': addr if isinstance(addr, str) else None}
    for level, kind, content in control:
        if kind == socket.SCM_CREDENTIALS:
            found['pid'], found['uid'], found['gid'] = struct.unpack('iII', content)
        elif kind == socket.SCM_RIGHTS:
            fds = array.array('i'); fds.frombytes(content)
            for fd in fds:
                found['files'].append(os.pread(fd, 100, 0).decode())
                os.close(fd)
    print(json.dumps(found))
`;

interface Found {
  readonly text: string;
  readonly pid: number;
  readonly uid: number;
  readonly files: readonly string[];
  readonly from: string | null;
}

async function serve(name: string): Promise<Python> {
  const python = new Python(SERVER, name);
  assert.equal(await python.line(), 'ready');
  return python;
}

for (const place of ['a path', 'an abstract name']) {
  test(`sd_notify to ${place}: states, credentials and the file store`, options, () =>
    leavesNothing(async () => {
      using dir = new TempDir();
      const name = place === 'a path' ? dir.file('notify') : `@gonet-notify-${process.pid}`;
      await using python = await serve(name);
      await using conn = await dial('unixgram', name);
      assert.deepEqual([conn.localAddr.name, conn.remoteAddr!.name], ['@', name]);
      for (const text of ['READY=1\nSTATUS=Accepting – grüße\nMAINPID=1', 'WATCHDOG=1', 'STOPPING=1']) {
        assert.equal(await conn.write(text), Buffer.byteLength(text));
        const { pid, uid, ...found } = await python.json<Found>();
        assert.deepEqual([found.text, pid, uid, found.files], [text, process.pid, process.getuid!(), []]);
      }
      writeFileSync(dir.file('stored'), 'kept by the manager');
      const file = openSync(dir.file('stored'), 'r');
      await conn.writeMsg('FDSTORE=1\nFDNAME=stored', { fds: [file] });
      closeSync(file);
      const stored = await python.json<Found>();
      assert.deepEqual([stored.text, stored.files], ['FDSTORE=1\nFDNAME=stored', ['kept by the manager']]);
    }),
  );
}

test('/dev/log: several clients, each with its lines in order', options, () =>
  leavesNothing(async () => {
    using dir = new TempDir();
    await using python = await serve(dir.file('log'));
    const log = async (tag: string, conn: UnixConn, send: (line: string) => Promise<number>): Promise<void> => {
      for (let i = 0; i < 50; i++) await send(`<13>${tag}: ${i}`);
      conn.close();
    };
    const to = gram(dir.file('log'));
    const plain = await dial('unixgram', to.name);
    const named = await dial('unixgram', to.name, { localAddr: gram(dir.file('named')) });
    const free = await listenPacket('unixgram', '');
    const clients = [
      log('plain', plain, (line) => plain.write(line)),
      log('named', named, (line) => named.write(line)),
      log('free', free, (line) => free.writeTo(line, to)),
    ];
    const seen = new Map<string, number>();
    for (let i = 0; i < 150; i++) {
      const { text, from, pid } = await python.json<Found>();
      const [, tag = '', n] = /^<13>(\w+): (\d+)$/.exec(text) ?? [];
      assert.equal(Number(n), seen.get(tag) ?? 0);
      seen.set(tag, Number(n) + 1);
      assert.equal(pid, process.pid);
      if (tag === 'named') assert.equal(from, dir.file('named'));
    }
    await Promise.all(clients);
    assert.deepEqual([...seen.values()], [50, 50, 50]);
  }),
);

test('/dev/log: the server goes and comes again', options, () =>
  leavesNothing(async () => {
    using dir = new TempDir();
    const path = dir.file('log');
    assert.equal(
      (await opErrorOf(dial('unixgram', path))).message,
      `dial unixgram ${path}: connect: no such file or directory`,
    );
    await using free = await listenPacket('unixgram', '');
    const missing = await opErrorOf(free.writeTo('x', gram(path)));
    assert.deepEqual([missing.code, missing.syscall, missing.bytesWritten], ['ENOENT', 'sendto', 0]);

    await using first = await serve(path);
    await using old = await dial('unixgram', path);
    await old.write('before');
    assert.equal((await first.json<Found>()).text, 'before');
    await first[Symbol.asyncDispose]();
    assert.equal((await opErrorOf(old.write('lost'))).code, 'ECONNREFUSED');
    assert.ok(['ECONNREFUSED', 'ENOTCONN'].includes((await opErrorOf(old.write('lost'))).code!));
    assert.equal((await opErrorOf(free.writeTo('lost', gram(path)))).code, 'ECONNREFUSED');
    assert.equal((await opErrorOf(dial('unixgram', path))).code, 'ECONNREFUSED');

    rmSync(path);
    await using second = await serve(path);
    await using conn = await dialUnix('unixgram', null, gram(path));
    await conn.write('after');
    await free.writeTo('after, too', gram(path));
    assert.deepEqual([(await second.json<Found>()).text, (await second.json<Found>()).text], ['after', 'after, too']);
  }),
);

test('a peer that goes while a write waits for room ends it', options, () =>
  leavesNothing(async () => {
    using dir = new TempDir();
    const DEAF = `import socket,sys\ns=socket.socket(socket.AF_UNIX,socket.SOCK_DGRAM)\ns.bind(sys.argv[1])\nprint('ready')\nsys.stdin.read()`;
    for (const connected of [true, false]) {
      const path = dir.file(`deaf-${connected}`);
      await using python = new Python(DEAF, path);
      await python.line();
      await using conn = connected ? await dial('unixgram', path) : await listenPacket('unixgram', '');
      const send = (): Promise<number> => (connected ? conn.write('x') : conn.writeTo('x', gram(path)));
      const end = (async () => {
        for (;;) await send();
      })();
      const error = opErrorOf(end);
      await staysPending(error, 50);
      await python[Symbol.asyncDispose]();
      assert.ok(['ECONNREFUSED', 'EPIPE', 'ECONNRESET'].includes((await error).code!), (await error).message);
    }
  }),
);
