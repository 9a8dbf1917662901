/* The calls that move messages, each as its manual page describes it. As system calls of their own, not through libc, which makes
 * each a point of thread cancellation, and on musl sends one by one what sendmmsg takes together. */
#define _GNU_SOURCE
#include "gonet.h"
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

/* ── the calls of every message ──────────────────────────────────────────────────────────────────────────────────────────
 * Fetching numbers through Node-API would cost more than the rest of the entry, so JavaScript leaves fd, off, len, flags and
 * sendto's addrlen in `numbers`, passes only the buffers, and finds the answer in numbers[0]. */

/* What of a message is in `numbers`, and the range of argument 0 that it is in. */
struct message {
	int fd, flags;
	void *buf;
	size_t len;
};

static struct message take_message(struct call *c) {
	const double *n = c->mine->numbers;
	struct message m = {.fd = check_fd(c, n[0]), .flags = check_int(c, n[3])};
	size_t off = check_size(c, n[1]);
	m.len = check_size(c, n[2]);
	m.buf = take_range(c, 0, off, m.len);
	return m;
}

static long sys_recv(struct call *c) {
	struct message m = take_message(c);
	return c->error ? -c->error : result(syscall(SYS_recvfrom, m.fd, m.buf, m.len, m.flags, NULL, NULL));
}

static long sys_send(struct call *c) {
	struct message m = take_message(c);
	return c->error ? -c->error : result(syscall(SYS_sendto, m.fd, m.buf, m.len, m.flags, NULL, 0));
}

/* No room for an address: none is asked for. */
static long sys_recvfrom(struct call *c) {
	struct message m = take_message(c);
	struct room addr = take_room(c, 1, 2);
	if (c->error) return -c->error;
	void *name = addr.len ? addr.buf : NULL;
	return filled(&addr, result(syscall(SYS_recvfrom, m.fd, m.buf, m.len, m.flags, name, &addr.len)));
}

static long sys_sendto(struct call *c) {
	struct message m = take_message(c);
	size_t len = check_size(c, c->mine->numbers[4]);
	const void *addr = take_range(c, 1, 0, len);
	if (c->error) return -c->error;
	return result(syscall(SYS_sendto, m.fd, m.buf, m.len, m.flags, len ? addr : NULL, (socklen_t)len));
}

const struct entry message_calls[] = {
	{"recv", sys_recv},
	{"send", sys_send},
	{"recvfrom", sys_recvfrom},
	{"sendto", sys_sendto},
	{NULL, NULL},
};

/* ── with a header: addresses, control data and flags ────────────────────────────────────────────────────────────────────
 * The words that say how long each part is are JavaScript's memory, and another thread may write to it: each is read once. */

/* The bytes that one typed array holds. */
struct memory {
	char *start;
	size_t size;
};

static struct memory take_bytes(struct call *c, size_t i) {
	struct memory bytes = {0};
	bytes.start = take_array(c, c->argv[i], i, napi_uint8_array, &bytes.size);
	return bytes;
}

static int32_t *take_words(struct call *c, size_t i, size_t least, size_t *length) {
	int32_t *words = take_array(c, c->argv[i], i, napi_int32_array, length);
	if (!c->error && *length < least) c->error = EFAULT;
	return words;
}

/* `len` bytes from `off` on; NULL where there are none. */
static void *part(struct call *c, const struct memory *bytes, int64_t off, int64_t len) {
	if (off < 0 || len < 0 || (uint64_t)off > bytes->size || (uint64_t)len > bytes->size - (uint64_t)off) c->error = EFAULT;
	return c->error || len == 0 ? NULL : bytes->start + off;
}

/* recvmsg and sendmsg(fd, buf, off, len, flags, addr, control, io). */
static long with_header(struct call *c, long number, size_t least) {
	int fd = take_fd(c, 0), flags = take_int(c, 4);
	size_t off = take_size(c, 2), len = take_size(c, 3), words;
	void *buf = take_range(c, 1, off, len);
	struct memory addr = take_bytes(c, 5), control = take_bytes(c, 6);
	int32_t *io = take_words(c, 7, least, &words);
	if (c->error) return -c->error;
	const volatile int32_t *given = io;
	const int32_t addrlen = given[0], controllen = given[1];
	struct iovec iov = {.iov_base = buf, .iov_len = len};
	struct msghdr header = {.msg_iov = &iov, .msg_iovlen = 1};
	header.msg_name = part(c, &addr, 0, addrlen);
	header.msg_control = part(c, &control, 0, controllen);
	if (c->error) return -c->error;
	header.msg_namelen = (socklen_t)addrlen;
	header.msg_controllen = (size_t)controllen;
	long n = result(syscall(number, fd, &header, flags));
	if (n >= 0 && number == SYS_recvmsg) {
		io[0] = (int32_t)header.msg_namelen;
		io[1] = (int32_t)header.msg_controllen;
		io[2] = header.msg_flags;
	}
	return n;
}

static long sys_recvmsg(struct call *c) { return with_header(c, SYS_recvmsg, 3); }

static long sys_sendmsg(struct call *c) { return with_header(c, SYS_sendmsg, 2); }

/* A row of recvmmsg and sendmmsg: where in `buf` the message is, the lengths of its address and control data, its flags. */
enum { OFF, LEN, ADDRLEN, CONTROLLEN, FLAGS, WORDS };
/* sizeof(struct sockaddr_storage): the room of each row in `names`. */
#define NAME 128

/* What recvmmsg and sendmmsg(fd, buf, rows, first, count, flags, names, controls) have in common. */
struct messages {
	int fd, flags, count;
	int32_t *rows; /* the first of them */
	struct mmsghdr headers[ROWS];
	struct iovec iov[ROWS];
};

static void take_messages(struct call *c, struct messages *m) {
	size_t words = 0;
	m->fd = take_fd(c, 0);
	m->flags = take_int(c, 5);
	int first = take_int(c, 3), count = take_int(c, 4);
	struct memory buf = take_bytes(c, 1), names = take_bytes(c, 6), controls = take_bytes(c, 7);
	int32_t *rows = take_words(c, 2, 0, &words);
	const size_t total = words / WORDS;
	if (!c->error && (first < 0 || count < 0 || (size_t)first + (size_t)count > total)) c->error = EINVAL;
	if (c->error) return;
	const int64_t stride = total ? (int64_t)(controls.size / total / 8 * 8) : 0;
	m->count = count < ROWS ? count : ROWS;
	m->rows = rows + (size_t)first * WORDS;
	for (int i = 0; i < m->count && !c->error; i++) {
		const volatile int32_t *row = m->rows + i * WORDS;
		const int32_t off = row[OFF], len = row[LEN], addrlen = row[ADDRLEN], controllen = row[CONTROLLEN];
		const int64_t at = (int64_t)first + i;
		if (addrlen > NAME || controllen > stride) c->error = EFAULT;
		m->iov[i] = (struct iovec){.iov_base = part(c, &buf, off, len), .iov_len = (size_t)len};
		m->headers[i] = (struct mmsghdr){.msg_hdr = {
			.msg_name = addrlen ? part(c, &names, at * NAME, addrlen) : NULL,
			.msg_namelen = (socklen_t)addrlen,
			.msg_iov = &m->iov[i],
			.msg_iovlen = 1,
			.msg_control = controllen ? part(c, &controls, at * stride, controllen) : NULL,
			.msg_controllen = (size_t)controllen,
		}};
	}
}

static long sys_recvmmsg(struct call *c) {
	struct messages m;
	take_messages(c, &m);
	if (c->error) return -c->error;
	long n = result(syscall(SYS_recvmmsg, m.fd, m.headers, m.count, m.flags, NULL));
	for (int i = 0; i < n; i++) {
		const struct mmsghdr *header = &m.headers[i];
		int32_t *row = m.rows + i * WORDS;
		row[LEN] = (int32_t)header->msg_len;
		row[ADDRLEN] = (int32_t)header->msg_hdr.msg_namelen;
		row[CONTROLLEN] = (int32_t)header->msg_hdr.msg_controllen;
		row[FLAGS] = header->msg_hdr.msg_flags;
	}
	return n;
}

static long sys_sendmmsg(struct call *c) {
	struct messages m;
	take_messages(c, &m);
	if (c->error) return -c->error;
	long n = result(syscall(SYS_sendmmsg, m.fd, m.headers, m.count, m.flags));
	for (int i = 0; i < n; i++) m.rows[i * WORDS + FLAGS] = (int32_t)m.headers[i].msg_len;
	return n;
}

const struct entry header_calls[] = {
	{"recvmsg", sys_recvmsg},
	{"sendmsg", sys_sendmsg},
	{"recvmmsg", sys_recvmmsg},
	{"sendmmsg", sys_sendmmsg},
	{NULL, NULL},
};
