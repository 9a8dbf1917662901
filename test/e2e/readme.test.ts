// What the README promises: its program is the one in examples/ and runs, and the demo ends by itself.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { test } from 'node:test';

const root = fileURLToPath(new URL('../../../', import.meta.url));

function run(path: string): { status: number | null; stdout: string; stderr: string } {
  return spawnSync(process.execPath, [path], { cwd: root, encoding: 'utf8', timeout: 20_000 });
}

test('the README shows examples/echo.ts, word for word', () => {
  const readme = readFileSync(`${root}README.md`, 'utf8');
  const shown = /```ts\n([\s\S]*?)```/.exec(readme)?.[1];
  assert.equal(shown, readFileSync(`${root}examples/echo.ts`, 'utf8'));
});

test('the example runs and ends by itself', { timeout: 30_000 }, () => {
  const { status, stdout, stderr } = run('dist/examples/echo.js');
  assert.deepEqual({ status, stdout, stderr }, { status: 0, stdout: 'hello\nnull\n', stderr: '' });
});

test('the demo tells every floor, shows a deadline, and ends by itself with 0', { timeout: 30_000 }, () => {
  const start = process.hrtime.bigint();
  const { status, stdout, stderr } = run('dist/src/cli/demo.js');
  const seconds = Number(process.hrtime.bigint() - start) / 1e9;
  assert.equal(status, 0, stderr);
  assert.ok(seconds < 5, `took ${seconds} s`);
  const told = [
    /\d+ µs {2}5 dial +dial tcp localhost:\d+/,
    /4 dns +localhost is /,
    /3 conn +dialTCP -> /,
    /2 fd +family AF_INET6?/,
    /0 syscall +socket\(AF_INET6?, SOCK_CLOEXEC\|SOCK_NONBLOCK\|SOCK_STREAM, 0\) = \d+/,
    /0 syscall +connect\(\d+\) = EINPROGRESS/,
    /0 syscall +epoll_ctl\(\d+, EPOLL_CTL_ADD, \d+, EPOLLET\|EPOLLIN\|EPOLLOUT\|EPOLLRDHUP\) = 0/,
    /1 poll +writable/,
    /0 syscall +getsockopt\(\d+, SO_ERROR\) = 0/,
    /2 fd +local \S+:\d+, remote \S+:\d+/,
    /0 syscall +setsockopt\(\d+, TCP_NODELAY, 1\) = 0/,
    /3 conn +TCP_NODELAY on, keep-alive on, 15 s \/ 15 s \/ 9/,
    /received "hello, kernel"/,
    /OpError ETIMEDOUT: read tcp \S+->\S+: i\/o timeout/,
    /received "still here"/,
    /0 syscall +shutdown\(\d+, SHUT_WR\) = 0/,
    /received "goodbye"/,
    /0 syscall +close\(\d+\) = 0/,
  ];
  for (const line of told) assert.match(stdout, line);
});

test('require() takes the package where Node can require ES modules', (t) => {
  if (!(process.features as { require_module?: boolean }).require_module) {
    t.skip('this Node cannot require ES modules without a flag');
    return;
  }
  const gonet = createRequire(import.meta.url)('gonet') as Record<string, unknown>;
  assert.equal(typeof gonet.dial, 'function');
});
