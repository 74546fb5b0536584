#include "remote/creds_ask.h"

#include <openssl/crypto.h>
#include <string.h>

#include "remote/http.h"
#include "remote/sigv4.h"

/* The host and the encoded path and query of an URL. */
static void cut_url(const char *url, struct slice *host, struct slice *path, struct slice *query)
{
	const char *begin = strstr(url, "://"), *slash, *mark;

	begin = begin ? begin + 3 : url;
	slash = begin + strcspn(begin, "/?");
	mark = slash + strcspn(slash, "?");
	*host = (struct slice){ begin, (size_t)(slash - begin) };
	*path = mark > slash ? (struct slice){ slash, (size_t)(mark - slash) } : slice_of("/");
	*query = slice_of(*mark ? mark + 1 : "");
}

static int add_signature(
	const struct remote_creds_request *r, struct remote_http_headers *h, struct err *e)
{
	static const char empty_sha[] =
		"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
	struct remote_sigv4_key key = { r->signer->access_key.p, r->signer->secret_key.p,
		r->env->region, "sts" };
	struct remote_sigv4_request q = {
		.method = r->method, .payload = empty_sha, .now = time(NULL)
	};
	struct remote_sigv4_header headers[3];
	char date[REMOTE_SIGV4_DATE_MAX];
	struct buf authorization = BUF_INIT;
	int result;

	remote_sigv4_date(q.now, date);
	cut_url(r->url, &headers[0].value, &q.path, &q.query);
	headers[0].name = "host";
	headers[1] = (struct remote_sigv4_header){ "x-amz-date", slice_of(date) };
	headers[2] = (struct remote_sigv4_header){ "x-amz-security-token",
		buf_slice(&r->signer->session_token) };
	q.headers = headers;
	q.n_headers = r->signer->session_token.len ? 3 : 2;
	result = remote_sigv4_sign(&key, &q, &authorization, e);
	for (size_t i = 1; i < q.n_headers && result == 0; i++)
		result = remote_http_add_header(h, headers[i].name, headers[i].value, e);
	if (result == 0)
		result = remote_http_add_header(h, "Authorization", buf_slice(&authorization), e);
	buf_release(&authorization);
	return result;
}

static int prepare(struct remote_http_transfer *t, int attempt, struct buf *url,
	struct remote_http_headers *h, struct err *e)
{
	const struct remote_creds_request *r = t->ctx;

	(void)attempt;
	buf_add_text(url, r->url);
	if (r->header_name &&
		remote_http_add_header(h, r->header_name, slice_of(r->header_value), e))
		return -1;
	return r->signer ? add_signature(r, h, e) : 0;
}

static enum remote_http_verdict accept_any(struct remote_http_transfer *t)
{
	(void)t;
	return REMOTE_HTTP_ACCEPT;
}

static int done(struct remote_http_transfer *t, const struct err *failed, struct err *e)
{
	struct remote_creds_request *r = t->ctx;

	(void)e;
	if (failed) {
		*r->failed = *failed;
		r->has_failed = true;
	}
	return 0;
}

int remote_creds_ask(
	struct remote_creds_request *r, long *status, struct buf *answer, struct err *e)
{
	struct remote_http_options o = { .in_flight = 1,
		.ca_bundle = r->env->ca_bundle,
		.insecure = r->env->insecure,
		.connect_timeout_ms = r->connect_timeout_ms,
		.diag = r->env->diag };
	struct remote_http_transfer t = {
		.method = r->method, .prepare = prepare, .done = done, .ctx = r
	};
	struct remote_http *http = remote_http_new(&o, e);
	int result = -1;

	if (!http)
		return -1;
	buf_init(&t.text);
	buf_init(&t.header_text);
	if (r->once)
		t.judge = accept_any;
	r->failed = e;
	if (remote_http_start(http, &t, e) || remote_http_run(http, e) || r->has_failed)
		goto out;
	*status = t.status;
	buf_reset(answer);
	buf_add(answer, t.text.p, t.text.len);
	result = buf_check(answer, e);
out:
	if (t.text.cap)
		OPENSSL_cleanse(t.text.p, t.text.cap);
	remote_http_release(&t);
	remote_http_free(http);
	return result;
}

void remote_creds_add_parameter(struct buf *b, const char *name, struct slice value)
{
	buf_addf(b, "&%s=", name);
	remote_sigv4_encode(b, value, false);
}
