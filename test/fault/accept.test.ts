// What accept4(2) and the steps after it can answer, and loopback never does.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { dial, listen, type TCPConn, type TCPListener } from 'gonet';

import {
  ECONNABORTED,
  EINVAL,
  EMFILE,
  ENFILE,
  ENOBUFS,
  ENOMEM,
  ENOTCONN,
  IPPROTO_TCP,
  TCP_NODELAY,
} from '../../src/syscall/zconst_linux.ts';
import { noLeak } from './descriptors.ts';
import { failure, talk } from './pair.ts';
import { every, first, nth, Plan } from './plan.ts';

const TIMEOUT = { timeout: 15_000 };

/** Dials the listener and talks through what it accepts. */
async function served(listener: TCPListener): Promise<void> {
  const accepted = listener.accept();
  using client = await dial('tcp', listener.addr.toString());
  using server = await accepted;
  await talk({ client, server });
}

test('a client that gave up before it was accepted is passed over', TIMEOUT, () =>
  noLeak(async () => {
    using plan = new Plan();
    using listener = await listen('tcp', '127.0.0.1:0');
    using client = await dial('tcp', listener.addr.toString());
    plan.fail('accept4', first(3), -ECONNABORTED);
    using server = await listener.accept();
    await talk({ client, server });
    assert.equal(plan.count('accept4'), 4);
  }),
);

test('a storm of clients that gave up does not hold up the loop', TIMEOUT, () =>
  noLeak(async () => {
    using plan = new Plan();
    using listener = await listen('tcp', '127.0.0.1:0');
    using client = await dial('tcp', listener.addr.toString());
    plan.fail('accept4', first(1000), -ECONNABORTED);
    let turns = 0;
    const count = (): void => {
      turns++;
      immediate = setImmediate(count);
    };
    let immediate = setImmediate(count);
    using server = await listener.accept().finally(() => clearImmediate(immediate));
    assert.ok(turns >= 3, `${turns} turns`);
    await talk({ client, server });
  }),
);

for (const [name, errno, text] of [
  ['EMFILE', EMFILE, 'too many open files'],
  ['ENFILE', ENFILE, 'too many open files in system'],
] as const) {
  test(`${name}: accept rejects, says that it is temporary, and the client is served later`, TIMEOUT, () =>
    noLeak(async () => {
      using plan = new Plan();
      using listener = await listen('tcp', '127.0.0.1:0');
      using client = await dial('tcp', listener.addr.toString());
      plan.fail('accept4', first(1), -errno);
      const error = await failure(listener.accept());
      assert.equal(error.message, `accept tcp ${listener.addr.toString()}: accept4: ${text}`);
      assert.equal(error.code, name);
      assert.equal(error.errno, -errno);
      assert.equal(error.temporary, true);
      assert.equal(error.timeout, false);
      using server = await listener.accept();
      await talk({ client, server });
    }),
  );

  test(`${name}: an iteration warns once, waits longer each time, and goes on`, TIMEOUT, () =>
    noLeak(async () => {
      using plan = new Plan();
      const warnings: (Error & { code?: string })[] = [];
      const note = (warning: Error): unknown => warnings.push(warning);
      process.on('warning', note);
      try {
        using listener = await listen('tcp', '127.0.0.1:0');
        using client = await dial('tcp', listener.addr.toString());
        const begun = performance.now();
        plan.fail('accept4', first(4), -errno);
        for await (const server of listener) {
          await talk({ client, server });
          server.close();
          break;
        }
        // 5, 10, 20 and 40 ms; a timer may be a millisecond early.
        assert.ok(performance.now() - begun >= 70, 'no back-off');
        assert.equal(plan.count('accept4'), 5);
        assert.deepEqual(
          warnings.map((warning) => [warning.name, warning.code]),
          [['ResourceWarning', 'GONET_ACCEPT']],
        );
        assert.match(warnings[0]!.message, new RegExp(text));
      } finally {
        process.off('warning', note);
      }
    }),
  );
}

for (const [name, errno] of [
  ['ENOBUFS', ENOBUFS],
  ['ENOMEM', ENOMEM],
] as const) {
  test(`${name}: an iteration goes on`, TIMEOUT, () =>
    noLeak(async () => {
      using plan = new Plan();
      using listener = await listen('tcp', '127.0.0.1:0');
      using client = await dial('tcp', listener.addr.toString());
      plan.fail('accept4', nth(1), -errno);
      for await (const server of listener) {
        await talk({ client, server });
        server.close();
        break;
      }
    }),
  );
}

test('another errno of accept4 ends the accept, and an iteration, with an error', TIMEOUT, () =>
  noLeak(async () => {
    using plan = new Plan();
    using listener = await listen('tcp', '127.0.0.1:0');
    using client = await dial('tcp', listener.addr.toString());
    plan.fail('accept4', first(2), -EINVAL);
    assert.equal((await failure(listener.accept())).code, 'EINVAL');
    await assert.rejects(async () => {
      for await (const conn of listener) conn.close();
    }, /accept4: invalid argument/);
    using server = await listener.accept();
    await talk({ client, server });
  }),
);

test('a connection that cannot join the poller is closed, and accept says so', TIMEOUT, () =>
  noLeak(async () => {
    using plan = new Plan();
    using listener = await listen('tcp', '127.0.0.1:0');
    using client = await dial('tcp', listener.addr.toString());
    plan.fail('epoll_ctl', nth(1), -ENOMEM);
    const error = await failure(listener.accept());
    assert.equal(error.message, `accept tcp ${listener.addr.toString()}: epoll_ctl: cannot allocate memory`);
    assert.equal(error.syscall, 'epoll_ctl');
    assert.equal(await client.read(Buffer.alloc(1)), null);
    await served(listener);
  }),
);

test('a close of the listener ends an iteration that backs off', TIMEOUT, () =>
  noLeak(async () => {
    using plan = new Plan();
    plan.fail('accept4', every, -EMFILE);
    const listener = await listen('tcp', '127.0.0.1:0');
    using _client = await dial('tcp', listener.addr.toString());
    process.once('warning', () => listener.close());
    for await (const conn of listener) assert.fail(`accepted ${String(conn.remoteAddr)}`);
  }),
);

test('options that fail do not fail the connection', TIMEOUT, () =>
  noLeak(async () => {
    using plan = new Plan();
    using listener = await listen('tcp', '127.0.0.1:0');
    const options = plan.fail('setsockopt', every, -EINVAL);
    await served(listener);
    const tried = options.of('setsockopt', (_fd, level, name) => level === IPPROTO_TCP && name === TCP_NODELAY);
    assert.equal(tried.length, 2);
  }),
);

test('a connection whose own name cannot be had still works', TIMEOUT, () =>
  noLeak(async () => {
    using plan = new Plan();
    using listener = await listen('tcp', '127.0.0.1:0');
    using client = await dial('tcp', listener.addr.toString());
    plan.fail('getsockname', nth(1), -ENOTCONN);
    using server: TCPConn = await listener.accept();
    assert.equal(server.localAddr as unknown, null);
    assert.equal(server.remoteAddr.toString(), client.localAddr.toString());
    await talk({ client, server });
  }),
);
