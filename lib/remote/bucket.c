#include "remote/bucket.h"

#include <limits.h>
#include <stdlib.h>
#include <strings.h>

#include "base/arena.h"
#include "base/mem.h"
#include "base/num.h"
#include "remote/bucket_task.h"

/* ---- the store ------------------------------------------------------------------------------------ */

static struct bucket *bucket_of(const struct remote_store *s)
{
	return (struct bucket *)(uintptr_t)s;
}

static void free_task(struct bucket_task *t)
{
	*t->link = t->next;
	if (t->next)
		t->next->link = t->link;
	if (t->release)
		t->release(t);
	remote_s3_release(&t->op);
	buf_release(&t->key);
	free(t);
}

static void bucket_close(struct remote_store *s)
{
	struct bucket *b = bucket_of(s);

	remote_http_free(b->http);
	while (b->batches)
		remote_bucket_free_batch(b->batches);
	while (b->tasks)
		free_task(b->tasks);
	remote_s3_free(b->s3);
	remote_creds_free(b->creds);
	if (b->texts)
		arena_release(b->texts);
	free(b->texts);
	free(b->name);
	free(b->prefix);
	free(b);
}

/* ---- settings ------------------------------------------------------------------------------------- */

/* A setting that is copied, since the caller's text may not live; NULL when it is not set. */
static const char *setting(struct bucket *b, const struct remote_store_options *o, const char *name,
	struct err *e, bool *failed)
{
	const char *v = o->setting ? o->setting(o->setting_ctx, name) : NULL;
	const char *copy;

	if (!v || !v[0])
		return NULL;
	copy = arena_dup(b->texts, v, strlen(v), e);
	if (!copy)
		*failed = true;
	return copy;
}

static bool is_word(const char *v, const char *word)
{
	return v && strcmp(v, word) == 0;
}

static bool is_no(const char *v)
{
	return is_word(v, "false") || is_word(v, "False") || is_word(v, "no") || is_word(v, "0");
}

static bool is_yes(const char *v)
{
	return is_word(v, "true") || is_word(v, "True") || is_word(v, "yes") || is_word(v, "1");
}

static int open_creds(struct bucket *b, const struct remote_store_options *o, struct err *e)
{
	bool failed = false;
	const char *verify = setting(b, o, "ssl_verify", e, &failed);
	struct remote_creds_options c = {
		.profile = setting(b, o, "profile", e, &failed),
		.access_key = setting(b, o, "access_key_id", e, &failed),
		.secret_key = setting(b, o, "secret_access_key", e, &failed),
		.session_token = setting(b, o, "session_token", e, &failed),
		.credentials_file = setting(b, o, "credentialpath", e, &failed),
		.config_file = setting(b, o, "configpath", e, &failed),
		.region = setting(b, o, "region", e, &failed),
		.insecure = is_no(verify),
		.ca_bundle = is_no(verify) || is_yes(verify) ? NULL : verify,
		.anonymous = is_yes(setting(b, o, "allow_anonymous_login", e, &failed)),
		.diag = o->diag,
	};

	b->creds = failed ? NULL : remote_creds_new(&c, e);
	return b->creds ? 0 : -1;
}

/*
 * Named by an option or setting, that one. AWS's own variable names no kind: "when_supported" asks for what AWS's tools
 * then send, and is heeded only where somebody set it, since servers that are not AWS's may refuse that.
 */
static int read_checksum(struct bucket *b, const char *named, struct err *e)
{
	const char *when = remote_creds_setting(b->creds, "request_checksum_calculation");

	b->is_chosen = named != NULL;
	if (named)
		return remote_checksum_parse(named, &b->checksum, e);
	if (!when || !strcasecmp(when, "when_required"))
		return 0;
	if (strcasecmp(when, "when_supported") != 0)
		return err_set(e, ERR_INPUT,
			"AWS_REQUEST_CHECKSUM_CALCULATION is '%s': known are when_supported, "
			"when_required",
			when);
	b->checksum = REMOTE_CHECKSUM_CRC64NVME;
	return 0;
}

/* Seconds as AWS and DVC have them, 0 for no limit, into milliseconds, where they are set. */
static int read_timeout(const char *name, const char *seconds, int *ms, struct err *e)
{
	uint64_t n;

	if (!seconds)
		return 0;
	if (!num_parse_uint(slice_of(seconds), &n))
		return err_set(e, ERR_INPUT, "%s '%s' is not a number of seconds", name, seconds);
	*ms = n && n < INT_MAX / 1000 ? (int)n * 1000 : INT_MAX;
	return 0;
}

static int read_http_settings(struct bucket *b, const struct remote_store_options *o, struct err *e)
{
	bool failed = false;
	const char *verify = setting(b, o, "ssl_verify", e, &failed);
	const char *bandwidth = setting(b, o, "bandwidth", e, &failed);
	const char *jobs = setting(b, o, "jobs", e, &failed);
	const char *reading = setting(b, o, "read_timeout", e, &failed);
	const char *connecting = setting(b, o, "connect_timeout", e, &failed);
	const char *attempts = remote_creds_setting(b->creds, "max_attempts");
	struct remote_http_options *h = &b->http_options;
	uint64_t n;

	h->in_flight = o->in_flight;
	if (!h->in_flight && jobs && num_parse_uint(slice_of(jobs), &n) && n >= 1)
		h->in_flight = n < 256 ? (int)n : 256;
	if (attempts && (!num_parse_uint(slice_of(attempts), &n) || n < 1 || n > 100))
		return err_set(e, ERR_INPUT,
			"AWS_MAX_ATTEMPTS is '%s': a number from 1 to 100 is meant", attempts);
	h->attempts = attempts ? (int)n : 0;
	h->diag = o->diag;
	h->progress = o->progress;
	h->threads = o->pool ? pool_size(o->pool) : 1;
	h->insecure = is_no(verify);
	h->ca_bundle = verify && !is_no(verify) && !is_yes(verify)
			       ? verify
			       : remote_creds_setting(b->creds, "ca_bundle");
	if (bandwidth && !num_parse_size(slice_of(bandwidth), &h->bytes_per_s))
		return err_set(e, ERR_INPUT, "bandwidth '%s' is not a number of bytes per second",
			bandwidth);
	if (read_timeout("read_timeout", reading, &h->stall_timeout_ms, e) ||
		read_timeout("connect_timeout", connecting, &h->connect_timeout_ms, e))
		return -1;
	return failed ? -1 : 0;
}

static int read_s3_settings(struct bucket *b, const struct remote_store_options *o, struct err *e)
{
	bool failed = false;
	const char *style = setting(b, o, "addressing_style", e, &failed);
	const char *checksum = setting(b, o, "checksum_algorithm", e, &failed);
	struct remote_s3_options *s = &b->s3_options;
	static const char *const grants[REMOTE_S3_GRANTS] = { "grant_read", "grant_read_acp",
		"grant_write_acp", "grant_full_control" };

	s->endpoint = setting(b, o, "endpointurl", e, &failed);
	if (!s->endpoint)
		s->endpoint = remote_creds_setting(b->creds, "endpoint_url");
	s->region = setting(b, o, "region", e, &failed);
	s->sse = setting(b, o, "sse", e, &failed);
	s->sse_kms_key_id = setting(b, o, "sse_kms_key_id", e, &failed);
	s->acl = setting(b, o, "acl", e, &failed);
	s->storage_class = setting(b, o, "storage_class", e, &failed);
	for (int i = 0; i < REMOTE_S3_GRANTS; i++)
		s->grants[i] = setting(b, o, grants[i], e, &failed);
	s->plain = is_no(setting(b, o, "use_ssl", e, &failed));
	s->requester_pays = is_word(setting(b, o, "request_payer", e, &failed), "requester");
	if (!style)
		style = remote_creds_setting(b->creds, "s3.addressing_style");
	s->path_style = is_word(style, "path") ? 1 : is_word(style, "virtual") ? 0 : -1;
	return failed ? -1 : read_checksum(b, checksum, e);
}

static int set_name(struct bucket *b, const char *bucket, const char *prefix, struct err *e)
{
	struct buf name = BUF_INIT;

	buf_addf(&name, "s3://%s%s%s", bucket, prefix[0] ? "/" : "", prefix);
	b->name = buf_detach(&name, e);
	buf_release(&name);
	b->prefix = mem_dup(prefix, e);
	b->store.name = b->name;
	return b->name && b->prefix ? 0 : -1;
}

/* ---- tasks ---------------------------------------------------------------------------------------- */

void remote_bucket_add_header(struct remote_s3_op *op, const char *name, const char *value)
{
	op->headers[op->n_headers++] = (struct remote_sigv4_header){ name, slice_of(value) };
}

void remote_bucket_add_digest(
	struct remote_s3_op *op, enum remote_checksum c, const struct remote_digest *d)
{
	if (d->checksum[0])
		remote_bucket_add_header(op, remote_checksum_header(c), d->checksum);
	op->sha256 = d->sha256[0] ? d->sha256 : NULL;
}

int remote_bucket_task_start(struct bucket_task *t,
	int (*done)(struct remote_s3_op *op, const struct err *failed, struct err *e),
	struct err *e)
{
	t->op.key = buf_slice(&t->key);
	t->op.ctx = t;
	t->op.done = done;
	return remote_s3_start(t->bucket->s3, &t->op, e);
}

static int asked(struct remote_s3_op *op, const struct err *failed, struct err *e)
{
	struct bucket_task *t = op->ctx;
	struct slice length = remote_http_header(&op->http, "content-length");

	if (!failed) {
		t->job->is_there = !op->is_missing;
		if (!op->is_missing && !num_parse_int(length, &t->job->size))
			t->job->size = 0;
	}
	return remote_bucket_task_end(t, failed, e);
}

static int begin(struct bucket_task *t, struct err *e)
{
	switch (t->job->op) {
	case REMOTE_SEND:
		return remote_bucket_send(t, e);
	case REMOTE_FETCH:
		return remote_bucket_fetch(t, e);
	case REMOTE_COPY:
		return remote_bucket_copy(t, e);
	case REMOTE_ASK:
		t->op.method = "HEAD";
		return remote_bucket_task_start(t, asked, e);
	case REMOTE_DELETE:
		return remote_bucket_delete(t, e);
	}
	return err_set(e, ERR_INPUT, "no such operation");
}

static struct bucket_task *new_task(struct bucket *b, struct remote_job *job, struct err *e)
{
	struct bucket_task *t = mem_new(sizeof(*t), e);

	if (!t)
		return NULL;
	t->bucket = b;
	t->job = job;
	t->next = b->tasks;
	t->link = &b->tasks;
	if (t->next)
		t->next->link = &t->next;
	b->tasks = t;
	buf_init(&t->key);
	if (b->prefix[0])
		buf_addf(&t->key, "%s/", b->prefix);
	buf_add_text(&t->key, job->key);
	if (buf_check(&t->key, e)) {
		free_task(t);
		return NULL;
	}
	return t;
}

/* Takes jobs while there is room. What ends at once must not take more itself: hence the loop. */
static int fill(struct bucket *b, struct err *e)
{
	while (!b->ended && remote_http_room(b->http) > 0) {
		struct remote_job *job = NULL;
		struct bucket_task *t;
		struct err failed = ERR_INIT;
		int more = b->queue->next(b->ctx, &job, e);

		if (more < 0)
			return -1;
		if (!more) {
			b->ended = true;
			break;
		}
		t = new_task(b, job, e);
		if (!t)
			return -1;
		if (begin(t, &failed)) {
			free_task(t);
			if (b->queue->done(b->ctx, job, &failed, e))
				return -1;
		}
		if (remote_bucket_batch_is_full(b) && remote_bucket_flush_deletes(b, e))
			return -1;
	}
	return b->ended ? remote_bucket_flush_deletes(b, e) : 0;
}

int remote_bucket_task_end(struct bucket_task *t, const struct err *failed, struct err *e)
{
	struct bucket *b = t->bucket;
	struct remote_job *job = t->job;
	struct err copy;

	if (failed)
		copy = *failed; /* it may live in what is freed now */
	free_task(t);
	if (b->queue->done(b->ctx, job, failed ? &copy : NULL, e))
		return -1;
	return fill(b, e);
}

static int bucket_run(
	struct remote_store *s, const struct remote_queue *q, void *ctx, struct err *e)
{
	struct bucket *b = bucket_of(s);

	b->queue = q;
	b->ctx = ctx;
	b->ended = false;
	if (fill(b, e) || remote_http_run(b->http, e))
		return -1;
	return 0;
}

static const struct remote_store_kind kind = {
	.close = bucket_close, .list = remote_bucket_list, .run = bucket_run
};

struct remote_store *remote_bucket_open(
	const char *bucket, const char *prefix, const struct remote_store_options *o, struct err *e)
{
	struct bucket *b = mem_new(sizeof(*b), e);

	if (!b)
		return NULL;
	b->store.kind = &kind;
	b->diag = o->diag;
	b->isa = cpu_best();
	b->texts = mem_new(sizeof(*b->texts), e);
	if (!b->texts || set_name(b, bucket, prefix, e) || open_creds(b, o, e) ||
		read_http_settings(b, o, e) || read_s3_settings(b, o, e))
		goto fail;
	b->http = remote_http_new(&b->http_options, e);
	if (!b->http)
		goto fail;
	b->s3_options.bucket = arena_dup(b->texts, bucket, strlen(bucket), e);
	b->s3_options.creds = b->creds;
	b->s3_options.http = b->http;
	b->s3 = b->s3_options.bucket ? remote_s3_new(&b->s3_options, e) : NULL;
	if (!b->s3)
		goto fail;
	return &b->store;
fail:
	bucket_close(&b->store);
	return NULL;
}
