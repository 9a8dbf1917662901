// Calls on the way to a socket that fail: which errors are told, which do not matter.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { dial, dialTCP, listen } from 'gonet';

import {
  AF_INET6,
  EACCES,
  EADDRINUSE,
  EINVAL,
  EMFILE,
  ENFILE,
  ENOBUFS,
  ENOMEM,
  ENOPROTOOPT,
  IPPROTO_IPV6,
  IPV6_V6ONLY,
  SOL_SOCKET,
  SO_REUSEADDR,
  SO_REUSEPORT,
} from '../../src/syscall/zconst_linux.ts';
import { ipStack } from '../../src/fd/probe.ts';
import { noLeak } from './descriptors.ts';
import { failure, talk } from './pair.ts';
import { every, nth, Plan } from './plan.ts';

const TIMEOUT = { timeout: 10_000 };
const NO_IPV6 = ipStack().ipv6 ? false : 'needs IPv6 on loopback';

for (const [name, errno, text, temporary] of [
  ['EMFILE', EMFILE, 'too many open files', true],
  ['ENFILE', ENFILE, 'too many open files in system', true],
  ['ENOBUFS', ENOBUFS, 'no buffer space available', false],
] as const) {
  test(`socket answers ${name}`, TIMEOUT, () =>
    noLeak(async () => {
      using plan = new Plan();
      plan.fail('socket', every, -errno);
      const dialed = await failure(dial('tcp', '127.0.0.1:9'));
      assert.equal(dialed.message, `dial tcp 127.0.0.1:9: socket: ${text}`);
      const listened = await failure(listen('tcp', '127.0.0.1:0'));
      assert.equal(listened.message, `listen tcp 127.0.0.1:0: socket: ${text}`);
      for (const error of [dialed, listened]) {
        assert.deepEqual([error.code, error.syscall, error.temporary], [name, 'socket', temporary]);
      }
      assert.deepEqual([plan.count('socket'), plan.count('close')], [2, 0]);
    }),
  );
}

test('bind answers an errno', TIMEOUT, () =>
  noLeak(async () => {
    using plan = new Plan();
    plan.fail('bind', every, -EACCES);
    const error = await failure(listen('tcp', '127.0.0.1:80'));
    assert.equal(error.message, 'listen tcp 127.0.0.1:80: bind: permission denied');
    assert.equal(plan.count('listen'), 0);
  }),
);

test('bind finds the address in use, without a fault', TIMEOUT, () =>
  noLeak(async () => {
    using listener = await listen('tcp', '127.0.0.1:0');
    const error = await failure(listen('tcp', listener.addr.toString()));
    assert.equal(error.message, `listen tcp ${listener.addr.toString()}: bind: address already in use`);
  }),
);

test('listen answers an errno', TIMEOUT, () =>
  noLeak(async () => {
    using plan = new Plan();
    plan.fail('listen', every, -EADDRINUSE);
    const error = await failure(listen('tcp', '127.0.0.1:0'));
    assert.equal(error.message, 'listen tcp 127.0.0.1:0: listen: address already in use');
  }),
);

test('a listener that cannot join the poller', TIMEOUT, () =>
  noLeak(async () => {
    using plan = new Plan();
    plan.fail('epoll_ctl', nth(1), -ENOMEM);
    const error = await failure(listen('tcp', '127.0.0.1:0'));
    assert.equal(error.message, 'listen tcp 127.0.0.1:0: epoll_ctl: cannot allocate memory');
  }),
);

for (const [name, option, options, which] of [
  ['SO_REUSEADDR', SO_REUSEADDR, {}, ''],
  ['SO_REUSEPORT', SO_REUSEPORT, { reusePort: true }, ' (reusePort)'],
] as const) {
  test(`a listener's ${name} that fails is an error`, TIMEOUT, () =>
    noLeak(async () => {
      using plan = new Plan();
      const where = (_fd: number, level: number, each: number): boolean => level === SOL_SOCKET && each === option;
      plan.fail('setsockopt', nth(1), -EINVAL, { where });
      const error = await failure(listen('tcp', '127.0.0.1:0', options));
      assert.equal(error.message, `listen tcp 127.0.0.1:0: setsockopt: invalid argument${which}`);
      assert.equal(plan.count('bind'), 0);
    }),
  );
}

test('IPV6_V6ONLY that fails does not matter', { ...TIMEOUT, skip: NO_IPV6 }, () =>
  noLeak(async () => {
    using plan = new Plan();
    const where = (_fd: number, level: number, name: number): boolean => level === IPPROTO_IPV6 && name === IPV6_V6ONLY;
    plan.fail('setsockopt', every, -ENOPROTOOPT, { where });
    using listener = await listen('tcp6', '[::1]:0');
    using client = await dial('tcp6', listener.addr.toString());
    using server = await listener.accept();
    await talk({ client, server });
    assert.equal(plan.count('setsockopt', where), 2);
    assert.equal(
      plan.count('socket', (family) => family === AF_INET6),
      2,
    );
  }),
);

test('a listener whose name cannot be had still accepts', TIMEOUT, () =>
  noLeak(async () => {
    using plan = new Plan();
    const names: Uint8Array[] = [];
    plan.swap('getsockname', nth(1), (real, fd, addr, length) => {
      assert.equal(real(fd, addr, length), 0);
      names.push(Uint8Array.from(addr));
      return -ENOBUFS;
    });
    using listener = await listen('tcp', '127.0.0.1:0');
    assert.equal(listener.addr as unknown, null);
    const port = new DataView(names[0]!.buffer).getUint16(2);
    using client = await dial('tcp', `127.0.0.1:${port}`);
    using server = await listener.accept();
    await talk({ client, server });
  }),
);

test('a dial whose own name cannot be had is tried again, as it may have reached itself', TIMEOUT, () =>
  noLeak(async () => {
    using plan = new Plan();
    using listener = await listen('tcp', '127.0.0.1:0');
    const before = plan.count('connect');
    plan.fail('getsockname', every, -ENOBUFS);
    using client = await dialTCP('tcp', null, listener.addr);
    assert.equal(plan.count('connect') - before, 3);
    assert.equal(client.localAddr as unknown, null);
    assert.equal(client.remoteAddr.toString(), listener.addr.toString());
  }),
);
