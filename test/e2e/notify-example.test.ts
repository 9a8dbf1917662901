// examples/notify.mjs tells a service manager, and does nothing where there is none.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { listenPacket } from 'gonet';

const program = fileURLToPath(new URL('../../../examples/notify.mjs', import.meta.url));
const run = (env: NodeJS.ProcessEnv, ...lines: string[]): Promise<{ stderr: string }> =>
  promisify(execFile)(process.execPath, [program, ...lines], { env: { ...process.env, ...env } });

test('the lines arrive as one datagram, from that process', { timeout: 15_000 }, async () => {
  const name = `@notify-${process.pid}`;
  using manager = await listenPacket('unixgram', name);
  manager.setPassCred(true);
  const into = Buffer.alloc(200);
  const [{ n, creds }] = await Promise.all([
    manager.readMsg(into),
    run({ NOTIFY_SOCKET: name }, 'READY=1', 'STATUS=x'),
  ]);
  assert.equal(into.toString('utf8', 0, n!), 'READY=1\nSTATUS=x');
  assert.equal(creds?.uid, process.getuid!());
  const { stderr } = await run({ NOTIFY_SOCKET: '' }, 'READY=1');
  assert.equal(stderr, 'NOTIFY_SOCKET is not set\n');
});
