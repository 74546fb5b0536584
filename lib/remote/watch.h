/*
 * watch - libcurl's sockets and timer, watched by poll(), and a way to wake it.
 *
 * curl_multi_perform() looks at every transfer and asks the system about each of their sockets, at every turn. Here libcurl
 * says which sockets it waits for (curl_multi_socket_action), and only those that are ready are looked at.
 */
#ifndef CD4ML_REMOTE_WATCH_H
#define CD4ML_REMOTE_WATCH_H

#include "remote/libcurl.h"

struct remote_watch;

/** Watches for `multi` of `curl`. Both are borrowed; `multi` must end first. */
struct remote_watch *remote_watch_new(
	const struct remote_libcurl *curl, CURLM *multi, struct err *e) MUST_CHECK;
/** NULL is fine. */
void remote_watch_free(struct remote_watch *w);
/** Waits until a socket is ready, the timer has run down, somebody wakes it, or `wait_ms` are over, and lets libcurl act. */
int remote_watch_step(struct remote_watch *w, int wait_ms, struct err *e) MUST_CHECK;
/** Ends the waiting, or the next one. Any thread; the context is the watch. */
void remote_watch_wake(void *w);

#endif
