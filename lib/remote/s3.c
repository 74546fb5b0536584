#include "remote/s3.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"
#include "hash/sha256.h"
#include "remote/s3_answer.h"
#include "remote/s3xml.h"

enum { SIGNED_MAX = REMOTE_S3_HEADERS + REMOTE_S3_GRANTS + 10 };

/* ---- set-up --------------------------------------------------------------------------------------- */

static int copy(char **to, const char *from, struct err *e)
{
	*to = from && from[0] ? mem_dup(from, e) : NULL;
	return *to || !from || !from[0] ? 0 : -1;
}

static int check_names(const struct remote_s3_options *o, struct err *e)
{
	size_t n = strlen(o->bucket);

	if (n == 0 || o->bucket[strcspn(o->bucket, "/?#@: \t")])
		return err_set(e, ERR_INPUT, "'%s' is not a bucket's name", o->bucket);
	if (o->endpoint && strncmp(o->endpoint, "http://", 7) != 0 &&
		strncmp(o->endpoint, "https://", 8) != 0) {
		err_set(e, ERR_INPUT, "the endpoint '%s' is not an http or https URL", o->endpoint);
		return err_hint(e, "write it as https://host:port");
	}
	return 0;
}

struct remote_s3 *remote_s3_new(const struct remote_s3_options *o, struct err *e)
{
	struct remote_s3 *s;
	const char *region = o->region ? o->region : remote_creds_setting(o->creds, "region");
	size_t len;

	if (check_names(o, e))
		return NULL;
	s = mem_new(sizeof(*s), e);
	if (!s)
		return NULL;
	s->creds = o->creds;
	s->http = o->http;
	s->requester_pays = o->requester_pays;
	snprintf(s->region, sizeof(s->region), "%s", region ? region : "us-east-1");
	s->name = mem_new(strlen(o->bucket) + 6, e);
	if (!s->name || copy(&s->bucket, o->bucket, e) || copy(&s->endpoint, o->endpoint, e) ||
		copy(&s->sse, o->sse, e) || copy(&s->sse_kms_key_id, o->sse_kms_key_id, e) ||
		copy(&s->acl, o->acl, e) || copy(&s->storage_class, o->storage_class, e)) {
		remote_s3_free(s);
		return NULL;
	}
	snprintf(s->name, strlen(o->bucket) + 6, "s3://%s", o->bucket);
	len = s->endpoint ? strlen(s->endpoint) : 0;
	while (len && s->endpoint[len - 1] == '/')
		s->endpoint[--len] = '\0';
	for (int i = 0; i < REMOTE_S3_GRANTS; i++)
		if (copy(&s->grants[i], o->grants[i], e)) {
			remote_s3_free(s);
			return NULL;
		}
	s->tls = (!s->endpoint && !o->plain) ||
		 (s->endpoint && strncmp(s->endpoint, "https:", 6) == 0);
	s->path_style = o->path_style >= 0 ? o->path_style : s->endpoint || strchr(o->bucket, '.');
	return s;
}

void remote_s3_free(struct remote_s3 *s)
{
	if (!s)
		return;
	free(s->bucket);
	free(s->name);
	free(s->endpoint);
	free(s->sse);
	free(s->sse_kms_key_id);
	free(s->acl);
	free(s->storage_class);
	for (int i = 0; i < REMOTE_S3_GRANTS; i++)
		free(s->grants[i]);
	free(s);
}

const char *remote_s3_name(const struct remote_s3 *s)
{
	return s->name;
}

bool remote_s3_signs_bodies(const struct remote_s3 *s)
{
	return !s->tls && !remote_creds_are_anonymous(s->creds);
}

/* ---- a request ------------------------------------------------------------------------------------ */

/* What goes into one attempt; the bufs live until it is signed. */
struct attempt {
	struct buf host, path, url;
	struct remote_sigv4_header headers[SIGNED_MAX];
	size_t n;
};

/* The bucket stands in the host's name or before the key. A redirect names another host, and so which of the two. */
static void add_addresses(
	const struct remote_s3 *s, const struct remote_s3_op *op, struct attempt *a)
{
	const char *scheme = s->tls ? "https://" : "http://";
	bool path_style = s->path_style;

	if (op->moved_to.len) {
		size_t n = strlen(s->bucket);

		buf_add_slice(&a->host, buf_slice(&op->moved_to));
		path_style = strncmp(a->host.p, s->bucket, n) != 0 || a->host.p[n] != '.';
	} else {
		if (!path_style)
			buf_addf(&a->host, "%s.", s->bucket);
		if (s->endpoint)
			buf_add_text(&a->host, s->endpoint + strlen(scheme));
		else
			buf_addf(&a->host, "s3.%s.amazonaws.com", s->region);
	}
	/* An endpoint may have a path of its own, which stands before the bucket. */
	char *slash = strchr(a->host.p, '/');
	if (slash) {
		buf_add_text(&a->path, slash);
		buf_truncate(&a->host, (size_t)(slash - a->host.p));
	}
	buf_add_char(&a->path, '/');
	if (path_style) {
		buf_add_text(&a->path, s->bucket);
		if (op->key.len)
			buf_add_char(&a->path, '/');
	}
	remote_sigv4_encode(&a->path, op->key, true);
	buf_addf(&a->url, "%s%s%s", scheme, a->host.p, a->path.p);
	if (op->query)
		buf_addf(&a->url, "?%s", op->query);
}

static void add(struct attempt *a, const char *name, const char *value)
{
	if (value)
		a->headers[a->n++] = (struct remote_sigv4_header){ name, slice_of(value) };
}

static int by_name(const void *x, const void *y)
{
	return strcmp(((const struct remote_sigv4_header *)x)->name,
		((const struct remote_sigv4_header *)y)->name);
}

/* The SHA-256 of the body; over TLS, which protects it already, nobody needs it. */
static int hash_payload(struct remote_s3_op *op, struct err *e)
{
	struct hash_sha256 *h;
	uint8_t sha[HASH_SHA256_LEN];
	char block[64 << 10];
	uint64_t at = 0;
	int result = -1;

	if (op->sha256 && !op->n_damaged && !op->s3->tls)
		snprintf(op->payload, sizeof(op->payload), "%s", op->sha256);
	if (op->payload[0])
		return 0;
	if (op->s3->tls) {
		snprintf(op->payload, sizeof(op->payload), "UNSIGNED-PAYLOAD");
		return 0;
	}
	if (op->body || op->body_len == 0) {
		struct slice body = { op->body ? op->body : "", (size_t)op->body_len };

		if (hash_sha256_of(body, sha, e))
			return -1;
		hash_sha256_format(sha, op->payload);
		return 0;
	}
	h = hash_sha256_new(e);
	while (h && at < op->body_len) {
		size_t want = op->body_len - at < sizeof(block) ? (size_t)(op->body_len - at)
								: sizeof(block);
		ssize_t n = pread(op->body_fd, block, want, op->body_offset + (off_t)at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			err_set(e, ERR_SYSTEM, "the file changed while it was sent");
			goto out;
		}
		if (hash_sha256_add(h, block, (size_t)n, e))
			goto out;
		at += (uint64_t)n;
	}
	if (h && hash_sha256_finish(h, sha, e) == 0) {
		hash_sha256_format(sha, op->payload);
		result = 0;
	}
out:
	hash_sha256_free(h);
	return result;
}

static int sign(struct remote_s3 *s, const struct remote_s3_op *op, const struct attempt *a,
	const struct remote_creds_keys *keys, time_t now, struct remote_http_headers *h,
	struct err *e)
{
	struct remote_sigv4_key key = { keys->access_key, keys->secret_key, s->region, "s3" };
	struct remote_sigv4_request r = { .method = op->method,
		.path = buf_slice(&a->path),
		.query = slice_of(op->query ? op->query : ""),
		.headers = a->headers,
		.n_headers = a->n,
		.payload = op->payload,
		.now = now };
	struct buf authorization = BUF_INIT;
	int result = remote_sigv4_sign(&key, &r, &authorization, e);

	if (result == 0)
		result = remote_http_add_header(h, "Authorization", buf_slice(&authorization), e);
	buf_release(&authorization);
	return result;
}

static const char *const grant_headers[REMOTE_S3_GRANTS] = { "x-amz-grant-read",
	"x-amz-grant-read-acp", "x-amz-grant-write-acp", "x-amz-grant-full-control" };

static int prepare(struct remote_http_transfer *t, int number, struct buf *url,
	struct remote_http_headers *h, struct err *e)
{
	struct remote_s3_op *op = t->ctx;
	struct remote_s3 *s = op->s3;
	struct attempt a = { .host = BUF_INIT, .path = BUF_INIT, .url = BUF_INIT };
	struct remote_creds_keys keys = { NULL, NULL, NULL };
	char date[REMOTE_SIGV4_DATE_MAX];
	time_t now = time(NULL) + s->skew;
	int result = -1, is_signed = remote_creds_get(s->creds, &keys, e);

	(void)number;
	if (is_signed < 0 || (is_signed && hash_payload(op, e)))
		goto out;
	add_addresses(s, op, &a);
	remote_sigv4_date(now, date);
	add(&a, "host", a.host.p);
	if (is_signed) {
		add(&a, "x-amz-content-sha256", op->payload);
		add(&a, "x-amz-date", date);
		add(&a, "x-amz-security-token", keys.session_token);
	}
	add(&a, "x-amz-request-payer", s->requester_pays ? "requester" : NULL);
	if (op->is_upload) {
		add(&a, "x-amz-server-side-encryption", s->sse);
		add(&a, "x-amz-server-side-encryption-aws-kms-key-id", s->sse_kms_key_id);
		add(&a, "x-amz-acl", s->acl);
		add(&a, "x-amz-storage-class", s->storage_class);
		for (int i = 0; i < REMOTE_S3_GRANTS; i++)
			add(&a, grant_headers[i], s->grants[i]);
	}
	for (size_t i = 0; i < op->n_headers; i++)
		a.headers[a.n++] = op->headers[i];
	qsort(a.headers, a.n, sizeof(a.headers[0]), by_name);
	if (buf_check(&a.host, e) || buf_check(&a.path, e) || buf_check(&a.url, e))
		goto out;
	for (size_t i = 0; i < a.n; i++)
		if (strcmp(a.headers[i].name, "host") != 0 &&
			remote_http_add_header(h, a.headers[i].name, a.headers[i].value, e))
			goto out;
	if (is_signed && sign(s, op, &a, &keys, now, h, e))
		goto out;
	buf_add_slice(url, buf_slice(&a.url));
	result = 0;
out:
	buf_release(&a.host);
	buf_release(&a.path);
	buf_release(&a.url);
	return result;
}

/* ---- an answer ------------------------------------------------------------------------------------- */

static int done(struct remote_http_transfer *t, const struct err *failed, struct err *e)
{
	struct remote_s3_op *op = t->ctx;
	struct remote_s3xml_error x;
	struct err translated = ERR_INIT;

	if (failed) {
		translated = *failed;
		remote_s3_place(op, &translated);
		return op->done(op, &translated, e);
	}
	/* CompleteMultipartUpload may fail after its 200 was sent: the body tells. */
	if (t->status < 300 && strcmp(op->method, "POST") != 0 && !op->may_fail_late)
		return op->done(op, NULL, e);
	remote_s3xml_read_error(buf_slice(&t->text), &x);
	if (t->status < 300 && !x.code.len) {
		/* done */
	} else if (t->status == 404 && strcmp(x.code.p, "NoSuchBucket") != 0 && op->key.len) {
		op->is_missing = true;
	} else if (t->status == 412 || t->status == 304) {
		op->is_refused = true;
	} else if (t->status == 501 || strcmp(x.code.p, "NotImplemented") == 0) {
		op->is_unsupported = true;
	} else {
		remote_s3_explain(op, &x, &translated);
	}
	remote_s3xml_error_release(&x);
	return op->done(op, translated.code ? &translated : NULL, e);
}

static int receive(
	struct remote_http_transfer *t, uint64_t offset, const char *p, size_t len, struct err *e)
{
	struct remote_s3_op *op = t->ctx;

	return op->receive(op, offset, p, len, e);
}

int remote_s3_start(struct remote_s3 *s, struct remote_s3_op *op, struct err *e)
{
	struct remote_http_transfer *t = &op->http;

	op->s3 = s;
	op->payload[0] = '\0';
	op->is_missing = op->is_refused = op->is_unsupported = op->was_refreshed = false;
	op->redirects = op->n_damaged = 0;
	if (!t->text.p)
		buf_init(&t->text);
	if (!t->header_text.p)
		buf_init(&t->header_text);
	if (!op->moved_to.p)
		buf_init(&op->moved_to);
	buf_reset(&op->moved_to);
	t->method = op->method;
	t->prepare = prepare;
	t->body = op->body;
	t->body_fd = op->body_fd;
	t->body_offset = op->body_offset;
	t->body_len = op->body_len;
	t->receive = op->receive ? receive : NULL;
	t->judge = remote_s3_judge;
	t->done = done;
	t->ctx = op;
	return remote_http_start(s->http, t, e);
}

void remote_s3_release(struct remote_s3_op *op)
{
	remote_http_release(&op->http);
	buf_release(&op->moved_to);
}
