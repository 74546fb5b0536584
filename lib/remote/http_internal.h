/*
 * http_internal - a transfer under way. Shared by remote/http*.c only.
 *
 * http.c has the queue and the loop, http_attempt.c what happens between the beginning and the end of one attempt,
 * http_headers.c the lines of requests and answers.
 */
#ifndef CD4ML_REMOTE_HTTP_INTERNAL_H
#define CD4ML_REMOTE_HTTP_INTERNAL_H

#include "remote/http.h"
#include "remote/libcurl.h"
#include "remote/pace.h"
#include "remote/watch.h"

enum { REMOTE_HTTP_SMALL_BODY = 64 << 10 };

struct remote_http_headers {
	const struct remote_libcurl *curl;
	struct curl_slist *list;
};

/** What the loop needs of a transfer between start and done. */
struct remote_http_private {
	struct remote_http *http;
	struct remote_http_transfer *t;
	struct remote_http_private *next; /* in the queue */
	CURL *easy;
	struct curl_slist *headers;
	int attempt;
	int64_t not_before_ms; /* when the wait of a retry is over */
	uint64_t sent, received;
	uint64_t told; /* of which the progress has heard */
	bool is_paused; /* until the pace allows more */
	bool stopped; /* a callback failed: `error` says why */
	bool has_enough; /* of the text of an error: the rest does not matter */
	struct err error;
};

struct remote_http {
	struct remote_http_options o;
	struct remote_libcurl curl;
	CURLM *multi;
	struct remote_watch *watch;
	struct crew *crew;
	CURL **idle; /* [n_idle] handles to use again: they keep nothing but memory */
	size_t n_idle, cap_idle;
	struct remote_http_private *queue, **queue_end; /* waiting to begin */
	struct remote_http_private **active; /* [n_active] */
	size_t n_active, cap_active;
	struct remote_pace pace;
	size_t n_turns; /* so that not always the same transfer goes on first */
	size_t n_queued;
	uint64_t seed, n_random;
};

int64_t remote_http_now_us(void);

/** In memory and small: libcurl sends it together with the headers. */
bool remote_http_is_small(const struct remote_http_transfer *t);
/**
 * Takes away what libcurl would add by itself: waiting for "100 Continue" costs a round trip per small object, and a second
 * where nobody answers; and the type of a form. -1: no memory.
 */
int remote_http_leave_out_headers(
	const struct remote_http_transfer *t, struct remote_http_headers *h) MUST_CHECK;

/** Begins an attempt, with fresh headers: it is then active. */
int remote_http_attempt(
	struct remote_http *h, struct remote_http_private *p, struct err *e) MUST_CHECK;
/** Takes back a handle that is used again, or frees it. */
void remote_http_give_handle(struct remote_http *h, CURL *easy);
/** Tells the progress of `n` bytes. Bodies that are files or objects count; listings and commands do not. */
void remote_http_tell(struct remote_http_private *p, uint64_t n);
/** An attempt that is made again has moved nothing. */
void remote_http_take_back(struct remote_http_private *p);

#endif
