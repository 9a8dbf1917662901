// vsock on this machine: a connection to itself where the kernel has the loopback transport, and else the kernel's own words.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { dial, fromFd, listen, OpError, VsockAddr, VsockConn, VsockListener } from 'gonet';

import { leavesNothing, opErrorOf } from './loopback.ts';

const options = { timeout: 15_000 };
/** What a kernel or a sandbox without the loopback transport says. */
const WITHOUT: ReadonlySet<string> = new Set([
  'EAFNOSUPPORT',
  'EADDRNOTAVAIL',
  'ENODEV',
  'EPERM',
  'EACCES',
  'EOPNOTSUPP',
  'ENOTSUP',
]);

/** A listener on this machine's own context, or the reason why there is none. */
async function listening(): Promise<VsockListener | string> {
  try {
    return await listen('vsock', 'local:0');
  } catch (error) {
    assert.ok(error instanceof OpError && WITHOUT.has(error.code), String(error));
    return `no vsock loopback here: ${error.message}`;
  }
}

test('a connection over the loopback transport', options, async (t) => {
  const made = await listening();
  if (typeof made === 'string') return t.skip(made);
  await using listener = made;
  const { addr } = listener;
  assert.ok(addr instanceof VsockAddr && addr.cid === 1 && addr.port > 0);
  const told: string[] = [];
  const control = (network: string, address: string): void => void told.push(`${network} ${address}`);
  const [a, b] = await Promise.all([dial('vsock', addr.toString(), { control, keepAlive: true }), listener.accept()]);
  assert.ok(a instanceof VsockConn && b instanceof VsockConn);
  assert.deepEqual(told, [`vsock ${addr}`]);
  assert.ok(a.remoteAddr.equals(addr) && b.localAddr.port === addr.port && b.remoteAddr.port === a.localAddr.port);
  const size = 1_000_000;
  const [, heard] = await Promise.all([
    a.write(Buffer.alloc(size)).then(() => a.closeWrite()),
    (async () => {
      let total = 0;
      for await (const chunk of b) total += chunk.length;
      return total;
    })(),
  ]);
  assert.equal(heard, size);
  await using twin = fromFd(b.detach());
  assert.ok(twin instanceof VsockConn);
  await twin.write('back');
  assert.equal(await a.read(Buffer.alloc(8)), 4);
  a.close();
  const adopted = fromFd(listener.dup());
  assert.ok(adopted instanceof VsockListener && adopted.addr.equals(addr));
  adopted.close();
});

test("failures are the kernel's, and leave nothing", options, () =>
  leavesNothing(async () => {
    const error = await opErrorOf(dial('vsock', 'local:4000000000', { timeout: 5000 }));
    assert.match(error.message, /^dial vsock 1:4000000000: (?:socket|connect): |i\/o timeout$/);
    assert.equal(error.port, 4_000_000_000);
  }),
);

test('an address that is none', options, async () => {
  const rows: readonly [promise: Promise<unknown>, message: string][] = [
    [dial('vsock', ''), 'dial vsock: missing address'],
    [dial('vsock', '2'), 'dial vsock: address 2: missing port in address'],
    [dial('vsock', 'guest:1'), 'dial vsock: address guest: invalid context id'],
    [listen('vsock', ':http'), 'listen vsock: address http: invalid port'],
    [dial('vsock', 'local:1', { signal: AbortSignal.abort() }), 'dial vsock 1:1: operation was canceled'],
    [listen('vsock', ':0', { signal: AbortSignal.abort() }), 'listen vsock: operation was canceled'],
  ];
  for (const [promise, message] of rows) assert.equal((await opErrorOf(promise)).message, message);
});
