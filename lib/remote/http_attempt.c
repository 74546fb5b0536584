/* One attempt at a transfer: what libcurl is told, and its callbacks. */
#include <errno.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"
#include "remote/http_internal.h"

enum {
	TEXT_MAX = 64 << 20,
	ERROR_TEXT_MAX = 64 << 10, /* of what is not 2xx: the message stands at its beginning */
	HEADERS_MAX = 256 << 10,
	BLOCK = 256 << 10, /* that moves at a time */
	BLOCK_PACED = 16 << 10
};

int64_t remote_http_now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

/* ---- progress ---- */

void remote_http_tell(struct remote_http_private *p, uint64_t n)
{
	struct progress *progress = p->http->o.progress;

	if (!progress || !(p->t->receive || strcmp(p->t->method, "PUT") == 0))
		return;
	progress_add(progress, n);
	p->told += n;
}

void remote_http_take_back(struct remote_http_private *p)
{
	if (p->told)
		progress_add(p->http->o.progress, (uint64_t)0 - p->told);
	p->told = 0;
}

/* ---- the pace ---- */

static bool must_wait(struct remote_http_private *p)
{
	struct remote_http *h = p->http;

	p->is_paused =
		h->pace.bytes_per_s && remote_pace_wait_us(&h->pace, remote_http_now_us()) > 0;
	return p->is_paused;
}

static void book(struct remote_http *h, uint64_t n)
{
	if (h->pace.bytes_per_s)
		remote_pace_book(&h->pace, n, remote_http_now_us());
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
		remote_http_tell(p, room);
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
	remote_http_tell(p, (uint64_t)got);
	book(p->http, (uint64_t)got);
	return (size_t)got;
}

static int seek_body(void *ctx, curl_off_t offset, int origin)
{
	struct remote_http_private *p = ctx;

	if (origin != SEEK_SET || offset < 0 || (uint64_t)offset > p->t->body_len)
		return CURL_SEEKFUNC_FAIL;
	p->sent = (uint64_t)offset;
	remote_http_take_back(p);
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
		remote_http_tell(p, len);
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

/* ---- the attempt ---------------------------------------------------------------------------------- */

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

void remote_http_give_handle(struct remote_http *h, CURL *easy)
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
		ms += 1000 * (uint64_t)h->o.in_flight * REMOTE_HTTP_SMALL_BODY /
		      h->pace.bytes_per_s;
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

static void set_method(CURL *easy, struct remote_http_private *p)
{
	const struct remote_libcurl *curl = &p->http->curl;
	const struct remote_http_transfer *t = p->t;

	if (strcmp(t->method, "HEAD") == 0) {
		curl->easy_setopt(easy, CURLOPT_NOBODY, 1L);
		return;
	}
	if (remote_http_is_small(t)) {
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

int remote_http_attempt(struct remote_http *h, struct remote_http_private *p, struct err *e)
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
	if (remote_http_leave_out_headers(t, &headers) ||
		h->curl.easy_setopt(p->easy, CURLOPT_URL, url.p) != CURLE_OK ||
		h->curl.easy_setopt(p->easy, CURLOPT_HTTPHEADER, headers.list) != CURLE_OK ||
		h->curl.multi_add_handle(h->multi, p->easy) != CURLM_OK) {
		err_set(e, ERR_SYSTEM, "cannot begin a transfer");
		remote_http_give_handle(h, p->easy);
		p->easy = NULL;
		goto out;
	}
	h->active[h->n_active++] = p;
	if (remote_http_is_small(t))
		book(h, t->body_len);
	result = 0;
out:
	p->headers = headers.list;
	buf_release(&url);
	return result;
}
