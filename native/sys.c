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
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

static long result(long n) { return n < 0 ? -errno : n; }

/* A new descriptor goes with the environment until it is closed. */
static long opened(struct call *c, int fd) {
	if (fd < 0) return -errno;
	own(c->mine, fd);
	return fd;
}

/* A buffer with its value-result length. The kernel gets a copy of the length: another thread may write to the original. */
struct room {
	void *buf;
	socklen_t len;
	socklen_t *original;
};

/* Argument `buf` is a Uint8Array, argument `len` a Uint32Array whose element 0 is the room in it. */
static struct room take_room(struct call *c, size_t buf, size_t len) {
	struct room room = {0};
	size_t elements = 0;
	room.original = take_array(c, c->argv[len], len, napi_uint32_array, &elements);
	if (!c->error && elements == 0) c->error = EFAULT;
	if (!c->error) room.len = *room.original;
	room.buf = take_range(c, buf, 0, room.len);
	return room;
}

static long filled(const struct room *room, long n) {
	if (n >= 0) *room->original = room->len;
	return n;
}

static long sys_socket(struct call *c) {
	int domain = take_int(c, 0), type = take_int(c, 1), protocol = take_int(c, 2);
	return c->error ? -c->error : opened(c, socket(domain, type, protocol));
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
	{"epoll_create1", sys_epoll_create1},
	{"epoll_ctl", sys_epoll_ctl},
	{"epoll_wait", sys_epoll_wait},
	{"if_nametoindex", sys_if_nametoindex},
	{"if_indextoname", sys_if_indextoname},
	{NULL, NULL},
};

/* ── the two calls of every message ──────────────────────────────────────────────────────────────────────────────────────
 * Fetching numbers through Node-API would cost more than the rest of the entry, so JavaScript leaves fd, off, len and flags in
 * `numbers`, passes only the buffer, and finds the answer in numbers[0]. As system calls of their own, not through libc, which
 * makes each a point of thread cancellation. */

static long message(struct call *c, long number) {
	const double *n = c->mine->numbers;
	int fd = check_fd(c, n[0]);
	size_t off = check_size(c, n[1]), len = check_size(c, n[2]);
	int flags = check_int(c, n[3]);
	void *buf = take_range(c, 0, off, len);
	return c->error ? -c->error : result(syscall(number, fd, buf, len, flags, NULL, 0));
}

static long sys_recv(struct call *c) { return message(c, SYS_recvfrom); }

static long sys_send(struct call *c) { return message(c, SYS_sendto); }

/* ── many messages in one crossing ───────────────────────────────────────────────────────────────────────────────────────
 * recv_batch(count, flags) and send_batch(count, flags): the calls of the first `count` rows, one after the other. recv chooses
 * the offsets, without gaps, and answers -EINTR where no room is left: nothing was tried. */

static bool take_count(struct call *c, int *count, int *flags) {
	*count = take_int(c, 0);
	*flags = take_int(c, 1);
	if (!c->error && (*count < 0 || *count > ROWS)) c->error = EINVAL;
	return !c->error;
}

static bool is_range(int32_t off, int32_t len) { return off >= 0 && len >= 0 && off <= SPACE && len <= SPACE - off; }

static long sys_recv_batch(struct call *c) {
	struct batch *reads = &c->mine->reads;
	int count, flags, used = 0;
	if (!take_count(c, &count, &flags)) return -c->error;
	for (int32_t *row = reads->rows; count > 0; count--, row += 3) {
		/* A copy: JavaScript sees the row as well. */
		const int32_t len = row[2];
		long n = -EINTR;
		if (is_range(used, len))
			n = result(syscall(SYS_recvfrom, row[0], reads->space + used, (size_t)len, flags, NULL, NULL));
		row[1] = used;
		row[2] = (int32_t)n;
		if (n > 0) used += (int)n;
	}
	return 0;
}

static long sys_send_batch(struct call *c) {
	struct batch *writes = &c->mine->writes;
	int count, flags;
	if (!take_count(c, &count, &flags)) return -c->error;
	for (int32_t *row = writes->rows; count > 0; count--, row += 3) {
		const int32_t off = row[1], len = row[2];
		long n = -EFAULT;
		if (is_range(off, len)) n = result(syscall(SYS_sendto, row[0], writes->space + off, (size_t)len, flags, NULL, 0));
		row[2] = (int32_t)n;
	}
	return 0;
}

const struct entry batch_calls[] = {
	{"recv_batch", sys_recv_batch},
	{"send_batch", sys_send_batch},
	{NULL, NULL},
};

const struct entry message_calls[] = {
	{"recv", sys_recv},
	{"send", sys_send},
	{NULL, NULL},
};
