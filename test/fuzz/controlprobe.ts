// A program in C that writes control messages with cmsg(3)'s macros, and prints what recvmsg(2) tells it on real sockets: a name
// and the bytes in hex on each line, `<name>.failed` and why where the kernel would not.

/** The program's source. */
export const PROBE: string = String.raw`
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include <linux/errqueue.h>
#include <linux/net_tstamp.h>
#include <poll.h>
#ifndef UDP_SEGMENT
#define UDP_SEGMENT 103
#define UDP_GRO 104
#endif
#ifndef SO_PASSPIDFD
#define SO_PASSPIDFD 76
#endif

static char room[4096] __attribute__((aligned(8)));

static void hex(const char *name, size_t n) {
  printf("%s ", name);
  for (size_t i = 0; i < n; i++) printf("%02x", (unsigned char)room[i]);
  printf("\n");
}

static struct cmsghdr *add(struct msghdr *m, struct cmsghdr *at, int level, int type, const void *data, size_t n) {
  struct cmsghdr *h = at ? CMSG_NXTHDR(m, at) : CMSG_FIRSTHDR(m);
  h->cmsg_level = level, h->cmsg_type = type, h->cmsg_len = CMSG_LEN(n);
  memcpy(CMSG_DATA(h), data, n);
  return h;
}

static void written(void) {
  struct msghdr m = { .msg_control = room, .msg_controllen = sizeof room };
  struct in_pktinfo p4 = { .ipi_ifindex = 7 };
  inet_pton(AF_INET, "192.0.2.1", &p4.ipi_spec_dst);
  struct in6_pktinfo p6 = { .ipi6_ifindex = 9 };
  inet_pton(AF_INET6, "2001:db8::1", &p6.ipi6_addr);
  int ttl = 64, tos = 184, fds[3] = { 3, 4, 5 };
  unsigned short size = 1472;
  struct ucred who = { .pid = 42, .uid = 1000, .gid = 4294967295u };
  struct cmsghdr *h = add(&m, NULL, SOL_IP, IP_PKTINFO, &p4, sizeof p4);
  h = add(&m, h, SOL_IPV6, IPV6_PKTINFO, &p6, sizeof p6);
  h = add(&m, h, SOL_IP, IP_TTL, &ttl, sizeof ttl);
  h = add(&m, h, SOL_IPV6, IPV6_HOPLIMIT, &ttl, sizeof ttl);
  h = add(&m, h, SOL_IP, IP_TOS, &tos, sizeof tos);
  h = add(&m, h, SOL_IPV6, IPV6_TCLASS, &tos, sizeof tos);
  h = add(&m, h, IPPROTO_UDP, UDP_SEGMENT, &size, sizeof size);
  h = add(&m, h, SOL_SOCKET, SCM_RIGHTS, fds, sizeof fds);
  h = add(&m, h, SOL_SOCKET, SCM_CREDENTIALS, &who, sizeof who);
  hex("written", (char *)h - room + CMSG_SPACE(sizeof who));
}

static void on(int fd, int level, int name) {
  int one = 1;
  setsockopt(fd, level, name, &one, sizeof one);
}

static int bound(int family, struct sockaddr_in6 *name, socklen_t *len, const char *ip) {
  int fd = socket(family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  memset(name, 0, sizeof *name);
  name->sin6_family = family;
  *len = family == AF_INET ? sizeof(struct sockaddr_in) : sizeof *name;
  if (family == AF_INET) inet_pton(family, ip, &((struct sockaddr_in *)name)->sin_addr);
  else inet_pton(family, ip, &name->sin6_addr);
  if (fd < 0 || bind(fd, (struct sockaddr *)name, *len) < 0) return -1;
  getsockname(fd, (struct sockaddr *)name, len);
  return fd;
}

static size_t take(const char *name, int fd, size_t most, int flags) {
  char data[2048];
  struct iovec iov = { data, sizeof data };
  struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = room, .msg_controllen = most };
  struct pollfd p = { fd, POLLIN, 0 };
  poll(&p, 1, 2000);
  memset(room, 0, sizeof room);
  if (recvmsg(fd, &m, flags | MSG_DONTWAIT) < 0) printf("%s.failed %s\n", name, strerror(errno));
  else hex(name, m.msg_controllen);
  return m.msg_controllen;
}

static void received(const char *name, int family, const char *ip, int from, const char *to) {
  struct sockaddr_in6 sa;
  socklen_t len;
  int fd = bound(family, &sa, &len, ip), other = socket(from, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0 || other < 0) { printf("%s.failed no socket\n", name); return; }
  printf("%s.port %d\n", name, ntohs(sa.sin6_port));
  on(fd, SOL_IP, IP_PKTINFO), on(fd, SOL_IP, IP_RECVTTL), on(fd, SOL_IP, IP_RECVTOS), on(fd, SOL_IP, IP_RECVORIGDSTADDR);
  on(fd, SOL_IPV6, IPV6_RECVPKTINFO), on(fd, SOL_IPV6, IPV6_RECVHOPLIMIT), on(fd, SOL_IPV6, IPV6_RECVTCLASS);
  on(fd, SOL_IPV6, IPV6_RECVORIGDSTADDR), on(fd, SOL_SOCKET, SO_TIMESTAMPNS), on(fd, SOL_SOCKET, SO_RXQ_OVFL);
  int ttl = 42, tos = 184;
  setsockopt(other, SOL_IP, IP_TTL, &ttl, 4), setsockopt(other, SOL_IP, IP_TOS, &tos, 4);
  setsockopt(other, SOL_IPV6, IPV6_UNICAST_HOPS, &ttl, 4), setsockopt(other, SOL_IPV6, IPV6_TCLASS, &tos, 4);
  struct sockaddr_in6 dst = { .sin6_family = from, .sin6_port = sa.sin6_port };
  if (from == AF_INET) inet_pton(from, to, &((struct sockaddr_in *)&dst)->sin_addr);
  else inet_pton(from, to, &dst.sin6_addr);
  sendto(other, "x", 1, 0, (struct sockaddr *)&dst, from == AF_INET ? sizeof(struct sockaddr_in) : sizeof dst);
  take(name, fd, sizeof room, 0);
  close(fd), close(other);
}

static void joined(void) {
  struct sockaddr_in6 sa;
  socklen_t len;
  int fd = bound(AF_INET, &sa, &len, "127.0.0.1"), other = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), size = 100;
  char data[250] = { 0 };
  on(fd, IPPROTO_UDP, UDP_GRO);
  setsockopt(other, IPPROTO_UDP, UDP_SEGMENT, &size, sizeof size);
  sendto(other, data, sizeof data, 0, (struct sockaddr *)&sa, len);
  take("gro", fd, sizeof room, 0);
  close(fd), close(other);
}

static void stamped(const char *name, int option, int value) {
  struct sockaddr_in6 sa;
  socklen_t len;
  int fd = bound(AF_INET, &sa, &len, "127.0.0.1");
  setsockopt(fd, SOL_SOCKET, option, &value, sizeof value);
  // The kernel begins to stamp some time after it was asked to (net_enable_timestamp, by a work queue).
  size_t n = 0;
  for (int i = 0; i < 500 && n == 0; i++) {
    sendto(fd, "x", 1, 0, (struct sockaddr *)&sa, len);
    n = take(name, fd, sizeof room, 0);
    if (n == 0) poll(NULL, 0, 10);
  }
  close(fd);
}

static void refused(const char *name, int family, const char *ip) {
  struct sockaddr_in6 sa;
  socklen_t len;
  int fd = bound(family, &sa, &len, ip), other = socket(family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) { printf("%s.failed no socket\n", name); return; }
  close(fd);
  on(other, SOL_IP, IP_RECVERR), on(other, SOL_IPV6, IPV6_RECVERR);
  sendto(other, "x", 1, 0, (struct sockaddr *)&sa, len);
  struct pollfd p = { other, 0, 0 };
  poll(&p, 1, 2000);
  take(name, other, sizeof room, MSG_ERRQUEUE);
  close(other);
}

static void toolong(void) {
  struct sockaddr_in6 sa;
  socklen_t len;
  int fd = bound(AF_INET, &sa, &len, "127.0.0.1"), how = IP_PMTUDISC_DO;
  static char data[65508];
  on(fd, SOL_IP, IP_RECVERR);
  setsockopt(fd, SOL_IP, IP_MTU_DISCOVER, &how, sizeof how);
  if (sendto(fd, data, sizeof data, 0, (struct sockaddr *)&sa, len) >= 0) printf("toolong.sent\n");
  take("toolong", fd, sizeof room, MSG_ERRQUEUE);
  close(fd);
}

static void zerocopy(void) {
  struct sockaddr_in6 sa;
  socklen_t len;
  int fd = bound(AF_INET, &sa, &len, "127.0.0.1");
  on(fd, SOL_SOCKET, SO_ZEROCOPY);
  for (int i = 0; i < 3; i++)
    if (sendto(fd, room, 1000, MSG_ZEROCOPY, (struct sockaddr *)&sa, len) < 0) printf("zerocopy.failed %s\n", strerror(errno));
  for (int i = 0; i < 3; i++) recv(fd, room, 1000, 0);
  struct pollfd p = { fd, 0, 0 };
  poll(&p, 1, 2000);
  take("zerocopy", fd, sizeof room, MSG_ERRQUEUE);
  close(fd);
}

static void passed(const char *name, int cred, int pidfd, int fds, size_t most) {
  int pair[2];
  socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, pair);
  if (cred) on(pair[1], SOL_SOCKET, SO_PASSCRED);
  if (pidfd) on(pair[1], SOL_SOCKET, SO_PASSPIDFD);
  struct iovec iov = { "x", 1 };
  int list[3] = { 0, 1, 2 };
  struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = room, .msg_controllen = sizeof room };
  if (fds) add(&m, NULL, SOL_SOCKET, SCM_RIGHTS, list, 4 * fds);
  m.msg_controllen = fds ? CMSG_SPACE(4 * fds) : 0;
  sendmsg(pair[0], &m, 0);
  take(name, pair[1], most, MSG_CMSG_CLOEXEC);
  close(pair[0]), close(pair[1]);
}

int main(void) {
  written();
  received("v4", AF_INET, "127.0.0.1", AF_INET, "127.0.0.1");
  received("any", AF_INET, "0.0.0.0", AF_INET, "127.1.2.3");
  received("v6", AF_INET6, "::1", AF_INET6, "::1");
  received("dual", AF_INET6, "::", AF_INET, "127.0.0.1");
  joined();
  stamped("micro", SO_TIMESTAMP, 1);
  stamped("nano", SO_TIMESTAMPNS, 1);
  stamped("software", SO_TIMESTAMPING, SOF_TIMESTAMPING_RX_SOFTWARE | SOF_TIMESTAMPING_SOFTWARE);
  refused("refused4", AF_INET, "127.0.0.1");
  refused("refused6", AF_INET6, "::1");
  toolong();
  zerocopy();
  passed("rights", 0, 0, 3, sizeof room);
  passed("all", 1, 1, 2, sizeof room);
  passed("cut", 0, 0, 3, CMSG_LEN(8));
  passed("odd", 0, 0, 3, CMSG_LEN(7));
  passed("headed", 0, 0, 3, CMSG_LEN(0));
  printf("pid %d\nuid %d\ngid %d\n", getpid(), getuid(), getgid());
  return 0;
}
`;
