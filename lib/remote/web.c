#include "remote/web.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/utf8.h"
#include "remote/http.h"
#include "remote/libcurl.h"
#include "remote/retry.h"

enum { REDIRECTS_MAX = 10, TAG_MAX = 256 };

struct getting {
	struct remote_web *w;
	const struct remote_libcurl *curl;
	struct buf url; /* where the last redirect led */
	int n_redirects;
	int fd;
	struct err *e;
	bool has_failed;
};

static int prepare(struct remote_http_transfer *t, int attempt, struct buf *url,
	struct remote_http_headers *h, struct err *e)
{
	const struct getting *g = t->ctx;

	(void)attempt;
	(void)h;
	buf_add_slice(url, buf_slice(&g->url));
	return buf_check(url, e);
}

static int receive(
	struct remote_http_transfer *t, uint64_t offset, const char *p, size_t len, struct err *e)
{
	const struct getting *g = t->ctx;

	if (!offset && ftruncate(g->fd, 0))
		return err_errno(e, "cannot write '%s'", g->w->path);
	while (len) {
		ssize_t n = pwrite(g->fd, p, len, (off_t)offset);

		if (n < 0 && errno != EINTR)
			return err_errno(e, "cannot write '%s'", g->w->path);
		if (n > 0) {
			p += n;
			len -= (size_t)n;
			offset += (uint64_t)n;
		}
	}
	return 0;
}

/* The new place, relative to the old one; false for none that may be gone to. */
static bool follow(struct getting *g, struct slice location)
{
	const struct remote_libcurl *curl = g->curl;
	CURLU *u = curl->url();
	char *next = NULL;
	struct buf text = BUF_INIT;
	bool was_tls = slice_starts(buf_slice(&g->url), "https:"), is_good;

	buf_add_slice(&text, location);
	is_good = u && !text.failed && location.len && g->n_redirects++ < REDIRECTS_MAX &&
		  !curl->url_set(u, CURLUPART_URL, g->url.p, 0) &&
		  !curl->url_set(u, CURLUPART_URL, text.p, 0) &&
		  !curl->url_get(u, CURLUPART_URL, &next, 0) &&
		  (!strncmp(next, "https:", 6) || (!was_tls && !strncmp(next, "http:", 5)));
	if (is_good) {
		buf_reset(&g->url);
		buf_add_text(&g->url, next);
		is_good = !g->url.failed;
	}
	curl->free(next);
	curl->url_cleanup(u);
	buf_release(&text);
	return is_good;
}

static enum remote_http_verdict judge(struct remote_http_transfer *t)
{
	bool is_moved = t->status == 301 || t->status == 302 || t->status == 303 ||
			t->status == 307 || t->status == 308;

	if (is_moved && follow(t->ctx, remote_http_header(t, "Location")))
		return REMOTE_HTTP_AGAIN;
	return remote_retry_status(t->status) ? REMOTE_HTTP_RETRY : REMOTE_HTTP_ACCEPT;
}

/* A tag that no YAML can hold is none. */
static void take_tag(struct remote_web *w, struct slice tag)
{
	if (tag.len <= TAG_MAX && utf8_is_valid(tag))
		buf_add_slice(&w->tag, tag);
}

static int done(struct remote_http_transfer *t, const struct err *failed, struct err *e)
{
	struct getting *g = t->ctx;

	(void)e;
	g->has_failed = failed || t->status != 200;
	if (failed) {
		*g->e = *failed;
		return 0;
	}
	if (t->status != 200)
		err_set(g->e, t->status >= 500 ? ERR_SYSTEM : ERR_INPUT, "the server answers %ld",
			t->status);
	else
		take_tag(g->w, remote_http_header(t, "ETag"));
	return 0;
}

int remote_web_get(struct remote_web *w, struct err *e)
{
	struct remote_http_options o = {
		.in_flight = 1, .ca_bundle = w->ca_bundle, .progress = w->progress, .diag = w->diag
	};
	struct getting g = { .w = w, .url = BUF_INIT, .fd = -1, .e = e };
	struct remote_http_transfer t = { .method = "GET",
		.prepare = prepare,
		.receive = receive,
		.judge = judge,
		.done = done,
		.ctx = &g };
	struct remote_http *http = remote_http_new(&o, e);
	int r = -1;

	if (!http)
		return -1;
	g.curl = remote_http_libcurl(http);
	buf_init(&t.text);
	buf_init(&t.header_text);
	buf_add_text(&g.url, w->url);
	g.fd = open(w->path, O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0666);
	if (g.fd < 0)
		err_errno(e, "cannot make '%s'", w->path);
	else if (!remote_http_start(http, &t, e) && !remote_http_run(http, e) && !g.has_failed)
		r = buf_check(&w->tag, e);
	if (g.fd >= 0 && close(g.fd) && !r)
		r = err_errno(e, "cannot write '%s'", w->path);
	remote_http_release(&t);
	remote_http_free(http);
	buf_release(&g.url);
	return r;
}
