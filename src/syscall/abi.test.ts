// The constants and layouts of this floor against the machine's own C headers: a probe is written, compiled, run and thrown
// away. What the headers are too old to know is named and passed over.

import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';

import { EPOLL_DATA_WORD, EPOLL_EVENT_WORDS } from './arch.ts';
import { HEADER, NAME } from './msghdr.ts';
import { cmsgLen, cmsgSpace } from './cmsg.ts';
import { Sockaddr } from './sockaddr.ts';
import { ERRNO } from './zerrno_linux.ts';
import * as constants from './zconst_linux.ts';

/** Newer than the headers of some distributions that are still in use. */
const NEW: ReadonlySet<string> = new Set([
  'SO_PEERPIDFD',
  'SO_PASSPIDFD',
  'SCM_PIDFD',
  'IPPROTO_MPTCP',
  'TCP_FASTOPEN_CONNECT',
  'SOL_MPTCP',
  'MPTCP_INFO',
]);

const HEADERS =
  'errno.h string.h stdio.h stddef.h limits.h fcntl.h unistd.h net/if.h sys/socket.h sys/un.h sys/uio.h sys/epoll.h ' +
  'netinet/in.h arpa/inet.h linux/tcp.h linux/udp.h linux/mptcp.h linux/vm_sockets.h ' +
  'time.h sys/time.h linux/errqueue.h';

/** Sizes and offsets as C has them, and as the code of this floor relies on them. */
const LAYOUT: Readonly<Record<string, number>> = {
  'sizeof(struct sockaddr_in)': 16,
  'offsetof(struct sockaddr_in, sin_family)': 0,
  'offsetof(struct sockaddr_in, sin_port)': 2,
  'offsetof(struct sockaddr_in, sin_addr)': 4,
  'sizeof(struct sockaddr_in6)': 28,
  'offsetof(struct sockaddr_in6, sin6_family)': 0,
  'offsetof(struct sockaddr_in6, sin6_port)': 2,
  'offsetof(struct sockaddr_in6, sin6_flowinfo)': 4,
  'offsetof(struct sockaddr_in6, sin6_addr)': 8,
  'offsetof(struct sockaddr_in6, sin6_scope_id)': 24,
  'sizeof(struct sockaddr_un)': 110,
  'offsetof(struct sockaddr_un, sun_family)': 0,
  'offsetof(struct sockaddr_un, sun_path)': 2,
  'sizeof(((struct sockaddr_un *)0)->sun_path)': 108,
  'sizeof(struct sockaddr_storage)': NAME,
  'sizeof(struct sockaddr_vm)': 16,
  'offsetof(struct sockaddr_vm, svm_family)': 0,
  'offsetof(struct sockaddr_vm, svm_port)': 4,
  'offsetof(struct sockaddr_vm, svm_cid)': 8,
  'sizeof(struct epoll_event)': 4 * EPOLL_EVENT_WORDS,
  'offsetof(struct epoll_event, events)': 0,
  'offsetof(struct epoll_event, data)': 4 * EPOLL_DATA_WORD,
  'sizeof(epoll_data_t)': 8,
  'sizeof(struct iovec)': 16,
  'offsetof(struct iovec, iov_base)': 0,
  'offsetof(struct iovec, iov_len)': 8,
  // msg_iovlen and msg_controllen are of 8 bytes, or, on musl, of 4 with padding behind them.
  'sizeof(struct msghdr)': 4 * HEADER.len,
  'offsetof(struct msghdr, msg_name)': 4 * HEADER.name,
  'offsetof(struct msghdr, msg_namelen)': 4 * HEADER.namelen,
  'offsetof(struct msghdr, msg_iov)': 4 * HEADER.iov,
  'offsetof(struct msghdr, msg_iovlen)': 4 * HEADER.iovlen,
  'offsetof(struct msghdr, msg_control)': 4 * HEADER.control,
  'offsetof(struct msghdr, msg_controllen)': 4 * HEADER.controllen,
  'offsetof(struct msghdr, msg_flags)': 4 * HEADER.flags,
  'sizeof(struct mmsghdr)': 4 * HEADER.words,
  'offsetof(struct mmsghdr, msg_hdr)': 0,
  'offsetof(struct mmsghdr, msg_len)': 4 * HEADER.len,
  'sizeof(((struct mmsghdr *)0)->msg_len)': 4,
  'sizeof(struct linger)': 8,
  'offsetof(struct linger, l_onoff)': 0,
  'offsetof(struct linger, l_linger)': 4,
  'sizeof(struct cmsghdr)': cmsgLen(0),
  'sizeof(((struct cmsghdr *)0)->cmsg_len)': 8,
  'offsetof(struct cmsghdr, cmsg_len)': 0,
  'offsetof(struct cmsghdr, cmsg_level)': 8,
  'offsetof(struct cmsghdr, cmsg_type)': 12,
  'CMSG_LEN(0)': cmsgLen(0),
  'CMSG_LEN(5)': cmsgLen(5),
  'CMSG_SPACE(0)': cmsgSpace(0),
  'CMSG_SPACE(1)': cmsgSpace(1),
  'CMSG_SPACE(8)': cmsgSpace(8),
  'CMSG_SPACE(4 * 253)': cmsgSpace(4 * 253),
  'sizeof(struct in_pktinfo)': 12,
  'offsetof(struct in_pktinfo, ipi_ifindex)': 0,
  'offsetof(struct in_pktinfo, ipi_spec_dst)': 4,
  'offsetof(struct in_pktinfo, ipi_addr)': 8,
  'sizeof(struct in6_pktinfo)': 20,
  'offsetof(struct in6_pktinfo, ipi6_addr)': 0,
  'offsetof(struct in6_pktinfo, ipi6_ifindex)': 16,
  'sizeof(struct ucred)': 12,
  'offsetof(struct ucred, pid)': 0,
  'offsetof(struct ucred, uid)': 4,
  'offsetof(struct ucred, gid)': 8,
  'sizeof(struct sock_extended_err)': 16,
  'offsetof(struct sock_extended_err, ee_errno)': 0,
  'offsetof(struct sock_extended_err, ee_origin)': 4,
  'offsetof(struct sock_extended_err, ee_type)': 5,
  'offsetof(struct sock_extended_err, ee_code)': 6,
  'offsetof(struct sock_extended_err, ee_info)': 8,
  'offsetof(struct sock_extended_err, ee_data)': 12,
  'sizeof(struct timespec)': 16,
  'offsetof(struct timespec, tv_nsec)': 8,
  'sizeof(struct timeval)': 16,
  'offsetof(struct timeval, tv_usec)': 8,
  'sizeof(struct scm_timestamping)': 48,
  'sizeof(struct ip_mreqn)': 12,
  'offsetof(struct ip_mreqn, imr_multiaddr)': 0,
  'offsetof(struct ip_mreqn, imr_ifindex)': 8,
  'sizeof(struct ipv6_mreq)': 20,
  'offsetof(struct ipv6_mreq, ipv6mr_interface)': 16,
  'sizeof(struct group_req)': 136,
  'sizeof(struct group_source_req)': 264,
  'offsetof(struct group_source_req, gsr_interface)': 0,
  'offsetof(struct group_source_req, gsr_group)': 8,
  'offsetof(struct group_source_req, gsr_source)': 136,
  'sizeof(gid_t)': 4,
  'sizeof(int)': 4,
  'sizeof(size_t)': 8,
  'sizeof(ssize_t)': 8,
  'sizeof(socklen_t)': 4,
  'sizeof(sa_family_t)': 2,
  IF_NAMESIZE: 16,
  '(int)sysconf(_SC_IOV_MAX)': 1024,
};

/** The bytes that C puts into a socket address, each with what fills ours. */
const ADDRESSES: readonly (readonly [c: string, fill: (sa: Sockaddr) => number])[] = [
  [
    `struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons(8080) };
     inet_pton(AF_INET, "192.0.2.1", &a.sin_addr);`,
    (sa) => sa.setInet4(Uint8Array.of(192, 0, 2, 1), 8080),
  ],
  [
    `struct sockaddr_in6 a = { .sin6_family = AF_INET6, .sin6_port = htons(443), .sin6_scope_id = 123456 };
     inet_pton(AF_INET6, "2001:db8::1", &a.sin6_addr);`,
    (sa) => sa.setInet6(Uint8Array.of(0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1), 443, '123456'),
  ],
  [
    `struct __attribute__((packed)) { sa_family_t family; char path[7]; } a = { AF_UNIX, "/tmp/a" };`,
    (sa) => sa.setUnix('/tmp/a'),
  ],
  [
    `struct __attribute__((packed)) { sa_family_t family; char path[4]; } a = { AF_UNIX, "\\0abc" };`,
    (sa) => sa.setUnix('@abc'),
  ],
  [
    `struct sockaddr_vm a = { .svm_family = AF_VSOCK, .svm_port = 4000000000u, .svm_cid = VMADDR_CID_ANY };`,
    (sa) => sa.setVsock(2 ** 32 - 1, 4_000_000_000),
  ],
];

function probe(): Map<string, string> {
  const numbers = Object.keys(constants).map(
    (name) => `#ifdef ${name}\n  printf("${name} %d\\n", (int)(${name}));\n#endif`,
  );
  const layout = Object.keys(LAYOUT).map((text, i) => `  printf("layout${i} %d\\n", (int)(${text}));`);
  const addresses = ADDRESSES.map(
    ([c], i) => `  { ${c} printf("address${i} "); for (size_t i = 0; i < sizeof a; i++)
      printf("%02x", ((unsigned char *)&a)[i]); printf("\\n"); }`,
  );
  const errnos = ERRNO.map(([n]) => `  printf("text${n} %s\\n", strerror(${n}));`);
  const includes = HEADERS.split(' ')
    .map((name) => `#include <${name}>`)
    .join('\n');
  const body = [...numbers, ...layout, ...addresses, ...errnos].join('\n');
  const folder = mkdtempSync(join(tmpdir(), 'gonet-abi-'));
  try {
    const source = join(folder, 'probe.c');
    writeFileSync(source, `#define _GNU_SOURCE\n${includes}\nint main(void) {\n${body}\n  return 0;\n}\n`);
    execFileSync('cc', ['-o', join(folder, 'probe'), source]);
    const lines = execFileSync(join(folder, 'probe'), { encoding: 'utf8', env: { LC_ALL: 'C' } })
      .trim()
      .split('\n');
    return new Map(lines.map((line) => [line.slice(0, line.indexOf(' ')), line.slice(line.indexOf(' ') + 1)]));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function whyNot(): string | false {
  const compiler = spawnSync('cc', ['-E', '-'], { input: '#include <linux/tcp.h>\n' });
  if (compiler.error !== undefined) return 'no C compiler here';
  return compiler.status === 0 ? false : 'no C headers here';
}

const skip = whyNot();

describe('the machine’s C headers', { skip }, () => {
  let found: Map<string, string>;
  test('a probe compiles', { timeout: 60_000 }, () => {
    found = probe();
  });

  test('have our constants', { timeout: 60_000 }, (t) => {
    const old = Object.keys(constants).filter((name) => !found.has(name));
    if (old.length > 0) t.diagnostic(`not in these headers: ${old.join(', ')}`);
    assert.deepEqual(
      old.filter((name) => !NEW.has(name)),
      [],
    );
    const known = Object.entries(constants).filter(([name]) => found.has(name));
    assert.deepEqual(
      Object.fromEntries(known),
      Object.fromEntries(known.map(([name]) => [name, Number(found.get(name))])),
    );
  });

  test('have our sizes and offsets', { timeout: 60_000 }, () => {
    const theirs = Object.keys(LAYOUT).map((text, i) => [text, Number(found.get(`layout${i}`))]);
    assert.deepEqual(Object.fromEntries(theirs), LAYOUT);
    assert.equal(new Sockaddr().bytes.length, NAME);
  });

  test('fill a socket address with the bytes that we do', { timeout: 60_000 }, () => {
    for (const [i, [c, fill]] of ADDRESSES.entries()) {
      const sa = new Sockaddr();
      const length = fill(sa);
      assert.equal(Buffer.from(sa.bytes.subarray(0, length)).toString('hex'), found.get(`address${i}`), c);
    }
  });

  test('the texts of errno are the C library’s, in Go’s lower case', { timeout: 60_000 }, () => {
    for (const [n, name, text] of ERRNO) assert.equal(text.toLowerCase(), found.get(`text${n}`)?.toLowerCase(), name);
  });
});
