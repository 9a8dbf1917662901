// From where this machine would reach an address, by the record of system calls; the descriptors are given back.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Plan, every } from '../../test/fault/plan.ts';
import { Addr } from '../addr/ip.ts';
import { ECONNREFUSED, EMFILE, ENETUNREACH } from '../syscall/zconst_linux.ts';
import { sortByRFC6724, sourceAddr } from './addrsort.ts';

const loopback = Addr.parse('127.0.0.1');
const other = Addr.parse('192.0.2.1');

test('loopback is reached from loopback, with one socket that is closed again', () => {
  using plan = new Plan();
  assert.equal(String(sourceAddr(loopback)), '127.0.0.1');
  assert.equal(String(sourceAddr(Addr.parse('::ffff:127.0.0.1'))), '127.0.0.1');
  assert.deepEqual([plan.count('socket'), plan.count('close'), plan.count('send')], [2, 2, 0]);
});

test('no route, no socket, no name: no source, and nothing left open', () => {
  for (const [name, errno] of [
    ['socket', EMFILE],
    ['connect', ENETUNREACH],
    ['getsockname', ECONNREFUSED],
  ] as const) {
    using plan = new Plan().fail(name, every, -errno);
    assert.equal(sourceAddr(loopback), null, name);
    assert.equal(plan.count('close'), name === 'socket' ? 0 : 1);
  }
});

test('one address is not asked about', () => {
  using plan = new Plan();
  assert.deepEqual(sortByRFC6724([loopback]).map(String), ['127.0.0.1']);
  assert.deepEqual(sortByRFC6724([]), []);
  assert.equal(plan.count('socket'), 0);
});

test('what has a route comes first, and the list given stays as it is', () => {
  const list = [other, loopback];
  const sourceOf = (addr: Addr): Addr | null => (addr === loopback ? loopback : null);
  assert.deepEqual(sortByRFC6724(list, sourceOf), [loopback, other]);
  assert.deepEqual(list, [other, loopback]);
});
