#include "remote/bucket_task.h"

#include <stdlib.h>

#include "base/mem.h"
#include "remote/s3xml.h"

/*
 * Objects are deleted a thousand at a time (DeleteObjects), where there are several and the server knows it; else, and
 * for a key that XML cannot hold, one by one.
 */
enum { MOST = 1000 };

struct remote_bucket_batch {
	struct bucket *bucket;
	struct remote_bucket_batch *next; /* in bucket->batches */
	struct bucket_task *tasks[MOST];
	size_t n;
	struct remote_s3_op op;
	struct buf xml;
	struct remote_digest digest;
};

void remote_bucket_free_batch(struct remote_bucket_batch *b)
{
	struct remote_bucket_batch **at;

	if (!b)
		return;
	at = &b->bucket->batches;
	while (*at && *at != b)
		at = &(*at)->next;
	if (*at)
		*at = b->next;
	remote_s3_release(&b->op);
	buf_release(&b->xml);
	free(b);
}

/* ---- one by one ---- */

static int deleted_one(struct remote_s3_op *op, const struct err *failed, struct err *e)
{
	return remote_bucket_task_end(op->ctx, failed, e);
}

static int delete_one(struct bucket_task *t, struct err *e)
{
	t->op.method = "DELETE";
	return remote_bucket_task_start(t, deleted_one, e);
}

static int delete_each(struct remote_bucket_batch *b, struct err *e)
{
	struct err failed = ERR_INIT;
	int r = 0;

	for (size_t i = 0; i < b->n && !r; i++)
		if (delete_one(b->tasks[i], &failed))
			r = remote_bucket_task_end(b->tasks[i], &failed, e);
	remote_bucket_free_batch(b);
	return r;
}

/* ---- many ---- */

static bool is_xml(struct slice key)
{
	for (size_t i = 0; i < key.len; i++)
		if ((unsigned char)key.p[i] < 0x20)
			return false;
	return true;
}

static void add_text(struct buf *b, struct slice s)
{
	for (size_t i = 0; i < s.len; i++) {
		if (s.p[i] == '&')
			buf_add_text(b, "&amp;");
		else if (s.p[i] == '<')
			buf_add_text(b, "&lt;");
		else if (s.p[i] == '>')
			buf_add_text(b, "&gt;");
		else
			buf_add_char(b, s.p[i]);
	}
}

/* The answer names only what could not be deleted. */
struct reader {
	struct remote_bucket_batch *batch;
	struct buf key, code, message;
	struct err *failed; /* [batch->n] */
};

static void take(struct buf *b, struct slice text)
{
	buf_reset(b);
	buf_add_slice(b, text);
}

static int each(void *ctx, const char *path, struct slice text, struct err *e)
{
	struct reader *r = ctx;
	const struct remote_bucket_batch *b = r->batch;

	if (!strcmp(path, "DeleteResult/Error/Key")) {
		take(&r->key, text);
	} else if (!strcmp(path, "DeleteResult/Error/Code")) {
		take(&r->code, text);
	} else if (!strcmp(path, "DeleteResult/Error/Message")) {
		take(&r->message, text);
	} else if (!strcmp(path, "DeleteResult/Error")) {
		for (size_t i = 0; i < b->n; i++) {
			if (!slice_eq(buf_slice(&b->tasks[i]->key), buf_slice(&r->key)))
				continue;
			err_set(&r->failed[i], ERR_INPUT, "DELETE object: %s: %s",
				r->code.p ? r->code.p : "", r->message.p ? r->message.p : "");
			err_at(&r->failed[i], "s3://%s/%s", b->bucket->s3_options.bucket,
				b->tasks[i]->key.p);
		}
	}
	return buf_check(&r->key, e);
}

/* Ends all tasks: each with its own failure, or all with one. */
static int end_all(struct remote_bucket_batch *b, const struct err *each_failed,
	const struct err *failed, struct err *e)
{
	int r = 0;

	for (size_t i = 0; i < b->n && !r; i++) {
		const struct err *mine = failed ? failed : &each_failed[i];

		r = remote_bucket_task_end(b->tasks[i], mine->code ? mine : NULL, e);
	}
	remote_bucket_free_batch(b);
	return r;
}

static int deleted_many(struct remote_s3_op *op, const struct err *failed, struct err *e)
{
	struct remote_bucket_batch *b = op->ctx;
	struct reader r = { .batch = b, .key = BUF_INIT, .code = BUF_INIT, .message = BUF_INIT };
	struct err unread = ERR_INIT;
	int result;

	if (op->is_unsupported || op->http.status == 405) {
		b->bucket->no_bulk = true;
		return delete_each(b, e);
	}
	r.failed = mem_array(b->n, sizeof(*r.failed), e);
	if (!r.failed)
		return -1;
	if (!failed && remote_s3xml_parse(buf_slice(&op->http.text), each, &r, &unread)) {
		err_at(&unread, "s3://%s", b->bucket->s3_options.bucket);
		failed = &unread;
	}
	result = end_all(b, r.failed, failed, e);
	buf_release(&r.key);
	buf_release(&r.code);
	buf_release(&r.message);
	free(r.failed);
	return result;
}

/* S3 wants a checksum of this body, whatever is wanted of others. */
static int start_batch(struct remote_bucket_batch *b, struct err *e)
{
	struct bucket *bucket = b->bucket;
	struct remote_digest_wish wish = { .sha256 = remote_s3_signs_bodies(bucket->s3),
		.checksum = bucket->checksum == REMOTE_CHECKSUM_NONE ? REMOTE_CHECKSUM_MD5
								     : bucket->checksum,
		.isa = bucket->isa };

	buf_add_text(&b->xml, "<Delete xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">"
			      "<Quiet>true</Quiet>");
	for (size_t i = 0; i < b->n; i++) {
		buf_add_text(&b->xml, "<Object><Key>");
		add_text(&b->xml, buf_slice(&b->tasks[i]->key));
		buf_add_text(&b->xml, "</Key></Object>");
	}
	buf_add_text(&b->xml, "</Delete>");
	if (buf_check(&b->xml, e) || remote_digest_of(buf_slice(&b->xml), &wish, &b->digest, e))
		return -1;
	b->op.method = "POST";
	b->op.query = "delete=";
	b->op.key = (struct slice){ "", 0 };
	b->op.body = b->xml.p;
	b->op.body_len = b->xml.len;
	b->op.done = deleted_many;
	b->op.ctx = b;
	remote_bucket_add_header(&b->op, "content-type", "application/xml");
	remote_bucket_add_digest(&b->op, wish.checksum, &b->digest);
	return remote_s3_start(bucket->s3, &b->op, e);
}

int remote_bucket_flush_deletes(struct bucket *bucket, struct err *e)
{
	struct remote_bucket_batch *b = bucket->open_batch;
	struct err failed = ERR_INIT;

	bucket->open_batch = NULL;
	if (!b)
		return 0;
	if (b->n == 1 || bucket->no_bulk)
		return delete_each(b, e);
	return start_batch(b, &failed) ? end_all(b, NULL, &failed, e) : 0;
}

int remote_bucket_delete(struct bucket_task *t, struct err *e)
{
	struct bucket *bucket = t->bucket;
	struct remote_bucket_batch *b = bucket->open_batch;

	if (bucket->no_bulk || !is_xml(buf_slice(&t->key)))
		return delete_one(t, e);
	if (!b) {
		b = mem_new(sizeof(*b), e);
		if (!b)
			return -1;
		buf_init(&b->xml);
		b->bucket = bucket;
		b->next = bucket->batches;
		bucket->batches = bucket->open_batch = b;
	}
	b->tasks[b->n++] = t;
	return 0;
}

bool remote_bucket_batch_is_full(const struct bucket *bucket)
{
	return bucket->open_batch && bucket->open_batch->n == MOST;
}
