/* What the files of the addon share: one environment's state, and the tables of calls that gonet.c exports. No policy anywhere:
 * what to call, when and why is TypeScript's. */
#ifndef GONET_H
#define GONET_H

#define NAPI_VERSION 8
#include <errno.h>
#include <node_api.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

/* Node's loop, as waker.c watches a descriptor through it. */
struct waker;

/* Descriptors from here on are not closed with their environment: more than fs.nr_open allows by default, proc_sys_fs(5). */
#define MAX_OWNED (1 << 20)

/* Calls that are made together: rows of descriptor, offset in `space` and length, whose place the answer takes. */
#define ROWS 64
#define SPACE 65536

struct batch {
	int32_t rows[3 * ROWS];
	char space[SPACE];
};

/* One environment: the main thread, or one worker. */
struct environment {
	napi_env env;
	napi_async_cleanup_hook_handle hook; /* set when it ends */
	struct waker *waker;                 /* NULL while nothing is watched */
	/* What JavaScript sees as well. */
	double numbers[5]; /* the numbers of message_calls, and their answer */
	struct batch reads, writes;
	uint64_t owned[MAX_OWNED / 64]; /* a bit for each descriptor that is closed when the environment ends */
};

/* Arguments of any entry, and of message_calls. */
#define MAX_ARGS 8
#define MESSAGE_ARGS 3

/* One call from JavaScript: its arguments, and the first thing that is wrong with them. */
struct call {
	napi_env env;
	struct environment *mine;
	const char *name;
	napi_value argv[MAX_ARGS];
	int error; /* 0, an errno, or THROWN */
};

/* A TypeError is pending, so there is no answer. */
#define THROWN (-1)

/* What is behind a function of the addon. It answers with the result of its call, or -errno. */
struct entry {
	const char *name;
	long (*call)(struct call *);
};

extern const struct entry system_calls[];  /* sys.c */
extern const struct entry message_calls[]; /* message.c: called without their numbers, see there */
extern const struct entry header_calls[];  /* message.c */
extern const struct entry batch_calls[];   /* batch.c */
extern const struct entry waker_calls[];   /* waker.c */

/* What an entry answers for a call that answered `n`. */
static inline long result(long n) { return n < 0 ? -errno : n; }

/* Arguments, gonet.c. What has the wrong type throws a TypeError; a number out of range is EBADF, EINVAL or EFAULT. After the
 * first thing that is wrong, the rest is not looked at. */
int check_fd(struct call *c, double n);
int check_int(struct call *c, double n);
size_t check_size(struct call *c, double n);
int take_fd(struct call *c, size_t i);
int take_int(struct call *c, size_t i);
size_t take_size(struct call *c, size_t i);
/* The memory of `value`, argument i or a part of it, a typed array of `type`; `length` is its number of elements. */
void *take_array(struct call *c, napi_value value, size_t i, napi_typedarray_type type, size_t *length);
/* `len` bytes from `off` on of argument i, a Uint8Array. */
void *take_range(struct call *c, size_t i, size_t off, size_t len);
/* A buffer with its value-result length. The kernel gets a copy of the length: another thread may write to the original. */
struct room {
	void *buf;
	socklen_t len;
	socklen_t *original;
};

/* Argument `buf` is a Uint8Array, argument `len` a Uint32Array whose element 0 is the room in it. */
struct room take_room(struct call *c, size_t buf, size_t len);
/* What an entry answers, after the length is set if the call was a success. */
long filled(const struct room *room, long n);
/* Argument i is not what it should be. */
void refuse(struct call *c, size_t i, const char *wanted);

/* The descriptors that go with the environment, gonet.c. */
void own(struct environment *mine, int fd);
void disown(struct environment *mine, int fd);
/* What an entry answers that makes a descriptor: it goes with the environment until it is closed. */
long opened(struct call *c, int fd);

/* Ends the watch if there is one, waker.c. `done`, unless it is NULL, runs when the loop has let go of it; false when there is
 * nothing to wait for, and `done` will not run. */
bool waker_stop(struct environment *mine, void (*done)(struct environment *));

/* Before `fd` is closed: ends the watch if it is the watched one, which libuv would meet closed, and abort. */
void waker_forget(struct environment *mine, int fd);

#endif
