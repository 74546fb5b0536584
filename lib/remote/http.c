#include "remote/http.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/rng.h"
#include "remote/libcurl.h"
#include "remote/pace.h"
#include "remote/retry.h"
#include "remote/watch.h"

enum {
	TEXT_MAX = 64 << 20,
	ERROR_TEXT_MAX = 64 << 10, /* of what is not 2xx: the message stands at its beginning */
	HEADERS_MAX = 256 << 10,
	SMALL_BODY = 64 << 10,
	BLOCK = 256 << 10, /* that moves at a time */
	BLOCK_PACED = 16 << 10
};

struct remote_http_headers {
	const struct remote_libcurl *curl;
	struct curl_slist *list;
};

/* What the loop needs of a transfer between start and done. */
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

static int64_t now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static int64_t now_ms(void)
{
	return now_us() / 1000;
}

/* ---- the client ----------------------------------------------------------------------------------- */

struct remote_http *remote_http_new(const struct remote_http_options *o, struct err *e)
{
	struct remote_http *h = mem_new(sizeof(*h), e);
	struct timespec t;

	if (!h)
		return NULL;
	h->o = *o;
	if (h->o.in_flight < 1)
		h->o.in_flight = 32;
	if (h->o.attempts < 1)
		h->o.attempts = REMOTE_RETRY_ATTEMPTS;
	h->queue_end = &h->queue;
	h->pace.bytes_per_s = o->bytes_per_s;
	clock_gettime(CLOCK_REALTIME, &t);
	h->seed = (uint64_t)t.tv_nsec ^ (uint64_t)getpid() << 32;
	if (remote_libcurl_load(&h->curl, e))
		goto fail;
	h->multi = h->curl.multi_init();
	if (!h->multi) {
		err_set(e, ERR_SYSTEM, "cannot set up libcurl");
		goto fail;
	}
	h->watch = remote_watch_new(&h->curl, h->multi, e);
	if (!h->watch)
		goto fail;
	h->crew = crew_new(o->threads > 1 ? o->threads : 0, remote_watch_wake, h->watch, e);
	if (!h->crew)
		goto fail;
	h->curl.multi_setopt(h->multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, (long)h->o.in_flight);
	h->curl.multi_setopt(h->multi, CURLMOPT_MAXCONNECTS, (long)h->o.in_flight);
	return h;
fail:
	remote_http_free(h);
	return NULL;
}

static void free_private(struct remote_http_private *p)
{
	p->t->priv = NULL;
	p->http->curl.slist_free_all(p->headers);
	free(p);
}

void remote_http_free(struct remote_http *h)
{
	if (!h)
		return;
	crew_free(h->crew);
	for (size_t i = 0; i < h->n_active; i++) {
		struct remote_http_private *p = h->active[i];

		h->curl.multi_remove_handle(h->multi, p->easy);
		h->curl.easy_cleanup(p->easy);
		free_private(p);
	}
	while (h->queue) {
		struct remote_http_private *p = h->queue;

		h->queue = p->next;
		free_private(p);
	}
	for (size_t i = 0; i < h->n_idle; i++)
		h->curl.easy_cleanup(h->idle[i]);
	if (h->multi)
		h->curl.multi_cleanup(h->multi);
	remote_watch_free(h->watch);
	free(h->idle);
	free(h->active);
	free(h);
}

int remote_http_room(const struct remote_http *h)
{
	return h->o.in_flight - (int)(h->n_active + h->n_queued + crew_n_pending(h->crew));
}

static void enqueue(struct remote_http *h, struct remote_http_private *p)
{
	p->next = NULL;
	*h->queue_end = p;
	h->queue_end = &p->next;
	h->n_queued++;
}

int remote_http_start(struct remote_http *h, struct remote_http_transfer *t, struct err *e)
{
	struct remote_http_private *p = mem_new(sizeof(*p), e);

	if (!p)
		return -1;
	p->http = h;
	p->t = t;
	t->priv = p;
	enqueue(h, p);
	return 0;
}

void remote_http_work(struct remote_http *h, struct crew_task *t)
{
	crew_add(h->crew, t);
}

/* ---- progress ---- */

/* Bodies that are files or objects count; listings and commands do not. */
static void tell(struct remote_http_private *p, uint64_t n)
{
	struct progress *progress = p->http->o.progress;

	if (!progress || !(p->t->receive || strcmp(p->t->method, "PUT") == 0))
		return;
	progress_add(progress, n);
	p->told += n;
}

/* An attempt that is made again has moved nothing. */
static void take_back(struct remote_http_private *p)
{
	if (p->told)
		progress_add(p->http->o.progress, (uint64_t)0 - p->told);
	p->told = 0;
}

/* ---- the pace ---- */

static bool must_wait(struct remote_http_private *p)
{
	struct remote_http *h = p->http;

	p->is_paused = h->pace.bytes_per_s && remote_pace_wait_us(&h->pace, now_us()) > 0;
	return p->is_paused;
}

static void book(struct remote_http *h, uint64_t n)
{
	if (h->pace.bytes_per_s)
		remote_pace_book(&h->pace, n, now_us());
}

/* ---- libcurl's callbacks -------------------------------------------------------------------------- */

static size_t read_body(char *to, size_t size, size_t n, void *ctx)
{
	struct remote_http_private *p = ctx;
	struct remote_http_transfer *t = p->t;
	size_t room = size * n;
	ssize_t got;

	if (room > t->body_len - p->sent)
		room = (size_t)(t->body_len - p->sent);
	if (room && must_wait(p))
		return CURL_READFUNC_PAUSE;
	if (t->body) {
		memcpy(to, t->body + p->sent, room);
		p->sent += room;
		tell(p, room);
		book(p->http, room);
		return room;
	}
	do
		got = pread(t->body_fd, to, room, t->body_offset + (off_t)p->sent);
	while (got < 0 && errno == EINTR);
	if (got < 0 || (got == 0 && room)) {
		p->stopped = true;
		if (got < 0)
			err_errno(&p->error, "cannot read what is sent");
		else
			err_set(&p->error, ERR_SYSTEM, "the file became shorter while it was sent");
		return CURL_READFUNC_ABORT;
	}
	p->sent += (uint64_t)got;
	tell(p, (uint64_t)got);
	book(p->http, (uint64_t)got);
	return (size_t)got;
}

static int seek_body(void *ctx, curl_off_t offset, int origin)
{
	struct remote_http_private *p = ctx;

	if (origin != SEEK_SET || offset < 0 || (uint64_t)offset > p->t->body_len)
		return CURL_SEEKFUNC_FAIL;
	p->sent = (uint64_t)offset;
	take_back(p);
	return CURL_SEEKFUNC_OK;
}

/* What a callback returns to end the transfer. */
static size_t stop(struct remote_http_private *p, const char *why)
{
	p->stopped = true;
	err_set(&p->error, ERR_SYSTEM, "%s", why);
	return 0;
}

static size_t take_body(char *from, size_t size, size_t n, void *ctx)
{
	struct remote_http_private *p = ctx;
	struct remote_http_transfer *t = p->t;
	size_t len = size * n;

	if (must_wait(p))
		return CURL_WRITEFUNC_PAUSE;
	p->http->curl.easy_getinfo(p->easy, CURLINFO_RESPONSE_CODE, &t->status);
	if (t->receive && t->status >= 200 && t->status < 300) {
		if (t->receive(t, p->received, from, len, &p->error)) {
			p->stopped = true;
			return 0;
		}
		tell(p, len);
	} else if (t->status >= 300 && t->text.len + len > ERROR_TEXT_MAX) {
		p->has_enough = true;
		return 0;
	} else if (t->text.len + len > TEXT_MAX) {
		return stop(p, "the server's answer is larger than 64 MiB");
	} else {
		buf_add(&t->text, from, len);
	}
	p->received += len;
	book(p->http, len);
	return len;
}

static size_t take_header(char *from, size_t size, size_t n, void *ctx)
{
	struct remote_http_private *p = ctx;
	size_t len = size * n;

	if (len >= 5 && memcmp(from, "HTTP/", 5) == 0)
		buf_reset(&p->t->header_text); /* an interim answer (100 Continue) came before */
	if (p->t->header_text.len + len > HEADERS_MAX)
		return stop(p, "the headers of the server's answer are larger than 256 KiB");
	buf_add(&p->t->header_text, from, len);
	return len;
}

int remote_http_add_header(
	struct remote_http_headers *h, const char *name, struct slice value, struct err *e)
{
	struct buf line = BUF_INIT;
	struct curl_slist *list = NULL;

	buf_addf(
		&line, value.len ? "%s: " : "%s;", name); /* libcurl's way to send an empty value */
	buf_add_slice(&line, value);
	if (memchr(value.p, '\n', value.len) || memchr(value.p, '\r', value.len)) {
		buf_release(&line);
		return err_set(e, ERR_INPUT, "header '%s': a line break in its value", name);
	}
	if (!line.failed)
		list = h->curl->slist_append(h->list, line.p);
	buf_release(&line);
	if (!list)
		return err_nomem(e);
	h->list = list;
	return 0;
}

struct slice remote_http_header(const struct remote_http_transfer *t, const char *name)
{
	struct slice rest = buf_slice(&t->header_text), line;
	size_t len = strlen(name);

	while (slice_cut(&rest, '\n', &line)) {
		if (line.len <= len || line.p[len] != ':' || strncasecmp(line.p, name, len) != 0)
			continue;
		line.p += len + 1;
		line.len -= len + 1;
		if (line.len && line.p[line.len - 1] == '\r')
			line.len--;
		return slice_trim(line);
	}
	return (struct slice){ NULL, 0 };
}

const struct remote_libcurl *remote_http_libcurl(const struct remote_http *h)
{
	return &h->curl;
}

int64_t remote_http_time(const struct remote_http *h, struct slice date)
{
	char text[64];
	time_t t;

	if (!date.len || date.len >= sizeof(text))
		return 0;
	snprintf(text, sizeof(text), "%.*s", (int)date.len, date.p);
	t = h->curl.getdate(text, NULL);
	return t > 0 && t <= INT64_MAX / 1000000000 ? t : 0;
}

void remote_http_release(struct remote_http_transfer *t)
{
	buf_release(&t->text);
	buf_release(&t->header_text);
}

/* ---- one attempt ---------------------------------------------------------------------------------- */

static CURL *take_handle(struct remote_http *h, struct err *e)
{
	CURL *easy;

	if (h->n_idle)
		return h->idle[--h->n_idle];
	easy = h->curl.easy_init();
	if (!easy)
		err_nomem(e);
	return easy;
}

static void give_handle(struct remote_http *h, CURL *easy)
{
	struct err e = ERR_INIT;

	h->curl.easy_reset(easy);
	if (mem_grow(&h->idle, &h->cap_idle, h->n_idle + 1, sizeof(*h->idle), &e))
		h->curl.easy_cleanup(easy);
	else
		h->idle[h->n_idle++] = easy;
}

/*
 * No byte for so long, and the other side is taken for dead. libcurl counts also the time in which the pace holds an upload:
 * at worst all others move a block in between.
 */
static long stall_seconds(const struct remote_http *h)
{
	uint64_t ms = h->o.stall_timeout_ms ? (uint64_t)h->o.stall_timeout_ms : 60000;

	if (h->pace.bytes_per_s)
		ms += 1000 * (uint64_t)h->o.in_flight * SMALL_BODY / h->pace.bytes_per_s;
	return ms < 1000 ? 1 : ms / 1000 > INT32_MAX ? INT32_MAX : (long)(ms / 1000);
}

static void set_common(const struct remote_http *h, CURL *easy, struct remote_http_private *p)
{
	const struct remote_libcurl *curl = &h->curl;
	long block = h->pace.bytes_per_s ? BLOCK_PACED : BLOCK;

	curl->easy_setopt(easy, CURLOPT_PRIVATE, p);
	curl->easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	curl->easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
	curl->easy_setopt(easy, CURLOPT_USERAGENT, "cd4ml/" CD4ML_VERSION);
	curl->easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS,
		(long)(h->o.connect_timeout_ms ? h->o.connect_timeout_ms : 10000));
	curl->easy_setopt(easy, CURLOPT_LOW_SPEED_LIMIT, 1L);
	curl->easy_setopt(easy, CURLOPT_LOW_SPEED_TIME, stall_seconds(h));
	curl->easy_setopt(easy, CURLOPT_BUFFERSIZE, block);
	curl->easy_setopt(easy, CURLOPT_UPLOAD_BUFFERSIZE, block);
	curl->easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L); /* a key may hold "../": it is a name */
	curl->easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
	if (h->o.ca_bundle)
		curl->easy_setopt(easy, CURLOPT_CAINFO, h->o.ca_bundle);
	if (h->o.insecure) {
		curl->easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 0L);
		curl->easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 0L);
	}
	curl->easy_setopt(easy, CURLOPT_WRITEFUNCTION, take_body);
	curl->easy_setopt(easy, CURLOPT_WRITEDATA, p);
	curl->easy_setopt(easy, CURLOPT_HEADERFUNCTION, take_header);
	curl->easy_setopt(easy, CURLOPT_HEADERDATA, p);
}

/* In memory and small: libcurl sends it together with the headers. */
static bool is_small(const struct remote_http_transfer *t)
{
	return t->body && t->body_len <= SMALL_BODY;
}

static void set_method(CURL *easy, struct remote_http_private *p)
{
	const struct remote_libcurl *curl = &p->http->curl;
	const struct remote_http_transfer *t = p->t;

	if (strcmp(t->method, "HEAD") == 0) {
		curl->easy_setopt(easy, CURLOPT_NOBODY, 1L);
		return;
	}
	if (is_small(t)) {
		curl->easy_setopt(easy, CURLOPT_POST, 1L);
		curl->easy_setopt(easy, CURLOPT_POSTFIELDS, t->body);
		curl->easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)t->body_len);
	} else if (strcmp(t->method, "PUT") == 0 || strcmp(t->method, "POST") == 0) {
		curl->easy_setopt(easy, CURLOPT_UPLOAD, 1L);
		curl->easy_setopt(easy, CURLOPT_READFUNCTION, read_body);
		curl->easy_setopt(easy, CURLOPT_READDATA, p);
		curl->easy_setopt(easy, CURLOPT_SEEKFUNCTION, seek_body);
		curl->easy_setopt(easy, CURLOPT_SEEKDATA, p);
		curl->easy_setopt(easy, CURLOPT_INFILESIZE_LARGE, (curl_off_t)t->body_len);
	}
	curl->easy_setopt(easy, CURLOPT_CUSTOMREQUEST, t->method);
}

static bool has_header(const struct curl_slist *list, const char *name)
{
	size_t len = strlen(name);

	for (; list; list = list->next)
		if (strncasecmp(list->data, name, len) == 0)
			return true;
	return false;
}

static int add_line(struct remote_http_headers *h, const char *line)
{
	struct curl_slist *list = h->curl->slist_append(h->list, line);

	if (!list)
		return -1;
	h->list = list;
	return 0;
}

/*
 * What libcurl would add by itself: waiting for "100 Continue" costs a round trip per small object, and a second where
 * nobody answers; and the type of a form.
 */
static int leave_out_headers(const struct remote_http_transfer *t, struct remote_http_headers *h)
{
	if (t->body_len < 1 << 20 && add_line(h, "Expect:"))
		return -1;
	return is_small(t) && !has_header(h->list, "content-type:") ? add_line(h, "Content-Type:")
								    : 0;
}

static int begin(struct remote_http *h, struct remote_http_private *p, struct err *e)
{
	struct remote_http_transfer *t = p->t;
	struct remote_http_headers headers = { &h->curl, NULL };
	struct buf url = BUF_INIT;
	int result = -1;

	if (mem_grow(&h->active, &h->cap_active, h->n_active + 1, sizeof(*h->active), e))
		return -1;
	buf_reset(&t->text);
	buf_reset(&t->header_text);
	t->status = 0;
	p->sent = p->received = p->told = 0;
	p->stopped = p->has_enough = p->is_paused = false;
	h->curl.slist_free_all(p->headers);
	p->headers = NULL;
	if (t->prepare(t, p->attempt, &url, &headers, e) || buf_check(&url, e))
		goto out;
	p->easy = take_handle(h, e);
	if (!p->easy)
		goto out;
	set_common(h, p->easy, p);
	set_method(p->easy, p);
	if (leave_out_headers(t, &headers) ||
		h->curl.easy_setopt(p->easy, CURLOPT_URL, url.p) != CURLE_OK ||
		h->curl.easy_setopt(p->easy, CURLOPT_HTTPHEADER, headers.list) != CURLE_OK ||
		h->curl.multi_add_handle(h->multi, p->easy) != CURLM_OK) {
		err_set(e, ERR_SYSTEM, "cannot begin a transfer");
		give_handle(h, p->easy);
		p->easy = NULL;
		goto out;
	}
	h->active[h->n_active++] = p;
	if (is_small(t))
		book(h, t->body_len);
	result = 0;
out:
	p->headers = headers.list;
	buf_release(&url);
	return result;
}

/* ---- the end of an attempt ------------------------------------------------------------------------ */

static bool may_pass(CURLcode code)
{
	switch (code) {
	case CURLE_COULDNT_RESOLVE_PROXY:
	case CURLE_COULDNT_RESOLVE_HOST:
	case CURLE_COULDNT_CONNECT:
	case CURLE_WEIRD_SERVER_REPLY:
	case CURLE_HTTP2:
	case CURLE_HTTP2_STREAM:
	case CURLE_PARTIAL_FILE:
	case CURLE_OPERATION_TIMEDOUT:
	case CURLE_SSL_CONNECT_ERROR:
	case CURLE_GOT_NOTHING:
	case CURLE_SEND_ERROR:
	case CURLE_RECV_ERROR:
	case CURLE_SEND_FAIL_REWIND:
		return true;
	default:
		return false;
	}
}

static void explain(const struct remote_libcurl *curl, CURLcode code, struct err *e)
{
	err_set(e, ERR_SYSTEM, "%s", curl->easy_strerror(code));
	if (code == CURLE_COULDNT_RESOLVE_HOST)
		err_hint(e, "is the endpoint's name right, and the network there?");
	else if (code == CURLE_PEER_FAILED_VERIFICATION || code == CURLE_SSL_CACERT_BADFILE) {
		e->code = ERR_INPUT;
		err_hint(e, "name your authority's certificates in AWS_CA_BUNDLE");
	} else if (code == CURLE_UNSUPPORTED_PROTOCOL || code == CURLE_URL_MALFORMAT)
		e->code = ERR_INPUT;
}

static enum remote_http_verdict judge(struct remote_http_transfer *t)
{
	if (t->judge)
		return t->judge(t);
	return remote_retry_status(t->status) ? REMOTE_HTTP_RETRY : REMOTE_HTTP_ACCEPT;
}

static void queue_again(struct remote_http *h, struct remote_http_private *p, bool at_once)
{
	int wait = 0;

	take_back(p);
	p->attempt++;
	if (!at_once)
		wait = remote_retry_wait_ms(p->attempt, rng_bits(h->seed, 0, h->n_random++));
	p->not_before_ms = now_ms() + wait;
	diag_say(h->o.diag, DIAG_DETAIL, "attempt %d failed (status %ld), next in %d ms",
		p->attempt, p->t->status, wait);
	enqueue(h, p);
}

static int give_up_or_done(struct remote_http_private *p, const struct err *failed, struct err *e)
{
	struct remote_http_transfer *t = p->t;
	struct err copy;

	if (failed)
		copy = *failed;
	free_private(p);
	return t->done(t, failed ? &copy : NULL, e);
}

static int ended(struct remote_http *h, struct remote_http_private *p, CURLcode code, struct err *e)
{
	struct remote_http_transfer *t = p->t;
	bool last = p->attempt + 1 >= h->o.attempts;
	enum remote_http_verdict verdict;
	struct err failed = ERR_INIT;

	h->curl.easy_getinfo(p->easy, CURLINFO_RESPONSE_CODE, &t->status);
	h->curl.multi_remove_handle(h->multi, p->easy);
	give_handle(h, p->easy);
	p->easy = NULL;
	for (size_t i = 0; i < h->n_active; i++)
		if (h->active[i] == p)
			h->active[i] = h->active[--h->n_active];
	if (p->stopped)
		return give_up_or_done(p, &p->error, e);
	/* A server may refuse a body half-way: then its answer counts, not the broken connection. */
	if (code != CURLE_OK && !p->has_enough && !(code == CURLE_SEND_ERROR && t->status >= 300)) {
		if (may_pass(code) && !last) {
			queue_again(h, p, false);
			return 0;
		}
		explain(&h->curl, code, &failed);
		return give_up_or_done(p, &failed, e);
	}
	if (t->text.failed || t->header_text.failed) {
		err_nomem(&failed);
		return give_up_or_done(p, &failed, e);
	}
	verdict = judge(t);
	if (verdict != REMOTE_HTTP_ACCEPT && !last) {
		queue_again(h, p, verdict == REMOTE_HTTP_AGAIN);
		return 0;
	}
	if (is_small(t) && t->status < 300)
		tell(p, t->body_len);
	return give_up_or_done(p, NULL, e);
}

/* ---- the loop ------------------------------------------------------------------------------------- */

/* Begins what may begin now. Sets the milliseconds until the next that waits, if any. */
static int begin_queued(struct remote_http *h, int *wait_ms, struct err *e)
{
	struct remote_http_private **at = &h->queue;
	int64_t now = now_us();

	while (*at && h->n_active < (size_t)h->o.in_flight &&
		remote_pace_wait_us(&h->pace, now) == 0) {
		struct remote_http_private *p = *at;
		struct err failed = ERR_INIT;

		if (p->not_before_ms > now / 1000) {
			if (p->not_before_ms - now / 1000 < *wait_ms)
				*wait_ms = (int)(p->not_before_ms - now / 1000);
			at = &p->next;
			continue;
		}
		*at = p->next;
		if (!*at)
			h->queue_end = at;
		h->n_queued--;
		if (begin(h, p, &failed) && give_up_or_done(p, &failed, e))
			return -1;
	}
	return 0;
}

/* Lets go on what the pace held, in turns, until it holds again. Lowers the milliseconds that the loop waits. */
static void go_on(struct remote_http *h, int *wait_ms)
{
	int64_t us = remote_pace_wait_us(&h->pace, now_us());

	for (size_t i = 0; us == 0 && h->pace.bytes_per_s && i < h->n_active; i++) {
		struct remote_http_private *p = h->active[h->n_turns++ % h->n_active];

		if (!p->is_paused)
			continue;
		p->is_paused = false;
		h->curl.easy_pause(p->easy, CURLPAUSE_CONT);
		us = remote_pace_wait_us(&h->pace, now_us());
	}
	if (us > 0 && us / 1000 < *wait_ms)
		*wait_ms = (int)(us / 1000) + 1;
}

/* Hands out what has ended; `*any`: something did. */
static int collect_ended(struct remote_http *h, bool *any, struct err *e)
{
	CURLMsg *message;
	int left;

	while ((message = h->curl.multi_info_read(h->multi, &left))) {
		struct remote_http_private *p;
		CURLcode code = message->data.result;

		if (message->msg != CURLMSG_DONE)
			continue;
		h->curl.easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&p);
		if (ended(h, p, code, e))
			return -1;
		*any = true;
	}
	return 0;
}

int remote_http_run(struct remote_http *h, struct err *e)
{
	bool any = false;

	while (h->queue || h->n_active || crew_n_pending(h->crew)) {
		int wait_ms = any ? 0 : 1000;

		any = false;
		if (begin_queued(h, &wait_ms, e))
			return -1;
		go_on(h, &wait_ms);
		if (remote_watch_step(h->watch, wait_ms, e) || collect_ended(h, &any, e) ||
			crew_collect(h->crew, e))
			return -1;
	}
	return 0;
}
