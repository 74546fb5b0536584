#include "remote/http_internal.h"

#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/rng.h"
#include "remote/retry.h"

static int64_t now_ms(void)
{
	return remote_http_now_us() / 1000;
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

const struct remote_libcurl *remote_http_libcurl(const struct remote_http *h)
{
	return &h->curl;
}

void remote_http_release(struct remote_http_transfer *t)
{
	buf_release(&t->text);
	buf_release(&t->header_text);
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

	remote_http_take_back(p);
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
	remote_http_give_handle(h, p->easy);
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
	if (remote_http_is_small(t) && t->status < 300)
		remote_http_tell(p, t->body_len);
	return give_up_or_done(p, NULL, e);
}

/* ---- the loop ------------------------------------------------------------------------------------- */

/* Begins what may begin now. Sets the milliseconds until the next that waits, if any. */
static int begin_queued(struct remote_http *h, int *wait_ms, struct err *e)
{
	struct remote_http_private **at = &h->queue;
	int64_t now = remote_http_now_us();

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
		if (remote_http_attempt(h, p, &failed) && give_up_or_done(p, &failed, e))
			return -1;
	}
	return 0;
}

/* Lets go on what the pace held, in turns, until it holds again. Lowers the milliseconds that the loop waits. */
static void go_on(struct remote_http *h, int *wait_ms)
{
	int64_t us = remote_pace_wait_us(&h->pace, remote_http_now_us());

	for (size_t i = 0; us == 0 && h->pace.bytes_per_s && i < h->n_active; i++) {
		struct remote_http_private *p = h->active[h->n_turns++ % h->n_active];

		if (!p->is_paused)
			continue;
		p->is_paused = false;
		h->curl.easy_pause(p->easy, CURLPAUSE_CONT);
		us = remote_pace_wait_us(&h->pace, remote_http_now_us());
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
