import assert from 'node:assert/strict';
import { test } from 'node:test';

import { TCPAddr } from '../addr/tcpaddr.ts';
import { defaultResolver } from '../dns/resolver.ts';
import { AddrError, DNSError, UnknownNetworkError } from '../errors.ts';
import { NEVER } from '../poll/deadline.ts';
import { literals, lookupAll } from './lookup.ts';
import {
  type Address,
  resolveIPAddr,
  resolveListen,
  resolveTCPAddr,
  resolveUDPAddr,
  resolveUnixAddr,
  split,
  toText,
} from './resolve.ts';

const options = { timeout: 10_000 };
const limits = { deadline: NEVER, signal: null };

test('the parts of an address become its text', options, () => {
  const rows: [address: Address, text: string][] = [
    ['127.0.0.1:80', '127.0.0.1:80'],
    ['', ''],
    [{ port: 80 }, ':80'],
    [{ host: '', port: 0 }, ':0'],
    [{ host: '127.0.0.1', port: 80 }, '127.0.0.1:80'],
    [{ host: '::1', port: 'http' }, '[::1]:http'],
    [{ host: 'fe80::1%lo', port: '80' }, '[fe80::1%lo]:80'],
    [{ host: undefined, port: 80 }, ':80'],
    [{ path: '/run/a.sock' }, '/run/a.sock'],
  ];
  for (const [address, text] of rows) assert.equal(toText(address), text);
});

test('what is no address is a TypeError', options, () => {
  for (const wrong of [
    null,
    undefined,
    80,
    true,
    {},
    { host: 'a' },
    { host: 5, port: 80 },
    { port: null },
    { path: 1 },
  ]) {
    assert.throws(() => toText(wrong as unknown as Address), TypeError, JSON.stringify(wrong));
  }
});

async function list(network: string, text: string): Promise<string> {
  const { host, port } = split(network, text);
  const ips = literals(network, host) ?? (await lookupAll(defaultResolver, network, host, limits));
  return ips.map((ip) => new TCPAddr(ip, port)).join(' ');
}

test('the addresses of a text, for a dial', options, async () => {
  const rows: [network: string, text: string, addresses: string][] = [
    ['tcp', '127.0.0.1:80', '127.0.0.1:80'],
    ['tcp', '[::1]:http', '[::1]:80'],
    ['tcp', '[fe80::1%lo]:443', '[fe80::1%lo]:443'],
    ['tcp', ':80', ':80'],
    ['tcp4', ':80', ':80'],
    ['tcp6', ':80', ':80'],
    ['tcp', ':', ':0'],
    ['tcp', '127.0.0.1:', '127.0.0.1:0'],
    ['tcp', '127.0.0.1:+80', '127.0.0.1:80'],
    ['tcp', '127.0.0.1:00080', '127.0.0.1:80'],
    ['tcp', '[::]:80', '[::]:80 0.0.0.0:80'],
    ['tcp4', '[::]:80', '0.0.0.0:80'],
    ['tcp6', '[::]:80', '[::]:80'],
    ['tcp', '0.0.0.0:80', '0.0.0.0:80'],
    ['tcp4', '[::ffff:127.0.0.1]:80', '127.0.0.1:80'],
    ['tcp', '127.0.0.1:DOMAIN', '127.0.0.1:53'],
  ];
  for (const [network, text, addresses] of rows)
    assert.equal(await list(network, text), addresses, `${network} ${text}`);
});

test('the one address of a text, for a listen: IPv4 first (Go’s rules 15 and 17)', options, async () => {
  const rows: [text: string, address: string][] = [
    ['[::]:0', '0.0.0.0:0'],
    ['0.0.0.0:0', '0.0.0.0:0'],
    [':0', ':0'],
    ['', ':0'],
    ['[::1]:80', '[::1]:80'],
  ];
  for (const [text, address] of rows) {
    assert.equal(String(await resolveListen(TCPAddr, 'tcp', text, limits)), address, text);
  }
  assert.equal(String(await resolveListen(TCPAddr, 'tcp6', '[::]:0', limits)), '[::]:0');
});

test('a text that cannot be resolved: the first thing that is wrong (Go’s rule 13)', options, async () => {
  const rows: [network: string, text: string, message: string][] = [
    ['tcp', '127.0.0.1', 'address 127.0.0.1: missing port in address'],
    ['tcp', '::1:80', 'address ::1:80: too many colons in address'],
    ['tcp', '[::1]', 'address [::1]: missing port in address'],
    ['tcp', '[::1:80', "address [::1:80: missing ']' in address"],
    ['tcp', '127.0.0.1:-1', 'address -1: invalid port'],
    ['tcp', '127.0.0.1:65536', 'address 65536: invalid port'],
    ['tcp', '127.0.0.1:123456789', 'address 123456789: invalid port'],
    ['tcp', '127.0.0.1:☺', 'lookup tcp/☺: unknown port'],
    ['tcp', 'mh/astro/r70:http', 'lookup mh/astro/r70: no such host'],
    ['tcp', 'mh/astro/r70:no-such', 'lookup tcp/no-such: unknown port'],
    ['tcp', '127.1:80', 'lookup 127.1: no such host'],
    ['tcp', '010.0.0.1:80', 'lookup 010.0.0.1: no such host'],
    ['tcp', '2130706433:80', 'lookup 2130706433: no such host'],
    ['tcp', '127.0.0.1%lo:80', 'lookup 127.0.0.1%lo: no such host'],
    ['tcp', '[::1[]:80', "address [::1[]:80: unexpected '[' in address"],
    ['tcp6', '127.0.0.1:80', 'address 127.0.0.1: no suitable address found'],
    ['tcp6', '0.0.0.0:80', 'address 0.0.0.0: no suitable address found'],
    ['tcp6', '[::ffff:127.0.0.1]:80', 'address ::ffff:127.0.0.1: no suitable address found'],
    ['tcp4', '[::1]:80', 'address ::1: no suitable address found'],
  ];
  for (const [network, text, message] of rows) {
    await assert.rejects(list(network, text), (error) => {
      assert.ok(error instanceof AddrError || error instanceof DNSError);
      assert.equal(error.message, message);
      return true;
    });
  }
});

test('a port text of any length and shape takes no time to speak of', options, async () => {
  const start = performance.now();
  for (const text of [`:${'a'.repeat(50_000)}]`, `:${'1'.repeat(50_000)}]`, `${':a'.repeat(25_000)}]`]) {
    await assert.rejects(list('tcp', text));
  }
  const spent = performance.now() - start;
  assert.ok(spent < 1000, `${Math.round(spent)} ms`);
});

test('resolveTCPAddr: an IPv4 address, unless the text has brackets (Go’s rule 17)', options, async () => {
  const rows: [network: string, text: string, address: string][] = [
    ['tcp', '127.0.0.1:0', '127.0.0.1:0'],
    ['tcp4', '127.0.0.1:65535', '127.0.0.1:65535'],
    ['tcp', '[::1]:0', '[::1]:0'],
    ['tcp6', '[::1]:65535', '[::1]:65535'],
    ['tcp', '[::1%lo]:0', '[::1%lo]:0'],
    ['', '127.0.0.1:0', '127.0.0.1:0'],
    ['', '[::1]:0', '[::1]:0'],
    ['tcp', ':12345', ':12345'],
    ['tcp', '127.0.0.1:http', '127.0.0.1:80'],
    ['tcp', '[::ffff:127.0.0.1]:http', '127.0.0.1:80'],
    ['tcp', '[2001:db8::1]:http', '[2001:db8::1]:80'],
    ['tcp4', '127.0.0.1:', '127.0.0.1:0'],
    ['tcp', '[::]:80', '[::]:80'],
    ['tcp4', '[::]:80', '0.0.0.0:80'],
  ];
  for (const [network, text, address] of rows) {
    const found = await resolveTCPAddr(network, text);
    assert.equal(found.toString(), address, `${network} ${text}`);
    assert.equal(found.network, 'tcp');
    if (!text.startsWith(':')) assert.ok(found.equals(await resolveTCPAddr(network, found.toString())));
  }
});

test('resolveTCPAddr: its errors are bare (Go’s rule 5)', options, async () => {
  for (const network of ['http', 'udp', 'TCP', 'tcp5', 'ip:tcp']) {
    await assert.rejects(resolveTCPAddr(network, '127.0.0.1:80'), (error) => error instanceof UnknownNetworkError);
  }
  await assert.rejects(resolveTCPAddr('tcp', '127.0.0.1'), AddrError);
  await assert.rejects(resolveTCPAddr('tcp', '[::1]:no-such'), DNSError);
  await assert.rejects(
    resolveTCPAddr('tcp', 'localhost:80', { signal: AbortSignal.abort() }),
    (error) => error instanceof DNSError && error.code === 'ABORT_ERR',
  );
});

test('resolveUDPAddr and resolveIPAddr follow the same rules on their networks', options, async () => {
  const udp: [network: string, text: string, address: string][] = [
    ['udp', '127.0.0.1:domain', '127.0.0.1:53'],
    ['', '[::1]:0', '[::1]:0'],
    ['udp4', '[::ffff:127.0.0.1]:1', '127.0.0.1:1'],
    ['udp6', '[::]:80', '[::]:80'],
  ];
  for (const [network, text, address] of udp) {
    const found = await resolveUDPAddr(network, text);
    assert.deepEqual([found.network, found.toString()], ['udp', address]);
  }
  const ip: [network: string, text: string, address: string][] = [
    ['ip', '127.0.0.1', '127.0.0.1'],
    ['', '::1', '::1'],
    ['ip4:icmp', '127.0.0.1', '127.0.0.1'],
    ['ip6:58', '::1', '::1'],
    ['ip', '', ''],
  ];
  for (const [network, text, address] of ip) {
    const found = await resolveIPAddr(network, text);
    assert.deepEqual([found.network, found.toString()], ['ip', address]);
  }
  await assert.rejects(resolveUDPAddr('tcp', ':80'), UnknownNetworkError);
  await assert.rejects(resolveUDPAddr('udp', '127.0.0.1:no-such'), DNSError);
  await assert.rejects(resolveIPAddr('ip', '127.0.0.1:80'), DNSError);
  await assert.rejects(resolveIPAddr('ip4:no-such', '127.0.0.1'), AddrError);
  await assert.rejects(resolveIPAddr('udp', '127.0.0.1'), UnknownNetworkError);
});

test('resolveUnixAddr: any text, on three networks', options, () => {
  for (const network of ['unix', 'unixgram', 'unixpacket']) {
    for (const name of ['/run/a.sock', '@a', '']) {
      const found = resolveUnixAddr(network, name);
      assert.deepEqual([found.network, found.name], [network, name]);
    }
  }
  assert.equal(resolveUnixAddr('unix', { path: 'a' }).name, 'a');
  for (const network of ['', 'tcp', 'UNIX']) assert.throws(() => resolveUnixAddr(network, 'a'), UnknownNetworkError);
});

test('resolveTCPAddr: wrong arguments throw at once', options, () => {
  const calls: (() => unknown)[] = [
    () => resolveTCPAddr('tcp', null as unknown as string),
    () => resolveTCPAddr('tcp', { host: 'a' } as unknown as string),
    () => resolveTCPAddr(5 as unknown as string, ':80'),
    () => resolveTCPAddr('tcp', ':80', { signal: 'x' as unknown as AbortSignal }),
  ];
  for (const call of calls) {
    assert.throws(() => {
      // Not to be heard of again, should it be a promise.
      const result = call();
      if (result instanceof Promise) result.catch(() => undefined);
    }, TypeError);
  }
});
