/* The load: n connections, each a closed loop of one message and its echo, on one thread with epoll.
 *
 *   load PORT CONNS BYTES WARMUP_SECONDS SECONDS SERVER_PID
 *
 * Every echo is compared with what was sent. Latency runs from before send to after the last recv. The server's CPU
 * is its process clock (all threads, user and system, in ns), read at both ends of the measured window.
 * Prints one line of JSON. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { BUCKET_NS = 50, BUCKETS = 2000000, MAX_BYTES = 65536 }; /* latency up to 100 ms, then the last bucket */

struct conn {
	int fd;
	size_t got;
	uint64_t sent_at, sequence;
	char *message, *echo;
};

static uint32_t histogram[BUCKETS];

static void die(const char *what) {
	perror(what);
	exit(1);
}

static uint64_t clock_ns(clockid_t clock) {
	struct timespec t;
	if (clock_gettime(clock, &t) < 0) die("clock_gettime");
	return t.tv_sec * 1000000000ull + t.tv_nsec;
}

static void send_next(struct conn *c, size_t bytes, uint64_t now) {
	c->sequence++;
	memcpy(c->message, &c->sequence, bytes < sizeof c->sequence ? bytes : sizeof c->sequence);
	c->got = 0;
	c->sent_at = now;
	for (size_t done = 0; done < bytes;) {
		ssize_t w = send(c->fd, c->message + done, bytes - done, MSG_NOSIGNAL);
		if (w < 0) die("send");
		done += w;
	}
}

static double percentile_us(uint64_t messages, double share) {
	uint64_t rank = (uint64_t)(messages * share), seen = 0;
	for (int i = 0; i < BUCKETS; i++) {
		seen += histogram[i];
		if (seen > rank) return (i + 0.5) * BUCKET_NS / 1000;
	}
	return 0;
}

int main(int argc, char **argv) {
	if (argc != 7) {
		fprintf(stderr, "usage: load PORT CONNS BYTES WARMUP_SECONDS SECONDS SERVER_PID\n");
		return 2;
	}
	int port = atoi(argv[1]), count = atoi(argv[2]);
	size_t bytes = strtoul(argv[3], NULL, 10);
	double warmup = atof(argv[4]), seconds = atof(argv[5]);
	clockid_t server;
	if (count < 1 || bytes < 1 || bytes > MAX_BYTES) return fprintf(stderr, "load: count or size out of range\n"), 2;
	if ((errno = clock_getcpuclockid(atoi(argv[6]), &server))) die("clock_getcpuclockid");

	int ep = epoll_create1(EPOLL_CLOEXEC);
	if (ep < 0) die("epoll_create1");
	struct conn *conns = calloc(count, sizeof *conns);
	for (int i = 0; i < count; i++) {
		struct conn *c = &conns[i];
		struct sockaddr_in sa = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
		c->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
		if (c->fd < 0 || connect(c->fd, (struct sockaddr *)&sa, sizeof sa) < 0) die("connect");
		int one = 1;
		setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
		c->message = malloc(bytes);
		c->echo = malloc(bytes);
		memset(c->message, 'a' + i % 26, bytes);
		c->sequence = (uint64_t)i << 40;
		struct epoll_event ev = {.events = EPOLLIN, .data.ptr = c};
		if (epoll_ctl(ep, EPOLL_CTL_ADD, c->fd, &ev) < 0) die("epoll_ctl");
	}

	uint64_t start = clock_ns(CLOCK_MONOTONIC) + (uint64_t)(warmup * 1e9), end = start + (uint64_t)(seconds * 1e9);
	uint64_t messages = 0, cpu = 0, measured_from = 0, now = 0;
	for (int i = 0; i < count; i++) send_next(&conns[i], bytes, clock_ns(CLOCK_MONOTONIC));

	static struct epoll_event events[1024];
	while (now < end) {
		int n = epoll_wait(ep, events, 1024, 5000);
		if (n == 0) return fprintf(stderr, "load: no echo for 5 s\n"), 1;
		if (n < 0 && errno != EINTR) die("epoll_wait");
		for (int i = 0; i < n; i++) {
			struct conn *c = events[i].data.ptr;
			ssize_t r = recv(c->fd, c->echo + c->got, bytes - c->got, MSG_DONTWAIT);
			if (r == 0) return fprintf(stderr, "load: the server closed a connection\n"), 1;
			if (r < 0) {
				if (errno == EAGAIN || errno == EINTR) continue;
				die("recv");
			}
			c->got += r;
			if (c->got < bytes) continue;
			now = clock_ns(CLOCK_MONOTONIC);
			if (memcmp(c->message, c->echo, bytes)) return fprintf(stderr, "load: a wrong echo\n"), 1;
			uint64_t bucket = (now - c->sent_at) / BUCKET_NS;
			histogram[bucket < BUCKETS ? bucket : BUCKETS - 1]++;
			messages++;
			send_next(c, bytes, now);
		}
		if (!measured_from && now >= start) {
			memset(histogram, 0, sizeof histogram);
			messages = 0;
			cpu = clock_ns(server);
			measured_from = now = clock_ns(CLOCK_MONOTONIC);
			end = now + (uint64_t)(seconds * 1e9);
		}
	}
	cpu = clock_ns(server) - cpu;
	double elapsed = (clock_ns(CLOCK_MONOTONIC) - measured_from) / 1e9;
	printf("{\"messages\":%llu,\"perSecond\":%.1f,\"p50us\":%.3f,\"p99us\":%.3f,\"cpuUs\":%.4f,\"busy\":%.4f}\n",
	       (unsigned long long)messages, messages / elapsed, percentile_us(messages, 0.5), percentile_us(messages, 0.99),
	       cpu / 1e3 / messages, cpu / 1e9 / elapsed);
	return 0;
}
