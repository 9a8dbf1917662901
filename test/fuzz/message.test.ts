// The record's calls for messages with any numbers, on whichever backend there is: the answer is what a slow twin says, never an
// exception, and nothing is written but where a row or a length allows it.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import * as fc from 'fast-check';

import { load } from '../../src/syscall/sys.ts';
import * as c from '../../src/syscall/zconst_linux.ts';
import { rowsRange } from './addon.ts';
import { ok } from './rawpair.ts';

const { sys } = load();
const options = { timeout: 60_000 };
const CANARY = 0xa5;
const MARGIN = 64;
const SENT = ['', 'a datagram', 'and another that is longer'];

/** Two datagram sockets. The receiver is told who sends, and gets its name. */
let to = -1;
let from = -1;

before(() => {
  const pair = new Int32Array(2);
  ok(sys.socketpair(c.AF_UNIX, c.SOCK_DGRAM | c.SOCK_NONBLOCK | c.SOCK_CLOEXEC, 0, pair));
  [to = -1, from = -1] = pair;
  ok(sys.bind(from, Uint8Array.of(c.AF_UNIX, 0), 2));
  ok(sys.setsockopt(to, c.SOL_SOCKET, c.SO_PASSCRED, Uint8Array.of(1, 0, 0, 0), 4));
});
after(() => {
  for (const fd of [to, from]) sys.close(fd);
});

function refill(): void {
  const scratch = new Uint8Array(1);
  while (sys.recv(to, scratch, 0, 1, 0) >= 0);
  for (const text of SENT) ok(sys.write(from, Buffer.from(text), 0, text.length));
}

/** Memory between canaries, of which a call may write to some parts. */
class Lent {
  readonly view: Uint8Array;
  readonly #memory: Uint8Array;
  readonly #allowed: Uint8Array;
  constructor(length: number) {
    this.#memory = new Uint8Array(length + 2 * MARGIN).fill(CANARY);
    this.#allowed = new Uint8Array(length + 2 * MARGIN);
    this.view = this.#memory.subarray(MARGIN, MARGIN + length);
  }

  allow(off: number, len: number): void {
    this.#allowed.fill(1, MARGIN + off, MARGIN + off + len);
  }

  check(): void {
    for (const [i, byte] of this.#memory.entries()) assert.ok(byte === CANARY || this.#allowed[i] === 1, `byte ${i}`);
  }
}

const size = (most: number): fc.Arbitrary<number> =>
  fc.oneof(fc.integer({ min: 0, max: most }), fc.constantFrom(0, most, most + 1, -1, 0x7fffffff, -0x80000000));
const row = fc.oneof(
  {
    weight: 20,
    arbitrary: fc.tuple(fc.nat(30), fc.nat(30), fc.nat(128), fc.constantFrom(0, 8, 16, 24, 32), fc.integer()),
  },
  { weight: 1, arbitrary: fc.tuple(size(60), size(60), size(128), size(40), fc.integer()) },
);
const few = fc.oneof(
  { weight: 8, arbitrary: fc.nat(2) },
  { weight: 1, arbitrary: fc.constantFrom(6, -1, 0.5, NaN, 2 ** 31, -(2 ** 31), 2 ** 32, Infinity) },
);
const many = fc.record({
  rows: fc.array(row, { maxLength: 6, size: 'max' }),
  first: few,
  count: few,
  buf: fc.constantFrom(60, 60, 60, 60, 60, 60, 20, 0),
  names: fc.constantFrom(...Array<number>(6).fill(6 * 128), 200, 0),
  controls: fc.constantFrom(...Array<number>(6).fill(6 * 40), 6 * 32, 100, 0),
});
const isInt = (n: number): boolean => (n | 0) === n;

for (const name of ['recvmmsg', 'sendmmsg'] as const) {
  test(`${name}: any rows are refused as a twin refuses them, or used and nothing else`, options, () => {
    let used = 0;
    const property = fc.property(many, ({ rows, first, count, ...sizes }) => {
      refill();
      const words = Int32Array.from(rows.flat());
      const old = words.slice();
      const [buf, names, controls] = [new Lent(sizes.buf), new Lent(sizes.names), new Lent(sizes.controls)];
      const wrong =
        isInt(first) && isInt(count)
          ? rowsRange([sizes.buf, sizes.names, sizes.controls], words, first, count)
          : c.EINVAL;
      const n = sys[name](to, buf.view, words, first, count, c.MSG_NOSIGNAL, names.view, controls.view);
      if (wrong !== null) assert.equal(n, -wrong);
      else assert.ok(n <= count, String(n));
      const stride = rows.length === 0 ? 0 : Math.floor(sizes.controls / rows.length / 8) * 8;
      for (const [i, [off, len, addrlen, controllen]] of rows.entries()) {
        const [now, before] = [words.subarray(5 * i, 5 * i + 5), old.subarray(5 * i, 5 * i + 5)];
        if (!(i >= first && i < first + n)) {
          assert.deepEqual(now, before);
        } else if (name === 'sendmmsg') {
          assert.deepEqual([...now], [off, len, addrlen, controllen, len]);
        } else {
          const text = SENT[i - first]!;
          assert.deepEqual([now[0], now[1]], [off, Math.min(len, text.length)]);
          // What stands there of overlapping rows is the last one's.
          if (n === 1) assert.equal(Buffer.from(buf.view.subarray(off, off + now[1]!)).toString(), text.slice(0, len));
          assert.equal((now[4]! & c.MSG_TRUNC) !== 0, len < text.length);
          assert.equal((now[4]! & c.MSG_CTRUNC) !== 0, controllen < 28);
          // An abstract name of five hexadecimal digits, unix(7).
          assert.equal(now[2], addrlen === 0 ? 0 : 8);
          buf.allow(off, now[1]!);
          names.allow(128 * i, Math.min(addrlen, 8));
          controls.allow(stride * i, now[3]!);
          used++;
        }
      }
      for (const each of [buf, names, controls]) each.check();
    });
    fc.assert(property, { numRuns: 2000 });
    if (name === 'recvmmsg') assert.ok(used > 100, `only ${used} messages were received`);
  });
}

const number = fc.oneof(
  { weight: 3, arbitrary: fc.nat(40) },
  {
    weight: 1,
    arbitrary: fc.oneof(fc.double(), fc.integer(), fc.maxSafeInteger(), fc.constantFrom(2 ** 32, 2 ** 53, -0)),
  },
);
const flags = fc.oneof(fc.constantFrom(0, c.MSG_TRUNC, c.MSG_PEEK, c.MSG_CMSG_CLOEXEC, c.MSG_OOB, NaN), fc.integer());
const word = fc.oneof({ weight: 3, arbitrary: fc.nat(40) }, { weight: 1, arbitrary: fc.integer() });
const any = fc.record({ off: number, len: number, flags, number, words: fc.array(word, { maxLength: 4 }) });

/** Whether `len` bytes from `off` on are in memory of 40 bytes. */
const good = (off: number, len: number): boolean =>
  Number.isInteger(off) && Number.isInteger(len) && off >= 0 && len >= 0 && off + len <= 40;

test(
  'recvfrom, sendto, recvmsg and sendmsg: any numbers are refused, or nothing is written outside them',
  options,
  () => {
    const property = fc.property(any, ({ off, len, flags, number, words }) => {
      const [buf, addr, control] = [new Lent(40), new Lent(40), new Lent(40)];
      const io = Int32Array.from(words);
      const { 0: addrlen = -1, 1: controllen = -1 } = io;
      const sent = new Uint8Array(40);
      const room = Uint32Array.from(words.slice(0, 1));
      const before = room.slice();
      const flagged = isInt(flags);
      const check = (n: number, ...right: boolean[]): boolean => {
        const wrong = flagged ? c.EFAULT : c.EINVAL;
        if (flagged && right.every(Boolean)) assert.ok(Number.isInteger(n));
        else assert.equal(n, -wrong);
        return n >= 0;
      };

      refill();
      check(sys.sendto(from, sent, off, len, flags, sent, number), good(off, len), good(0, number));
      check(
        sys.sendmsg(from, sent, off, len, flags, sent, sent, io),
        good(off, len),
        io.length >= 2,
        good(0, addrlen),
        good(0, controllen),
      );
      refill();
      const n = sys.recvfrom(to, buf.view, off, len, flags, addr.view, room);
      if (check(n, good(off, len), room.length > 0, good(0, before[0]!))) {
        buf.allow(off, Math.min(n, len));
        addr.allow(0, Math.min(before[0]!, room[0]!));
      } else assert.deepEqual(room, before);
      const m = sys.recvmsg(to, buf.view, off, len, flags, addr.view, control.view, io);
      if (check(m, good(off, len), io.length >= 3, good(0, addrlen), good(0, controllen))) {
        buf.allow(off, Math.min(m, len));
        addr.allow(0, Math.min(addrlen, io[0]!));
        control.allow(0, io[1]!);
      } else assert.deepEqual([...io], words);
      for (const each of [buf, addr, control]) each.check();
    });
    fc.assert(property, { numRuns: 3000 });
  },
);

test('sendmsg: any control data is an answer', options, () => {
  const header = fc.tuple(
    fc.nat(40),
    fc.constantFrom(0, 0, 1, 0x7fffffff),
    fc.constantFrom(1, 0, 41),
    fc.nat(3),
    fc.integer(),
    fc.integer(),
  );
  const structured = fc
    .array(header, { maxLength: 4 })
    .map((all) => new Uint8Array(Int32Array.from(all.flat()).buffer));
  const property = fc.property(fc.oneof(fc.uint8Array({ maxLength: 96 }), structured), (control) => {
    refill();
    const io = Int32Array.of(0, control.length, 0);
    const n = sys.sendmsg(from, new Uint8Array(4), 0, 4, c.MSG_NOSIGNAL, control, control, io);
    assert.ok(n === 4 || n < 0, String(n));
  });
  fc.assert(property, { numRuns: 3000 });
});
