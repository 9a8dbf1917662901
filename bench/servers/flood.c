// Sends datagrams of one size to a port of loopback as fast as it can, for some time: the load of the receivers of udp.mjs. As many as
// fit leave in one message, which the kernel cuts up (UDP_SEGMENT): one by one, the load would be slower than the receivers.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/udp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

enum { BATCH = 64, LARGEST = 65507, SEGMENTS = 64 };
#ifndef UDP_SEGMENT
#define UDP_SEGMENT 103
#endif

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

int main(int argc, char **argv) {
  if (argc != 4) return fprintf(stderr, "usage: flood PORT BYTES MS\n"), 2;
  int size = atoi(argv[2]);
  if (size < 1 || size > LARGEST) return 2;
  struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((unsigned short)atoi(argv[1]))};
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  int fd = socket(AF_INET, SOCK_DGRAM, 0);
  if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof to) < 0) return perror("socket"), 1;
  static char data[LARGEST];
  int count = LARGEST / size;
  if (count > SEGMENTS) count = SEGMENTS;
  if (setsockopt(fd, IPPROTO_UDP, UDP_SEGMENT, &size, sizeof size) < 0) return perror("UDP_SEGMENT"), 1;
  struct iovec part = {data, (size_t)(size * count)};
  struct mmsghdr all[BATCH];
  memset(all, 0, sizeof all);
  for (int i = 0; i < BATCH; i++) all[i].msg_hdr.msg_iov = &part, all[i].msg_hdr.msg_iovlen = 1;
  puts("FLOOD");
  fflush(stdout);
  for (double end = now() + atof(argv[3]); now() < end;) sendmmsg(fd, all, BATCH, 0);
  return 0;
}
