// Which listeners live together, and who reaches which: Go's tables of TestTCPListener, TestDualStackTCPListener and
// TestTCPServer (rules 58 to 61).

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { Dialer, joinHostPort, listen, OpError, type TCPAddr, type TCPConn, type TCPListener } from 'gonet';

import { leavesNothing, opErrorOf, pass, withoutIPv6 } from './loopback.ts';

const options = { timeout: 20_000 };
const WILD4 = ['', '0.0.0.0', '::ffff:0.0.0.0'];

const start = (network: string, host: string, port: number | string = 0): Promise<TCPListener> =>
  listen(network as 'tcp', joinHostPort(host, port));

/** One address, asked for twice. */
const TWICE: [network: string, hosts: string[]][] = [
  ['tcp', [...WILD4, '::', '127.0.0.1', '::ffff:127.0.0.1', '::1']],
  ['tcp4', [...WILD4, '127.0.0.1', '::ffff:127.0.0.1']],
  ['tcp6', ['', '::', '::1']],
];

describe('a second listener', { skip: withoutIPv6 }, () => {
  for (const [network, hosts] of TWICE) {
    for (const host of hosts) {
      test(`on ${network} ${JSON.stringify(host)} again: in use, until the first is closed`, options, () =>
        leavesNothing(async () => {
          using first = await start(network, host);
          const { port } = first.addr;
          const error = await opErrorOf(start(network, host, port));
          assert.deepEqual([error.code, error.syscall], ['EADDRINUSE', 'bind']);
          first.close();
          (await start(network, host, port)).close();
        }),
      );
    }
  }

  /** Two listeners on one port: whether the second one is refused. */
  const PAIRS: [first: string, second: string, inUse: boolean][] = [
    ['tcp ', 'tcp ', true],
    ['tcp ', 'tcp 0.0.0.0', true],
    ['tcp 0.0.0.0', 'tcp ', true],
    ['tcp ', 'tcp ::', true],
    ['tcp ::', 'tcp ', true],
    ['tcp 0.0.0.0', 'tcp ::', true],
    ['tcp ::', 'tcp 0.0.0.0', true],
    ['tcp ::ffff:0.0.0.0', 'tcp ::', true],
    ['tcp ::', 'tcp ::ffff:0.0.0.0', true],
    ['tcp4 ', 'tcp6 ', false],
    ['tcp6 ', 'tcp4 ', false],
    ['tcp4 0.0.0.0', 'tcp6 ::', false],
    ['tcp6 ::', 'tcp4 0.0.0.0', false],
    ['tcp 127.0.0.1', 'tcp ::1', false],
    ['tcp ::1', 'tcp 127.0.0.1', false],
    ['tcp4 127.0.0.1', 'tcp6 ::1', false],
    ['tcp6 ::1', 'tcp4 127.0.0.1', false],
    // A wildcard for both families leaves room for nobody, a listener on one address not for a wildcard.
    ['tcp ', 'tcp4 ', true],
    ['tcp ', 'tcp6 ', true],
    ['tcp ', 'tcp 127.0.0.1', true],
    ['tcp ', 'tcp ::1', true],
    ['tcp 127.0.0.1', 'tcp ', true],
    ['tcp 127.0.0.1', 'tcp6 ', false],
    ['tcp ::1', 'tcp4 ', false],
    ['tcp 127.0.0.1', 'tcp 127.0.0.2', false],
  ];

  for (const [first, second, inUse] of PAIRS) {
    test(`${JSON.stringify(first)}, then ${JSON.stringify(second)}: ${inUse ? 'in use' : 'both'}`, options, () =>
      leavesNothing(async () => {
        const [network1 = '', host1 = ''] = first.split(' ');
        const [network2 = '', host2 = ''] = second.split(' ');
        // Where both are to live the port may be somebody else's on the other family; then another one is taken.
        for (let tries = 1; ; tries++) {
          using one = await start(network1, host1);
          const result = await start(network2, host2, one.addr.port).catch((error: unknown) => error);
          if (result instanceof OpError && !inUse && tries < 5) continue;
          if (!(result instanceof OpError)) (result as TCPListener).close();
          assert.equal(result instanceof OpError ? result.code : 'both', inUse ? 'EADDRINUSE' : 'both');
          return;
        }
      }),
    );
  }
});

/** The server's address, and how clients get to it. */
const SERVERS: [network: string, host: string, clients: string[]][] = [
  ...[...WILD4, '::'].map((host): [string, string, string[]] => [
    ...(['tcp', host] as const),
    ['tcp 127.0.0.1', 'tcp ::1', 'tcp4 127.0.0.1', 'tcp6 ::1', 'tcp localhost', 'tcp '],
  ]),
  ['tcp', '127.0.0.1', ['tcp 127.0.0.1', 'tcp4 127.0.0.1', 'tcp ::ffff:127.0.0.1']],
  ['tcp', '::ffff:127.0.0.1', ['tcp 127.0.0.1']],
  ['tcp', '::1', ['tcp ::1', 'tcp6 ::1']],
  ...WILD4.map((host): [string, string, string[]] => ['tcp4', host, ['tcp4 127.0.0.1', 'tcp 127.0.0.1', 'tcp4 ']]),
  ['tcp4', '127.0.0.1', ['tcp4 127.0.0.1']],
  ['tcp6', '', ['tcp6 ::1', 'tcp ::1']],
  ['tcp6', '::', ['tcp6 ::1', 'tcp6 ']],
  ['tcp6', '::1', ['tcp6 ::1']],
];

describe('a server', { skip: withoutIPv6 }, () => {
  for (const [network, host, clients] of SERVERS) {
    test(`on ${network} ${JSON.stringify(host)} is reached by ${clients.join(', ')}`, options, () =>
      leavesNothing(async () => {
        using listener = await start(network, host);
        for (const client of clients) await threeEchoes(listener, client);
      }),
    );
  }
});

/** Three clients at once, each answered by an accept of its own. */
async function threeEchoes(listener: TCPListener, client: string): Promise<void> {
  const [network = '', host = ''] = client.split(' ');
  const dialer = new Dialer({ timeout: 10_000 });
  const { port } = listener.addr;
  const servers = Array.from({ length: 3 }, () => listener.accept());
  const dialing = Array.from({ length: 3 }, () => dialer.dial(network as 'tcp', { host, port }));
  const conns = new Map((await Promise.all(dialing)).map((conn) => [conn.localAddr.port, conn]));
  for (const server of await Promise.all(servers)) {
    const own = conns.get(server.remoteAddr.port);
    assert.ok(own !== undefined);
    checkNames(own, server);
    await pass(own, server, 'TCP SERVER TEST');
    await pass(server, own, 'TCP SERVER TEST');
    own.close();
    server.close();
  }
}

/** Each end calls both as the other does: IPv4 that came in on an IPv6 socket prints as IPv4 (rule 62). */
function checkNames(client: TCPConn, server: TCPConn): void {
  const text = (addr: TCPAddr): string => addr.toString();
  assert.equal(text(client.localAddr), text(server.remoteAddr));
  assert.equal(text(client.remoteAddr), text(server.localAddr));
}
