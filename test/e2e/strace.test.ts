// What the kernel sees of one connection, from listen to the last close: Go's system calls in Go's order, and none besides
// (data of the rules 43 to 45, 63 to 65, 72, 75, 77, 82, 95 and 157 of Go's behaviour).

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { maxBacklog } from '../../src/fd/backlog.ts';
import { hasIPv6 } from './loopback.ts';

const CALLS = 'socket,bind,listen,accept,accept4,connect,shutdown,getsockname,getpeername,getsockopt,setsockopt,';
const TRACED = `${CALLS}socketpair,sendto,recvfrom,sendmsg,recvmsg,epoll_create1,epoll_ctl,read,write,readv,writev,close,dup,dup2,dup3,fcntl`;

/** One call as strace prints it. */
interface Call {
  readonly name: string;
  readonly args: string;
  readonly result: string;
}

/** A socket from the call that made it to its close; each call in short. */
interface Life {
  readonly fd: string;
  readonly calls: string[];
}

function whyNot(): string | false {
  const { error, status, stderr } = spawnSync('strace', ['-f', '-o', '/dev/null', 'true'], { encoding: 'utf8' });
  if (error !== undefined) return `strace does not run: ${error.message}`;
  return status === 0 ? false : `strace may not trace here: ${stderr.trim()}`;
}

/** Runs traced.js; the calls of each thread. */
function run(...args: string[]): Call[][] {
  const folder = mkdtempSync(join(tmpdir(), 'gonet-strace-'));
  try {
    const script = fileURLToPath(new URL('traced.js', import.meta.url));
    const command = ['-ff', '-o', join(folder, 'thread'), '-e', `trace=${TRACED}`, process.execPath, script, ...args];
    const { status, stderr } = spawnSync('strace', command, { encoding: 'utf8', timeout: 20_000 });
    assert.equal(status, 0, stderr);
    return readdirSync(folder).map((file) => parse(readFileSync(join(folder, file), 'utf8')));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function parse(text: string): Call[] {
  return text.split('\n').flatMap((line) => {
    const [, name, args = '', result = ''] = /^(\w+)\((.*)\)\s+= (.*)$/.exec(line) ?? [];
    return name === undefined ? [] : [{ name, args, result }];
  });
}

const firstArg = (args: string): string => /^\d+/.exec(args)?.[0] ?? '';
const flagsOf = (text: string): string => text.split('|').toSorted().join('|');

/** A call in the words that the expectations below use. */
function inShort({ name, args, result }: Call): string {
  const parts = args.split(', ');
  const error = /^-1 (\w+)/.exec(result)?.[1];
  const failed = error === undefined ? '' : ` ${error}`;
  if (name === 'socket') return `socket ${parts[0]} ${flagsOf(parts[1]!)}`;
  if (name === 'setsockopt') return `setsockopt ${parts[2]} ${parts[3]}${failed}`;
  if (name === 'getsockopt') return `getsockopt ${parts[2]}${failed}`;
  if (name === 'listen') return `listen ${parts[1]}`;
  if (name === 'sendto') return `sendto ${parts.at(-3)}`;
  if (name === 'accept4') return `accept4 ${flagsOf(parts.at(-1)!)}${failed}`;
  return `${name}${failed}`;
}

/** The lives of all sockets of one thread, and the calls on their epoll beside them. */
function livesOf(calls: readonly Call[]): Life[] {
  const lives: Life[] = [];
  const open = new Map<string, Life>();
  const begin = (fd: string, how: string): void => {
    assert.ok(!open.has(fd), `${fd} was made twice`);
    const life = { fd, calls: [how] };
    open.set(fd, life);
    lives.push(life);
  };
  for (const call of calls) {
    const { name, args, result } = call;
    if (name === 'epoll_ctl') {
      const [, op = '', fd = '', events = ''] = /^\d+, (\w+), (\d+)(?:, \{events=([\w|]+))?/.exec(args) ?? [];
      open.get(fd)?.calls.push(`${op}${events === '' ? '' : ` ${flagsOf(events)}`}`);
      continue;
    }
    const life = open.get(firstArg(args));
    // Nothing to read, or nobody to accept, yet: on a busy machine the other end may be late.
    if (result.startsWith('-1 EAGAIN') && (name === 'recvfrom' || name === 'accept4')) continue;
    if (name === 'socket') begin(result, inShort(call));
    else life?.calls.push(inShort(call));
    if (name === 'accept4') begin(result, 'accepted');
    if (name === 'close') open.delete(firstArg(args));
  }
  assert.deepEqual([...open.keys()], [], 'sockets left open');
  return lives;
}

const ADD = 'EPOLL_CTL_ADD EPOLLET|EPOLLIN|EPOLLOUT|EPOLLRDHUP';
const STREAM = 'SOCK_CLOEXEC|SOCK_NONBLOCK|SOCK_STREAM';
const OPTIONS = [
  'setsockopt TCP_NODELAY [1]',
  'setsockopt SO_KEEPALIVE [1]',
  'setsockopt TCP_KEEPIDLE [15]',
  'setsockopt TCP_KEEPINTVL [15]',
  'setsockopt TCP_KEEPCNT [9]',
];

/** The lives that are expected of a listener, a dialed and an accepted connection in one family. */
function expected(family: 'AF_INET' | 'AF_INET6'): string[][] {
  const made = [`socket ${family} ${STREAM}`, ...(family === 'AF_INET6' ? ['setsockopt IPV6_V6ONLY [0]'] : [])];
  const listening = ['setsockopt SO_REUSEADDR [1]', 'bind', `listen ${maxBacklog()}`, ADD, 'getsockname'];
  const connecting = ['connect EINPROGRESS', ADD, 'getsockopt SO_ERROR', 'getpeername', 'getsockname'];
  const end = ['EPOLL_CTL_DEL', 'close'];
  return [
    [...made, ...listening, 'accept4 SOCK_CLOEXEC|SOCK_NONBLOCK', ...end],
    [...made, ...connecting, ...OPTIONS, 'sendto MSG_NOSIGNAL', 'recvfrom', ...end],
    ['accepted', ADD, 'getsockname', ...OPTIONS, 'recvfrom', 'sendto MSG_NOSIGNAL', ...end],
  ];
}

/** What the one probe of the IP stack does before the first listen on a wildcard (rule 57). */
const PROBE_STREAM = 'SOCK_CLOEXEC|SOCK_STREAM';
const PROBES = [
  [`socket AF_INET6 ${PROBE_STREAM}`, 'setsockopt IPV6_V6ONLY [1]', 'bind', 'close'],
  [`socket AF_INET ${PROBE_STREAM}`, 'close'],
  [`socket AF_INET6 ${PROBE_STREAM}`, 'setsockopt IPV6_V6ONLY [0]', 'bind', 'close'],
];

/** The one thread that makes sockets; that there is no other is part of the claim. */
function ours(threads: readonly Call[][]): Call[] {
  const own = threads.filter((calls) => calls.some(({ name }) => name === 'listen'));
  assert.equal(own.length, 1);
  for (const calls of threads) {
    const stray = calls.filter(({ name }) => /^(?:socket|accept4?|connect|bind)$/.test(name));
    assert.ok(calls === own[0] || stray.length === 0, JSON.stringify(stray));
  }
  return own[0]!;
}

function checkEpoll(calls: readonly Call[], lives: readonly Life[]): void {
  const control = calls.filter(({ name }) => name === 'epoll_ctl').map(({ args }) => args.split(', '));
  const added = control.filter(([, op, , events]) => op === 'EPOLL_CTL_ADD' && events?.includes('EPOLLET'));
  const epolls = new Set(added.map(([epfd]) => epfd));
  assert.equal(epolls.size, 1, 'one epoll for all');
  const [epfd = ''] = epolls;
  const made = calls.filter(({ name, result }) => name === 'epoll_create1' && result === epfd);
  assert.deepEqual(
    made.map(({ args }) => args),
    ['EPOLL_CLOEXEC'],
  );
  const onIt = control.filter(([each]) => each === epfd);
  assert.ok(!onIt.some(([, op]) => op === 'EPOLL_CTL_MOD'), 'no descriptor is ever modified');
  assert.equal(onIt.length, 2 * lives.length, 'one ADD and one DEL for each descriptor');
}

const skip = whyNot();

describe('the system calls of one connection', { skip }, () => {
  test('tcp 127.0.0.1:0: Go’s calls, in order, and no others', { timeout: 30_000 }, () => {
    const calls = ours(run('127.0.0.1:0', '127.0.0.1'));
    const lives = livesOf(calls);
    assert.deepEqual(
      lives.map((life) => life.calls),
      expected('AF_INET'),
    );
    checkEpoll(calls, lives);
  });

  test('tcp :0: one IPv6 socket for both families, after one probe', { timeout: 30_000 }, (t) => {
    if (!hasIPv6()) return t.skip('no ::1 on this machine');
    const calls = ours(run(':0', '::1'));
    const lives = livesOf(calls);
    const probes = lives.splice(0, PROBES.length);
    assert.deepEqual(
      probes.map((life) => life.calls),
      PROBES,
    );
    assert.deepEqual(
      lives.map((life) => life.calls),
      expected('AF_INET6'),
    );
    checkEpoll(calls, lives);
  });

  test(
    'tcp :0 reached by IPv4: the dialed socket is AF_INET, the accepted one has both names',
    { timeout: 30_000 },
    (t) => {
      if (!hasIPv6()) return t.skip('no ::1 on this machine');
      const lives = livesOf(ours(run(':0', '127.0.0.1'))).slice(PROBES.length);
      const [listener, , accepted] = expected('AF_INET6');
      const [, dialed] = expected('AF_INET');
      assert.deepEqual(
        lives.map((life) => life.calls),
        [listener, dialed, accepted],
      );
    },
  );
});

test('a line of strace is read right', () => {
  const text = [
    'socket(AF_INET, SOCK_STREAM|SOCK_CLOEXEC|SOCK_NONBLOCK, IPPROTO_IP) = 19',
    'epoll_ctl(18, EPOLL_CTL_ADD, 19, {events=EPOLLIN|EPOLLET, data={u32=19, u64=19}}) = 0',
    'recvfrom(19, 0x1, 5, 0, NULL, NULL)     = -1 EAGAIN (Resource temporarily unavailable)',
    'close(19)                               = 0',
    '+++ exited with 0 +++',
  ].join('\n');
  assert.deepEqual(livesOf(parse(text)), [
    { fd: '19', calls: [`socket AF_INET ${STREAM}`, 'EPOLL_CTL_ADD EPOLLET|EPOLLIN', 'close'] },
  ]);
});
