// Control messages as C writes them and as this kernel sends them: a probe is compiled, run and thrown away. It writes the same
// messages with CMSG_NXTHDR(3) as the writer, and prints what recvmsg(2) told it on real sockets, which the decoder reads.

import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { before, describe, test, type TestContext } from 'node:test';

import { PROBE } from '../../test/fuzz/controlprobe.ts';
import { Addr } from '../addr/ip.ts';
import { ControlWriter, collectFds } from './cmsg.ts';
import { decodeControl, originName, type Control } from './control.ts';
import { load } from './sys.ts';
import * as c from './zconst_linux.ts';

function run(): Map<string, string> {
  const folder = mkdtempSync(join(tmpdir(), 'gonet-control-'));
  try {
    writeFileSync(join(folder, 'probe.c'), PROBE);
    execFileSync('cc', ['-o', join(folder, 'probe'), join(folder, 'probe.c')]);
    const lines = execFileSync(join(folder, 'probe'), { encoding: 'utf8', timeout: 50_000 }).trim().split('\n');
    return new Map(lines.map((line) => [line.split(' ')[0]!, line.slice(line.indexOf(' ') + 1)]));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const compiler = spawnSync('cc', ['-E', '-'], { input: '#include <linux/errqueue.h>\n' });
const skip = compiler.status === 0 ? false : 'no C compiler or no C headers here';
const options = { timeout: 60_000 };
const lo = Number(readFileSync('/sys/class/net/lo/ifindex', 'utf8'));

describe('control messages of C and of the kernel', { skip }, () => {
  let found: Map<string, string>;
  before(() => {
    load();
    found = run();
  }, options);

  /** What the kernel said, decoded; null where this one cannot. */
  function told(t: TestContext, name: string): Control | null {
    const hex = found.get(name);
    if (hex === undefined) t.skip(`${name}: ${found.get(`${name}.failed`)}`);
    if (hex === undefined) return null;
    const bytes = Buffer.from(hex, 'hex');
    return decodeControl(bytes, bytes.length);
  }

  test('the writer’s bytes are those of CMSG_NXTHDR', options, () => {
    const w = new ControlWriter();
    w.packetInfo(c.AF_INET, 7, Addr.parse('192.0.2.1'));
    w.packetInfo(c.AF_INET6, 9, Addr.parse('2001:db8::1'));
    for (const family of [c.AF_INET, c.AF_INET6]) w.ttl(family, 64);
    for (const family of [c.AF_INET, c.AF_INET6]) w.tos(family, 184);
    w.segmentSize(1472);
    w.rights([3, 4, 5]);
    w.credentials({ pid: 42, uid: 1000, gid: 4_294_967_295 });
    assert.equal(Buffer.from(w.bytes.subarray(0, w.length)).toString('hex'), found.get('written'));
  });

  for (const [name, destination, specDst] of [
    ['v4', '127.0.0.1', '127.0.0.1'],
    ['any', '127.1.2.3', '127.1.2.3'],
    ['v6', '::1', undefined],
    ['dual', '127.0.0.1', '127.0.0.1'],
  ] as const) {
    test(`a datagram: ${name}`, options, (t) => {
      const control = told(t, name);
      if (control === null) return;
      const { packetInfo, timestamp, originalDestination, ...rest } = control;
      assert.equal(packetInfo?.ifIndex, lo);
      assert.deepEqual([packetInfo.destination.toString(), packetInfo.specDst?.toString()], [destination, specDst]);
      assert.equal(originalDestination?.port, Number(found.get(`${name}.port`)));
      assert.equal(originalDestination.addr.toString(), destination);
      assert.ok(Math.abs(Number(timestamp) / 1e6 - Date.now()) < 60_000);
      // The count of drops comes with the first one.
      assert.deepEqual({ dropped: 0, ...rest }, { ttl: 42, tos: 184, dropped: 0 });
    });
  }

  test('datagrams that came as one', options, (t) => {
    const control = told(t, 'gro');
    if (control !== null) assert.deepEqual(control, { segmentSize: 100 });
  });

  test('the time, in the three ways to ask for it', options, (t) => {
    for (const name of ['micro', 'nano', 'software']) {
      const control = told(t, name);
      if (control === null) return;
      const { timestamp, ...rest } = control;
      assert.ok(Math.abs(Number(timestamp) / 1e6 - Date.now()) < 60_000, name);
      assert.deepEqual(rest, {});
    }
  });

  test('errors: of ICMP, of this host, and what zerocopy did', options, (t) => {
    for (const [name, offender, origin, type, code] of [
      ['refused4', '127.0.0.1', 'icmp', 3, 3],
      ['refused6', '::1', 'icmp6', 1, 4],
    ] as const) {
      const error = told(t, name)?.error;
      if (error === undefined) continue;
      const expected = { errno: c.ECONNREFUSED, origin: error.origin, type, code, info: 0, data: 0 };
      assert.deepEqual({ ...error, offender: undefined }, { ...expected, offender: undefined });
      assert.deepEqual([originName(error.origin), error.offender?.toString()], [origin, offender]);
    }
    const local = told(t, 'toolong')?.error;
    if (local !== undefined) {
      assert.deepEqual([local.errno, originName(local.origin), local.offender], [c.EMSGSIZE, 'local', null]);
      // The MTU of lo, of which IPv4 can use no more than 65535.
      assert.ok(local.info >= 1280 && local.info <= 65_536, String(local.info));
    }
    const copied = told(t, 'zerocopy')?.error;
    if (copied === undefined) return;
    assert.deepEqual([copied.errno, originName(copied.origin), copied.offender], [0, 'zerocopy', null]);
    assert.equal(copied.info, 0);
    assert.ok(copied.data <= 2);
  });

  test('descriptors, the sender and its process', options, (t) => {
    assert.equal(told(t, 'rights')?.fds?.length, 3);
    const all = told(t, 'all');
    const number = (name: string): number => Number(found.get(name));
    assert.deepEqual(all?.creds, { pid: number('pid'), uid: number('uid'), gid: number('gid') });
    assert.equal(all.fds?.length, 2);
    const bytes = Buffer.from(found.get('all')!, 'hex');
    const every = [...all.fds, ...(all.pidfd === undefined ? [] : [all.pidfd])];
    assert.deepEqual(new Set(collectFds(bytes, bytes.length)), new Set(every));
    if (all.pidfd === undefined) t.skip('needs SO_PASSPIDFD (Linux 6.5)');
    else assert.ok(all.pidfd > 2);
  });

  test('descriptors of a message that the kernel cut: those that fitted', options, (t) => {
    assert.deepEqual(
      ['cut', 'odd', 'headed'].map((name) => told(t, name)?.fds?.length ?? 0),
      [2, 1, 0],
    );
  });
});
