/* Many messages in one crossing, each on a descriptor of its own. recv_batch(count, flags) and send_batch(count, flags) make the
 * calls of the first `count` rows, one after the other. recv chooses the offsets, without gaps, and answers -EINTR where no room
 * is left: nothing was tried. */
#define _GNU_SOURCE
#include "gonet.h"
#include <sys/syscall.h>
#include <unistd.h>

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
