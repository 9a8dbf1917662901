// listenFds in processes of their own, as sd_listen_fds(3) has it: what the variables say, what becomes of the descriptors, and of the
// variables. The service is child/activation.ts.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { openSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

import { dial, listen, listenFds, listenPacket, OwnedFd } from 'gonet';
import { TempDir } from '../conformance/tempdir.ts';

const options = { timeout: 30_000 };
const CHILD = fileURLToPath(new URL('./child/activation.js', import.meta.url));

interface Report {
  readonly sockets?: readonly unknown[];
  readonly more?: number;
  readonly error?: string;
  readonly closeOnExec: readonly boolean[];
  readonly left: readonly string[];
}

interface Service extends AsyncDisposable {
  readonly report: Report;
  /** Its exit code and what it complained of, once it has ended by itself. */
  readonly ended: Promise<[code: number | null, stderr: string]>;
}

/** Starts `command` with `fds` from 3 on, and waits for its report. */
async function start(command: readonly string[], fds: readonly number[], env: object): Promise<Service> {
  const { NODE_TEST_CONTEXT: _, ...rest } = process.env;
  const child = spawn(command[0]!, command.slice(1), {
    stdio: ['ignore', 'pipe', 'pipe', ...fds],
    env: { ...rest, GIVEN: String(fds.length), ...env },
  });
  const stderr = text(child.stderr!);
  const ended = once(child, 'close').then(async ([code]) => [code as number | null, await stderr] as const);
  const lines = createInterface(child.stdout!)[Symbol.asyncIterator]();
  const stop = async (): Promise<void> => {
    child.kill('SIGKILL');
    await ended;
  };
  const first = await lines.next();
  if (first.done === true) throw new Error(`no report: ${(await ended)[1]}`);
  return {
    report: JSON.parse(first.value) as Report,
    ended: ended as Promise<[number | null, string]>,
    [Symbol.asyncDispose]: stop,
  };
}

/** Starts the service; `$$` in the variables is its process id. */
function activate(variables: Record<string, string>, fds: readonly number[] = [], own?: object): Promise<Service> {
  const set = Object.entries(variables).map(([key, value]) => `${key}="${value}" `);
  const args = [process.execPath, CHILD, ...(own === undefined ? [] : [JSON.stringify(own)])];
  return start(['sh', '-c', `${set.join('')}exec "$@"`, 'sh', ...args], fds, {});
}

const ENDED = [0, ''];
const ALL = ['LISTEN_PID', 'LISTEN_FDS', 'LISTEN_FDNAMES'];

/** What is written by the other end, to its end. */
async function heard(conn: AsyncIterable<Buffer> & Disposable): Promise<string> {
  using _ = conn;
  let all = '';
  for await (const chunk of conn) all += chunk.toString();
  return all;
}

test('sockets of every kind, by name and in order; what is no socket comes as it is', options, async () => {
  using dir = new TempDir();
  const tcp = await listen('tcp', '127.0.0.1:0');
  const udp = await listenPacket('udp', '127.0.0.1:0');
  const unix = await listen('unix', dir.file());
  await using client = await dial('tcp', tcp.addr.toString());
  const accepted = await tcp.accept();
  const { addr } = tcp;
  const { localAddr } = udp;
  const sockets = [tcp, udp, unix, accepted].map((each) => each.detach());
  const given = [...sockets, openSync('/dev/null', 'r')].map((fd) => new OwnedFd(fd));
  await using service = await activate(
    { LISTEN_PID: '$$', LISTEN_FDS: '5', LISTEN_FDNAMES: 'web:dns:control:connection:' },
    given.map(({ fd }) => fd),
  );
  // Nobody else listens from here on.
  for (const each of given) each.close();
  assert.deepEqual(service.report, {
    sockets: [
      ['web', 'TCPListener', String(addr)],
      ['dns', 'UDPConn', String(localAddr)],
      ['control', 'UnixListener', dir.file()],
      ['connection', 'TCPConn', String(addr)],
      ['', 4],
    ],
    more: 0,
    closeOnExec: [true, true, true, true, true],
    left: [],
  });
  assert.equal(await heard(await dial('tcp', addr.toString())), 'web');
  assert.equal(await heard(await dial('unix', dir.file())), 'control');
  assert.equal(await heard(client), 'connection');
  await using asker = await dial('udp', localAddr.toString());
  await asker.write('?');
  const into = Buffer.alloc(8);
  const n = await asker.read(into);
  assert.equal(into.toString('latin1', 0, n ?? 0), 'dns');
  assert.deepEqual(await service.ended, ENDED);
});

test(
  'without names, each is unknown; the variables stay if that is asked for, and nothing is taken twice',
  options,
  async () => {
    using tcp = await listen('tcp', '127.0.0.1:0');
    using copy = new OwnedFd(tcp.dup());
    await using service = await activate({ LISTEN_PID: '$$', LISTEN_FDS: '1' }, [copy.fd], { unset: false });
    const { report } = service;
    assert.deepEqual(report, {
      sockets: [['unknown', 'TCPListener', String(tcp.addr)]],
      more: 0,
      closeOnExec: [true],
      left: ['LISTEN_PID', 'LISTEN_FDS'],
    });
    assert.equal(await heard(await dial('tcp', tcp.addr.toString())), 'unknown');
    assert.deepEqual(await service.ended, ENDED);
  },
);

for (const [what, variables] of [
  ['no variables', {}],
  ['no process id', { LISTEN_FDS: '1' }],
  ["another process's id", { LISTEN_PID: '1', LISTEN_FDS: 'x', LISTEN_FDNAMES: 'a:b' }],
  ['no count', { LISTEN_PID: '$$', LISTEN_FDNAMES: 'a' }],
] as const) {
  test(`${what}: no sockets, and the descriptors are let alone`, options, async () => {
    using tcp = await listen('tcp', '127.0.0.1:0');
    using copy = new OwnedFd(tcp.dup());
    await using service = await activate(variables, [copy.fd]);
    assert.deepEqual(service.report, { sockets: [], more: 0, closeOnExec: [false], left: [] });
    assert.deepEqual(await service.ended, ENDED);
  });
}

const noNumber = (text: string): string => `ParseError: LISTEN_FDS must be a number of descriptors, not "${text}"`;

for (const [what, variables, error] of [
  ['a process id', { LISTEN_PID: 'me' }, 'ParseError: LISTEN_PID must be a process id, not "me"'],
  ['an empty process id', { LISTEN_PID: '' }, 'ParseError: LISTEN_PID must be a process id, not ""'],
  ['process id 0', { LISTEN_PID: '0' }, 'ParseError: LISTEN_PID must be a process id, not "0"'],
  ...['', '0', '-1', '1e1', ' 1', '2147483648'].map(
    (each) => [`count "${each}"`, { LISTEN_FDS: each }, noNumber(each)] as const,
  ),
  ['too few names', { LISTEN_FDNAMES: '', LISTEN_FDS: '2' }, 'ParseError: LISTEN_FDNAMES must have 2 names, not 1'],
  ['too many names', { LISTEN_FDNAMES: 'a:b' }, 'ParseError: LISTEN_FDNAMES must have 1 names, not 2'],
  ['not open', { LISTEN_FDS: '2147483644' }, 'OpError: file file+net: fcntl: bad file descriptor'],
] as const) {
  test(`malformed, ${what}: an error, nothing is taken, the variables are gone`, options, async () => {
    using tcp = await listen('tcp', '127.0.0.1:0');
    using copy = new OwnedFd(tcp.dup());
    await using service = await activate({ LISTEN_PID: '$$', LISTEN_FDS: '1', ...variables }, [copy.fd]);
    assert.deepEqual(service.report, { error, closeOnExec: [what === 'not open'], left: [] });
    assert.deepEqual(await service.ended, ENDED);
  });
}

test('wrong arguments throw at once, and leave the variables', options, () => {
  process.env['LISTEN_FDNAMES'] = 'a';
  try {
    for (const wrong of [null, 1, 'unset', { unset: 1 }, { unset: null }]) {
      assert.throws(() => listenFds(wrong as object), TypeError, JSON.stringify(wrong));
    }
    assert.equal(process.env['LISTEN_FDNAMES'], 'a');
    assert.deepEqual(listenFds(), []);
    assert.ok(!ALL.some((key) => key in process.env));
  } finally {
    delete process.env['LISTEN_FDNAMES'];
  }
});

test("systemd's own word: systemd-socket-activate(1)", options, async (t) => {
  using dir = new TempDir();
  const { GONET_BACKEND } = process.env;
  const pass = ['GIVEN=2', ...(GONET_BACKEND === undefined ? [] : [`GONET_BACKEND=${GONET_BACKEND}`])];
  const own = [...pass.map((each) => `--setenv=${each}`), '--fdname=one:two'];
  const paths = [dir.file('1'), dir.file('2')];
  const command = [
    'systemd-socket-activate',
    ...own,
    ...paths.map((path) => `--listen=${path}`),
    process.execPath,
    CHILD,
  ];
  const starting = start(command, [], {}).then(
    (service) => service,
    (error: unknown) => error as Error,
  );
  let first: Awaited<ReturnType<typeof dial>> | null = null;
  for (let i = 0; first === null && i < 200; i++) {
    const failed = await Promise.race([starting, delay(25, null)]);
    if (failed instanceof Error) return t.skip(failed.message);
    first = await dial('unix', paths[0]!).catch(() => null);
  }
  assert.ok(first !== null);
  const service = await starting;
  if (service instanceof Error) throw service;
  await using _ = service;
  assert.deepEqual(service.report, {
    sockets: paths.map((path, i) => [['one', 'two'][i], 'UnixListener', path]),
    more: 0,
    closeOnExec: [true, true],
    left: [],
  });
  assert.equal(await heard(first), 'one');
  assert.equal(await heard(await dial('unix', paths[1]!)), 'two');
  assert.equal((await service.ended)[0], 0);
});
