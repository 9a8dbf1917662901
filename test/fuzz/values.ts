// Values for the functions of the addon: right ones, wrong types, wrong numbers and buffers that are odd but no mistake. Each
// Uint8Array lies between canaries. All descriptors are sockets made for one call, or numbers far above any that is open.

import assert from 'node:assert/strict';

import { EPOLL_DATA_WORD, EPOLL_EVENT_WORDS } from '../../src/syscall/arch.ts';
import * as c from '../../src/syscall/zconst_linux.ts';
import { isOf, type Addon, type Kind } from './addon.ts';

const CANARY = 0xa5;
const MARGIN = 64;
const STREAM = c.SOCK_STREAM | c.SOCK_CLOEXEC | c.SOCK_NONBLOCK;

/** Memory that was lent to a call, and what it held before. */
interface Loan {
  readonly view: ArrayBufferView;
  readonly memory: Uint8Array;
  readonly before: Uint8Array;
}

/** What one call is made with: sockets, an epoll and memory, and the proof that nothing else was touched. */
export class Fixture {
  /** Datagram sockets, connected. The second has a name and has sent three times; the first is told who sends. */
  readonly to: number;
  readonly from: number;
  /** A connected pair, of which the second has sent something; a listener; an epoll that has an event. */
  readonly a: number;
  readonly b: number;
  readonly listener: number;
  readonly epfd: number;
  readonly #addon: Addon;
  readonly #open = new Set<number>();
  readonly #loans: Loan[] = [];

  constructor(addon: Addon) {
    this.#addon = addon;
    const name = Uint8Array.of(c.AF_UNIX, 0, ...Array<number>(14).fill(0));
    const room = Uint32Array.of(16);
    this.listener = this.#ok('socket', c.AF_UNIX, STREAM, 0);
    // A name of the kernel's choice, unix(7).
    this.#ok('bind', this.listener, name, 2);
    this.#ok('listen', this.listener, 8);
    this.#ok('getsockname', this.listener, name, room);
    this.a = this.#ok('socket', c.AF_UNIX, STREAM, 0);
    this.#ok('connect', this.a, name, room[0]);
    this.b = this.#ok('accept4', this.listener, name, Uint32Array.of(16), c.SOCK_NONBLOCK | c.SOCK_CLOEXEC);
    this.#ok('write', this.b, Buffer.from('something to read'), 0, 17);
    this.epfd = this.#ok('epoll_create1', c.EPOLL_CLOEXEC);
    const event = new Int32Array(EPOLL_EVENT_WORDS);
    event[0] = c.EPOLLOUT;
    event[EPOLL_DATA_WORD] = this.a;
    this.#ok('epoll_ctl', this.epfd, c.EPOLL_CTL_ADD, this.a, event);
    [this.to, this.from] = this.#datagrams();
    for (const fd of [this.listener, this.a, this.b, this.epfd, this.to, this.from]) this.#open.add(fd);
  }

  #datagrams(): [to: number, from: number] {
    const pair = new Int32Array(2);
    this.#ok('socketpair', c.AF_UNIX, c.SOCK_DGRAM | c.SOCK_CLOEXEC | c.SOCK_NONBLOCK, 0, pair);
    const [to, from] = pair as unknown as [number, number];
    this.#ok('bind', from, Uint8Array.of(c.AF_UNIX, 0), 2);
    this.#ok('setsockopt', to, c.SOL_SOCKET, c.SO_PASSCRED, Uint8Array.of(1, 0, 0, 0), 4);
    for (const text of ['', 'a datagram', 'and another']) this.#ok('write', from, Buffer.from(text), 0, text.length);
    return [to, from];
  }

  #ok(name: string, ...args: unknown[]): number {
    const n = this.#addon[name]!(...args) as number;
    assert.ok(n >= 0, `${name} answered ${n}`);
    return n;
  }

  /** A view of `length` elements between canaries; every one of them is checked in the end. */
  lend<T extends ArrayBufferView>(
    kind: { new (buffer: ArrayBuffer, offset: number, length: number): T; BYTES_PER_ELEMENT: number },
    length: number,
  ): T {
    const size = length * kind.BYTES_PER_ELEMENT;
    const memory = new Uint8Array(size + 2 * MARGIN).fill(CANARY);
    memory.fill(0, MARGIN, MARGIN + size);
    const view = new kind(memory.buffer, MARGIN, length);
    this.#loans.push({ view, memory, before: memory });
    return view;
  }

  bytes(length: number): Uint8Array {
    return this.lend(Uint8Array, length);
  }

  words(...values: number[]): Uint32Array {
    const words = this.lend(Uint32Array, values.length);
    words.set(values);
    return words;
  }

  signed(...values: number[]): Int32Array {
    const words = this.lend(Int32Array, values.length);
    words.set(values);
    return words;
  }

  /** All is made: what was lent is as it should stay. */
  ready(): void {
    for (const [i, loan] of this.#loans.entries()) this.#loans[i] = { ...loan, before: loan.memory.slice() };
  }

  /** Nothing was written but to `view`, from `from` to `to` of its bytes. A buffer that was taken away has nothing to tell. */
  untouched(allowed: (view: ArrayBufferView) => readonly [from: number, to: number]): void {
    for (const { view, memory, before } of this.#loans) {
      if (memory.length === 0) continue;
      const [from, to] = allowed(view);
      const [start, end] = [MARGIN + from, MARGIN + to];
      assert.ok(end <= memory.length - MARGIN);
      const same = Buffer.compare(memory.subarray(0, start), before.subarray(0, start));
      assert.ok(
        same === 0 && Buffer.compare(memory.subarray(end), before.subarray(end)) === 0,
        'memory was written to',
      );
    }
  }

  /** Closes what was opened; every descriptor must still be there, but the one that was `closed` on purpose. */
  close(closed: number | null): void {
    if (closed !== null) this.#open.delete(closed);
    for (const fd of this.#open) assert.equal(this.#addon['close']!(fd), 0);
  }
}

export type Maker = (f: Fixture) => unknown;

/** Takes the memory of an array away, as a transfer to a worker does. */
export function detach<T extends ArrayBufferView>(view: T): T {
  structuredClone(view.buffer, { transfer: [view.buffer as ArrayBuffer] });
  return view;
}

type Resizable = ArrayBuffer & { resize(size: number): void };
const Growing = ArrayBuffer as unknown as new (size: number, options: { maxByteLength: number }) => Resizable;
/** What the library of this TypeScript does not know. */
const { Float16Array, WebAssembly } = globalThis as unknown as {
  Float16Array?: new (length: number) => ArrayBufferView;
  WebAssembly: { Memory: new (pages: { initial: number }) => { buffer: ArrayBuffer; grow(pages: number): void } };
};
const thrown = (): never => assert.fail('a conversion was asked for');

/** Of every type that there is: what is right for one kind of argument is wrong for the others. */
const ANY: readonly Maker[] = [
  ...[undefined, null, true, '', '3', '\0', Symbol('s'), 10n, {}, [], [1], /x/, new Date(0), new Error('e')].map(
    (value) => () => value,
  ),
  () => 3,
  () => () => 3,
  () => Object(3) as unknown,
  () => ({ valueOf: thrown, toString: thrown, [Symbol.toPrimitive]: thrown }),
  () => new Proxy({}, { get: thrown, has: thrown, getPrototypeOf: thrown }),
  () => new Proxy(new Uint8Array(64), {}),
  () => new Proxy([new Uint8Array(8)], { get: thrown }),
  () => Object.create(Uint8Array.prototype) as unknown,
  () => ({ length: 64, byteLength: 64, buffer: new ArrayBuffer(64), byteOffset: 0 }),
  () => new ArrayBuffer(64),
  () => new SharedArrayBuffer(64),
  () => new DataView(new ArrayBuffer(64)),
  () => detach(new DataView(new ArrayBuffer(64))),
  ...[Int8Array, Uint8Array, Uint8ClampedArray, Int16Array, Uint16Array, Int32Array, Uint32Array].map(
    (Class) => () => new Class(64),
  ),
  ...[Float32Array, Float64Array, BigInt64Array, BigUint64Array].map((Class) => () => new Class(64)),
  ...(Float16Array === undefined ? [] : [() => new Float16Array(64)]),
  () => new WeakMap(),
  () => new WebAssembly.Memory({ initial: 1 }),
  () => Promise.resolve(3),
];

/** Numbers of every size; none of them is a descriptor that is open. */
export const NUMBERS: readonly number[] = [
  [NaN, Infinity, -Infinity, -1, -2, 0.5, -0.5, 1_000_000.5, Number.MIN_VALUE, Number.EPSILON - 1],
  [2 ** 31 - 1, 2 ** 31, -(2 ** 31), -(2 ** 31) - 1, 2 ** 32 - 1, 2 ** 32, 2 ** 32 + 1, -(2 ** 32), 2 ** 48],
  [2 ** 53 - 1, 2 ** 53, 2 ** 53 + 2, -(2 ** 53), 2 ** 63, -(2 ** 63), 2 ** 64, 1e300, -1e300, Number.MAX_VALUE],
].flat();

export function wrongTypes(kind: Kind): readonly Maker[] {
  return ANY.filter((make) => !isOf(kind, make(null as never)));
}

function oddArray(kind: typeof Uint8Array | typeof Uint32Array | typeof Int32Array): Maker[] {
  return [
    () => new kind(0),
    () => detach(new kind(64)),
    () => new kind(new SharedArrayBuffer(64) as unknown as ArrayBuffer),
    () => {
      const buffer = new Growing(64, { maxByteLength: 256 });
      const view = new kind(buffer, 32);
      buffer.resize(16);
      return view;
    },
    () => {
      const buffer = new Growing(16, { maxByteLength: 256 });
      const view = new kind(buffer);
      buffer.resize(256);
      return view;
    },
    () => {
      const memory = new WebAssembly.Memory({ initial: 1 });
      const view = new kind(memory.buffer);
      memory.grow(1);
      return view;
    },
    () => Object.setPrototypeOf(new kind(16), kind.prototype) as unknown,
  ];
}

/** Of the right type, but not what the function hopes for. */
export function wrongValues(kind: Kind): readonly Maker[] {
  if (kind === 'bytes')
    return [
      ...oddArray(Uint8Array),
      ...[1, 2, 15].map(
        (n): Maker =>
          (f) =>
            f.bytes(n),
      ),
    ];
  if (kind === 'lens') {
    const lengths = [0, 1, 17, 65, 0x7fffffff, 0x80000000, 0xffffffff];
    return [
      ...oddArray(Uint32Array),
      ...lengths.map(
        (n): Maker =>
          (f) =>
            f.words(n),
      ),
    ];
  }
  if (kind === 'events')
    return [
      ...oddArray(Int32Array),
      ...[1, 2].map(
        (n): Maker =>
          (f) =>
            f.lend(Int32Array, n),
      ),
    ];
  if (kind === 'words') {
    const lengths = [-1, 17, 65, 0x7fffffff, -0x80000000];
    return [
      ...oddArray(Int32Array),
      (f) => f.signed(1),
      ...lengths.map(
        (n): Maker =>
          (f) =>
            f.signed(...Array<number>(15).fill(n)),
      ),
    ];
  }
  if (kind === 'bufs') {
    const elements = [...oddArray(Uint8Array), ...wrongTypes('bytes')];
    const sparse = (length: number): unknown[] => Array<unknown>(length);
    return [
      ...elements.map((make): Maker => (f) => [f.bytes(8), make(f), f.bytes(8)]),
      ...[0, 3, 1025, 2 ** 32 - 1].map((n) => () => sparse(n)),
    ];
  }
  if (kind === 'name')
    return ['\0', 'lo\0', 'x'.repeat(15), '☺'.repeat(6), '\ud800', 'x'.repeat(1 << 20)].map((s) => () => s);
  if (kind === 'function') return [Buffer, async () => {}, new Proxy(() => {}, { apply: thrown })].map((f) => () => f);
  return NUMBERS.map((n) => () => n);
}

/** Whether a call may have this value, found at random: no descriptor of somebody else's, and nothing that acts on others. */
export function isSafe(name: string, i: number, kind: Kind, value: unknown): boolean {
  if (kind === 'bytes') return !isOf('bytes', value);
  if (typeof value !== 'number') return true;
  if (kind === 'fd') return !(value >= 0 && value <= 1_000_000);
  // Not a command that opens another descriptor, makes the socket wait or has signals sent, fcntl(2); no odd families.
  if (name === 'fcntl' && i === 1) return !(value >= 0 && value < 10_000) || value === c.F_GETFD || value === c.F_GETFL;
  if (name.startsWith('socket') && i === 0) return !(value > c.AF_INET && value < 1000);
  return true;
}
