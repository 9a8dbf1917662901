/* The addon: how an entry is called from JavaScript, what its arguments may be, and the end of an environment, which may come
 * at any moment: worker.terminate() and process.exit() run no JavaScript of ours. Node-API version 8. */
#include "gonet.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* Raised when an entry changes its meaning: src/syscall/native.ts refuses an addon of another contract. */
#define CONTRACT 3

/* ── arguments ─────────────────────────────────────────────────────────────────────────────────────────────────────────── */

void refuse(struct call *c, size_t i, const char *wanted) {
	char text[128];
	if (c->error) return;
	c->error = THROWN;
	(void)snprintf(text, sizeof text, "Argument %zu of %s must be %s", i + 1, c->name, wanted);
	napi_throw_type_error(c->env, "ERR_INVALID_ARG_TYPE", text);
}

/* A whole number from `least` to `most`. As a double: Node-API makes an int32 of anything, of NaN 0. */
static double check(struct call *c, double n, double least, double most, int error) {
	if (c->error) return 0;
	if (n >= least && n <= most && n == (double)(int64_t)n) return n;
	c->error = error;
	return 0;
}

int check_fd(struct call *c, double n) { return (int)check(c, n, 0, INT32_MAX, EBADF); }

int check_int(struct call *c, double n) { return (int)check(c, n, INT32_MIN, INT32_MAX, EINVAL); }

size_t check_size(struct call *c, double n) { return (size_t)check(c, n, 0, 0x1p53, EFAULT); }

static double take_number(struct call *c, size_t i) {
	double n = 0;
	if (!c->error && napi_get_value_double(c->env, c->argv[i], &n) != napi_ok) refuse(c, i, "a number");
	return n;
}

int take_fd(struct call *c, size_t i) { return check_fd(c, take_number(c, i)); }

int take_int(struct call *c, size_t i) { return check_int(c, take_number(c, i)); }

size_t take_size(struct call *c, size_t i) { return check_size(c, take_number(c, i)); }

void *take_array(struct call *c, napi_value value, size_t i, napi_typedarray_type type, size_t *length) {
	napi_typedarray_type actual;
	void *start = NULL;
	bool is_typed = false;
	*length = 0;
	if (c->error) return NULL;
	if (napi_get_typedarray_info(c->env, value, &actual, length, &start, NULL, NULL) == napi_ok) is_typed = actual == type;
	if (!is_typed) refuse(c, i, type == napi_uint8_array ? "a Uint8Array" : type == napi_int32_array ? "an Int32Array" : "a Uint32Array");
	return start;
}

void *take_range(struct call *c, size_t i, size_t off, size_t len) {
	size_t size;
	char *start = take_array(c, c->argv[i], i, napi_uint8_array, &size);
	if (!c->error && (off > size || len > size - off)) c->error = EFAULT;
	return c->error || size == 0 ? NULL : start + off;
}

struct room take_room(struct call *c, size_t buf, size_t len) {
	struct room room = {0};
	size_t elements = 0;
	room.original = take_array(c, c->argv[len], len, napi_uint32_array, &elements);
	if (!c->error && elements == 0) c->error = EFAULT;
	if (!c->error) room.len = *room.original;
	room.buf = take_range(c, buf, 0, room.len);
	return room;
}

long filled(const struct room *room, long n) {
	if (n >= 0) *room->original = room->len;
	return n;
}

/* ── descriptors that go with the environment ──────────────────────────────────────────────────────────────────────────── */

void own(struct environment *mine, int fd) {
	if (fd < MAX_OWNED) mine->owned[fd / 64] |= UINT64_C(1) << (fd % 64);
}

void disown(struct environment *mine, int fd) {
	if (fd < MAX_OWNED) mine->owned[fd / 64] &= ~(UINT64_C(1) << (fd % 64));
}

long opened(struct call *c, int fd) {
	if (fd < 0) return -errno;
	own(c->mine, fd);
	return fd;
}

static void close_owned(struct environment *mine) {
	for (int word = 0; word < MAX_OWNED / 64; word++)
		for (; mine->owned[word]; mine->owned[word] &= mine->owned[word] - 1)
			close(word * 64 + __builtin_ctzll(mine->owned[word]));
}

static long gonet_own(struct call *c) {
	int fd = take_fd(c, 0);
	if (c->error) return -c->error;
	own(c->mine, fd);
	return 0;
}

static long gonet_disown(struct call *c) {
	int fd = take_fd(c, 0);
	if (c->error) return -c->error;
	disown(c->mine, fd);
	return 0;
}

static const struct entry own_calls[] = {
	{"own", gonet_own},
	{"disown", gonet_disown},
	{NULL, NULL},
};

/* ── an environment ────────────────────────────────────────────────────────────────────────────────────────────────────── */

/* Fetches `argc` arguments and what is behind the function; NULL where Node-API refuses. */
static const struct entry *begin(struct call *c, napi_callback_info info, size_t argc) {
	const struct entry *entry;
	if (napi_get_cb_info(c->env, info, &argc, c->argv, NULL, (void **)&entry) != napi_ok) return NULL;
	if (napi_get_instance_data(c->env, (void **)&c->mine) != napi_ok || !c->mine) return NULL;
	c->name = entry->name;
	return entry;
}

static napi_value enter(napi_env env, napi_callback_info info) {
	struct call c = {.env = env};
	const struct entry *entry = begin(&c, info, MAX_ARGS);
	napi_value answer = NULL;
	if (!entry) return NULL;
	long n = entry->call(&c);
	if (c.error != THROWN) napi_create_int64(env, n, &answer);
	return answer;
}

/* The same for message_calls: only buffers come as arguments, and the answer stays in memory. */
static napi_value enter_message(napi_env env, napi_callback_info info) {
	struct call c = {.env = env};
	const struct entry *entry = begin(&c, info, MESSAGE_ARGS);
	if (entry) c.mine->numbers[0] = (double)entry->call(&c);
	return NULL;
}

static void end(napi_async_cleanup_hook_handle hook, struct environment *mine) {
	free(mine);
	napi_remove_async_cleanup_hook(hook);
}

static void end_after_watch(struct environment *mine) { end(mine->hook, mine); }

/* The end: the loop stops watching, then every descriptor is closed, the epoll among them, and the memory goes last. */
static void environment_ends(napi_async_cleanup_hook_handle hook, void *data) {
	struct environment *mine = data;
	mine->hook = hook;
	bool wait = waker_stop(mine, end_after_watch);
	close_owned(mine);
	if (!wait) end(hook, mine);
}

static bool export_calls(napi_env env, napi_value exports, const struct entry *entry, napi_callback call) {
	napi_value function;
	for (; entry->name; entry++) {
		if (napi_create_function(env, entry->name, NAPI_AUTO_LENGTH, call, (void *)entry, &function) != napi_ok ||
		    napi_set_named_property(env, exports, entry->name, function) != napi_ok)
			return false;
	}
	return true;
}

/* Memory of the environment as a typed array: even a transfer of its buffer cannot take it away. */
static bool export_memory(napi_env env, napi_value exports, const char *name, napi_typedarray_type type, void *start, size_t size,
                          size_t length) {
	napi_value memory, array;
	return napi_create_external_arraybuffer(env, start, size, NULL, NULL, &memory) == napi_ok &&
	       napi_create_typedarray(env, type, length, memory, 0, &array) == napi_ok &&
	       napi_set_named_property(env, exports, name, array) == napi_ok;
}

#define MEMORY(name, type, array) export_memory(env, exports, name, type, array, sizeof array, sizeof array / sizeof *array)

static bool export_values(napi_env env, napi_value exports, struct environment *mine) {
	napi_value contract;
	return napi_create_int32(env, CONTRACT, &contract) == napi_ok &&
	       napi_set_named_property(env, exports, "contract", contract) == napi_ok &&
	       MEMORY("numbers", napi_float64_array, mine->numbers) &&
	       MEMORY("recv_rows", napi_int32_array, mine->reads.rows) &&
	       MEMORY("recv_space", napi_uint8_array, mine->reads.space) &&
	       MEMORY("send_rows", napi_int32_array, mine->writes.rows) &&
	       MEMORY("send_space", napi_uint8_array, mine->writes.space);
}

NAPI_MODULE_INIT() {
	struct environment *mine = calloc(1, sizeof *mine);
	if (!mine) {
		napi_throw_error(env, "ENOMEM", "Out of memory");
		return NULL;
	}
	mine->env = env;
	if (napi_set_instance_data(env, mine, NULL, NULL) != napi_ok ||
	    napi_add_async_cleanup_hook(env, environment_ends, mine, NULL) != napi_ok) {
		napi_set_instance_data(env, NULL, NULL, NULL);
		free(mine);
		napi_throw_error(env, NULL, "Node-API refuses the addon");
		return NULL;
	}
	if (!export_values(env, exports, mine) || !export_calls(env, exports, own_calls, enter) ||
	    !export_calls(env, exports, system_calls, enter) || !export_calls(env, exports, message_calls, enter_message) ||
	    !export_calls(env, exports, header_calls, enter) || !export_calls(env, exports, batch_calls, enter) ||
	    !export_calls(env, exports, waker_calls, enter))
		napi_throw_error(env, NULL, "Node-API refuses an export");
	return exports;
}
