import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';

import { SyscallError } from '../errors.ts';
import { load, sys } from '../syscall/sys.ts';
import * as c from '../syscall/zconst_linux.ts';
import * as own from './options.ts';

const options = { timeout: 5000 };
load();
const { setsockopt } = sys;
afterEach(() => {
  sys.setsockopt = setsockopt;
});

/** Level, name, and the value as a number or a text. */
type Call = [level: number, name: number, value: number | string];
const TEXTS: readonly number[] = [c.SO_BINDTODEVICE, c.TCP_CONGESTION];

/** Records what is set; the call at `failing` answers `errno`. */
function record(failing = Infinity, errno = 0): Call[] {
  const calls: Call[] = [];
  sys.setsockopt = (_fd, level, name, value, length) => {
    const bytes = Buffer.from(value.buffer, value.byteOffset, length);
    calls.push([level, name, TEXTS.includes(name) && length !== 4 ? bytes.toString() : bytes.readInt32LE()]);
    return calls.length > failing ? -errno : 0;
  };
  return calls;
}

const ALL: own.DialSocketOptions = {
  congestion: 'bbr',
  synRetries: 3,
  userTimeout: 4000,
  writeBuffer: 5000,
  readBuffer: 6000,
  tos: 0xb8,
  priority: 6,
  mark: 0x80000001,
  bindToDevice: 'eth10',
  bindAddressNoPort: true,
  transparent: true,
  freebind: false,
  reusePort: true,
  reuseAddr: false,
};

const SHARED: Call[] = [
  [c.SOL_SOCKET, c.SO_REUSEADDR, 0],
  [c.SOL_SOCKET, c.SO_REUSEPORT, 1],
  [c.IPPROTO_IP, c.IP_BIND_ADDRESS_NO_PORT, 1],
  [c.SOL_SOCKET, c.SO_BINDTODEVICE, 'eth10'],
  [c.SOL_SOCKET, c.SO_MARK, 0x80000001 | 0],
  [c.SOL_SOCKET, c.SO_PRIORITY, 6],
  [c.IPPROTO_IP, c.IP_TOS, 0xb8],
  [c.SOL_SOCKET, c.SO_RCVBUF, 6000],
  [c.SOL_SOCKET, c.SO_SNDBUF, 5000],
  [c.IPPROTO_TCP, c.TCP_USER_TIMEOUT, 4000],
  [c.IPPROTO_TCP, c.TCP_SYNCNT, 3],
  [c.IPPROTO_TCP, c.TCP_CONGESTION, 'bbr'],
];
const FAMILIES: [name: string, family: number, calls: Call[]][] = [
  [
    'AF_INET',
    c.AF_INET,
    [
      [c.IPPROTO_IP, c.IP_FREEBIND, 0],
      [c.IPPROTO_IP, c.IP_TRANSPARENT, 1],
    ],
  ],
  [
    'AF_INET6',
    c.AF_INET6,
    [
      [c.IPPROTO_IPV6, c.IPV6_FREEBIND, 0],
      [c.IPPROTO_IPV6, c.IPV6_TRANSPARENT, 1],
      [c.IPPROTO_IPV6, c.IPV6_TCLASS, 0xb8],
    ],
  ],
];

for (const [name, family, calls] of FAMILIES) {
  test(`every option is one call, with its value, on ${name}`, options, () => {
    const made = record();
    own.applySettings(own.toSettings(ALL), 3, family);
    assert.deepEqual(new Set(made.map(String)), new Set([...SHARED, ...calls].map(String)));
    assert.equal(made.length, SHARED.length + calls.length);
  });
}

test('the order is the package’s, not the caller’s', options, () => {
  const names = own.toSettings(ALL).map(({ name }) => name);
  const turned = Object.fromEntries(Object.entries(ALL).toReversed());
  assert.deepEqual(
    own.toSettings(turned).map(({ name }) => name),
    names,
  );
  assert.deepEqual(names.toSorted(), Object.keys(ALL).toSorted());
});

test('nothing named is nothing set', options, () => {
  const none = Object.fromEntries(Object.keys(ALL).map((name) => [name, undefined]));
  const others: object[] = [{}, none, own.NO_OPTIONS, { noDelay: false, other: 5 }];
  for (const nothing of others) {
    assert.deepEqual(own.toSettings(nothing), []);
    assert.deepEqual(own.toFastOpenConnect(nothing), []);
    assert.deepEqual(own.toFastOpenQueue(nothing), []);
  }
});

test('false and 0 are values', options, () => {
  const named = own.toSettings({ reuseAddr: false, mark: 0, tos: 0, readBuffer: 0, userTimeout: 0 });
  assert.deepEqual(
    named.map(({ name }) => name),
    ['reuseAddr', 'mark', 'tos', 'readBuffer', 'userTimeout'].toSorted((a, b) => ORDER.indexOf(a) - ORDER.indexOf(b)),
  );
});
const ORDER = own.toSettings(ALL).map(({ name }) => name);

test('fastOpen: a flag of a dial, a number of clients of a listener', options, () => {
  const rows: [settings: own.Setting[], expected: Call][] = [
    [own.toFastOpenConnect({ fastOpen: true }), [c.IPPROTO_TCP, c.TCP_FASTOPEN_CONNECT, 1]],
    [own.toFastOpenQueue({ fastOpen: true }), [c.IPPROTO_TCP, c.TCP_FASTOPEN, 256]],
    [own.toFastOpenQueue({ fastOpen: false }), [c.IPPROTO_TCP, c.TCP_FASTOPEN, 0]],
    [own.toFastOpenQueue({ fastOpen: 5 }), [c.IPPROTO_TCP, c.TCP_FASTOPEN, 5]],
  ];
  for (const [settings, expected] of rows) {
    const made = record();
    own.applySettings(settings, 3, c.AF_INET);
    assert.deepEqual(made, [expected]);
  }
});

test('fastOpen false of a dial sets nothing', options, () => {
  assert.deepEqual(own.toFastOpenConnect({ fastOpen: false }), []);
});

test('what a value must be is told', options, () => {
  const rows: [wrong: object, error: string][] = [
    [{ reusePort: 1 }, 'TypeError: Option reusePort must be a boolean, not number'],
    [{ congestion: null }, 'TypeError: Option congestion must be a string, not object'],
    [{ bindToDevice: '' }, 'RangeError: Option bindToDevice must have 1 to 15 bytes, not ""'],
    [{ bindToDevice: 'a\0' }, 'RangeError: Option bindToDevice must have 1 to 15 bytes, not "a\\u0000"'],
    [{ mark: '5' }, 'TypeError: Option mark must be a number, not string'],
    [{ mark: 2 ** 32 }, 'RangeError: Option mark must be a whole number from 0 to 4294967295, not 4294967296'],
    [{ tos: 256 }, 'RangeError: Option tos must be a whole number from 0 to 255, not 256'],
    [{ synRetries: 0 }, 'RangeError: Option synRetries must be a whole number from 1 to 127, not 0'],
    [{ readBuffer: NaN }, 'RangeError: Option readBuffer must be a whole number from 0 to 2147483647, not NaN'],
  ];
  for (const [wrong, error] of rows) {
    assert.throws(
      () => own.toSettings(wrong),
      (thrown) => String(thrown) === error,
      error,
    );
  }
  assert.throws(() => own.toFastOpenConnect({ fastOpen: 5 as unknown as boolean }), TypeError);
  assert.throws(() => own.toFastOpenQueue({ fastOpen: -1 }), RangeError);
});

test('the limits themselves are values', options, () => {
  const rows: own.DialSocketOptions[] = [
    { mark: 0xffffffff, priority: 0x7fffffff, tos: 255, readBuffer: 0x7fffffff, userTimeout: 0x7fffffff },
    { synRetries: 1, bindToDevice: 'a', congestion: 'a'.repeat(15) },
    { synRetries: 127, bindToDevice: 'ä'.repeat(7), mark: -0 },
  ];
  for (const row of rows) assert.equal(own.toSettings(row).length, Object.keys(row).length);
});

test('the first failure ends it, and names its option', options, () => {
  const settings = own.toSettings(ALL);
  for (const [i, { name }] of settings.entries()) {
    const made = record(i, c.ENOBUFS);
    assert.throws(
      () => own.applySettings(settings, 3, c.AF_INET),
      (error) => {
        assert.ok(error instanceof SyscallError);
        assert.equal(error.message, `setsockopt: no buffer space available (${name})`);
        assert.deepEqual([error.syscall, error.errno, error.code], ['setsockopt', -c.ENOBUFS, 'ENOBUFS']);
        return true;
      },
    );
    assert.equal(made.length, i + 1);
  }
});

test('EPERM names what the process lacks, where it is known', options, () => {
  const either = 'CAP_NET_ADMIN or CAP_NET_RAW';
  const needs: Record<string, string> = {
    transparent: either,
    mark: either,
    priority: either,
    bindToDevice: 'CAP_NET_RAW',
    tos: 'CAP_NET_ADMIN',
    congestion: 'CAP_NET_ADMIN',
  };
  const settings = [...own.toSettings(ALL), ...own.toFastOpenConnect({ fastOpen: true })];
  for (const setting of settings) {
    const { name } = setting;
    record(0, c.EPERM);
    const what = needs[name] === undefined ? name : `${name} needs ${needs[name]}`;
    assert.throws(() => own.applySettings([setting], 3, c.AF_INET), {
      message: `setsockopt: operation not permitted (${what})`,
    });
  }
});

test('a flag that is no option of a socket', options, () => {
  assert.deepEqual(
    [true, false, undefined].map((value) => own.toFlag('noDelay', value, true)),
    [true, false, true],
  );
  for (const wrong of [null, 0, 'no']) {
    assert.throws(() => own.toFlag('noDelay', wrong as unknown as boolean, true), {
      name: 'TypeError',
      message: `Option noDelay must be a boolean, not ${typeof wrong}`,
    });
  }
});
