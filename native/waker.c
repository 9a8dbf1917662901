/* The waker: Node's loop watches one descriptor, the thread's epoll, and calls back into JavaScript inside a callback scope, so
 * that promises, ticks and exceptions behave as in any callback of Node's. */
#include "gonet.h"
#include <errno.h>
#include <stdlib.h>

/* What is needed of libuv, which promises these to stay (its ABI is stable within a major version, and Node exports them). */
typedef struct uv_loop_s uv_loop_t;
typedef struct uv_handle_s uv_handle_t;
typedef struct uv_poll_s uv_poll_t;
enum { UV_READABLE = 1, UV_POLL = 8 };
size_t uv_handle_size(int type);
int uv_poll_init(uv_loop_t *loop, uv_poll_t *handle, int fd);
int uv_poll_start(uv_poll_t *handle, int events, void (*callback)(uv_poll_t *handle, int status, int events));
void uv_close(uv_handle_t *handle, void (*callback)(uv_handle_t *handle));
void uv_ref(uv_handle_t *handle);
void uv_unref(uv_handle_t *handle);
void *uv_handle_get_data(const uv_handle_t *handle);
void uv_handle_set_data(uv_handle_t *handle, void *data);

/* Lives until the loop has closed the handle. */
struct waker {
	struct environment *mine;
	void (*done)(struct environment *); /* after the close, if anybody waits for it */
	napi_ref wake;
	uv_handle_t *handle;
	int fd;
};

static void on_readable(uv_poll_t *handle, int status, int events) {
	(void)status; /* an error is for epoll_wait to report */
	(void)events;
	struct waker *waker = uv_handle_get_data((uv_handle_t *)handle);
	napi_env env = waker->mine->env;
	napi_handle_scope scope;
	napi_value wake, global, error;
	if (napi_open_handle_scope(env, &scope) != napi_ok) return;
	if (napi_get_reference_value(env, waker->wake, &wake) == napi_ok && napi_get_global(env, &global) == napi_ok &&
	    /* No async context: one of its own would keep the AsyncLocalStorage of whoever used the package first. */
	    napi_make_callback(env, NULL, global, wake, 0, NULL, NULL) == napi_pending_exception &&
	    napi_get_and_clear_last_exception(env, &error) == napi_ok)
		napi_fatal_exception(env, error); /* does nothing where the thread is being terminated */
	napi_close_handle_scope(env, scope);
}

static void on_closed(uv_handle_t *handle) {
	struct waker *waker = uv_handle_get_data(handle);
	if (waker->done) waker->done(waker->mine);
	free(waker);
	free(handle);
}

bool waker_stop(struct environment *mine, void (*done)(struct environment *)) {
	struct waker *waker = mine->waker;
	if (!waker) return false;
	mine->waker = NULL;
	waker->done = done;
	napi_delete_reference(mine->env, waker->wake);
	uv_close(waker->handle, on_closed);
	return true;
}

void waker_forget(struct environment *mine, int fd) {
	if (mine->waker && mine->waker->fd == fd) waker_stop(mine, NULL);
}

/* watch(fd, wake): calls `wake` whenever `fd` is readable; 0 or -errno. Starts without keeping the process alive. */
static long waker_watch(struct call *c) {
	int fd = take_fd(c, 0);
	napi_valuetype type = napi_undefined;
	uv_loop_t *loop = NULL;
	if (!c->error && (napi_typeof(c->env, c->argv[1], &type) != napi_ok || type != napi_function)) refuse(c, 1, "a function");
	if (c->error) return -c->error;
	if (c->mine->waker) return -EBUSY;
	if (napi_get_uv_event_loop(c->env, (struct uv_loop_s **)&loop) != napi_ok) return -ENOSYS;

	struct waker *waker = calloc(1, sizeof *waker);
	uv_poll_t *handle = calloc(1, uv_handle_size(UV_POLL));
	int error = waker && handle ? uv_poll_init(loop, handle, fd) : -ENOMEM;
	if (error == 0 && napi_create_reference(c->env, c->argv[1], 1, &waker->wake) != napi_ok) {
		uv_close((uv_handle_t *)handle, (void (*)(uv_handle_t *))free);
		handle = NULL;
		error = -ENOMEM;
	}
	if (error < 0) {
		free(waker);
		free(handle);
		return error;
	}
	waker->mine = c->mine;
	waker->fd = fd;
	waker->handle = (uv_handle_t *)handle;
	uv_handle_set_data(waker->handle, waker);
	uv_unref(waker->handle);
	c->mine->waker = waker;
	error = uv_poll_start(handle, UV_READABLE, on_readable);
	if (error < 0) waker_stop(c->mine, NULL);
	return error;
}

/* watch_ref(on): whether the watch keeps the process alive. */
static long waker_ref(struct call *c) {
	int on = take_int(c, 0);
	if (c->error) return -c->error;
	if (!c->mine->waker) return 0;
	if (on) uv_ref(c->mine->waker->handle);
	else uv_unref(c->mine->waker->handle);
	return 0;
}

/* unwatch(): must come before the descriptor is closed. */
static long waker_unwatch(struct call *c) {
	waker_stop(c->mine, NULL);
	return 0;
}

const struct entry waker_calls[] = {
	{"watch", waker_watch},
	{"watch_ref", waker_ref},
	{"unwatch", waker_unwatch},
	{NULL, NULL},
};
