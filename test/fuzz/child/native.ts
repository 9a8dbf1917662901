// Feeds the addon, as a process of its own, because a crash is what is looked for: `node native.js <program>`. Says how many
// calls it made. No call can wait: every socket is non-blocking, every epoll ready.

import assert from 'node:assert/strict';
import { readdirSync, readlinkSync } from 'node:fs';

import * as fc from 'fast-check';

import * as c from '../../../src/syscall/zconst_linux.ts';
import { TABLE, TYPE_ERROR, invoke, isMessage, isNumber, judge, loadAddon, type Kind } from '../addon.ts';
import { Fixture, NUMBERS, detach, isSafe, wrongTypes, wrongValues, type Maker } from '../values.ts';

const { addon, numbers } = loadAddon();
let calls = 0;

/** Of a row that is not used, and one that is. */
const ROWS = [-1, -1, -1, -1, -1, 60, 4, 0, 0, -1];
/** What each argument is when nothing is wrong. */
const RIGHT: Readonly<Record<string, (f: Fixture) => unknown[]>> = {
  socket: () => [c.AF_UNIX, c.SOCK_STREAM, 0],
  socketpair: (f) => [c.AF_UNIX, c.SOCK_STREAM, 0, f.signed(0, 0)],
  bind: (f) => [f.a, f.bytes(16), 16],
  connect: (f) => [f.a, f.bytes(16), 16],
  listen: (f) => [f.listener, 8],
  accept4: (f) => [f.listener, f.bytes(64), f.words(16), c.SOCK_CLOEXEC],
  getsockname: (f) => [f.listener, f.bytes(64), f.words(16)],
  getpeername: (f) => [f.a, f.bytes(64), f.words(16)],
  shutdown: (f) => [f.a, c.SHUT_WR],
  getsockopt: (f) => [f.a, c.SOL_SOCKET, c.SO_TYPE, f.bytes(16), f.words(4)],
  setsockopt: (f) => [f.a, c.SOL_SOCKET, c.SO_KEEPALIVE, f.bytes(16), 4],
  recv: (f) => [f.a, f.bytes(16), 1, 4, c.MSG_DONTWAIT],
  send: (f) => [f.a, f.bytes(16), 1, 4, c.MSG_NOSIGNAL],
  recvfrom: (f) => [f.to, f.bytes(64), 1, 40, c.MSG_DONTWAIT, f.bytes(64), f.words(16)],
  sendto: (f) => [f.to, f.bytes(16), 1, 4, c.MSG_NOSIGNAL, f.bytes(16), 0],
  recvmsg: (f) => [f.to, f.bytes(64), 1, 40, c.MSG_DONTWAIT, f.bytes(64), f.bytes(64), f.signed(16, 64, 0)],
  sendmsg: (f) => [f.to, f.bytes(16), 1, 4, c.MSG_NOSIGNAL, f.bytes(16), f.bytes(16), f.signed(0, 0)],
  recvmmsg: (f) => [f.to, f.bytes(64), f.signed(...ROWS, 9, 1, 2, 8, -1), 1, 2, 0, f.bytes(512), f.bytes(128)],
  sendmmsg: (f) => [f.to, f.bytes(64), f.signed(...ROWS, 9, 1, 0, 0, -1), 1, 2, 0, f.bytes(512), f.bytes(128)],
  read: (f) => [f.a, f.bytes(16), 1, 4],
  write: (f) => [f.a, f.bytes(16), 1, 4],
  readv: (f) => [f.a, [f.bytes(1), f.bytes(8), f.bytes(8)], 1, 2, 3],
  writev: (f) => [f.a, [f.bytes(1), f.bytes(8), f.bytes(8)], 1, 2, 3],
  close: (f) => [f.b],
  fcntl: (f) => [f.a, c.F_GETFL, 0],
  fchmod: (f) => [f.a, 0o600],
  epoll_create1: () => [c.EPOLL_CLOEXEC],
  epoll_ctl: (f) => [f.epfd, c.EPOLL_CTL_ADD, f.b, f.lend(Int32Array, 4)],
  epoll_wait: (f) => [f.epfd, f.lend(Int32Array, 16), 4, 0],
  if_nametoindex: () => ['lo'],
  if_indextoname: (f) => [1, f.bytes(16)],
  recv_batch: () => [1, c.MSG_DONTWAIT],
  send_batch: () => [1, c.MSG_DONTWAIT],
  own: (f) => [f.a],
  disown: (f) => [f.a],
  watch: (f) => [f.a, () => {}],
  watch_ref: () => [1],
  unwatch: () => [],
};

const OPENS = new Set(['socket', 'accept4', 'epoll_create1']);
const VECTORS = ['readv', 'writev'];
/** Random calls of an entry, for each of its arguments. */
const RUNS = 400;

/** One call; fails unless it did what the judge of its arguments says, and nothing more. `throws`: it must be a TypeError. */
function call(name: string, make: (f: Fixture) => unknown[], throws = false): void {
  const f = new Fixture(addon);
  const args = make(f);
  f.ready();
  const { type, errnos } = judge(name, args);
  let n: number | null = null;
  try {
    n = invoke(addon, numbers, name, args) as number;
  } catch (error) {
    assert.ok(type, `${name} threw ${String(error)}`);
    const { name: kind, code } = error as Error & { code: string };
    assert.deepEqual({ name: kind, code }, TYPE_ERROR);
  }
  calls++;
  if (throws) assert.equal(n, null, name);
  if (n !== null) {
    assert.ok(Number.isInteger(n), `${name} answered ${String(n)}`);
    if (type || errnos.length > 0)
      assert.ok(errnos.includes(-n), `${name} answered ${n}, not one of ${String(errnos)}`);
  }
  const good = n !== null && n >= 0;
  const written = (good && TABLE[name]!.writes?.(args, n!)) || [];
  const anything = good && name === 'readv';
  f.untouched((view) => {
    for (const [argument, from, to] of written) if (args[argument] === view) return [from, to];
    // A length that the kernel may have set.
    return anything || (good && view instanceof Uint32Array) ? [0, view.byteLength] : [0, 0];
  });
  if (good && OPENS.has(name)) assert.equal(addon['close']!(n), 0);
  if (good && name === 'socketpair')
    for (const fd of (args[3] as Int32Array).subarray(0, 2)) assert.equal(addon['close']!(fd), 0);
  if (good && name === 'watch') assert.equal(addon['unwatch']!(), 0);
  f.close(good && name === 'close' ? (args[0] as number) : null);
}

/** What is open: a descriptor that a call leaves behind, or closes by mistake, is another list. */
function open(): string[] {
  return readdirSync('/proc/self/fd').flatMap((fd) => {
    try {
      return [`${fd} ${readlinkSync(`/proc/self/fd/${fd}`)}`];
    } catch {
      return [];
    }
  });
}

/** Where numbers are not arguments, they are nothing else. */
const typesFor = (name: string, kind: Kind): readonly Maker[] =>
  isMessage(name) && isNumber(kind) ? [] : wrongTypes(kind);

const names = Object.keys(TABLE);

function each(body: (name: string, i: number, kind: Kind) => void): void {
  for (const name of names) {
    const { kinds } = TABLE[name]!;
    for (const [i, kind] of kinds.entries()) body(name, i, kind);
  }
}

/** Something for one argument: mostly what is right, so that the others are looked at too. */
function anyFor(name: string, i: number, kind: Kind): fc.Arbitrary<Maker> {
  const types = typesFor(name, kind);
  const fits = (value: unknown): boolean =>
    isSafe(name, i, kind, value) && (types.length > 0 || typeof value === 'number');
  const fixed = (arbitrary: fc.Arbitrary<unknown>): fc.Arbitrary<Maker> =>
    arbitrary.filter(fits).map((value) => () => value);
  const number = fc.oneof(fc.double(), fc.integer(), fc.integer({ min: -2, max: 2000 }), fc.maxSafeInteger());
  const wild = fc.anything({ withTypedArray: true, withBigInt: true, withSparseArray: true, withNullPrototype: true });
  return fc.oneof(
    { weight: 12, arbitrary: fc.constant<Maker>((f) => RIGHT[name]!(f)[i]) },
    { weight: 2, arbitrary: fixed(number) },
    { weight: 2, arbitrary: fc.constantFrom(...wrongValues(kind)) },
    { weight: 1, arbitrary: fixed(types.length > 0 ? wild : number) },
    ...(types.length > 0 ? [{ weight: 1, arbitrary: fc.constantFrom(...types) }] : []),
  );
}

const programs: Record<string, () => void> = {
  right() {
    for (const [name, make] of Object.entries(RIGHT)) call(name, make);
    const exported = Object.keys(addon).filter((name) => typeof addon[name] === 'function');
    assert.deepEqual(exported.toSorted(), names.toSorted(), 'a function without a row');
  },
  types() {
    each((name, i, kind) => {
      for (const make of typesFor(name, kind)) call(name, (f) => RIGHT[name]!(f).with(i, make(f)), true);
    });
    for (const name of names) {
      const { kinds } = TABLE[name]!;
      if (isMessage(name)) continue;
      for (let n = 0; n < kinds.length; n++) call(name, (f) => RIGHT[name]!(f).slice(0, n), true);
      call(name, (f) => [...RIGHT[name]!(f), {}, Symbol('one too many')]);
    }
  },
  values() {
    each((name, i, kind) => {
      for (const make of wrongValues(kind)) call(name, (f) => RIGHT[name]!(f).with(i, make(f)));
    });
  },
  random() {
    for (const name of names) {
      const { kinds } = TABLE[name]!;
      if (kinds.length === 0) continue;
      const makers = fc.tuple(...kinds.map((kind, i) => anyFor(name, i, kind)));
      const property = fc.property(makers, (makers) => call(name, (f) => makers.map((make) => make(f))));
      fc.assert(property, { numRuns: RUNS * kinds.length });
    }
  },
  vectors() {
    const [most, f] = [1024, new Fixture(addon)];
    for (const name of VECTORS) {
      for (const count of [most, most + 1, 2 * most, 100_000]) {
        const bufs = Array.from({ length: count }, () => new Uint8Array(1));
        const n = addon[name]!(f.a, bufs, 0, count, 0);
        if (count > most) assert.equal(n, -c.EINVAL);
        else assert.ok((n as number) > 0);
        calls++;
      }
    }
    f.close(null);
  },
  batches() {
    for (const what of ['recv', 'send']) {
      const [rows, space] = [addon[`${what}_rows`], addon[`${what}_space`]] as unknown as [Int32Array, Uint8Array];
      const word = fc.oneof(fc.integer(), fc.integer({ min: -2, max: 70_000 }), fc.constantFrom(0, 1, 65_535, 65_536));
      const row = fc.tuple(fc.constantFrom('a', 'b', 'none'), word, word);
      const property = fc.property(fc.array(row, { maxLength: 64 }), (all) => {
        const f = new Fixture(addon);
        rows.fill(-1);
        rows.set(all.flatMap(([end, off, len]) => [end === 'none' ? -1 : f[end as 'a'], off, len]));
        assert.equal(addon[`${what}_batch`]!(all.length, c.MSG_DONTWAIT | c.MSG_NOSIGNAL), 0);
        calls++;
        for (const [i, [, off, len]] of all.entries()) {
          const [from, n] = [rows[3 * i + 1]!, rows[3 * i + 2]!];
          const outside = off < 0 || len < 0 || off + len > space.length;
          if (what === 'send' && outside) assert.equal(n, -c.EFAULT);
          else assert.ok(n < 0 || (from >= 0 && n <= Math.min(len, space.length - from)), `${n} of ${len}`);
        }
        assert.ok(rows.subarray(3 * all.length).every((word) => word === -1));
        f.close(null);
      });
      fc.assert(property, { numRuns: 500 });
    }
  },
  getters() {
    const thrown = new Error('thrown by a getter');
    for (const name of VECTORS) {
      const vector = (first: unknown, second: () => unknown, count = 2): (() => unknown) => {
        const f = new Fixture(addon);
        const bufs = [first];
        Object.defineProperty(bufs, 1, { get: second, configurable: true });
        return () => {
          calls++;
          try {
            return addon[name]!(f.a, bufs, 0, count, 0);
          } finally {
            f.close(null);
          }
        };
      };
      const failing = (): never => {
        throw thrown;
      };
      assert.throws(vector(new Uint8Array(8), failing), (error) => error === thrown);
      // The memory of the first is gone when the second is asked for.
      const lost = new Uint8Array(64);
      const moved = vector(lost, () => (detach(lost), new Uint8Array(4)))();
      assert.equal(moved, 4);
      const own = new Uint8Array(64);
      assert.equal(vector(own, () => detach(own))(), 0);
      // Into itself, until the stack is at its end.
      const deep = (): unknown => addon[name]!(0x7fffffff, Object.defineProperty([0], 0, { get: deep }), 0, 1, 0);
      assert.throws(deep, RangeError);
      assert.throws(
        vector(new Uint8Array(1), () => thrown),
        TYPE_ERROR,
      );
      assert.equal(vector(new Uint8Array(1), () => assert.fail('not asked for'), 1)(), 1);
    }
  },
  constructed() {
    for (const name of names) {
      const { kinds } = TABLE[name]!;
      if (kinds.length > 0 && !isMessage(name)) {
        assert.throws(() => Reflect.construct(addon[name]!, []), TYPE_ERROR, name);
        assert.throws(() => Reflect.apply(addon[name]!, null, [Symbol('a')]), TYPE_ERROR, name);
        calls += 2;
      }
    }
  },
  numbers() {
    // Taken away, or a copy where Node does not let it go: the addon's own memory stays where it is.
    const moving = numbers.buffer as ArrayBuffer & { transfer?: () => ArrayBuffer };
    numbers.set([NaN, 0, 1, 0, 0]);
    try {
      structuredClone(numbers, { transfer: [moving] });
    } catch (error) {
      assert.equal((error as Error).name, 'DataCloneError');
    }
    const mine = moving.transfer?.();
    assert.equal(numbers.length, mine === undefined ? 5 : 0);
    for (const name of names.filter(isMessage)) {
      const now = mine === undefined ? numbers : new Float64Array(mine);
      for (const fd of NUMBERS) {
        now.set([fd, 0, 1, 0, 0]);
        addon[name]!(new Uint8Array(1), new Uint8Array(1), new Uint32Array(1));
        assert.ok(now[0]! < 0);
        calls++;
      }
    }
  },
};

// The rows of the batches: no descriptor until a program puts one there.
for (const rows of [addon['recv_rows'], addon['send_rows']] as unknown as Int32Array[]) rows.fill(-1);
const before = open();
programs[process.argv[2]!]!();
assert.deepEqual(open(), before);
console.log(`${calls} calls`);
