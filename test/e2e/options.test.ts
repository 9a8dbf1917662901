// Options that no call takes: a TypeError or RangeError at once, before anything is begun, from every way in.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { dial, Dialer, dialTCP, fromFd, listen, ListenConfig, listenTCP, TCPAddr, type Conn } from 'gonet';
import { Addr } from 'gonet/netip';

import { connect } from './loopback.ts';

const options = { timeout: 10_000 };
const local = new TCPAddr(Addr.parse('127.0.0.1'), 0);

type Wrong = readonly [name: string, values: readonly unknown[]];

const BOTH: Wrong[] = [
  ['noDelay', [1, 0, 'yes', null, {}]],
  ['keepAlive', [1, 'on', null, 15_000, { idle: '1' }, { idle: NaN }, { interval: Infinity }, { count: 128 }]],
  ['control', [null, 5, {}, 'control']],
  ['signal', [null, {}, 'abort', new AbortController(), new EventTarget()]],
];
const DIALING: Wrong[] = [
  ['timeout', ['5', null, {}, NaN, 5n]],
  ['deadline', ['soon', {}, NaN, new Date(NaN), 5n, true]],
];
const LOCAL: Wrong[] = [['localAddr', [null, '127.0.0.1:0', 5, {}, [null], ['127.0.0.1:0'], { network: 5 }]]];
const LISTENING: Wrong[] = [
  ['backlog', [-1, 1.5, NaN, 2 ** 31, '5', null, Infinity]],
  ['reusePort', [1, 'yes', null]],
  ['ipv6Only', [1, 'yes', null]],
];

const WAYS: Record<string, { call: (options: object) => unknown; wrong: readonly Wrong[] }> = {
  dial: { call: (own) => dial('tcp', '127.0.0.1:1', own), wrong: [...BOTH, ...DIALING, ...LOCAL] },
  'new Dialer': {
    call: (own) => new Dialer(own),
    wrong: [...BOTH, ...DIALING, ...LOCAL].filter(([name]) => name !== 'signal'),
  },
  'Dialer.dial': { call: (own) => new Dialer().dial('tcp', '127.0.0.1:1', own), wrong: [BOTH[3]!] },
  dialTCP: { call: (own) => dialTCP('tcp', null, local, own), wrong: [...BOTH, ...DIALING] },
  listen: { call: (own) => listen('tcp', '127.0.0.1:0', own), wrong: [...BOTH, ...LISTENING] },
  'new ListenConfig': {
    call: (own) => new ListenConfig(own),
    wrong: [...BOTH, ...LISTENING].filter(([name]) => name !== 'signal'),
  },
  'ListenConfig.listen': { call: (own) => new ListenConfig().listen('tcp', '127.0.0.1:0', own), wrong: [BOTH[3]!] },
  listenTCP: { call: (own) => listenTCP('tcp', local, own), wrong: [...BOTH, ...LISTENING] },
};

const shown = (value: unknown): string =>
  typeof value === 'bigint' ? `${value}n` : (JSON.stringify(value) ?? String(value));

/** Whether the call threw at once; a promise that it gave instead is not heard of again. */
function throwsAtOnce(call: () => unknown, what: string): void {
  const quiet = (): void => {
    const result = call();
    if (result instanceof Promise) {
      result.then(
        (value: unknown) => (value as Conn).close(),
        () => undefined,
      );
    }
  };
  assert.throws(quiet, (error) => error instanceof TypeError || error instanceof RangeError, what);
}

for (const [way, { call, wrong }] of Object.entries(WAYS)) {
  for (const [name, values] of wrong) {
    test(`${way}: ${name} is not ${values.map(shown).join(', ')}`, options, () => {
      for (const value of values) throwsAtOnce(() => call({ [name]: value }), shown(value));
    });
  }
}

test('options that are no object', options, () => {
  const calm = Object.entries(WAYS).flatMap(([way, { call }]) =>
    [null, 5, 'x'].flatMap((value) => {
      try {
        throwsAtOnce(() => call(value as unknown as object), way);
        return [];
      } catch {
        return [`${way} ${shown(value)}`];
      }
    }),
  );
  assert.deepEqual(calm, []);
});

test('keepAlive: enable is a boolean', options, () => {
  for (const [way, { call, wrong }] of Object.entries(WAYS)) {
    if (!wrong.some(([name]) => name === 'keepAlive')) continue;
    for (const enable of ['no', 1, null])
      throwsAtOnce(() => call({ keepAlive: { enable } }), `${way} ${shown(enable)}`);
  }
});

test('an option that is undefined is one that is not there', options, async () => {
  const none = Object.fromEntries([...BOTH, ...DIALING, ...LOCAL, ...LISTENING].map(([name]) => [name, undefined]));
  using listener = await listen('tcp', '127.0.0.1:0', none);
  (await dial('tcp', listener.addr.toString(), none)).close();
  (await dialTCP('tcp', null, listener.addr, none)).close();
  (await listenTCP('tcp', local, none)).close();
});

test('networks of another type', options, () => {
  for (const wrong of [undefined, null, 5, {}, []]) {
    const network = wrong as string;
    throwsAtOnce(() => dial(network, ':1'), `dial ${shown(wrong)}`);
    throwsAtOnce(() => listen(network, ':0'), `listen ${shown(wrong)}`);
    throwsAtOnce(() => dialTCP(network, null, local), `dialTCP ${shown(wrong)}`);
    throwsAtOnce(() => listenTCP(network, local), `listenTCP ${shown(wrong)}`);
  }
});

test('addresses of another type', options, () => {
  for (const wrong of [undefined, 5, {}, [], true]) {
    throwsAtOnce(() => dial('tcp', wrong as string), `dial ${shown(wrong)}`);
    throwsAtOnce(() => listen('tcp', wrong as string), `listen ${shown(wrong)}`);
    const addr = wrong as unknown as TCPAddr;
    throwsAtOnce(() => dialTCP('tcp', null, addr), `dialTCP to ${shown(wrong)}`);
    throwsAtOnce(() => dialTCP('tcp', addr, local), `dialTCP from ${shown(wrong)}`);
    throwsAtOnce(() => listenTCP('tcp', addr), `listenTCP ${shown(wrong)}`);
  }
  throwsAtOnce(() => dial('tcp', null as unknown as string), 'dial null');
  throwsAtOnce(() => listen('tcp', null as unknown as string), 'listen null');
});

test('numbers that are no descriptor', options, () => {
  for (const wrong of [-1, 1.5, NaN, 2 ** 31, Infinity, '5', null, undefined, {}, 5n]) {
    throwsAtOnce(() => fromFd(wrong as number), shown(wrong));
  }
});

type Call = [method: string, ...args: unknown[]];

/** Which of these calls on a fresh connection do not throw at once. */
async function unchecked(calls: readonly Call[]): Promise<string[]> {
  using pair = await connect();
  const client = pair.client as unknown as Record<string, (...args: unknown[]) => unknown>;
  const left: string[] = [];
  for (const [method, ...args] of calls) {
    try {
      throwsAtOnce(() => client[method]!(...args), method);
    } catch {
      left.push(`${method}(${args.map(shown).join(', ')})`);
    }
  }
  return left;
}

test('buffers, limits and deadlines of a connection', options, async () => {
  const buffers: Record<string, unknown[]> = {
    read: [null, undefined, 5, 'x', [], new Uint16Array(2), new ArrayBuffer(2)],
    write: [null, undefined, 5, [], new DataView(new ArrayBuffer(2))],
    writev: [null, undefined, 'x', [null], ['x'], [new ArrayBuffer(1)]],
  };
  const good: Record<string, unknown> = { read: Buffer.alloc(1), write: 'x', writev: [] };
  const limits = [null, 5, 'x', { signal: null }, { signal: {} }, { deadline: 'x' }, { deadline: NaN }];
  const calls = Object.entries(buffers).flatMap(([method, wrong]): Call[] => [
    ...wrong.map((buffer): Call => [method, buffer]),
    ...limits.map((own): Call => [method, good[method], own]),
  ]);
  for (const method of ['setDeadline', 'setReadDeadline', 'setWriteDeadline']) {
    for (const t of ['x', NaN, new Date(NaN), {}, 5n, true]) calls.push([method, t]);
  }
  assert.deepEqual(await unchecked(calls), []);
});

test('settings of a connection', options, async () => {
  const calls: Call[] = [
    ['setKeepAlive', 5],
    ['setKeepAlive', { enable: 'no' }],
    ['setKeepAlive', { count: 128 }],
    ['setNoDelay', 'no'],
    ['setNoDelay', null],
  ];
  for (const method of ['setLinger', 'setReadBuffer', 'setWriteBuffer', 'setUserTimeout']) {
    for (const n of ['5', NaN, 1.5, 2 ** 31, null, undefined]) calls.push([method, n]);
  }
  assert.deepEqual(await unchecked(calls), []);
});

test('limits and deadlines of a listener', options, async () => {
  using listener = await listen('tcp', '127.0.0.1:0');
  for (const own of [null, 5, { signal: 'x' }, { deadline: 'x' }])
    throwsAtOnce(() => listener.accept(own as object), shown(own));
  for (const t of ['x', NaN, {}]) throwsAtOnce(() => listener.setDeadline(t as number), shown(t));
});

test('callbacks of a RawConn', options, async () => {
  using pair = await connect();
  const raw = pair.client.syscallConn();
  for (const wrong of [undefined, null, 5, {}] as unknown as (() => boolean)[]) {
    for (const call of [() => raw.control(wrong), () => raw.read(wrong), () => raw.write(wrong)]) {
      throwsAtOnce(call, shown(wrong));
    }
  }
});
