// Sockets that Python has made, of every kind: it sends their descriptors over a Unix socket, fromFd takes them in, and they talk to
// what Python has kept.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';

import { type AdoptedSocket, fromFd, listen, OpError, UDPAddr, UnixAddr } from 'gonet';
import { Addr } from 'gonet/netip';
import { TempDir } from '../conformance/tempdir.ts';

const PYTHON = `
import json, sys, threading
from socket import *
door = socket(AF_UNIX, SOCK_SEQPACKET); door.connect(sys.argv[1])
threads = []

def give(kind, s, peer=None, **more):
    send_fds(door, [json.dumps({'kind': kind, **more}).encode()], [s.fileno()])
    s.close()
    if peer:
        threads.append(threading.Thread(target=peer, daemon=True)); threads[-1].start()

def echo(b):
    def run():
        b.send(b.recv(99).upper()); b.close()
    return run

def echofrom(b):
    def run():
        data, addr = b.recvfrom(99); b.sendto(data.upper(), addr); b.close()
    return run

def knock(family, kind, addr):
    def run():
        c = socket(family, kind); c.connect(addr); c.send(b'knock')
        assert c.recv(99) == b'KNOCK'
    return run

def pair(family, kind, name):
    a, b = socketpair(family, kind); give(name, a, echo(b))

def listening(family, kind, addr, name):
    s = socket(family, kind); s.bind(addr); s.listen(); where = s.getsockname()
    give(name, s, knock(family, kind, where))

def tcp(family, host):
    l = socket(family, SOCK_STREAM); l.bind((host, 0)); l.listen()
    a = socket(family, SOCK_STREAM); a.connect(l.getsockname()); b, _ = l.accept()
    give('TCPConn', a, echo(b))

def udp(family, host, connected):
    b = socket(family, SOCK_DGRAM); b.bind((host, 0)); to = b.getsockname()
    a = socket(family, SOCK_DGRAM)
    if connected:
        a.connect(to); give('UDPConn', a, echofrom(b))
    else:
        a.bind((host, 0)); give('UDPConn', a, echofrom(b), to=to[:2])

def raw(family, host, protocol):
    a = socket(family, SOCK_RAW, protocol)
    a.connect((host, 0))
    give('IPConn', a)

def attempt(f, *args):
    try: f(*args)
    except OSError as e: door.send(json.dumps({'kind': 'skip', 'why': f'{f.__name__} {args}: {e}'}).encode())

v4, v6 = (AF_INET, '127.0.0.1'), (AF_INET6, '::1')
for v in v4, v6:
    attempt(tcp, *v)
    attempt(listening, v[0], SOCK_STREAM, (v[1], 0), 'TCPListener')
    attempt(udp, *v, True)
    attempt(udp, *v, False)
    attempt(raw, *v, 253)
for kind in SOCK_STREAM, SOCK_SEQPACKET, SOCK_DGRAM: pair(AF_UNIX, kind, 'UnixConn')
for kind in SOCK_STREAM, SOCK_SEQPACKET: listening(AF_UNIX, kind, f'{sys.argv[1]}-{int(kind)}', 'UnixListener')
a, b = socket(AF_UNIX, SOCK_DGRAM), socket(AF_UNIX, SOCK_DGRAM)
a.bind(sys.argv[1] + '-a'); b.bind(sys.argv[1] + '-b')
give('UnixConn', a, echofrom(b), path=sys.argv[1] + '-b')
give('EPROTONOSUPPORT', socket(AF_NETLINK, SOCK_RAW, 0))
give('ENOTCONN', socket(AF_INET, SOCK_STREAM))
give('ENOTSOCK', open('/dev/null'))
door.shutdown(SHUT_WR); door.recv(1)
for t in threads: t.join(5); assert not t.is_alive()
`;

/** What Python tells with a descriptor. */
interface Gift {
  /** The class that must come of it, or the code of the error. */
  readonly kind: string;
  /** Where to write to, on a socket that has no peer. */
  readonly to?: readonly [host: string, port: number];
  readonly path?: string;
  readonly why?: string;
}

/** Talks to what Python has kept of it. */
async function talk(socket: AdoptedSocket, { kind, to, path }: Gift): Promise<void> {
  const into = Buffer.alloc(99);
  if ('accept' in socket) {
    using conn = await socket.accept();
    const n = await conn.read(into);
    await conn.write(into.toString('latin1', 0, n ?? 0).toUpperCase());
    return;
  }
  if (to !== undefined && 'writeTo' in socket) {
    await (socket as { writeTo(data: string, addr: UDPAddr): Promise<number> }).writeTo(
      'to',
      new UDPAddr(Addr.parse(to[0]), to[1]),
    );
  } else if (path !== undefined && 'writeTo' in socket) {
    await (socket as { writeTo(data: string, addr: UnixAddr): Promise<number> }).writeTo(
      'to',
      new UnixAddr(path, 'unixgram'),
    );
  } else await socket.write('to');
  const n = await socket.read(into);
  const heard = into.toString('latin1', 0, n ?? 0);
  // A raw socket that is connected to this machine hears itself, on IPv4 behind a header of 20 bytes.
  if (kind === 'IPConn') assert.match(heard, /^(?:.{20})?to$/s);
  else assert.equal(heard, 'TO');
}

test('Python sends sockets of every kind, and each is what it was', { timeout: 30_000 }, async (t) => {
  using dir = new TempDir();
  await using door = await listen('unixpacket', dir.file());
  const python = spawn('python3', ['-c', PYTHON, dir.file()], { stdio: ['ignore', 'inherit', 'pipe'] });
  const complaint = text(python.stderr);
  const gone = new AbortController();
  python.on('error', (error) => gone.abort(error));
  const exited = once(python, 'exit').finally(() => gone.abort());
  exited.catch(() => {});
  const from = await door.accept({ signal: gone.signal }).catch(async () => t.skip(`no python3: ${await complaint}`));
  if (from === undefined) return;
  using conn = from;
  const made = new Map<string, number>();
  const into = Buffer.alloc(1000);
  for (;;) {
    const { n, fds } = await conn.readMsg(into);
    if (n === null) break;
    const gift = JSON.parse(into.toString('utf8', 0, n)) as Gift;
    const [fd] = fds;
    if (fd === undefined) {
      t.diagnostic(gift.why ?? '');
      continue;
    }
    made.set(gift.kind, (made.get(gift.kind) ?? 0) + 1);
    if (/^E[A-Z]+$/.test(gift.kind)) {
      using owned = fd;
      assert.throws(
        () => fromFd(owned),
        (error) => error instanceof OpError && error.code === gift.kind,
      );
      assert.ok(!owned.closed);
      continue;
    }
    using socket = fromFd(fd);
    assert.equal(socket.constructor.name, gift.kind);
    await talk(socket, gift);
  }
  await conn.write('x');
  assert.deepEqual(await exited, [0, null], await complaint);
  assert.equal(await complaint, '');
  for (const [kind, least] of Object.entries({
    TCPConn: 1,
    TCPListener: 1,
    UDPConn: 2,
    UnixConn: 4,
    UnixListener: 2,
  })) {
    assert.ok((made.get(kind) ?? 0) >= least, kind);
  }
  t.diagnostic([...made].map(([kind, n]) => `${n} × ${kind}`).join(', '));
});
