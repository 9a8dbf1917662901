/* The record of system calls: each entry is the call that its manual page describes. Numbers and buffers in, the result or
 * -errno out. Nothing is retried, remembered or allocated here, except which descriptors the environment owns. */
#define _GNU_SOURCE
#include "gonet.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <net/if.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

static long sys_socket(struct call *c) {
	int domain = take_int(c, 0), type = take_int(c, 1), protocol = take_int(c, 2);
	return c->error ? -c->error : opened(c, socket(domain, type, protocol));
}

static long sys_socketpair(struct call *c) {
	int domain = take_int(c, 0), type = take_int(c, 1), protocol = take_int(c, 2), pair[2];
	size_t words = 0;
	int32_t *fds = take_array(c, c->argv[3], 3, napi_int32_array, &words);
	if (!c->error && words < 2) c->error = EFAULT;
	if (c->error) return -c->error;
	if (socketpair(domain, type, protocol, pair) < 0) return -errno;
	for (int i = 0; i < 2; i++) fds[i] = (int32_t)opened(c, pair[i]);
	return 0;
}

static long sys_bind(struct call *c) {
	int fd = take_fd(c, 0);
	size_t len = take_size(c, 2);
	const void *addr = take_range(c, 1, 0, len);
	return c->error ? -c->error : result(bind(fd, addr, (socklen_t)len));
}

static long sys_connect(struct call *c) {
	int fd = take_fd(c, 0);
	size_t len = take_size(c, 2);
	const void *addr = take_range(c, 1, 0, len);
	return c->error ? -c->error : result(connect(fd, addr, (socklen_t)len));
}

static long sys_listen(struct call *c) {
	int fd = take_fd(c, 0), backlog = take_int(c, 1);
	return c->error ? -c->error : result(listen(fd, backlog));
}

static long sys_accept4(struct call *c) {
	int fd = take_fd(c, 0), flags = take_int(c, 3);
	struct room addr = take_room(c, 1, 2);
	return c->error ? -c->error : filled(&addr, opened(c, accept4(fd, addr.buf, &addr.len, flags)));
}

static long sys_getsockname(struct call *c) {
	int fd = take_fd(c, 0);
	struct room addr = take_room(c, 1, 2);
	return c->error ? -c->error : filled(&addr, result(getsockname(fd, addr.buf, &addr.len)));
}

static long sys_getpeername(struct call *c) {
	int fd = take_fd(c, 0);
	struct room addr = take_room(c, 1, 2);
	return c->error ? -c->error : filled(&addr, result(getpeername(fd, addr.buf, &addr.len)));
}

static long sys_shutdown(struct call *c) {
	int fd = take_fd(c, 0), how = take_int(c, 1);
	return c->error ? -c->error : result(shutdown(fd, how));
}

static long sys_getsockopt(struct call *c) {
	int fd = take_fd(c, 0), level = take_int(c, 1), name = take_int(c, 2);
	struct room value = take_room(c, 3, 4);
	return c->error ? -c->error : filled(&value, result(getsockopt(fd, level, name, value.buf, &value.len)));
}

static long sys_setsockopt(struct call *c) {
	int fd = take_fd(c, 0), level = take_int(c, 1), name = take_int(c, 2);
	size_t len = take_size(c, 4);
	const void *value = take_range(c, 3, 0, len);
	return c->error ? -c->error : result(setsockopt(fd, level, name, value, (socklen_t)len));
}

static long sys_read(struct call *c) {
	int fd = take_fd(c, 0);
	size_t off = take_size(c, 2), len = take_size(c, 3);
	void *buf = take_range(c, 1, off, len);
	return c->error ? -c->error : result(read(fd, buf, len));
}

static long sys_write(struct call *c) {
	int fd = take_fd(c, 0);
	size_t off = take_size(c, 2), len = take_size(c, 3);
	const void *buf = take_range(c, 1, off, len);
	return c->error ? -c->error : result(write(fd, buf, len));
}

/* Gathers arguments 1 to 4 into `iov`, which has room for IOV_MAX: `count` buffers of an array from the `first` on, the first
 * of them from `skip` on. */
static int take_vector(struct call *c, struct iovec *iov) {
	int first = take_int(c, 2), count = take_int(c, 3);
	size_t skip = take_size(c, 4);
	bool is_array = false;
	uint32_t length = 0;
	napi_value elements[IOV_MAX];
	if (c->error) return 0;
	if (napi_is_array(c->env, c->argv[1], &is_array) != napi_ok || !is_array) {
		refuse(c, 1, "an array of Uint8Array");
		return 0;
	}
	if (napi_get_array_length(c->env, c->argv[1], &length) != napi_ok || first < 0 || count < 0 || count > IOV_MAX ||
	    (int64_t)first + count > length) {
		c->error = EINVAL;
		return 0;
	}
	/* All elements before the first address: a getter among them may take the memory of another one away. */
	for (int i = 0; i < count; i++) {
		if (napi_get_element(c->env, c->argv[1], (uint32_t)(first + i), &elements[i]) == napi_ok) continue;
		c->error = THROWN;
		return 0;
	}
	for (int i = 0; i < count && !c->error; i++) {
		size_t size = 0, off = i == 0 ? skip : 0;
		char *start = take_array(c, elements[i], 1, napi_uint8_array, &size);
		if (!c->error && off > size) c->error = EFAULT;
		if (!c->error) iov[i] = (struct iovec){.iov_base = size ? start + off : NULL, .iov_len = size - off};
	}
	return count;
}

static long sys_readv(struct call *c) {
	struct iovec iov[IOV_MAX];
	int fd = take_fd(c, 0), count = take_vector(c, iov);
	return c->error ? -c->error : result(readv(fd, iov, count));
}

static long sys_writev(struct call *c) {
	struct iovec iov[IOV_MAX];
	int fd = take_fd(c, 0), count = take_vector(c, iov);
	return c->error ? -c->error : result(writev(fd, iov, count));
}

/* Disowned before it is closed: the number may belong to another thread as soon as close returns. */
static long sys_close(struct call *c) {
	int fd = take_fd(c, 0);
	if (c->error) return -c->error;
	waker_forget(c->mine, fd);
	disown(c->mine, fd);
	return result(close(fd));
}

static long sys_fcntl(struct call *c) {
	int fd = take_fd(c, 0), cmd = take_int(c, 1), arg = take_int(c, 2);
	return c->error ? -c->error : result(fcntl(fd, cmd, arg));
}

static long sys_fchmod(struct call *c) {
	int fd = take_fd(c, 0), mode = take_int(c, 1);
	return c->error ? -c->error : result(fchmod(fd, (mode_t)mode));
}

static long sys_epoll_create1(struct call *c) {
	int flags = take_int(c, 0);
	return c->error ? -c->error : opened(c, epoll_create1(flags));
}

static long sys_epoll_ctl(struct call *c) {
	int epfd = take_fd(c, 0), op = take_int(c, 1), fd = take_fd(c, 2);
	size_t words = 0;
	void *event = take_array(c, c->argv[3], 3, napi_int32_array, &words);
	if (!c->error && words * sizeof(int32_t) < sizeof(struct epoll_event)) c->error = EFAULT;
	return c->error ? -c->error : result(epoll_ctl(epfd, op, fd, event));
}

static long sys_epoll_wait(struct call *c) {
	int epfd = take_fd(c, 0), maxevents = take_int(c, 2), timeout = take_int(c, 3);
	size_t words = 0;
	void *events = take_array(c, c->argv[1], 1, napi_int32_array, &words);
	size_t room = words * sizeof(int32_t) / sizeof(struct epoll_event);
	if (!c->error && maxevents > 0 && (size_t)maxevents > room) c->error = EFAULT;
	return c->error ? -c->error : result(epoll_wait(epfd, events, maxevents, timeout));
}

static long sys_if_nametoindex(struct call *c) {
	char name[IF_NAMESIZE + 1];
	size_t length = 0;
	if (napi_get_value_string_utf8(c->env, c->argv[0], name, sizeof name, &length) != napi_ok) refuse(c, 0, "a string");
	if (c->error) return -c->error;
	/* if_nametoindex would cut such a name off. */
	if (length >= IF_NAMESIZE || strlen(name) != length) return -ENODEV;
	unsigned index = if_nametoindex(name);
	return index ? (long)index : -ENODEV;
}

static long sys_if_indextoname(struct call *c) {
	size_t index = take_size(c, 0), room = 0;
	char *name = take_array(c, c->argv[1], 1, napi_uint8_array, &room);
	if (c->error == EFAULT || index > UINT32_MAX) return -ENODEV;
	if (!c->error && room < IF_NAMESIZE) c->error = EFAULT;
	if (c->error) return -c->error;
	return if_indextoname((unsigned)index, name) ? 0 : -errno;
}

const struct entry system_calls[] = {
	{"socket", sys_socket},
	{"socketpair", sys_socketpair},
	{"bind", sys_bind},
	{"connect", sys_connect},
	{"listen", sys_listen},
	{"accept4", sys_accept4},
	{"getsockname", sys_getsockname},
	{"getpeername", sys_getpeername},
	{"shutdown", sys_shutdown},
	{"getsockopt", sys_getsockopt},
	{"setsockopt", sys_setsockopt},
	{"read", sys_read},
	{"write", sys_write},
	{"readv", sys_readv},
	{"writev", sys_writev},
	{"close", sys_close},
	{"fcntl", sys_fcntl},
	{"fchmod", sys_fchmod},
	{"epoll_create1", sys_epoll_create1},
	{"epoll_ctl", sys_epoll_ctl},
	{"epoll_wait", sys_epoll_wait},
	{"if_nametoindex", sys_if_nametoindex},
	{"if_indextoname", sys_if_indextoname},
	{NULL, NULL},
};
