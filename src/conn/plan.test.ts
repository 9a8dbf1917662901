import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';

import { NetFD } from '../fd/netfd.ts';
import { load, sys } from '../syscall/sys.ts';
import * as c from '../syscall/zconst_linux.ts';
import { defaultKeepAlive } from './keepalive.ts';
import { opError } from './operror.ts';
import { type TCPDialOptions, type TCPListenOptions, type TCPPlan, toDialPlan, toListenPlan } from './plan.ts';
import { RawConn } from './rawconn.ts';

const options = { timeout: 5000 };
load();
const { setsockopt } = sys;
afterEach(() => {
  sys.setsockopt = setsockopt;
});

const hook = (): void => undefined;
const UNTOUCHED = { noDelay: null, keepAlive: null };
/** No descriptor of anything: what is set on it is only noted. */
const fd = new NetFD(-1, c.AF_INET, c.SOCK_STREAM, 'tcp', opError);

/** The options that are set before bind and connect, by name, with their values. */
function prepared({ prepare }: TCPPlan): [name: number, value: number][] {
  const calls: [number, number][] = [];
  sys.setsockopt = (_fd, _level, name, value) => {
    calls.push([name, Buffer.from(value.buffer, value.byteOffset, 4).readInt32LE()]);
    return 0;
  };
  prepare?.(fd);
  return calls;
}

const DEFAULTS = [
  [c.TCP_NODELAY, 1],
  [c.SO_KEEPALIVE, 1],
  [c.TCP_KEEPIDLE, 15],
  [c.TCP_KEEPINTVL, 15],
  [c.TCP_KEEPCNT, 9],
];

test('a dial that says nothing: defaults after it, nothing before it', options, () => {
  const plan = toDialPlan({});
  assert.deepEqual(plan.settings, { noDelay: true, keepAlive: defaultKeepAlive });
  assert.deepEqual([plan.prepare, plan.control, plan.multipath], [undefined, undefined, false]);
});

test('with a hook the defaults come before it, and what is named after them', options, () => {
  const plan = toDialPlan({ control: hook, userTimeout: 5, fastOpen: true });
  assert.deepEqual(plan.settings, UNTOUCHED);
  assert.deepEqual(prepared(plan), [...DEFAULTS, [c.TCP_USER_TIMEOUT, 5], [c.TCP_FASTOPEN_CONNECT, 1]]);
  assert.deepEqual(prepared(toDialPlan({ control: hook })), DEFAULTS);
});

test('without one only what is named comes before', options, () => {
  assert.deepEqual(prepared(toDialPlan({ userTimeout: 5, noDelay: false })), [[c.TCP_USER_TIMEOUT, 5]]);
});

test('noDelay and keepAlive, before a hook or after the dial', options, () => {
  const rows: [own: TCPDialOptions, calls: number[][]][] = [
    [{ noDelay: false }, [[c.TCP_NODELAY, 0], ...DEFAULTS.slice(1)]],
    [{ keepAlive: false }, [[c.TCP_NODELAY, 1]]],
    [
      { keepAlive: { enable: false, idle: -1, interval: -1, count: -1 } },
      [
        [c.TCP_NODELAY, 1],
        [c.SO_KEEPALIVE, 0],
      ],
    ],
  ];
  for (const [own, calls] of rows) assert.deepEqual(prepared(toDialPlan({ ...own, control: hook })), calls);
  assert.deepEqual(toDialPlan({ noDelay: false, keepAlive: false }).settings, { ...UNTOUCHED, noDelay: false });
});

test('quickAck comes after the connect, with a hook too', options, () => {
  for (const quickAck of [true, false]) {
    for (const control of [undefined, hook]) {
      const plan = toDialPlan({ quickAck, control });
      assert.deepEqual(
        plan.late.map(({ name }) => name),
        ['quickAck'],
      );
      assert.deepEqual(prepared(plan), control === undefined ? [] : DEFAULTS);
    }
  }
});

test('a listener’s defaults are those of its connections, with a hook too', options, () => {
  for (const control of [undefined, hook]) {
    const plan = toListenPlan({ control, noDelay: false, userTimeout: 5, fastOpen: true, backlog: 7, ipv6Only: true });
    assert.deepEqual(plan.settings, { noDelay: false, keepAlive: defaultKeepAlive });
    assert.deepEqual(prepared(plan), [
      [c.TCP_USER_TIMEOUT, 5],
      [c.TCP_FASTOPEN, 256],
    ]);
    assert.deepEqual([plan.backlog, plan.ipv6Only, plan.multipath], [7, true, false]);
  }
  const { prepare, control, backlog, ipv6Only } = toListenPlan({});
  assert.deepEqual([prepare, control, backlog, ipv6Only], [undefined, undefined, undefined, false]);
});

test('multipath is passed on', options, () => {
  for (const multipath of [true, false]) {
    assert.equal(toDialPlan({ multipath }).multipath, multipath);
    assert.equal(toListenPlan({ multipath }).multipath, multipath);
  }
});

test('the hook is given a RawConn, and its answer is passed on', options, async () => {
  const seen: unknown[] = [];
  const control = (...args: unknown[]): Promise<void> => {
    seen.push(...args);
    return Promise.resolve();
  };
  for (const plan of [toDialPlan({ control }), toListenPlan({ control })]) {
    const answer = plan.control?.('tcp4', '127.0.0.1:1', fd);
    assert.ok(answer instanceof Promise);
    await answer;
    const [network, address, raw] = seen.splice(0);
    assert.deepEqual([network, address], ['tcp4', '127.0.0.1:1']);
    assert.ok(raw instanceof RawConn);
  }
});

const WRONG: [own: object, error: typeof TypeError | typeof RangeError][] = [
  [{ noDelay: 1 }, TypeError],
  [{ keepAlive: 5 }, TypeError],
  [{ keepAlive: { count: 128 } }, RangeError],
  [{ control: {} }, TypeError],
  [{ control: null }, TypeError],
  [{ multipath: 'yes' }, TypeError],
  [{ mark: -1 }, RangeError],
  [{ fastOpen: 'x' }, TypeError],
];

test('what is no option', options, () => {
  for (const to of [toDialPlan, toListenPlan]) {
    for (const [own, error] of WRONG) assert.throws(() => to(own), error, JSON.stringify(own));
    for (const wrong of [null, 5, 'x', undefined])
      assert.throws(() => to(wrong as unknown as TCPDialOptions), TypeError);
  }
  assert.throws(() => toDialPlan({ quickAck: 1 } as unknown as TCPDialOptions), TypeError);
  assert.throws(() => toDialPlan({ fastOpen: 5 } as unknown as TCPDialOptions), TypeError);
  for (const backlog of [-1, 1.5, NaN, 2 ** 31]) assert.throws(() => toListenPlan({ backlog }), RangeError);
  for (const wrong of [{ backlog: '5' }, { ipv6Only: 1 }]) {
    assert.throws(() => toListenPlan(wrong as unknown as TCPListenOptions), /^(?:TypeError|RangeError): Option /);
  }
});
