// Descriptors and credentials to and from a peer in Python: socket.send_fds, recv_fds, SCM_CREDENTIALS.

import assert from 'node:assert/strict';
import { closeSync, openSync, readFileSync, readSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';

import { dial, fromFd, listen, listenPacket, UnixConn, type UnixNetwork } from 'gonet';
import { O_CLOEXEC } from 'gonet/syscall';

import { flagsOf } from '../conformance/sockets.ts';
import { TempDir } from '../conformance/tempdir.ts';
import { leavesNothing } from './loopback.ts';
import { Python, withoutPython } from './python.ts';

const options = { timeout: 30_000, skip: withoutPython };
const NETWORKS = ['unix', 'unixpacket', 'unixgram'] as const satisfies readonly UnixNetwork[];
const me = { pid: process.pid, uid: process.getuid!(), gid: process.getgid!() };

const COMMON = `
import array, json, os, socket, struct, sys
kinds = {'unix': socket.SOCK_STREAM, 'unixpacket': socket.SOCK_SEQPACKET, 'unixgram': socket.SOCK_DGRAM}
def make(network):
    return socket.socket(socket.AF_UNIX, kinds[network])
def name(text):
    return text.replace('@', '\\0', 1) if text.startswith('@') else text
`;

/** Receives one message after the other and says what came with it. */
const RECEIVER = `${COMMON}
s = make(sys.argv[2])
s.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, int(sys.argv[3]))
s.bind(name(sys.argv[1]))
if sys.argv[2] != 'unixgram':
    s.listen()
print('ready')
c = s if sys.argv[2] == 'unixgram' else s.accept()[0]
while True:
    data, control, flags, addr = c.recvmsg(65536, 8192)
    if not data and sys.argv[2] != 'unixgram': break
    found = {'text': data.decode(), 'creds': None, 'files': [], 'flags': flags & socket.MSG_CTRUNC}
    for level, kind, content in control:
        if kind == socket.SCM_CREDENTIALS:
            found['creds'] = dict(zip(('pid', 'uid', 'gid'), struct.unpack('iII', content)))
        elif kind == socket.SCM_RIGHTS:
            fds = array.array('i'); fds.frombytes(content)
            for fd in fds:
                found['files'].append(os.pread(fd, 100, 0).decode())
                os.close(fd)
    print(json.dumps(found))
`;

/** Sends what it is told to, with files along. */
const SENDER = `${COMMON}
s = make(sys.argv[2])
s.connect(name(sys.argv[1]))
for line in sys.stdin:
    text, *paths = json.loads(line)
    fds = [os.open(path, os.O_RDONLY) for path in paths]
    socket.send_fds(s, [text.encode()], fds) if fds else s.send(text.encode())
    for fd in fds: os.close(fd)
`;

/** Sends one end of a pair of its own, and echoes on the other. */
const PAIRS = `${COMMON}
s = make('unix')
s.connect(sys.argv[1])
mine, theirs = socket.socketpair()
socket.send_fds(s, [b'a pair'], [theirs.fileno()])
theirs.close()
while True:
    data = mine.recv(1000)
    if not data: break
    mine.sendall(data.upper())
`;

interface Found {
  readonly text: string;
  readonly creds: typeof me | null;
  readonly files: readonly string[];
  readonly flags: number;
}

for (const network of NETWORKS) {
  test(`${network}: descriptors and credentials to Python`, options, () =>
    leavesNothing(async () => {
      using dir = new TempDir();
      const files = ['first', 'second', 'third'].map((text) => {
        writeFileSync(dir.file(text), text);
        return openSync(dir.file(text), 'r');
      });
      await using python = new Python(RECEIVER, dir.file(), network, '1');
      await python.line();
      await using conn = await dial(network, dir.file());
      const next = (): Promise<Found> => python.json();

      assert.equal(await conn.writeMsg('all three', { fds: files }), 9);
      const expected = { text: 'all three', creds: me, files: ['first', 'second', 'third'], flags: 0 };
      assert.deepEqual(await next(), expected);
      await conn.writeMsg('with a word', { fds: [files[1]!], creds: me });
      assert.deepEqual(await next(), { ...expected, text: 'with a word', files: ['second'] });
      await conn.writeMsg('only a word', { creds: me });
      assert.deepEqual(await next(), { ...expected, text: 'only a word', files: [] });
      await conn.write('plain');
      assert.deepEqual(await next(), { ...expected, text: 'plain', files: [] });
      await conn.writeMsg('the same twice', { fds: [files[0]!, files[0]!] });
      assert.deepEqual((await next()).files, ['first', 'first']);
      files.forEach(closeSync);
    }),
  );

  test(`${network}: descriptors and credentials from Python`, options, () =>
    leavesNothing(async () => {
      using dir = new TempDir();
      for (const text of ['first', 'second']) writeFileSync(dir.file(text), text);
      await using listener = network === 'unixgram' ? null : await listen(network, dir.file());
      await using bound = network === 'unixgram' ? await listenPacket(network, dir.file()) : null;
      await using python = new Python(SENDER, dir.file(), network);
      await using conn = bound ?? (await listener!.accept());
      conn.setPassCred(true);
      const into = Buffer.alloc(100);
      const say = (...words: readonly string[]): void => python.say(JSON.stringify(words));

      say('both', dir.file('first'), dir.file('second'));
      const both = await conn.readMsg(into);
      assert.equal(into.toString('utf8', 0, both.n!), 'both');
      assert.deepEqual(both.creds, { ...me, pid: python.pid });
      assert.deepEqual(
        both.fds.map(({ fd }) => readFileSync(fd, 'utf8')),
        ['first', 'second'],
      );
      for (const each of both.fds) {
        assert.equal(flagsOf(each.fd) & O_CLOEXEC, O_CLOEXEC);
        each.close();
      }

      say('none');
      const none = await conn.readMsg(into);
      assert.deepEqual([none.n, none.fds, none.creds], [4, [], { ...me, pid: python.pid }]);
      say('dropped', dir.file('first'));
      assert.equal(await conn.read(into), 7);
      say('after', dir.file('second'));
      const after = await conn.readMsg(into);
      using file = after.fds[0]!;
      assert.equal(after.fds.length, 1);
      assert.equal(readSync(file.fd, into), 6);
    }),
  );
}

test('credentials to Python: those of the process, asked for or not', options, async () => {
  using dir = new TempDir();
  await using python = new Python(RECEIVER, dir.file(), 'unixgram', '0');
  await python.line();
  await using conn = await dial('unixgram', dir.file());
  await conn.writeMsg('not asked for', { creds: me });
  assert.equal((await python.json<Found>()).creds, null);
});

test('a connected socket from Python, adopted', options, () =>
  leavesNothing(async () => {
    using dir = new TempDir();
    await using listener = await listen('unix', dir.file());
    await using python = new Python(PAIRS, dir.file());
    await using conn = await listener.accept();
    const into = Buffer.alloc(100);
    const { n, fds } = await conn.readMsg(into);
    assert.deepEqual([n, fds.length], [6, 1]);
    await using adopted = fromFd(fds[0]!.detach());
    assert.ok(adopted instanceof UnixConn);
    assert.equal(adopted.peerCred().pid, python.pid);
    await adopted.write('hello');
    assert.equal(into.toString('utf8', 0, (await adopted.read(into))!), 'HELLO');
    adopted.close();
    assert.equal(await python.ended(), 0);
  }),
);
