#include "remote/watch.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"

struct remote_watch {
	const struct remote_libcurl *curl;
	CURLM *multi;
	struct pollfd *fds; /* [n]; the first is the pipe's end */
	size_t n, cap;
	curl_socket_t *ready; /* [cap]: a copy, since libcurl changes `fds` while it acts */
	short *events;
	size_t cap_ready, cap_events;
	int pipe[2];
	int64_t due_ms; /* of libcurl's timer; -1: none */
	bool failed; /* out of memory in a callback */
};

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* ---- what libcurl says ---- */

static int set_timer(CURLM *multi, long ms, void *ctx)
{
	struct remote_watch *w = ctx;

	(void)multi;
	w->due_ms = ms < 0 ? -1 : now_ms() + ms;
	return 0;
}

static int set_socket(CURL *easy, curl_socket_t s, int what, void *ctx, void *of_socket)
{
	struct remote_watch *w = ctx;
	struct err e = ERR_INIT;
	size_t i = 1;

	(void)easy, (void)of_socket;
	while (i < w->n && w->fds[i].fd != s)
		i++;
	if (what == CURL_POLL_REMOVE) {
		if (i < w->n)
			w->fds[i] = w->fds[--w->n];
		return 0;
	}
	if (i == w->n) {
		if (mem_grow(&w->fds, &w->cap, w->n + 1, sizeof(*w->fds), &e)) {
			w->failed = true;
			return -1;
		}
		w->n++;
	}
	w->fds[i] = (struct pollfd){ .fd = s };
	if (what & CURL_POLL_IN)
		w->fds[i].events |= POLLIN;
	if (what & CURL_POLL_OUT)
		w->fds[i].events |= POLLOUT;
	return 0;
}

/* ---- life ---- */

static int open_pipe(int ends[2], struct err *e)
{
	if (pipe(ends)) {
		ends[0] = ends[1] = -1;
		return err_errno(e, "cannot make a pipe");
	}
	for (int i = 0; i < 2; i++)
		if (fcntl(ends[i], F_SETFD, FD_CLOEXEC) || fcntl(ends[i], F_SETFL, O_NONBLOCK))
			return err_errno(e, "cannot make a pipe");
	return 0;
}

struct remote_watch *remote_watch_new(
	const struct remote_libcurl *curl, CURLM *multi, struct err *e)
{
	struct remote_watch *w = mem_new(sizeof(*w), e);

	if (!w)
		return NULL;
	w->curl = curl;
	w->multi = multi;
	w->due_ms = w->pipe[0] = w->pipe[1] = -1;
	if (mem_grow(&w->fds, &w->cap, 1, sizeof(*w->fds), e) || open_pipe(w->pipe, e)) {
		remote_watch_free(w);
		return NULL;
	}
	w->fds[0] = (struct pollfd){ .fd = w->pipe[0], .events = POLLIN };
	w->n = 1;
	curl->multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, set_socket);
	curl->multi_setopt(multi, CURLMOPT_SOCKETDATA, w);
	curl->multi_setopt(multi, CURLMOPT_TIMERFUNCTION, set_timer);
	curl->multi_setopt(multi, CURLMOPT_TIMERDATA, w);
	return w;
}

void remote_watch_free(struct remote_watch *w)
{
	if (!w)
		return;
	for (int i = 0; i < 2; i++)
		if (w->pipe[i] >= 0)
			close(w->pipe[i]);
	free(w->fds);
	free(w->ready);
	free(w->events);
	free(w);
}

void remote_watch_wake(void *watch)
{
	struct remote_watch *w = watch;
	ssize_t ignored = write(w->pipe[1], "", 1);

	(void)ignored; /* full: it will wake */
}

/* ---- a step ---- */

static int act(struct remote_watch *w, curl_socket_t s, int what, struct err *e)
{
	int running;

	if (w->curl->multi_socket_action(w->multi, s, what, &running) == CURLM_OK && !w->failed)
		return 0;
	return w->failed ? err_nomem(e) : err_set(e, ERR_SYSTEM, "libcurl failed");
}

static size_t collect_ready(struct remote_watch *w)
{
	size_t n = 0;

	for (size_t i = 1; i < w->n; i++) {
		if (!w->fds[i].revents)
			continue;
		w->ready[n] = w->fds[i].fd;
		w->events[n++] = w->fds[i].revents;
	}
	return n;
}

static int act_on_ready(struct remote_watch *w, struct err *e)
{
	size_t n;

	if (mem_grow(&w->ready, &w->cap_ready, w->n, sizeof(*w->ready), e) ||
		mem_grow(&w->events, &w->cap_events, w->n, sizeof(*w->events), e))
		return -1;
	n = collect_ready(w);
	for (size_t i = 0; i < n; i++) {
		int what = (w->events[i] & POLLIN ? CURL_CSELECT_IN : 0) |
			   (w->events[i] & POLLOUT ? CURL_CSELECT_OUT : 0) |
			   (w->events[i] & (POLLERR | POLLHUP | POLLNVAL) ? CURL_CSELECT_ERR : 0);

		/* A peer that hangs up may have answered before: let it be read. */
		if (w->events[i] & POLLHUP)
			what |= CURL_CSELECT_IN;
		if (act(w, w->ready[i], what, e))
			return -1;
	}
	return 0;
}

int remote_watch_step(struct remote_watch *w, int wait_ms, struct err *e)
{
	int64_t left = w->due_ms < 0 ? wait_ms : w->due_ms - now_ms();
	char bytes[64];
	int n;

	if (left < wait_ms)
		wait_ms = left > 0 ? (int)left : 0;
	n = poll(w->fds, (nfds_t)w->n, wait_ms);
	if (n < 0 && errno != EINTR)
		return err_errno(e, "cannot wait for the network");
	if (n > 0 && w->fds[0].revents)
		while (read(w->pipe[0], bytes, sizeof(bytes)) == sizeof(bytes))
			continue;
	if (n > 0 && act_on_ready(w, e))
		return -1;
	if (w->due_ms >= 0 && w->due_ms <= now_ms()) {
		w->due_ms = -1;
		return act(w, CURL_SOCKET_TIMEOUT, 0, e);
	}
	return 0;
}
