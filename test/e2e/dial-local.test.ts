// Dialing from a local address: Go's table of TestDialerLocalAddr, lists of addresses, and what the errors tell.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { dial, Dialer, dialTCP, listen, TCPAddr, UDPAddr, UnixAddr, type DialerOptions, type TCPListener } from 'gonet';
import { Addr } from 'gonet/netip';

import { leavesNothing, opErrorOf, withoutIPv6 } from './loopback.ts';

const options = { timeout: 10_000 };
const tcp = (text: string, port = 0): TCPAddr => new TCPAddr(text === '' ? null : Addr.parse(text), port);

type Local = NonNullable<DialerOptions['localAddr']> | undefined;
const DIALS = 'dials';
const UNFIT = 'no suitable address found';
const MISMATCH = 'mismatched local address type';
const NON_IPV4 = 'non-IPv4 address';

/** What `network` makes of a dial of `host` from `local`: it dials, or one of the reasons. */
const TABLE: [network: string, host: string, local: Local, outcome: string][] = [
  ...['tcp4', 'tcp'].flatMap((network): [string, string, Local, string][] => [
    [network, '127.0.0.1', undefined, DIALS],
    [network, '127.0.0.1', tcp(''), DIALS],
    [network, '127.0.0.1', tcp('0.0.0.0'), DIALS],
    [network, '127.0.0.1', tcp('::ffff:0.0.0.0'), DIALS],
    [network, '127.0.0.1', tcp('127.0.0.1'), DIALS],
    [network, '127.0.0.1', tcp('::ffff:127.0.0.1'), DIALS],
    [network, '127.0.0.1', tcp('::1'), UNFIT],
    [network, '127.0.0.1', new UDPAddr(null, 0), MISMATCH],
    [network, '127.0.0.1', new UnixAddr('', 'unix'), MISMATCH],
    [network, '127.0.0.1', { network: 'tcp', toString: () => 'mine' }, MISMATCH],
  ]),
  ['tcp4', '127.0.0.1', tcp('::'), NON_IPV4],
  ['tcp', '127.0.0.1', tcp('::'), DIALS],
  ...['tcp6', 'tcp'].flatMap((network): [string, string, Local, string][] => [
    [network, '::1', undefined, DIALS],
    [network, '::1', tcp(''), DIALS],
    [network, '::1', tcp('0.0.0.0'), DIALS],
    [network, '::1', tcp('::ffff:0.0.0.0'), DIALS],
    [network, '::1', tcp('::'), DIALS],
    [network, '::1', tcp('127.0.0.1'), UNFIT],
    [network, '::1', tcp('::ffff:127.0.0.1'), UNFIT],
    [network, '::1', tcp('::1'), DIALS],
    [network, '::1', new UDPAddr(null, 0), MISMATCH],
    [network, '::1', new UnixAddr('', 'unix'), MISMATCH],
  ]),
];

describe('the local address', { skip: withoutIPv6 }, () => {
  let four: TCPListener;
  let six: TCPListener;
  before(async () => {
    four = await listen('tcp4', '127.0.0.1:0');
    six = await listen('tcp6', '[::1]:0');
  });
  after(() => {
    four.close();
    six.close();
  });

  for (const [network, host, localAddr, outcome] of TABLE) {
    test(`${network} ${host} from ${localAddr ?? 'anywhere'}: ${outcome}`, options, () =>
      leavesNothing(async () => {
        const { port } = host === '::1' ? six.addr : four.addr;
        const dialing = new Dialer({ localAddr }).dial(network, { host, port });
        if (outcome === DIALS) return (await dialing).close();
        const error = await opErrorOf(dialing);
        const at = outcome === NON_IPV4 ? `dial ${network} [::]:0->${host}:${port}` : `dial ${network}`;
        const what = outcome === NON_IPV4 ? '::' : String(localAddr);
        // An address without a text of its own is not named.
        assert.equal(error.message, `${at}: ${what === '' ? '' : `address ${what}: `}${outcome}`);
        assert.equal(error.code, 'ERR_NET_ADDR');
      }),
    );
  }

  test('one for each family: the one that fits is used', options, async () => {
    const localAddr = [tcp('::1'), tcp('127.0.0.9')];
    const dialer = new Dialer({ localAddr });
    using toFour = await dialer.dial('tcp', four.addr.toString());
    assert.equal((toFour.localAddr as TCPAddr).address, '127.0.0.9');
    using toSix = await dialer.dial('tcp', six.addr.toString());
    assert.equal((toSix.localAddr as TCPAddr).address, '::1');
  });

  test('an empty list is no local address', options, async () => {
    (await dial('tcp', four.addr.toString(), { localAddr: [] })).close();
  });
});

test('the peer sees the local address and its port', options, () =>
  leavesNothing(async () => {
    using listener = await listen('tcp', '127.0.0.1:0');
    using first = await dial('tcp', listener.addr.toString(), { localAddr: tcp('127.0.0.5') });
    using accepted = await listener.accept();
    assert.equal(accepted.remoteAddr.address, '127.0.0.5');
    assert.equal(accepted.remoteAddr.port, first.localAddr.port);
    using typed = await dialTCP('tcp', tcp('127.0.0.6'), listener.addr);
    assert.equal(typed.localAddr.address, '127.0.0.6');
  }),
);

test('a local port that is taken, an address that is not ours: the errors name both ends (rule 35)', options, () =>
  leavesNothing(async () => {
    using listener = await listen('tcp', '127.0.0.1:0');
    const { port } = listener.addr;
    const taken = await opErrorOf(dial('tcp', `127.0.0.1:${port}`, { localAddr: tcp('127.0.0.1', port) }));
    assert.equal(taken.message, `dial tcp 127.0.0.1:${port}->127.0.0.1:${port}: bind: address already in use`);
    assert.deepEqual([taken.code, taken.syscall, taken.source?.port], ['EADDRINUSE', 'bind', port]);
    // RFC 5737, and so of no machine; nothing is sent.
    const foreign = await opErrorOf(dial('tcp', `127.0.0.1:${port}`, { localAddr: tcp('198.51.100.1', port) }));
    assert.equal(
      foreign.message,
      `dial tcp 198.51.100.1:${port}->127.0.0.1:${port}: bind: cannot assign requested address`,
    );
    const wrong = await opErrorOf(dialTCP('tcp', tcp('127.0.0.1', 65_536), listener.addr));
    assert.equal(wrong.message, `dial tcp 127.0.0.1:65536->127.0.0.1:${port}: bind: invalid argument`);
  }),
);
