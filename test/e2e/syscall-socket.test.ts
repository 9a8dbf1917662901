// socket() and socketpair() of `gonet/syscall`: what this kernel makes of a family, a type and a protocol, as another language
// finds it, and what can be done with what comes of it.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

import { ClosedError, fromFd, OwnedFd, SyscallError, type UnixConn } from 'gonet';
import * as c from 'gonet/syscall';

import { leavesNothing } from './loopback.ts';

const options = { timeout: 20_000 };

/** By their names: a kernel has them or not, and what it says of those that it has not is its own. */
const DOMAINS = 'AF_UNSPEC AF_UNIX AF_INET AF_INET6 AF_NETLINK AF_PACKET AF_TIPC AF_ALG AF_VSOCK'.split(' ');
const TYPES = 'SOCK_STREAM SOCK_DGRAM SOCK_RAW SOCK_RDM SOCK_SEQPACKET SOCK_DCCP'.split(' ');
const PROTOCOLS =
  `IPPROTO_IP IPPROTO_ICMP IPPROTO_IGMP IPPROTO_TCP IPPROTO_UDP IPPROTO_DCCP IPPROTO_IPV6 IPPROTO_ICMPV6 IPPROTO_SCTP
   IPPROTO_UDPLITE IPPROTO_RAW IPPROTO_MPTCP`.split(/\s+/);
/** Numbers that nothing has. */
const ODD: readonly Triple[] = [
  [-1, 1, 0],
  [0x7fffffff, 1, 0],
  [c.AF_INET, 0, 0],
  [c.AF_INET, 15, 0],
  [c.AF_INET, -1, 0],
  [c.AF_INET, c.SOCK_STREAM, -1],
  [c.AF_INET, c.SOCK_STREAM, 263],
  [c.AF_INET, c.SOCK_STREAM, 0x7fffffff],
];

type Triple = readonly [domain: number, type: number, protocol: number];

const number = (name: string): number => (c as unknown as Readonly<Record<string, number>>)[name]!;

const ALL: readonly Triple[] = [
  ...DOMAINS.flatMap((domain) =>
    TYPES.flatMap((type) => PROTOCOLS.map((protocol): Triple => [number(domain), number(type), number(protocol)])),
  ),
  ...ODD,
];

/** 0, or the errno. */
function errnoOf(call: () => readonly OwnedFd[]): number {
  try {
    for (const fd of call()) fd.close();
    return 0;
  } catch (error) {
    assert.ok(error instanceof SyscallError, String(error));
    return -error.errno;
  }
}

const PYTHON = `
import ctypes, json, os, sys
libc = ctypes.CDLL(None, use_errno=True)
def errno(n, fds):
    for fd in fds: os.close(fd)
    return 0 if n >= 0 else ctypes.get_errno()
def one(call):
    n = libc.socket(*call)
    return errno(n, [n] if n >= 0 else [])
def two(call):
    fds = (ctypes.c_int * 2)(-1, -1)
    n = libc.socketpair(*call, fds)
    return errno(n, list(fds) if n >= 0 else [])
print(json.dumps([[one(call), two(call)] for call in json.load(sys.stdin)]))
`;

const python = spawnSync('python3', ['-c', 'import ctypes'], { timeout: 20_000 });
const withoutPython = python.status !== 0 && 'no python3 with ctypes on this machine';

test('every family, type and protocol is what C makes of it', { ...options, skip: withoutPython }, async () => {
  const { status, stdout, stderr } = spawnSync('python3', ['-c', PYTHON], {
    input: JSON.stringify(ALL),
    encoding: 'utf8',
    timeout: 20_000,
  });
  assert.equal(status, 0, stderr);
  const expected = JSON.parse(stdout) as [number, number][];
  assert.equal(expected.length, ALL.length);
  await leavesNothing(async () => {
    for (const [i, [domain, type, protocol]] of ALL.entries()) {
      const found = [
        errnoOf(() => [c.socket(domain, type, protocol)]),
        errnoOf(() => c.socketpair(domain, type, protocol)),
      ];
      const names = (errnos: readonly number[]): string[] => errnos.map((n) => (n === 0 ? 'made' : c.errnoName(n)));
      assert.deepEqual(names(found), names(expected[i]!), `socket(${domain}, ${type}, ${protocol})`);
    }
  });
});

/** What these kernels and all others say. */
const REFUSED: readonly (readonly [name: string, ...Triple, code: string, text: string])[] = [
  ['a stream of UDP', c.AF_INET, c.SOCK_STREAM, c.IPPROTO_UDP, 'EPROTONOSUPPORT', 'protocol not supported'],
  ['datagrams of TCP', c.AF_INET, c.SOCK_DGRAM, c.IPPROTO_TCP, 'EPROTONOSUPPORT', 'protocol not supported'],
  ['a stream of UDP on IPv6', c.AF_INET6, c.SOCK_STREAM, c.IPPROTO_UDP, 'EPROTONOSUPPORT', 'protocol not supported'],
  ['a local socket of TCP', c.AF_UNIX, c.SOCK_STREAM, c.IPPROTO_TCP, 'EPROTONOSUPPORT', 'protocol not supported'],
  ['a type that IP has not', c.AF_INET, c.SOCK_RDM, 0, 'ESOCKTNOSUPPORT', 'socket type not supported'],
  ['no family', 4095, c.SOCK_STREAM, 0, 'EAFNOSUPPORT', 'address family not supported by protocol'],
  ['no type', c.AF_INET, 15, 0, 'EINVAL', 'invalid argument'],
];

for (const [name, domain, type, protocol, code, text] of REFUSED) {
  const ipv6 = domain === c.AF_INET6 && errnoOf(() => [c.socket(c.AF_INET6, c.SOCK_STREAM)]) !== 0;
  test(`${name}: ${code}`, { ...options, skip: ipv6 && 'no IPv6 in this kernel' }, () => {
    assert.throws(
      () => c.socket(domain, type, protocol),
      (error) => {
        assert.ok(error instanceof SyscallError);
        assert.deepEqual([error.code, error.syscall, error.message], [code, 'socket', `socket: ${text}`]);
        assert.equal(c.errnoName(error.errno), code);
        return true;
      },
    );
  });
}

/** SCTP and TIPC are modules; where they are not, the reason is the kernel's own. */
for (const [name, domain, type, protocol, code] of [
  ['SCTP', c.AF_INET, c.SOCK_STREAM, c.IPPROTO_SCTP, 'EPROTONOSUPPORT'],
  ['SCTP', c.AF_INET, c.SOCK_SEQPACKET, c.IPPROTO_SCTP, 'ESOCKTNOSUPPORT'],
  ['TIPC', c.AF_TIPC, c.SOCK_STREAM, 0, 'EAFNOSUPPORT'],
  ['TIPC', c.AF_TIPC, c.SOCK_RDM, 0, 'EAFNOSUPPORT'],
] as const) {
  test(`${name}, type ${type}: a socket, or the kernel says that it has none`, options, () => {
    const errno = errnoOf(() => [c.socket(domain, type, protocol)]);
    assert.ok(errno === 0 || c.errnoName(errno) === code, c.errnoName(errno));
  });
}

test('protocol 0, given or left out, takes the default of family and type', options, () => {
  for (const [domain, type, protocol] of [
    [c.AF_INET, c.SOCK_STREAM, c.IPPROTO_TCP],
    [c.AF_INET, c.SOCK_DGRAM, c.IPPROTO_UDP],
    [c.AF_UNIX, c.SOCK_STREAM, 0],
    [c.AF_NETLINK, c.SOCK_RAW, 0],
  ] as const) {
    for (const fd of [c.socket(domain, type, 0), c.socket(domain, type), c.socket(domain, type, protocol)]) {
      const told = [c.SO_DOMAIN, c.SO_TYPE, c.SO_PROTOCOL].map((name) => c.getsockopt(fd.fd, c.SOL_SOCKET, name));
      assert.deepEqual(told, [domain, type, protocol]);
      fd.close();
    }
  }
});

/** Of a descriptor: whether it is non-blocking, and whether it is closed on exec. */
function flagsOf(fd: number): boolean[] {
  const [, flags = '0'] = /^flags:\s*(\d+)$/m.exec(readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8')) ?? [];
  return [c.O_NONBLOCK, c.O_CLOEXEC].map((flag) => (Number.parseInt(flags, 8) & flag) !== 0);
}

test('sockets are non-blocking and close-on-exec, asked for or not', options, () => {
  for (const flags of [0, c.SOCK_NONBLOCK, c.SOCK_CLOEXEC, c.SOCK_NONBLOCK | c.SOCK_CLOEXEC]) {
    const all = [c.socket(c.AF_INET, c.SOCK_DGRAM | flags), ...c.socketpair(c.AF_UNIX, c.SOCK_STREAM | flags)];
    for (const each of all) {
      assert.ok(each instanceof OwnedFd);
      assert.deepEqual(flagsOf(each.fd), [true, true]);
      each.close();
    }
  }
});

test('what is no C int is a TypeError, and leaves nothing', options, async () => {
  await leavesNothing(async () => {
    for (const wrong of [undefined, null, '2', true, 2n, 0.5, NaN, Infinity, 2 ** 32 + 1, -(2 ** 31) - 1, {}, [2]]) {
      const no = wrong as number;
      for (const call of [c.socket, c.socketpair]) {
        assert.throws(() => call(no, c.SOCK_STREAM), {
          name: 'TypeError',
          message: /^Domain must be a 32-bit integer/,
        });
        assert.throws(() => call(c.AF_UNIX, no), { name: 'TypeError', message: /^Type must be a 32-bit integer/ });
        if (wrong === undefined) continue;
        assert.throws(() => call(c.AF_UNIX, c.SOCK_STREAM, no), {
          name: 'TypeError',
          message: /^Protocol must be a 32-bit integer, not /,
        });
      }
    }
  });
});

test('a socket has an owner: `using` closes it, detach() gives it away', options, async () => {
  await leavesNothing(async () => {
    using fd = c.socket(c.AF_INET, c.SOCK_STREAM);
    c.setsockopt(fd.fd, c.SOL_SOCKET, c.SO_KEEPALIVE, true);
    assert.equal(c.getsockopt(fd.fd, c.SOL_SOCKET, c.SO_KEEPALIVE), 1);
    const other = c.socket(c.AF_INET, c.SOCK_STREAM);
    const given = new OwnedFd(other.detach());
    assert.throws(() => other.fd, ClosedError);
    other.close();
    assert.equal(c.getsockopt(given.fd, c.SOL_SOCKET, c.SO_TYPE), c.SOCK_STREAM);
    given.close();
    assert.throws(() => given.fd, ClosedError);
  });
});

test('fromFd makes conns of a pair', options, async () => {
  for (const type of [c.SOCK_STREAM, c.SOCK_SEQPACKET]) {
    const [a, b] = c.socketpair(c.AF_UNIX, type).map((each) => fromFd(each.detach()) as UnixConn);
    const into = Buffer.alloc(10);
    await a!.write('ping');
    assert.equal(into.toString('utf8', 0, (await b!.read(into))!), 'ping');
    await b!.write('pong');
    assert.equal(into.toString('utf8', 0, (await a!.read(into))!), 'pong');
    a!.close();
    b!.close();
  }
});

test('fromFd refuses a stream socket that is not connected, which stays its owner’s', options, () => {
  using fd = c.socket(c.AF_INET, c.SOCK_STREAM);
  assert.throws(() => fromFd(fd.fd), { name: 'OpError', code: 'ENOTCONN' });
  assert.equal(c.getsockopt(fd.fd, c.SOL_SOCKET, c.SO_TYPE), c.SOCK_STREAM);
});
