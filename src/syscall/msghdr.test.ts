// Many messages in one call: what stands in which row before and after, which rows are refused, and that the addresses in the
// headers are those of the buffers, whatever V8 does with them. Both backends answer alike.

import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';

import { loopback, ok } from '../../test/fuzz/rawpair.ts';
import { MOST, NAME, ROW, controlStride } from './msghdr.ts';
import { Sockaddr } from './sockaddr.ts';
import { load } from './sys.ts';
import * as c from './zconst_linux.ts';

const { sys } = load();
const { EAGAIN, EFAULT, EINVAL } = c;
const options = { timeout: 20_000 };

let fds: [from: number, to: number] = [-1, -1];
let sender: Sockaddr;
let receiver: Sockaddr;

beforeEach(() => {
  const ends = [new Sockaddr(), new Sockaddr()].map((sa) => {
    const fd = ok(sys.socket(c.AF_INET, c.SOCK_DGRAM | c.SOCK_NONBLOCK | c.SOCK_CLOEXEC, 0));
    ok(sys.bind(fd, sa.bytes, loopback(sa, c.AF_INET, 0)));
    ok(sys.getsockname(fd, sa.bytes, sa.clear().len));
    return { fd, sa };
  });
  fds = [ends[0]!.fd, ends[1]!.fd];
  [sender, receiver] = [ends[0]!.sa, ends[1]!.sa];
});
afterEach(() => {
  for (const fd of fds) sys.close(fd);
});

/** Rows with the memory for their names and control data. */
class Rows {
  readonly words: Int32Array;
  readonly names: Uint8Array;
  readonly controls: Uint8Array;
  constructor(count: number, control = 0) {
    this.words = new Int32Array(count * ROW.words);
    this.names = new Uint8Array(count * NAME);
    this.controls = new Uint8Array(count * control);
  }

  set(i: number, off: number, len: number, addrlen: number, controllen = 0, flags = -1): this {
    this.words.set([off, len, addrlen, controllen, flags], i * ROW.words);
    return this;
  }

  get(i: number): number[] {
    return [...this.words.subarray(i * ROW.words, (i + 1) * ROW.words)];
  }

  name(i: number): Uint8Array {
    return this.names.subarray(i * NAME, i * NAME + 16);
  }

  send(buf: Uint8Array, first: number, count: number): number {
    return sys.sendmmsg(fds[0], buf, this.words, first, count, c.MSG_NOSIGNAL, this.names, this.controls);
  }

  receive(buf: Uint8Array, first: number, count: number): number {
    return sys.recvmmsg(fds[1], buf, this.words, first, count, 0, this.names, this.controls);
  }
}

/** Messages of one word each, to the receiver. */
function sendWords(...texts: string[]): void {
  const rows = new Rows(texts.length);
  let end = 0;
  for (const [i, text] of texts.entries()) {
    rows.set(i, end, text.length, 16).name(i).set(receiver.bytes.subarray(0, 16));
    end += text.length;
  }
  assert.equal(rows.send(Buffer.from(texts.join('')), 0, texts.length), texts.length);
  for (const [i, text] of texts.entries()) assert.equal(rows.get(i)[ROW.flags], text.length);
}

describe('recvmmsg', () => {
  test('puts each message, its name and its control data where its row says', options, () => {
    ok(sys.setsockopt(fds[1], c.IPPROTO_IP, c.IP_RECVTTL, Uint8Array.of(1, 0, 0, 0), 4));
    sendWords('one', '', 'three');
    const rows = new Rows(5, 36);
    for (let i = 0; i < 5; i++) rows.set(i, 10 * i, 4, NAME, 32);
    const buf = Buffer.alloc(60, '-');
    assert.equal(rows.receive(buf.subarray(2), 1, 4), 3);
    assert.equal(controlStride(rows.words, rows.controls), 32);
    assert.deepEqual(
      [0, 1, 2, 3, 4].map((i) => rows.get(i)),
      [
        [0, 4, 128, 32, -1],
        [10, 3, 16, 24, 0],
        [20, 0, 16, 24, 0],
        [30, 4, 16, 24, c.MSG_TRUNC],
        [40, 4, 128, 32, -1],
      ],
    );
    assert.equal(buf.toString(), `${'-'.repeat(12)}one${'-'.repeat(17)}thre${'-'.repeat(24)}`.padEnd(60, '-'));
    for (let i = 0; i < 5; i++) {
      const came = i >= 1 && i <= 3;
      assert.deepEqual(rows.name(i), came ? sender.bytes.slice(0, 16) : new Uint8Array(16));
      // The length of the struct cmsghdr.
      assert.equal(rows.controls[32 * i], came ? 20 : 0);
    }
  });

  test('gives what there is, and then EAGAIN', options, () => {
    sendWords('a', 'b');
    const rows = new Rows(8);
    for (let i = 0; i < 8; i++) rows.set(i, i, 1, 0);
    const buf = Buffer.alloc(8, '-');
    assert.equal(rows.receive(buf, 0, 1), 1);
    assert.equal(rows.receive(buf, 1, 7), 1);
    assert.equal(rows.receive(buf, 2, 6), -EAGAIN);
    assert.equal(buf.toString(), 'ab------');
    assert.deepEqual(
      [rows.get(1), rows.get(2)],
      [
        [1, 1, 0, 0, 0],
        [2, 1, 0, 0, -1],
      ],
    );
    assert.equal(rows.receive(buf, 0, 0), 0);
  });

  test('cuts off what has too little room', options, () => {
    ok(sys.setsockopt(fds[1], c.IPPROTO_IP, c.IP_RECVTTL, Uint8Array.of(1, 0, 0, 0), 4));
    sendWords('hello', 'hello');
    const rows = new Rows(2, 32).set(0, 0, 2, 4, 18).set(1, 4, 0, 0, 0);
    const buf = Buffer.alloc(8, '-');
    assert.equal(rows.receive(buf, 0, 2), 2);
    const cut = c.MSG_TRUNC | c.MSG_CTRUNC;
    assert.deepEqual(
      [rows.get(0), rows.get(1)],
      [
        [0, 2, 16, 18, cut],
        [4, 0, 0, 0, cut],
      ],
    );
    assert.equal(buf.toString(), 'he------');
    assert.deepEqual([...rows.name(0)], [...sender.bytes.subarray(0, 4), ...Array<number>(12).fill(0)]);
  });
});

describe('sendmmsg', () => {
  test('stops where one fails, and leaves the rows after it', options, () => {
    const rows = new Rows(3);
    for (let i = 0; i < 3; i++)
      rows
        .set(i, i, 2, i === 2 ? 0 : 16)
        .name(i)
        .set(receiver.bytes.subarray(0, 16));
    assert.equal(rows.send(Buffer.from('abcd'), 0, 3), 2);
    assert.deepEqual(
      [0, 1, 2].map((i) => rows.get(i)),
      [
        [0, 2, 16, 0, 2],
        [1, 2, 16, 0, 2],
        [2, 2, 0, 0, -1],
      ],
    );
    assert.equal(rows.send(Buffer.from('abcd'), 2, 1), -c.EDESTADDRREQ);
  });

  test('sends control data', options, () => {
    ok(sys.setsockopt(fds[1], c.IPPROTO_IP, c.IP_RECVTTL, Uint8Array.of(1, 0, 0, 0), 4));
    const rows = new Rows(2, 24);
    const view = new DataView(rows.controls.buffer);
    for (const [i, ttl] of [9, 5].entries()) {
      rows.set(i, 0, 1, 16, 24).name(i).set(receiver.bytes.subarray(0, 16));
      for (const [at, n] of [
        [0, 20],
        [8, c.IPPROTO_IP],
        [12, c.IP_TTL],
        [16, ttl],
      ] as const)
        view.setInt32(24 * i + at, n, true);
    }
    assert.equal(rows.send(Buffer.from('x'), 0, 2), 2);
    const got = new Rows(2, 24).set(0, 0, 1, 0, 24).set(1, 1, 1, 0, 24);
    assert.equal(got.receive(new Uint8Array(2), 0, 2), 2);
    assert.deepEqual(got.controls, rows.controls);
  });

  test('takes the first 64 rows at most', options, () => {
    const rows = new Rows(MOST + 6);
    for (let i = 0; i < MOST + 6; i++) rows.set(i, 0, 1, 16).name(i).set(receiver.bytes.subarray(0, 16));
    // Not looked at.
    rows.set(MOST, -1, -1, -1);
    assert.equal(rows.send(Buffer.from('x'), 0, MOST + 6), MOST);
    const got = new Rows(MOST + 6);
    for (let i = 0; i < MOST + 6; i++) got.set(i, i, 1, 0);
    assert.equal(got.receive(new Uint8Array(MOST + 6), 0, MOST + 6), MOST);
    assert.equal(got.receive(new Uint8Array(MOST + 6), 0, MOST + 6), -EAGAIN);
  });
});

describe('rows', () => {
  const buf = Buffer.alloc(8);

  test('that are not there are EINVAL', options, () => {
    const rows = new Rows(3);
    for (const [first, count] of [
      [0, 4],
      [3, 1],
      [4, 0],
      [-1, 1],
      [0, -1],
      [NaN, 1],
      [0, NaN],
      [0.5, 1],
      [2 ** 31, 1],
    ] as const) {
      assert.equal(rows.send(buf, first, count), -EINVAL, `${first} ${count}`);
      assert.equal(rows.receive(buf, first, count), -EINVAL, `${first} ${count}`);
    }
    const { names, controls } = rows;
    assert.equal(sys.recvmmsg(fds[1], buf, new Int32Array(4), 0, 1, 0, names, controls), -EINVAL);
    assert.equal(sys.recvmmsg(fds[1], buf, rows.words, 0, 1, NaN, names, controls), -EINVAL);
    assert.equal(sys.sendmmsg(fds[1], buf, rows.words, 0, 1, 2 ** 31, names, controls), -EINVAL);
  });

  test('outside their memory are EFAULT, and the right ones beside them are not used', options, () => {
    const wrong: [off: number, len: number, addrlen: number, controllen: number][] = [
      [0, 9, 0, 0],
      [9, 0, 0, 0],
      [-1, 1, 0, 0],
      [0, -1, 0, 0],
      [0x7fffffff, 0x7fffffff, 0, 0],
      [0, 1, 129, 0],
      [0, 1, -1, 0],
      [0, 1, 0, 25],
      [0, 1, 0, -1],
    ];
    for (const row of wrong) {
      const rows = new Rows(2, 24).set(0, 0, 1, 16).set(1, ...row);
      rows.name(0).set(receiver.bytes.subarray(0, 16));
      assert.equal(rows.send(buf, 0, 2), -EFAULT, String(row));
      assert.equal(rows.receive(buf, 0, 2), -EFAULT, String(row));
    }
    const { words, controls } = new Rows(2).set(1, 0, 1, 16);
    assert.equal(sys.sendmmsg(fds[0], buf, words, 1, 1, 0, new Uint8Array(NAME + 15), controls), -EFAULT);
    assert.equal(sys.recv(fds[1], buf, 0, 8, 0), -EAGAIN);
  });
});

test('addresses are right for small arrays, whatever the collector does, and gone with their memory', options, () => {
  const rows = new Rows(1).set(0, 0, 3, 16);
  rows.name(0).set(receiver.bytes.subarray(0, 16));
  const [data, into, name] = [Uint8Array.of(0, 1, 2, 3), new Uint8Array(4), new Uint8Array(16)];
  const none = new Uint8Array(0);
  for (let round = 0; round < 200; round++) {
    data[1] = round;
    assert.equal(rows.send(data.subarray(1), 0, 1), 1);
    assert.equal(sys.sendto(fds[0], data, 1, 3, 0, receiver.bytes, 16), 3);
    for (let i = 0; i < 2; i++) {
      // Garbage, so that what is in V8's heap moves.
      if (round % 4 === 0) Array.from({ length: 10_000 }, () => new Uint8Array(16));
      into.fill(0);
      const n = sys.recvmsg(fds[1], into, 1, 3, 0, name, none, Int32Array.of(16, 0, 0));
      assert.deepEqual([n, ...into, ...name.subarray(2, 4)], [3, 0, round, 2, 3, ...sender.bytes.subarray(2, 4)]);
    }
  }
  structuredClone(data.buffer, { transfer: [data.buffer] });
  assert.equal(rows.send(data, 0, 1), -EFAULT);
  assert.equal(sys.sendto(fds[0], data, 1, 3, 0, receiver.bytes, 16), -EFAULT);
  assert.equal(sys.recvmsg(fds[1], data, 0, 1, 0, name, none, Int32Array.of(0, 0, 0)), -EFAULT);
  // Nothing of it is asked for.
  assert.equal(rows.set(0, 0, 0, 16).send(data, 0, 1), 1);
  assert.equal(sys.recv(fds[1], into, 0, 4, 0), 0);
});
