import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';

import { load, sys } from '../syscall/sys.ts';
import { EINVAL, IPPROTO_TCP, SOL_SOCKET, SO_KEEPALIVE } from '../syscall/zconst_linux.ts';
import { TCP_KEEPCNT, TCP_KEEPIDLE, TCP_KEEPINTVL } from '../syscall/zconst_linux.ts';
import { applyKeepAlive, defaultKeepAlive, toKeepAlive, type KeepAlive, type KeepAliveConfig } from './keepalive.ts';

const options = { timeout: 5000 };
load();
const { setsockopt } = sys;
afterEach(() => {
  sys.setsockopt = setsockopt;
});

test('true or nothing is Go’s default, false leaves the socket alone', options, () => {
  assert.deepEqual(toKeepAlive(undefined), { enable: true, idle: 15, interval: 15, count: 9 });
  assert.equal(toKeepAlive(true), defaultKeepAlive);
  assert.equal(toKeepAlive(false), null);
});

test(
  'each value: 0 is the default, negative is left alone, a part of a second is a whole one (Go’s rule 85)',
  options,
  () => {
    const rows: [config: KeepAliveConfig, expected: Partial<KeepAlive>][] = [
      [{}, {}],
      [{ enable: true }, {}],
      [{ enable: false }, { enable: false }],
      [{ idle: 0, interval: 0, count: 0 }, {}],
      [{ idle: undefined, interval: undefined, count: undefined }, {}],
      [{ idle: 1 }, { idle: 1 }],
      [{ idle: 1000 }, { idle: 1 }],
      [{ idle: 1000.1 }, { idle: 2 }],
      [{ interval: 1500 }, { interval: 2 }],
      [
        { idle: 32_767_000, interval: 32_767_000, count: 127 },
        { idle: 32_767, interval: 32_767, count: 127 },
      ],
      [{ count: 1 }, { count: 1 }],
      [{ idle: -1 }, { idle: -1 }],
      [
        { idle: -0.1, interval: -5000, count: -9 },
        { idle: -1, interval: -1, count: -1 },
      ],
      [{ idle: -Infinity }, { idle: -1 }],
      [
        { enable: false, idle: 3000 },
        { enable: false, idle: 3 },
      ],
    ];
    for (const [config, expected] of rows) {
      assert.deepEqual(toKeepAlive(config), { ...defaultKeepAlive, ...expected }, JSON.stringify(config));
    }
  },
);

test('what is no configuration is a TypeError, what is beyond the kernel a RangeError', options, () => {
  const rows: [config: unknown, error: typeof TypeError | typeof RangeError][] = [
    [null, TypeError],
    [15_000, TypeError],
    ['on', TypeError],
    [{ enable: 1 }, TypeError],
    [{ enable: 'no' }, TypeError],
    [{ enable: null }, TypeError],
    [{ idle: '15' }, TypeError],
    [{ interval: null }, TypeError],
    [{ count: 9n }, TypeError],
    [{ idle: NaN }, RangeError],
    [{ idle: 32_767_001 }, RangeError],
    [{ interval: Infinity }, RangeError],
    [{ count: 128 }, RangeError],
    [{ count: 127.5 }, RangeError],
  ];
  for (const [config, error] of rows) {
    assert.throws(() => toKeepAlive(config as KeepAliveConfig), error, JSON.stringify(config, bigints));
  }
});

const bigints = (_: string, value: unknown): unknown => (typeof value === 'bigint' ? String(value) : value);

type Setting = [level: number, name: number, value: number];

/** Records what is set; the call at `failing` answers EINVAL. */
function record(failing = Infinity): Setting[] {
  const settings: Setting[] = [];
  sys.setsockopt = (_fd, level, name, value) => {
    settings.push([level, name, new DataView(value.buffer, value.byteOffset).getInt32(0, true)]);
    return settings.length > failing ? -EINVAL : 0;
  };
  return settings;
}

test('the four options go in order (Go’s rule 84)', options, () => {
  const settings = record();
  assert.equal(applyKeepAlive(3, { enable: true, idle: 1, interval: 2, count: 3 }), 0);
  assert.deepEqual(settings, [
    [SOL_SOCKET, SO_KEEPALIVE, 1],
    [IPPROTO_TCP, TCP_KEEPIDLE, 1],
    [IPPROTO_TCP, TCP_KEEPINTVL, 2],
    [IPPROTO_TCP, TCP_KEEPCNT, 3],
  ]);
});

test('turned off, the other three are set all the same; negative ones are not', options, () => {
  const settings = record();
  assert.equal(applyKeepAlive(3, { enable: false, idle: -1, interval: 2, count: -1 }), 0);
  assert.deepEqual(settings, [
    [SOL_SOCKET, SO_KEEPALIVE, 0],
    [IPPROTO_TCP, TCP_KEEPINTVL, 2],
  ]);
});

test('the first failure is the last call', options, () => {
  for (const failing of [0, 1, 2, 3]) {
    const settings = record(failing);
    assert.equal(applyKeepAlive(3, defaultKeepAlive), -EINVAL);
    assert.equal(settings.length, failing + 1);
  }
});
