// The file of a Unix listener: it comes with the mode that was asked for, goes with the listener that made it, and one that
// nobody listens on makes room (Go's rules 135 to 140, and what Go leaves to its users).

import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, lstatSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { test } from 'node:test';

import { dial, dialUnix, listen, listenUnix, UnixAddr, type ListenOptions, type UnixStreamNetwork } from 'gonet';

import { TempDir } from '../conformance/tempdir.ts';
import { leavesNothing, opErrorOf } from './loopback.ts';

const options = { timeout: 15_000 };
const modeOf = (path: string): number => lstatSync(path).mode & 0o7777;

/** Runs `body` under another umask. */
async function underMask<T>(mask: number, body: () => Promise<T>): Promise<T> {
  const before = process.umask(mask);
  try {
    return await body();
  } finally {
    process.umask(before);
  }
}

/** A socket at `path` on which nobody listens any more. */
async function leaveStale(path: string, network: UnixStreamNetwork = 'unix'): Promise<void> {
  const listener = await listen(network, path);
  listener.setUnlinkOnClose(false);
  listener.close();
  assert.ok(lstatSync(path).isSocket());
}

for (const network of ['unix', 'unixpacket'] as const) {
  test(`${network}: close() removes the file, once`, options, () =>
    leavesNothing(async () => {
      using dir = new TempDir();
      const listener = await listen(network, dir.file());
      assert.ok(lstatSync(dir.file()).isSocket());
      listener.close();
      assert.ok(!existsSync(dir.file()));
      writeFileSync(dir.file(), '');
      listener.close();
      assert.ok(existsSync(dir.file()));
    }),
  );

  test(`${network}: a file that somebody else has put there stays`, options, async () => {
    using dir = new TempDir();
    const first = await listen(network, dir.file());
    renameSync(dir.file(), dir.file('moved'));
    const second = await listen(network, dir.file());
    first.close();
    assert.ok(existsSync(dir.file()) && existsSync(dir.file('moved')));
    (await dial(network, dir.file())).close();
    second.close();
    assert.ok(!existsSync(dir.file()));
  });
}

test('setUnlinkOnClose(false): the file stays; and true again: it goes', options, async () => {
  using dir = new TempDir();
  await leaveStale(dir.file());
  const error = await opErrorOf(listen('unix', dir.file()));
  assert.equal(error.message, `listen unix ${dir.file()}: bind: address already in use`);
  const other = await listen('unix', dir.file('t'));
  other.setUnlinkOnClose(false);
  other.setUnlinkOnClose(true);
  other.close();
  assert.ok(!existsSync(dir.file('t')));
  assert.throws(() => other.setUnlinkOnClose(1 as unknown as boolean), TypeError);
});

test('a relative path is removed from where it was', options, async () => {
  using dir = new TempDir();
  const before = process.cwd();
  try {
    process.chdir(dir.path);
    const listener = await listen('unix', 'rel');
    assert.equal(listener.addr.name, 'rel');
    process.chdir(before);
    listener.close();
    assert.ok(!existsSync(dir.file('rel')));
  } finally {
    process.chdir(before);
  }
});

test('the file of a client stays, as in Go', options, async () => {
  using dir = new TempDir();
  await using listener = await listenUnix('unix', new UnixAddr(dir.file(), 'unix'));
  const local = new UnixAddr(dir.file('client'), 'unix');
  const [a, b] = await Promise.all([dialUnix('unix', local, listener.addr), listener.accept()]);
  assert.deepEqual([a.localAddr.name, b.remoteAddr!.name], [local.name, local.name]);
  a.close();
  b.close();
  assert.ok(existsSync(local.name));
});

// mode ──────────────────────────────────────────────────────────────────────

for (const mask of [0, 0o022, 0o077, 0o777]) {
  test(`mode is exact under umask ${mask.toString(8)}`, options, () =>
    underMask(mask, async () => {
      using dir = new TempDir();
      for (const mode of [0, 0o600, 0o660, 0o666, 0o777]) {
        await using listener = await listen('unix', dir.file(), { mode });
        assert.equal(modeOf(listener.addr.name), mode);
      }
      await using plain = await listen('unix', dir.file());
      assert.equal(modeOf(plain.addr.name), 0o777 & ~mask);
    }),
  );
}

test('mode changes nothing that a link leads to, and means nothing to an abstract name', options, async () => {
  using dir = new TempDir();
  writeFileSync(dir.file('target'), '', { mode: 0o600 });
  symlinkSync(dir.file('target'), dir.file());
  const error = await opErrorOf(listen('unix', dir.file(), { mode: 0o666, replaceStale: true }));
  assert.equal(error.code, 'EADDRINUSE');
  assert.equal(modeOf(dir.file('target')), 0o600);
  (await listen('unix', '', { mode: 0o600 })).close();
  (await listen('tcp', '127.0.0.1:0', { mode: 0o600, replaceStale: true })).close();
});

test('wrong options throw at once', options, () => {
  const wrong: readonly [unknown, typeof TypeError][] = [
    [{ mode: '600' }, TypeError],
    [{ mode: -1 }, RangeError],
    [{ mode: 0o1000 }, RangeError],
    [{ mode: 1.5 }, RangeError],
    [{ replaceStale: 1 }, TypeError],
  ];
  for (const [each, type] of wrong) {
    for (const network of ['unix', 'tcp']) {
      assert.throws(() => void listen(network, '', each as ListenOptions), type);
    }
    assert.throws(() => void listenUnix('unix', new UnixAddr('', 'unix'), each as ListenOptions), type);
  }
});

// replaceStale ──────────────────────────────────────────────────────────────

for (const network of ['unix', 'unixpacket'] as const) {
  test(`${network}: replaceStale takes the place of a socket that nobody listens on`, options, () =>
    leavesNothing(async () => {
      using dir = new TempDir();
      await leaveStale(dir.file(), network);
      const { ino } = lstatSync(dir.file());
      await using listener = await listen(network, dir.file(), { replaceStale: true, mode: 0o640 });
      assert.equal(modeOf(dir.file()), 0o640);
      const [a, b] = await Promise.all([dial(network, dir.file()), listener.accept()]);
      a.close();
      b.close();
      assert.ok(ino > 0);
    }),
  );

  test(`${network}: replaceStale leaves a listener alone, with a full backlog, too`, options, () =>
    leavesNothing(async () => {
      using dir = new TempDir();
      await using first = await listen(network, dir.file(), { backlog: 0 });
      for (let i = 0; i < 2; i++) {
        const error = await opErrorOf(listen(network, dir.file(), { replaceStale: true }));
        assert.equal(error.code, 'EADDRINUSE');
      }
      assert.ok(existsSync(dir.file()));
      (await first.accept()).close();
    }),
  );
}

test('replaceStale leaves what is no socket alone, and sockets of another type', options, async () => {
  using dir = new TempDir();
  writeFileSync(dir.file(), 'precious');
  assert.equal((await opErrorOf(listen('unix', dir.file(), { replaceStale: true }))).code, 'EADDRINUSE');
  await using packets = await listen('unixpacket', dir.file('p'));
  assert.equal((await opErrorOf(listen('unix', dir.file('p'), { replaceStale: true }))).code, 'EADDRINUSE');
  assert.ok(existsSync(packets.addr.name) && existsSync(dir.file()));
});

test('replaceStale: of many at once one gets the place, and keeps it', options, () =>
  leavesNothing(async () => {
    using dir = new TempDir();
    await leaveStale(dir.file());
    const all = await Promise.allSettled(
      Array.from({ length: 8 }, () => listen('unix', dir.file(), { replaceStale: true })),
    );
    const listeners = all.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
    assert.equal(listeners.length, 1);
    (await dial('unix', dir.file())).close();
    (await listeners[0]!.accept()).close();
    listeners[0]!.close();
    assert.ok(!existsSync(dir.file()));
  }),
);

test('replaceStale: a signal ends it', options, () =>
  leavesNothing(async () => {
    using dir = new TempDir();
    await leaveStale(dir.file());
    const controller = new AbortController();
    const listening = listen('unix', dir.file(), { replaceStale: true, signal: controller.signal });
    setImmediate(() => controller.abort('enough'));
    assert.equal((await opErrorOf(listening)).code, 'ABORT_ERR');
    assert.ok(existsSync(dir.file()));
  }),
);

test('a process that was killed leaves a socket, which is replaced', options, async () => {
  using dir = new TempDir();
  const program = `import { listen } from 'gonet'; await (await listen('unix', process.argv[1])).accept();`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', program, dir.file()], { stdio: 'inherit' });
  while (!existsSync(dir.file()) || (await dial('unix', dir.file()).catch(() => null)) === null) {
    await new Promise((resolve) => setImmediate(resolve));
    if (child.exitCode !== null) break;
  }
  child.kill('SIGKILL');
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  (await listen('unix', dir.file(), { replaceStale: true })).close();
});

test("Node's server and ours take turns at one path", options, async () => {
  using dir = new TempDir();
  const server = createServer();
  server.listen(dir.file());
  await once(server, 'listening');
  assert.equal((await opErrorOf(listen('unix', dir.file(), { replaceStale: true }))).code, 'EADDRINUSE');
  server.close();
  await once(server, 'close');
  (await listen('unix', dir.file())).close();
});

// nothing is left behind when listening fails ───────────────────────────────

test('a listen that fails after the bind removes its file', options, async () => {
  using dir = new TempDir();
  const control = async (): Promise<void> => {
    throw new Error('no');
  };
  await opErrorOf(listen('unix', dir.file(), { control }));
  assert.ok(!existsSync(dir.file()));
  const missing = dir.file('no/such/folder');
  assert.equal(
    (await opErrorOf(listen('unix', missing))).message,
    `listen unix ${missing}: bind: no such file or directory`,
  );
});

const asNobody = process.getuid?.() === 0 ? false : 'needs root to become somebody else';

test('mode keeps others out', { ...options, skip: asNobody }, async () => {
  using dir = new TempDir();
  execFileSync('chmod', ['755', dir.path]);
  const connect = (path: string): string => {
    const code = `import os,socket,sys\nos.setgid(65534); os.setuid(65534)\ns=socket.socket(socket.AF_UNIX)\ntry:\n  s.connect(sys.argv[1]); print('in')\nexcept OSError as e: print(e.strerror)`;
    return execFileSync('python3', ['-c', code, path], { encoding: 'utf8' }).trim();
  };
  await using closed = await listen('unix', dir.file('closed'), { mode: 0o600 });
  await using opened = await listen('unix', dir.file('opened'), { mode: 0o666 });
  assert.deepEqual([connect(closed.addr.name), connect(opened.addr.name)], ['Permission denied', 'in']);
});
