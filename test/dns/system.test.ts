// Look-ups of what this machine itself knows, by the resolver that everybody has.

import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { test } from 'node:test';

import { Addr } from '../../src/addr/ip.ts';
import { parseHosts } from '../../src/dns/hosts.ts';
import { Resolver, defaultResolver } from '../../src/dns/resolver.ts';
import { run } from '../fault/child.ts';
import { LIMIT } from './expect.ts';

const hosts = parseHosts(existsSync('/etc/hosts') ? readFileSync('/etc/hosts', 'utf8') : null);
const listed = (name: string): string[] => (hosts.entry(name)?.addrs ?? []).map(String).sort();
const missing = (name: string): string | false => listed(name).length === 0 && `"${name}" is not in /etc/hosts`;

test('localhost is this machine, by either way', LIMIT, async () => {
  for (const resolver of [defaultResolver, new Resolver({ method: 'getaddrinfo' })]) {
    const found = await resolver.lookupNetIP('ip', 'localhost');
    assert.ok(found.length > 0 && found.every((addr) => addr.isLoopback()), found.join());
  }
});

for (const name of ['localhost', hostname()]) {
  test(`what /etc/hosts says of ${name}`, { ...LIMIT, skip: missing(name) }, async () => {
    const resolver = new Resolver({ method: 'dns' });
    assert.deepEqual((await resolver.lookupHost(name)).sort(), listed(name));
    const [addr = ''] = listed(name);
    const names = await resolver.lookupAddr(addr);
    assert.ok(names.includes(name), names.join());
  });
}

test('the C library’s name of an address', { ...LIMIT, skip: missing('localhost') }, async () => {
  const [addr = ''] = listed('localhost');
  const names = await new Resolver({ method: 'getaddrinfo' }).lookupAddr(addr);
  assert.ok(
    hosts.names(Addr.parse(addr)).some((name) => names.includes(`${name}.`)),
    names.join(),
  );
});

test('importing the resolver opens nothing', LIMIT, async () => {
  const { code, stdout, stderr } = await run(new URL('./child/imports.js', import.meta.url), []);
  assert.deepEqual({ code, stdout }, { code: 0, stdout: 'true\n' }, stderr);
});
