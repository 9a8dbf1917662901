import assert from 'node:assert/strict';
import { test } from 'node:test';

import { EPOLLERR, EPOLLHUP, EPOLLIN, EPOLLOUT, EPOLLPRI, EPOLLRDHUP } from '../syscall/zconst_linux.ts';
import { Desc } from './desc.ts';
import type { Reader } from './poller.ts';

const options = { timeout: 5000 };
const nobody = (): never => assert.fail('the machine itself wakes nobody');
const waiter = (): Reader => ({ wake: nobody, wakeWith: nobody, room: 0 });

/** A Desc in the idle state: nothing is ready. */
function idle(): Desc {
  const desc = new Desc(3, 'tcp');
  desc.readable = desc.writable = false;
  return desc;
}

test('starts ready both ways, so that the first try is a system call', options, () => {
  const { fd, generation, readable, writable, hungUp, gone, label } = new Desc(3, 'tcp');
  assert.deepEqual(
    { fd, generation, readable, writable, hungUp, gone, label },
    { fd: 3, generation: 0, readable: true, writable: true, hungUp: false, gone: false, label: 'tcp' },
  );
});

const TABLE: [name: string, bits: number, readable: boolean, writable: boolean, hungUp: boolean, gone: boolean][] = [
  ['nothing', 0, false, false, false, false],
  ['PRI', EPOLLPRI, false, false, false, false],
  ['IN', EPOLLIN, true, false, false, false],
  ['OUT', EPOLLOUT, false, true, false, false],
  ['IN|OUT', EPOLLIN | EPOLLOUT, true, true, false, false],
  ['RDHUP', EPOLLRDHUP, true, false, true, false],
  ['IN|RDHUP', EPOLLIN | EPOLLRDHUP, true, false, true, false],
  ['HUP', EPOLLHUP, true, true, true, true],
  ['ERR', EPOLLERR, true, true, true, true],
  ['all', EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLHUP | EPOLLERR, true, true, true, true],
];

for (const [name, bits, readable, writable, hungUp, gone] of TABLE) {
  test(`${name}: which direction becomes ready, and who may go on (Go’s rule 159)`, options, () => {
    const desc = idle();
    const [reader, writer, mourner] = [waiter(), waiter(), waiter()];
    Object.assign(desc, { reader, writer, mourner });
    desc.mark(bits);
    assert.deepEqual([desc.readable, desc.writable, desc.hungUp, desc.gone], [readable, writable, hungUp, gone]);
    assert.equal(desc.takeReader(), readable ? reader : null);
    assert.equal(desc.takeWriter(), writable ? writer : null);
    assert.equal(desc.takeMourner(), gone ? mourner : null);
    assert.deepEqual(
      [desc.reader, desc.writer, desc.mourner],
      [readable ? null : reader, writable ? null : writer, gone ? null : mourner],
    );
  });
}

test('whoever is taken is taken once', options, () => {
  const desc = idle();
  desc.reader = waiter();
  desc.mark(EPOLLIN);
  assert.notEqual(desc.takeReader(), null);
  assert.equal(desc.takeReader(), null);
});

test('readiness that nobody waits for is remembered', options, () => {
  const desc = idle();
  desc.mark(EPOLLIN | EPOLLOUT);
  desc.mark(0);
  assert.equal(desc.takeReader(), null);
  desc.reader = waiter();
  assert.notEqual(desc.takeReader(), null);
});

test('a hang-up is for ever, readiness is not', options, () => {
  const desc = idle();
  desc.mark(EPOLLHUP);
  desc.readable = desc.writable = false;
  desc.mark(EPOLLIN);
  assert.deepEqual([desc.readable, desc.writable, desc.hungUp, desc.gone], [true, false, true, true]);
});
