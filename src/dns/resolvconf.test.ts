// resolv.conf: what each line says, and what stands where no line does.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import * as fc from 'fast-check';

import { parseResolvConf } from './resolvconf.ts';

/** What a text changes of the defaults, addresses as text. */
function changed(text: string | null): object {
  const [conf, plain] = [parseResolvConf(text), parseResolvConf(null)];
  const said = Object.entries(conf).filter(([key, value]) => String(value) !== String(Reflect.get(plain, key)));
  return Object.fromEntries(said.map(([key, value]) => [key, key === 'servers' ? String(value) : (value as unknown)]));
}

test('the defaults', () => {
  const { servers, ...rest } = parseResolvConf(null);
  assert.deepEqual(servers.map(String), ['127.0.0.1', '::1']);
  assert.deepEqual(rest, {
    search: null,
    ndots: 1,
    timeout: 5000,
    attempts: 2,
    rotate: false,
    singleRequest: false,
    unknown: false,
  });
});

const SERVERS = 'nameserver 192.0.2.1\nnameserver fe80::1%eth0\nnameserver name\nnameserver\nnameserver 192.0.2.3';

for (const [text, expected] of [
  ['', {}],
  ['# nameserver 192.0.2.1\n; search a.test', {}],
  [SERVERS, { servers: '192.0.2.1,fe80::1%eth0,192.0.2.3' }],
  [`${SERVERS}\nnameserver 192.0.2.4`, { servers: '192.0.2.1,fe80::1%eth0,192.0.2.3' }],
  ['nameserver 010.0.0.1', {}],
  ['domain a.test b.test', { search: ['a.test.'] }],
  ['search a.test b.test.\r', { search: ['a.test.', 'b.test.'] }],
  ['search a.test\ndomain b.test', { search: ['b.test.'] }],
  ['search .', {}],
  ['options ndots:3 timeout:2\toptions', { ndots: 3, timeout: 2000, unknown: true }],
  ['options ndots:99 timeout:0 attempts:0', { ndots: 15, timeout: 1000, attempts: 1 }],
  ['options ndots:-1 timeout:-3', { ndots: 0, timeout: 1000 }],
  ['options ndots: attempts:x', { ndots: 0, attempts: 1 }],
  ['options attempts:5\noptions rotate', { attempts: 5, rotate: true }],
  ['options single-request', { singleRequest: true }],
  ['options single-request-reopen', { singleRequest: true }],
  ['options edns0 trust-ad no-reload use-vc', {}],
  ['options inet6', { unknown: true }],
  ['sortlist 192.0.2.0', { unknown: true }],
] as const) {
  test(JSON.stringify(text), () => assert.deepEqual(changed(text), expected));
}

test('any text can be read', () => {
  const word = fc.oneof(
    fc.constantFrom('options', 'ndots:', 'search', 'nameserver', '\n', ':', '-1', '99999999'),
    fc.string(),
  );
  fc.assert(
    fc.property(fc.array(word), (words) => {
      const conf = parseResolvConf(words.join(' '));
      assert.ok(conf.servers.length > 0 && conf.timeout >= 1000 && conf.attempts >= 1 && conf.ndots >= 0);
    }),
  );
});
