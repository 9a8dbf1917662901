/* Echo in C on edge-triggered epoll: what the kernel itself costs. One thread; a short read means that the
 * socket is drained, so the usual message is one recv and one send. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

struct conn {
	int fd;
	size_t from, to; /* buf[from, to) still has to be sent */
	char buf[4096];
};

static void die(const char *what) {
	perror(what);
	exit(1);
}

static void accept_all(int ep, int listener) {
	for (;;) {
		int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (fd < 0) {
			if (errno == EAGAIN) return;
			if (errno == ECONNABORTED || errno == EINTR) continue;
			die("accept4");
		}
		int one = 1;
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
		struct conn *c = malloc(sizeof *c);
		if (!c) die("malloc");
		c->fd = fd;
		c->from = c->to = 0;
		struct epoll_event ev = {.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, .data.ptr = c};
		if (epoll_ctl(ep, EPOLL_CTL_ADD, fd, &ev) < 0) die("epoll_ctl");
	}
}

/* Runs until the socket would block; 0 when the connection is over. Reads nothing while an echo is unsent. */
static int echo(struct conn *c, int hangup) {
	for (;;) {
		while (c->from < c->to) {
			ssize_t w = send(c->fd, c->buf + c->from, c->to - c->from, MSG_NOSIGNAL);
			if (w < 0) return errno == EAGAIN;
			c->from += w;
		}
		ssize_t n = recv(c->fd, c->buf, sizeof c->buf, 0);
		if (n < 0) return errno == EAGAIN;
		if (n == 0) return 0;
		c->from = 0;
		c->to = n;
		if ((size_t)n < sizeof c->buf && !hangup) {
			ssize_t w = send(c->fd, c->buf, n, MSG_NOSIGNAL);
			if (w < 0 && errno != EAGAIN) return 0;
			if (w > 0) c->from = w;
			return 1;
		}
	}
}

int main(void) {
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	struct sockaddr_in sa = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof sa;
	if (listener < 0 || bind(listener, (struct sockaddr *)&sa, sizeof sa) < 0 || listen(listener, SOMAXCONN) < 0 ||
	    getsockname(listener, (struct sockaddr *)&sa, &len) < 0)
		die("listen");
	int ep = epoll_create1(EPOLL_CLOEXEC);
	struct epoll_event ev = {.events = EPOLLIN | EPOLLET, .data.ptr = NULL};
	if (ep < 0 || epoll_ctl(ep, EPOLL_CTL_ADD, listener, &ev) < 0) die("epoll");
	printf("PORT %d\n", ntohs(sa.sin_port));
	fflush(stdout);

	static struct epoll_event events[1024];
	for (;;) {
		int n = epoll_wait(ep, events, 1024, -1);
		if (n < 0 && errno != EINTR) die("epoll_wait");
		for (int i = 0; i < n; i++) {
			struct conn *c = events[i].data.ptr;
			if (!c) {
				accept_all(ep, listener);
				continue;
			}
			/* An edge that says only "writable" matters only to an unsent echo. */
			if (!(events[i].events & ~EPOLLOUT) && c->from == c->to) continue;
			if (!echo(c, events[i].events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR))) {
				close(c->fd);
				free(c);
			}
		}
	}
}
