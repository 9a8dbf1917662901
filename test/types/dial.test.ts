// The types of dialing: every option, who may be a resolver, what a dial is typed by, and what errors and timelines tell. Checked
// by compiling it: nothing below connects to anything.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import {
  type Addr as NetAddr,
  type Address,
  type Conn,
  type Control,
  defaultResolver,
  denyPrivate,
  type DenyPrivateOptions,
  dial,
  Dialer,
  type DialerOptions,
  type DialOptions,
  dialTCP,
  type HostResolver,
  type KeepAliveConfig,
  type OpError,
  Resolver,
  type Span,
  TCPAddr,
  type TCPConn,
  type TCPNetwork,
  type Timeline,
  type IPConn,
  type UDPConn,
  traceDial,
  type TracedDial,
} from 'gonet';
import { Addr, Prefix } from 'gonet/netip';

/** Compiles if the value's type is T exactly, neither wider nor narrower. */
function expectType<T>() {
  return <V>(_value: V, ..._exact: Same<T, V> extends true ? [] : [expected: T, found: V]): void => {};
}
type Same<A, B> = (<X>() => X extends A ? 1 : 2) extends <X>() => X extends B ? 1 : 2 ? true : false;

/** Compiles what is inside, and never runs it. */
function compiles(name: string, body: () => unknown): void {
  test(name, { timeout: 1000 }, () => assert.equal(typeof body, 'function'));
}

declare const text: string;
declare const signal: AbortSignal;
declare const error: OpError;
declare const options: Required<DialerOptions>;

compiles('a Dialer takes every option', () => {
  const all: Required<DialerOptions> = {
    timeout: 1000,
    deadline: new Date(),
    localAddr: [new TCPAddr(Addr.parse('127.0.0.1'), 0), new TCPAddr(Addr.parse('::1'), 0)],
    fallbackDelay: -1,
    keepAlive: { idle: 15_000, interval: 15_000, count: 9 },
    noDelay: false,
    control: (_network, _address, raw) => raw.control(() => {}),
    resolver: defaultResolver,
    reuseAddr: true,
    reusePort: true,
    freebind: true,
    transparent: true,
    bindToDevice: 'lo',
    mark: 1,
    priority: 1,
    tos: 0x10,
    readBuffer: 1,
    writeBuffer: 1,
    userTimeout: 1,
    congestion: 'reno',
    multipath: true,
    bindAddressNoPort: true,
    synRetries: 1,
    quickAck: true,
    fastOpen: true,
  };
  return [new Dialer(all), dial('tcp', 'a:1', { ...all, signal }), traceDial('tcp', 'a:1', all)];
});

compiles('the type of each option', () => {
  expectType<number | undefined>()(options.timeout);
  expectType<Date | number | null | undefined>()(options.deadline);
  expectType<NetAddr | readonly NetAddr[] | undefined>()(options.localAddr);
  expectType<number | undefined>()(options.fallbackDelay);
  expectType<boolean | KeepAliveConfig | undefined>()(options.keepAlive);
  expectType<boolean | undefined>()(options.noDelay);
  expectType<Control | undefined>()(options.control);
  expectType<HostResolver | undefined>()(options.resolver);
  expectType<AbortSignal | undefined>()({} as DialOptions['signal']);
  // @ts-expect-error a Dialer keeps no signal
  const none: DialerOptions = { signal };
  // @ts-expect-error milliseconds are a number
  const soon: DialerOptions = { timeout: '1s' };
  // @ts-expect-error a local address is no text
  const local: DialerOptions = { localAddr: '127.0.0.1:0' };
  // @ts-expect-error the delay is no flag
  const delay: DialerOptions = { fallbackDelay: false };
  // @ts-expect-error options do not change
  options.timeout = 1;
  return [none, soon, local, delay];
});

compiles('a resolver is a Resolver, or an object with lookupNetIP', () => {
  const own: HostResolver = {
    lookupNetIP: async (network, host, each) => {
      expectType<'ip' | 'ip4' | 'ip6'>()(network);
      expectType<string>()(host);
      expectType<AbortSignal>()(each.signal);
      return [Addr.parse('127.0.0.1')] as const;
    },
  };
  const careless = { lookupNetIP: (): Promise<Addr[]> => Promise.resolve([]) };
  for (const resolver of [new Resolver(), defaultResolver, own, careless, undefined])
    void dial('tcp', 'a:1', { resolver });
  class Mine extends Resolver {
    override lookupNetIP(): Promise<Addr[]> {
      return Promise.resolve([]);
    }
  }
  void new Dialer({ resolver: new Mine() });
  // @ts-expect-error texts are no addresses
  void dial('tcp', 'a:1', { resolver: { lookupNetIP: () => Promise.resolve(['127.0.0.1']) } });
  // @ts-expect-error a promise is asked for
  void dial('tcp', 'a:1', { resolver: { lookupNetIP: () => [Addr.parse('::1')] } });
  // @ts-expect-error lookupHost is not enough
  void dial('tcp', 'a:1', { resolver: { lookupHost: () => Promise.resolve([]) } });
  // @ts-expect-error a function is no resolver
  void dial('tcp', 'a:1', { resolver: () => Promise.resolve([]) });
});

compiles('dial is typed by its network', () => {
  expectType<'tcp' | 'tcp4' | 'tcp6'>()({} as TCPNetwork);
  expectType<Promise<TCPConn>>()(dial('tcp', 'a:1', { signal, timeout: 1 }));
  expectType<Promise<TCPConn>>()(dial({} as TCPNetwork, {} as Address));
  expectType<Promise<UDPConn>>()(dial('udp', 'a:1'));
  expectType<Promise<IPConn>>()(dial('ip4:icmp', 'a'));
  expectType<Promise<Conn>>()(dial(text, 'a:1'));
  expectType<Promise<TCPConn>>()(new Dialer({ resolver: new Resolver() }).dial('tcp6', 'a:1', { signal }));
  expectType<Promise<Conn>>()(new Dialer().dial(text, 'a:1'));
  // @ts-expect-error one dial of a Dialer takes a signal only
  void new Dialer().dial('tcp', 'a:1', { timeout: 1 });
  // @ts-expect-error dialTCP looks nothing up
  void dialTCP('tcp', null, new TCPAddr(null, 1), { resolver: new Resolver() });
  // @ts-expect-error dialTCP races nobody
  void dialTCP('tcp', null, new TCPAddr(null, 1), { fallbackDelay: 1 });
});

compiles('what an error tells of its attempts', () => {
  expectType<readonly OpError[] | undefined>()(error.attempts);
  expectType<number | undefined>()(error.start);
  expectType<number | undefined>()(error.duration);
  expectType<number | undefined>()(error.attempts?.[0]?.start);
  expectType<number | undefined>()(error.attempts?.[0]?.duration);
  // @ts-expect-error attempts are not added
  const attempts: OpError[] | undefined = error.attempts;
  // @ts-expect-error nor is time changed
  error.duration = 1;
  return attempts;
});

compiles('what traceDial gives', async () => {
  expectType<Promise<TracedDial<TCPConn>>>()(traceDial('tcp', 'a:1'));
  expectType<Promise<TracedDial>>()(traceDial(text, 'a:1', { signal }));
  const { conn, timeline } = await traceDial('tcp4', { port: 80 }, {});
  expectType<TCPConn>()(conn);
  expectType<Timeline>()(timeline);
  expectType<Conn>()((await traceDial(text, 'a:1')).conn);
  const { network, address, start, duration, spans } = timeline;
  expectType<string>()(network);
  expectType<string>()(address);
  expectType<number>()(start);
  expectType<number>()(duration);
  expectType<readonly Span[]>()(spans);
  for (const span of spans) {
    expectType<'lookup' | 'attempt'>()(span.kind);
    expectType<string>()(span.what);
    expectType<number>()(span.start);
    expectType<number | undefined>()(span.duration);
    expectType<readonly string[] | undefined>()(span.result);
    expectType<Error | undefined>()(span.error);
    // @ts-expect-error what happened does not change
    span.what = '';
  }
});

compiles('denyPrivate is a Control hook', () => {
  expectType<Control>()(denyPrivate());
  const exceptions: DenyPrivateOptions = { allow: ['10.0.0.0/8', Prefix.parse('::1/128')], deny: undefined };
  void new Dialer({ control: denyPrivate(exceptions) });
  // @ts-expect-error an address is no network
  denyPrivate({ allow: [Addr.parse('10.0.0.1')] });
  // @ts-expect-error a list is asked for
  denyPrivate({ deny: '10.0.0.0/8' });
});
