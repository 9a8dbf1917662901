// The file of a Unix socket that is no listener: it stays or goes as it is told, with the mode that was asked for, and takes the place
// of a dead one only (Go's rules 139 and 140, and what Go leaves to its users).

import assert from 'node:assert/strict';
import { existsSync, lstatSync, renameSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';

import { dial, listen, ListenConfig, listenPacket, listenUnixgram, UnixAddr } from 'gonet';

import { TempDir } from '../conformance/tempdir.ts';
import { leavesNothing, opErrorOf } from './loopback.ts';

const options = { timeout: 15_000 };
const gram = (name: string): UnixAddr => new UnixAddr(name, 'unixgram');
const modeOf = (path: string): number => lstatSync(path).mode & 0o7777;

test('setUnlinkOnClose: off at first, then on; only its own file, and once (rules 139, 140)', options, () =>
  leavesNothing(async () => {
    using dir = new TempDir();
    const first = await listenPacket('unixgram', dir.file());
    first.close();
    assert.ok(existsSync(dir.file()));
    assert.equal((await opErrorOf(listenPacket('unixgram', dir.file()))).code, 'EADDRINUSE');

    const second = await listenPacket('unixgram', dir.file(), { replaceStale: true });
    second.setUnlinkOnClose(true);
    second.close();
    assert.ok(!existsSync(dir.file()));
    writeFileSync(dir.file(), '');
    second.close();
    assert.ok(existsSync(dir.file()));

    const third = await listenPacket('unixgram', dir.file('t'));
    third.setUnlinkOnClose(true);
    renameSync(dir.file('t'), dir.file('moved'));
    await using other = await listenPacket('unixgram', dir.file('t'));
    third.close();
    assert.ok(existsSync(dir.file('t')) && existsSync(dir.file('moved')), 'somebody else’s now');

    const dialed = await dial('unixgram', dir.file('t'), { localAddr: gram(dir.file('d')) });
    dialed.setUnlinkOnClose(true);
    dialed.close();
    assert.ok(!existsSync(dir.file('d')));
    assert.ok(existsSync(other.localAddr.name));
    assert.throws(() => dialed.setUnlinkOnClose(1 as unknown as boolean), TypeError);
    const abstract = await listenPacket('unixgram', '');
    abstract.setUnlinkOnClose(true);
    abstract.close();
  }),
);

test('the file of a listener is not that of what it accepts', options, () =>
  leavesNothing(async () => {
    using dir = new TempDir();
    await using listener = await listen('unix', dir.file());
    const [client, server] = await Promise.all([dial('unix', dir.file()), listener.accept()]);
    assert.equal(server.localAddr.name, dir.file());
    server.setUnlinkOnClose(true);
    client.setUnlinkOnClose(true);
    server.close();
    client.close();
    assert.ok(existsSync(dir.file()));
  }),
);

test('mode is exact, and replaceStale takes only the place of a dead one', options, () =>
  leavesNothing(async () => {
    using dir = new TempDir();
    for (const mode of [0, 0o600, 0o666, 0o777]) {
      await using conn = await listenPacket('unixgram', dir.file(), { mode, replaceStale: true });
      assert.equal(modeOf(conn.localAddr.name), mode);
    }
    await using live = await new ListenConfig({ mode: 0o620, replaceStale: true }).listenPacket('unixgram', dir.file());
    assert.equal(modeOf(dir.file()), 0o620);
    assert.equal((await opErrorOf(listenPacket('unixgram', dir.file(), { replaceStale: true }))).code, 'EADDRINUSE');
    assert.equal((await opErrorOf(listen('unix', dir.file(), { replaceStale: true }))).code, 'EADDRINUSE');
    live.close();
    writeFileSync(dir.file('plain'), '');
    assert.equal(
      (await opErrorOf(listenPacket('unixgram', dir.file('plain'), { replaceStale: true }))).code,
      'EADDRINUSE',
    );
    assert.throws(() => void listenPacket('unixgram', '', { mode: 0o1000 }), RangeError);
    assert.throws(
      () => void listenUnixgram('unixgram', gram(''), { replaceStale: 1 as unknown as boolean }),
      TypeError,
    );
  }),
);
