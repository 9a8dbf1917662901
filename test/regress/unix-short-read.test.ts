// On a Unix stream a read also ends where descriptors begin that a peer has sent along (unix(7)): a short read does not mean that
// nothing is left, and whoever waits after it, edge-triggered, waits for ever.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';

import { listen } from 'gonet';

import { TempDir } from '../conformance/tempdir.ts';

const SENDER = `
import array, socket, sys
s = socket.socket(socket.AF_UNIX)
s.connect(sys.argv[1])
fds = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array('i', [0]))]
for part in (b'one', b'two', b'three'):
    s.sendmsg([part], fds)
s.sendall(b'end')
s.recv(1)
`;

test('data behind passed descriptors is read without another event', { timeout: 20_000 }, async (t) => {
  using dir = new TempDir();
  await using listener = await listen('unix', dir.file());
  const python = spawn('python3', ['-c', SENDER, dir.file()], { stdio: ['pipe', 'inherit', 'inherit'] });
  const started = await Promise.race([once(python, 'spawn').then(() => true), once(python, 'error').then(() => false)]);
  if (!started) return t.skip('no python3');
  await using conn = await listener.accept();
  let text = '';
  // All of it is there when the first read begins, so there is one event for it.
  while (!text.endsWith('end')) {
    const into = Buffer.alloc(64);
    const n = await conn.read(into);
    assert.ok(n !== null);
    text += into.toString('latin1', 0, n);
  }
  assert.equal(text, 'onetwothreeend');
  await conn.write('.');
  await once(python, 'exit');
});
