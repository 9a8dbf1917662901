import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inspect } from 'node:util';

import { AddrPort } from './addrport.ts';
import { Addr } from './ip.ts';

const good: readonly [text: string, addr: string, port: number, printed?: string][] = [
  ['1.2.3.4:0', '1.2.3.4', 0],
  ['1.2.3.4:80', '1.2.3.4', 80],
  ['1.2.3.4:65535', '1.2.3.4', 65535],
  ['1.2.3.4:00080', '1.2.3.4', 80, '1.2.3.4:80'],
  ['[::]:80', '::', 80],
  ['[::1%6]:80', '::1%6', 80],
  ['[::1%a%b]:80', '::1%a%b', 80],
  ['[::ffff:1.2.3.4]:80', '::ffff:1.2.3.4', 80],
  ['[::ffff:1.2.3.4%z]:80', '::ffff:1.2.3.4%z', 80],
  ['[0:0::1]:1', '::1', 1, '[::1]:1'],
];

for (const [text, addr, port, printed = text] of good) {
  test(`parse reads ${text}`, () => {
    const pair = AddrPort.parse(text);
    assert.equal(pair.addr.toString(), addr);
    assert.equal(pair.port, port);
    assert.equal(pair.isValid(), true);
    assert.equal(pair.toString(), printed);
    assert.equal(JSON.stringify([pair]), JSON.stringify([printed]));
    assert.equal(inspect(pair), printed);
    assert.ok(pair.equals(AddrPort.from(Addr.parse(addr), port)));
  });
}

const bad: readonly [text: string, message: string][] = [
  ['', 'not an ip:port'],
  ['1.2.3.4', 'not an ip:port'],
  [':80', 'no IP'],
  [':', 'no IP'],
  ['1.2.3.4:', 'no port'],
  ['[::1]:', 'no port'],
  ['[::1:80', 'missing ]'],
  ['[:80', 'missing ]'],
  ['[::1]', 'missing ]'],
  ['[]:80', 'ParseAddr(""): unable to parse IP'],
  ['[::1]x:80', 'missing ]'],
  ['1.2.3.4:http', 'invalid port "http" parsing "1.2.3.4:http"'],
  ['1.2.3.4:-1', 'invalid port "-1" parsing "1.2.3.4:-1"'],
  ['1.2.3.4:+1', 'invalid port "+1" parsing "1.2.3.4:+1"'],
  ['1.2.3.4:1_0', 'invalid port "1_0" parsing "1.2.3.4:1_0"'],
  ['1.2.3.4: 1', 'invalid port " 1" parsing "1.2.3.4: 1"'],
  ['1.2.3.4:65536', 'invalid port "65536" parsing "1.2.3.4:65536"'],
  ['1.2.3.4:0x10', 'invalid port "0x10" parsing "1.2.3.4:0x10"'],
  ['bad:80', 'ParseAddr("bad"): unable to parse IP'],
  ['bad:http', 'invalid port "http" parsing "bad:http"'],
  ['[1.2.3.4]:80', 'invalid ip:port "[1.2.3.4]:80", square brackets can only be used with IPv6 addresses'],
  ['::1:80', 'invalid ip:port "::1:80", IPv6 addresses must be surrounded by square brackets'],
  ['1.2.3.4:80:90', 'ParseAddr("1.2.3.4:80"): unexpected character (at ":80")'],
];

for (const [text, message] of bad) {
  test(`parse refuses ${JSON.stringify(text)}`, () => {
    assert.throws(() => AddrPort.parse(text), { name: 'ParseError', message });
  });
}

test('from checks the port', () => {
  const addr = Addr.parse('1.2.3.4');
  for (const port of [-1, 65536, 1e9]) assert.throws(() => AddrPort.from(addr, port), RangeError);
  for (const port of [0.5, NaN, Infinity]) assert.throws(() => AddrPort.from(addr, port), TypeError);
  assert.ok(Object.is(AddrPort.from(addr, -0).port, 0));
});

test('a pair of the zero address is invalid, whatever its port', () => {
  const pair = AddrPort.from(Addr.zero, 80);
  assert.equal(pair.isValid(), false);
  assert.equal(pair.toString(), 'invalid AddrPort');
  assert.equal(pair.toJSON(), '');
});

test('pairs sort by address, then by port', () => {
  const texts = ['1.1.1.1:80', '1.1.1.1:443', '2.2.2.2:22', '[::1]:1', '[::1%a]:1', '[::2]:0'];
  const pairs = [AddrPort.from(Addr.zero, 0), ...texts.map((text) => AddrPort.parse(text))];
  pairs.forEach((left, i) => {
    pairs.forEach((right, j) => {
      assert.equal(Math.sign(left.compare(right)), Math.sign(i - j), `${left} ${right}`);
      assert.equal(left.equals(right), i === j);
    });
  });
});
