/*
 * http - one libcurl loop, many transfers in flight over kept-alive connections.
 *
 * The caller starts transfers; remote_http_run() drives them all until none is left. A callback may start
 * more: so a long list is worked off with a bounded number in flight. All callbacks run in the thread that
 * calls remote_http_run(). An attempt that failed in a way that passes (remote/retry.h) is made again
 * after a wait, with freshly made headers, so that a signature has the time of its own attempt.
 *
 * TLS certificates are always verified unless the user turned it off by name. CA bundles come from
 * the options, else libcurl's defaults.
 */
#ifndef CD4ML_REMOTE_HTTP_H
#define CD4ML_REMOTE_HTTP_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/buf.h"
#include "base/crew.h"
#include "base/diag.h"
#include "base/progress.h"

struct remote_http;
struct remote_http_transfer;
struct remote_libcurl;

struct remote_http_options {
	int in_flight; /* transfers at a time, 1 to 256; 0: 32 */
	int attempts; /* at each transfer; 0: REMOTE_RETRY_ATTEMPTS */
	const char *ca_bundle; /* NULL: libcurl's */
	bool insecure; /* do not verify certificates: the user said so */
	uint64_t bytes_per_s; /* of all transfers together; 0: no limit */
	int connect_timeout_ms; /* 0: 10 s */
	int stall_timeout_ms; /* no byte for so long, whole seconds: failed, tried again; 0: 60 s */
	int threads; /* of remote_http_work(); 1 or less: none */
	struct progress *progress; /* gets the bytes of bodies as they move; may be NULL */
	struct diag *diag; /* retries are told at DIAG_DETAIL; may be NULL */
};

/** What to do with an answer. */
enum remote_http_verdict {
	REMOTE_HTTP_ACCEPT, /* done() gets it */
	REMOTE_HTTP_RETRY, /* again after a wait, until the attempts are used up */
	REMOTE_HTTP_AGAIN, /* again at once (another region, new credentials); counts as an attempt */
};

/** The headers of one attempt, added to by prepare(). */
struct remote_http_headers;
/** Adds "name: value". */
int remote_http_add_header(struct remote_http_headers *h, const char *name, struct slice value,
	struct err *e) MUST_CHECK;

/**
 * A request and its answer. The caller makes it (zeroed), sets the first part, and keeps it until
 * done(). It may be used again afterwards.
 */
struct remote_http_transfer {
	const char *method; /* GET, HEAD, PUT, POST, DELETE */
	/** Sets the URL and headers before each attempt; `attempt` counts from 0. -1 and `e`: given up. */
	int (*prepare)(struct remote_http_transfer *t, int attempt, struct buf *url,
		struct remote_http_headers *h, struct err *e);
	/** Body sent with PUT and POST: `body_len` bytes of memory, or of a descriptor from an offset. */
	const char *body;
	int body_fd; /* used if `body` is NULL */
	off_t body_offset;
	uint64_t body_len;
	/**
	 * Takes the body of a 2xx answer piece by piece. NULL: it is collected in `text`, up to 64 MiB. What
	 * an earlier attempt gave is to be forgotten when `offset` is 0 again.
	 */
	int (*receive)(struct remote_http_transfer *t, uint64_t offset, const char *p, size_t len,
		struct err *e);
	/** Looks at an answer with a status; NULL: retries what remote_retry_status() names. */
	enum remote_http_verdict (*judge)(struct remote_http_transfer *t);
	/**
	 * The end: `failed` is NULL if there is an answer (of any status), else says why there is none. May
	 * start other transfers, or this one again. -1 and `e` ends the whole run.
	 */
	int (*done)(struct remote_http_transfer *t, const struct err *failed, struct err *e);
	void *ctx;

	/* the answer; status and headers are there in receive(), too */
	long status;
	struct buf
		text; /* collected body; of an answer that is not 2xx always, but 64 KiB at most */
	struct buf header_text; /* see remote_http_header() */

	struct remote_http_private *priv;
};

struct remote_http *remote_http_new(const struct remote_http_options *o, struct err *e) MUST_CHECK;
/** Aborts what is in flight, without calling done(). NULL is fine. */
void remote_http_free(struct remote_http *h);
/** Queues a transfer; it begins inside of remote_http_run(). */
int remote_http_start(
	struct remote_http *h, struct remote_http_transfer *t, struct err *e) MUST_CHECK;
/** How many more transfers and tasks may be started before some have to wait for others; may be negative. */
int remote_http_room(const struct remote_http *h);
/** Hands a task to threads beside the loop; its done() is called as the transfers' are (base/crew.h). */
void remote_http_work(struct remote_http *h, struct crew_task *t);
/** Drives all transfers and tasks until none is left, or a callback fails (-1). */
int remote_http_run(struct remote_http *h, struct err *e) MUST_CHECK;
/** The libcurl that it works with; lives as long as `h`. */
const struct remote_libcurl *remote_http_libcurl(const struct remote_http *h);
/** Value of a header of the answer, any case; NULL and 0 if it is not there. Valid until the next attempt. */
struct slice remote_http_header(const struct remote_http_transfer *t, const char *name);
/** Seconds since 1970 of a date in a header, as "Sun, 06 Nov 1994 08:49:37 GMT"; 0: it is none, or beyond 2262. */
int64_t remote_http_time(const struct remote_http *h, struct slice date);
/** Frees the answer's memory. Takes a zeroed one. */
void remote_http_release(struct remote_http_transfer *t);

#endif
