// Writes src/syscall/zconst_linux.ts and zerrno_linux.ts: every constant that the floors use, read from the C headers of both architectures.
// The compiler only translates to assembly, so the arm64 values need a cross compiler but no arm64 machine:
//   npm run build && node dist/scripts/constants.js      (Debian: gcc, gcc-aarch64-linux-gnu, libc6-dev-arm64-cross)
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The names, by the man page that rules them. */
const names: Record<string, string> = {
  'socket(2)': `AF_UNSPEC AF_UNIX AF_INET AF_INET6 AF_NETLINK AF_PACKET AF_TIPC AF_ALG AF_VSOCK
    SOCK_STREAM SOCK_DGRAM SOCK_RAW SOCK_RDM SOCK_SEQPACKET SOCK_DCCP SOCK_NONBLOCK SOCK_CLOEXEC`,
  'ip(7), ipv6(7), tcp(7), udp(7)': `IPPROTO_IP IPPROTO_ICMP IPPROTO_IGMP IPPROTO_TCP IPPROTO_UDP IPPROTO_DCCP IPPROTO_IPV6 IPPROTO_ICMPV6
    IPPROTO_SCTP IPPROTO_UDPLITE IPPROTO_RAW IPPROTO_MPTCP`,
  'socket(7)': `SOL_SOCKET SOMAXCONN SO_REUSEADDR SO_TYPE SO_ERROR SO_DONTROUTE SO_BROADCAST SO_SNDBUF SO_RCVBUF SO_KEEPALIVE
    SO_OOBINLINE SO_PRIORITY SO_LINGER SO_REUSEPORT SO_PASSCRED SO_PEERCRED SO_RCVLOWAT SO_BINDTODEVICE SO_TIMESTAMP SO_ACCEPTCONN
    SO_SNDBUFFORCE SO_RCVBUFFORCE SO_TIMESTAMPNS SCM_TIMESTAMPNS SCM_RIGHTS SCM_CREDENTIALS SO_RXQ_OVFL SO_MARK SO_PROTOCOL SO_DOMAIN SO_BUSY_POLL SO_INCOMING_CPU SO_COOKIE SO_ZEROCOPY SO_PEERPIDFD
    SO_PASSPIDFD SCM_PIDFD SO_PEERGROUPS SO_TIMESTAMPING SCM_TIMESTAMP SCM_TIMESTAMPING
    SHUT_RD SHUT_WR SHUT_RDWR`,
  'tcp(7)': `TCP_NODELAY TCP_MAXSEG TCP_CORK TCP_KEEPIDLE TCP_KEEPINTVL TCP_KEEPCNT TCP_SYNCNT TCP_LINGER2 TCP_DEFER_ACCEPT
    TCP_WINDOW_CLAMP TCP_INFO TCP_QUICKACK TCP_CONGESTION TCP_USER_TIMEOUT TCP_FASTOPEN TCP_FASTOPEN_CONNECT TCP_NOTSENT_LOWAT`,
  'ip(7)': `IP_TOS IP_TTL IP_HDRINCL IP_OPTIONS IP_RECVERR IP_RECVTTL IP_RECVTOS IP_PKTINFO IP_MTU_DISCOVER IP_MTU IP_FREEBIND IP_TRANSPARENT
    IP_BIND_ADDRESS_NO_PORT IP_MULTICAST_IF IP_MULTICAST_TTL IP_MULTICAST_LOOP IP_ADD_MEMBERSHIP IP_DROP_MEMBERSHIP IP_MULTICAST_ALL
    IP_ORIGDSTADDR IP_RECVORIGDSTADDR IP_PMTUDISC_DONT IP_PMTUDISC_WANT IP_PMTUDISC_DO IP_PMTUDISC_PROBE IP_PMTUDISC_INTERFACE IP_PMTUDISC_OMIT
    MCAST_JOIN_SOURCE_GROUP MCAST_LEAVE_SOURCE_GROUP`,
  'ipv6(7)': `IPV6_V6ONLY IPV6_UNICAST_HOPS IPV6_MULTICAST_IF IPV6_MULTICAST_HOPS IPV6_MULTICAST_LOOP IPV6_JOIN_GROUP IPV6_LEAVE_GROUP
    IPV6_RECVERR IPV6_TCLASS IPV6_RECVTCLASS IPV6_HOPLIMIT IPV6_RECVHOPLIMIT IPV6_PKTINFO IPV6_RECVPKTINFO IPV6_MTU IPV6_FREEBIND
    IPV6_TRANSPARENT IPV6_MTU_DISCOVER IPV6_MULTICAST_ALL IPV6_ORIGDSTADDR IPV6_RECVORIGDSTADDR`,
  'send(2), recv(2)': `MSG_OOB MSG_PEEK MSG_TRUNC MSG_CTRUNC MSG_DONTWAIT MSG_NOSIGNAL MSG_MORE MSG_ERRQUEUE MSG_CMSG_CLOEXEC MSG_FASTOPEN MSG_ZEROCOPY`,
  'udp(7)': `UDP_SEGMENT UDP_GRO`,
  'linux/errqueue.h': `SO_EE_ORIGIN_NONE SO_EE_ORIGIN_LOCAL SO_EE_ORIGIN_ICMP SO_EE_ORIGIN_ICMP6 SO_EE_ORIGIN_TXSTATUS SO_EE_ORIGIN_ZEROCOPY
    SO_EE_ORIGIN_TXTIME SO_EE_CODE_ZEROCOPY_COPIED`,
  'linux/mptcp.h': `SOL_MPTCP MPTCP_INFO`,
  'fcntl(2), open(2)': `F_GETFD F_SETFD F_GETFL F_SETFL F_DUPFD_CLOEXEC FD_CLOEXEC O_NONBLOCK O_CLOEXEC O_PATH`,
  'epoll_ctl(2)': `EPOLL_CLOEXEC EPOLL_CTL_ADD EPOLL_CTL_DEL EPOLL_CTL_MOD EPOLLIN EPOLLOUT EPOLLPRI EPOLLERR EPOLLHUP EPOLLRDHUP EPOLLET`,
};

const headers = [
  'errno.h',
  'string.h',
  'fcntl.h',
  'sys/socket.h',
  'sys/un.h',
  'sys/epoll.h',
  'netinet/in.h',
  'linux/tcp.h',
  'linux/vm_sockets.h',
  'linux/in6.h',
  'linux/udp.h',
  'linux/mptcp.h',
  'time.h',
  'linux/errqueue.h',
];
const compilers = { x64: 'gcc', arm64: 'aarch64-linux-gnu-gcc' };
/** Constants newer than the headers of a stable distribution, equal on both architectures (kernel 6.5, 5.6). */
const fallback = Object.entries({ SO_PEERPIDFD: 77, SO_PASSPIDFD: 76, SCM_PIDFD: 4, IPPROTO_MPTCP: 262 })
  .map(([name, value]) => `#ifndef ${name}\n#define ${name} ${value}\n#endif\n`)
  .join('');
const includes = `#define _GNU_SOURCE\n${headers.map((name) => `#include <${name}>`).join('\n')}\n${fallback}`;
const scratch = mkdtempSync(join(tmpdir(), 'gonet-constants-'));

/** Every value of `list` on one architecture, read from markers in the assembly that its compiler writes. */
function read(compiler: string, list: readonly string[]): Map<string, number> {
  const source = join(scratch, 'probe.c');
  const body = list.map((name) => `  asm volatile("@@ ${name} %c0" :: "i"((int)(${name})));`).join('\n');
  writeFileSync(source, `${includes}\nvoid probe(void) {\n${body}\n}\n`);
  const assembly = join(scratch, 'probe.s');
  execFileSync(compiler, ['-S', '-o', assembly, source], { stdio: 'inherit' });
  const values = new Map<string, number>();
  for (const [, name, value] of readFileSync(assembly, 'utf8').matchAll(/@@ (\w+) (-?\d+)/g))
    values.set(name!, Number(value));
  return values;
}

/** Errno names and the texts of strerror(3), lower-cased as Go does, from the machine's own C library. */
function errnos(): { name: string; value: number; text: string }[] {
  const macros = execFileSync('gcc', ['-dM', '-E', '-include', 'errno.h', '-'], { input: '', encoding: 'utf8' });
  const list = [...macros.matchAll(/^#define (E[A-Z0-9]+) /gm)].map(([, name]) => name!);
  const source = join(scratch, 'errno.c');
  const lines = list.map((name) => `  printf("%d ${name} %s\\n", ${name}, strerror(${name}));`).join('\n');
  writeFileSync(source, `${includes}\n#include <stdio.h>\nint main(void) {\n${lines}\n  return 0;\n}\n`);
  execFileSync('gcc', ['-o', join(scratch, 'errno'), source], { stdio: 'inherit' });
  const rows = execFileSync(join(scratch, 'errno'), { encoding: 'utf8' }).trim().split('\n');
  return rows
    .map((row) => /^(\d+) (\w+) (.*)$/.exec(row)!)
    .map(([, value, name, text]) => ({
      name: name!,
      value: Number(value),
      text: /^[A-Z][a-z]/.test(text!) ? text!.charAt(0).toLowerCase() + text!.slice(1) : text!,
    }))
    .sort((a, b) => a.value - b.value || a.name.localeCompare(b.name));
}

/** Where one number has several names: the one that Node uses. */
const preferred = new Set(['EAGAIN', 'EDEADLK', 'ENOTSUP']);

const list = Object.values(names).flatMap((text) => text.split(/\s+/));
const x64 = read(compilers.x64, list);
const arm64 = read(compilers.arm64, list);
const codes = errnos();
let out = `// Generated by scripts/constants.ts from the C headers; do not edit. Values are those of Linux on x64 and arm64, which agree.
`;
for (const [page, text] of Object.entries(names)) {
  out += `\n// ${page}\n`;
  for (const name of text.split(/\s+/)) {
    const value = x64.get(name);
    if (value === undefined || value !== arm64.get(name))
      throw new Error(`${name}: ${value} on x64, ${arm64.get(name)} on arm64`);
    out += `export const ${name} = ${value};\n`;
  }
}
out += '\n// errno(3)\n';
for (const { name, value } of codes) out += `export const ${name} = ${value};\n`;
let table = `// Generated by scripts/constants.ts from the C headers; do not edit. errno(3): the names that Node uses, and the texts of
// strerror(3) in Go's lower case.

/** Number, name, text. */
export const ERRNO: readonly (readonly [number, string, string])[] = [
`;
for (const { name, value, text } of codes) {
  const twins = codes.filter((other) => other.value === value);
  if (twins.length === 1 || preferred.has(name))
    table += `  [${value}, '${name}', '${text.replaceAll("'", "\\'")}'],\n`;
}
table += '];\n';
const folder = fileURLToPath(new URL('../../src/syscall/', import.meta.url));
writeFileSync(join(folder, 'zconst_linux.ts'), out);
writeFileSync(join(folder, 'zerrno_linux.ts'), table);
rmSync(scratch, { recursive: true });
