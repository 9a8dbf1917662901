// Random control data through the real sendmsg(2) and recvmsg(2) of Unix sockets: whatever it is, the kernel's answer comes back, no
// descriptor is lost, and the process lives.

import assert from 'node:assert/strict';
import { closeSync, openSync } from 'node:fs';
import { test } from 'node:test';

import * as fc from 'fast-check';

import { collectFds, ControlWriter } from '../../src/syscall/cmsg.ts';
import { sys } from '../../src/syscall/sys.ts';
import {
  AF_UNIX,
  EAGAIN,
  MSG_CMSG_CLOEXEC,
  MSG_NOSIGNAL,
  SCM_CREDENTIALS,
  SCM_RIGHTS,
  SOCK_CLOEXEC,
  SOCK_DGRAM,
  SOCK_NONBLOCK,
  SOCK_SEQPACKET,
  SOCK_STREAM,
  SOL_SOCKET,
} from '../../src/syscall/zconst_linux.ts';
import { setPassCred } from '../../src/syscall/unixopt.ts';
import { upTo } from '../conformance/outcome.ts';
import { linkOf } from '../conformance/sockets.ts';
import { ok } from './rawpair.ts';

const options = { timeout: 60_000 };
const TYPES = { stream: SOCK_STREAM, seqpacket: SOCK_SEQPACKET, dgram: SOCK_DGRAM };
const count = (): number => upTo(1024).filter((fd) => linkOf(fd) !== '').length;

/** Descriptors that are open, that are not, and that are none at all. */
const fd = (file: number): fc.Arbitrary<number> =>
  fc.oneof(
    { weight: 8, arbitrary: fc.constant(file) },
    { weight: 1, arbitrary: fc.constantFrom(1_000_000, 0x7fffffff, -1, -2) },
  );
const bytesOf = (fds: readonly number[]): Uint8Array => new Uint8Array(Int32Array.from(fds).buffer);

/** Messages as they should be, nearly so, and bytes of any kind. */
function control(file: number): fc.Arbitrary<Uint8Array> {
  const rights = fc
    .array(fd(file), { maxLength: 260 })
    .map((fds): [number, number, Uint8Array] => [SOL_SOCKET, SCM_RIGHTS, bytesOf(fds)]);
  const odd = fc
    .tuple(fc.constantFrom(SCM_RIGHTS, SCM_CREDENTIALS), fc.uint8Array({ maxLength: 40 }))
    .map(([type, data]): [number, number, Uint8Array] => [SOL_SOCKET, type, data]);
  const any = fc.tuple(fc.integer(), fc.integer(), fc.uint8Array({ maxLength: 40 }));
  const whole = fc
    .array(fc.oneof({ weight: 3, arbitrary: rights }, { weight: 1, arbitrary: odd }, { weight: 1, arbitrary: any }), {
      maxLength: 3,
    })
    .map((messages) => {
      const writer = new ControlWriter();
      for (const [level, type, data] of messages) writer.raw(level, type, data);
      return writer.bytes.slice(0, writer.length);
    });
  const bent = fc.tuple(whole, fc.nat(), fc.nat(255)).map(([bytes, at, byte]) => {
    // A length, a level or a type is another one now. Byte 0 of a descriptor is left alone: it could name one of the test's own.
    if (bytes.length > 0) bytes[at % Math.min(bytes.length, 16)] = byte;
    return bytes;
  });
  const cut = fc.tuple(whole, fc.nat(40)).map(([bytes, n]) => bytes.subarray(0, Math.max(0, bytes.length - n)));
  return fc.oneof(
    { weight: 3, arbitrary: whole },
    { weight: 2, arbitrary: bent },
    { weight: 1, arbitrary: cut },
    { weight: 1, arbitrary: fc.uint8Array({ maxLength: 64 }) },
  );
}

for (const [kind, type] of Object.entries(TYPES)) {
  test(`${kind}: random control data is sent or refused, and received by random buffers`, options, () => {
    const file = openSync('/dev/null', 'r');
    const pair = new Int32Array(2);
    ok(sys.socketpair(AF_UNIX, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair));
    const [a, b] = [pair[0]!, pair[1]!];
    ok(setPassCred(b, true));
    const before = count();
    const io = new Int32Array(3);
    const into = Buffer.alloc(64);
    const none = new Uint8Array(0);
    let [sent, refused, came] = [0, 0, 0];
    const property = fc.property(control(file), fc.nat(20), fc.nat(4096), (bytes, size, room) => {
      io.set([0, bytes.byteLength, 0]);
      const n = sys.sendmsg(a, Buffer.alloc(size + 1), 0, size + 1, MSG_NOSIGNAL, none, bytes, io);
      if (n < 0) refused++;
      else sent++;
      for (;;) {
        const space = Buffer.alloc(room);
        io.set([0, room, 0]);
        const got = sys.recvmsg(b, into, 0, into.length, MSG_CMSG_CLOEXEC, none, space, io);
        if (got === -EAGAIN) break;
        assert.ok(got > 0 && io[1]! <= room, `recvmsg gave ${got}, control ${io[1]}`);
        const fds = collectFds(space, io[1]!);
        came += fds.length;
        for (const each of fds) ok(sys.close(each));
      }
    });
    fc.assert(property, { numRuns: 10_000 });
    assert.equal(count(), before, 'descriptors were lost');
    assert.ok(sent > 300 && refused > 300 && came > 1000, `${sent} sent, ${refused} refused, ${came} descriptors`);
    for (const each of [a, b]) ok(sys.close(each));
    closeSync(file);
  });
}
