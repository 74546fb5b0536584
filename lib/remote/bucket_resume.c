/* An upload to go on with, or a new one. */
#include "remote/bucket_upload.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/num.h"
#include "remote/s3xml.h"

static int request(struct bucket_task *t, const char *method,
	int (*done)(struct remote_s3_op *op, const struct err *failed, struct err *e),
	struct err *e)
{
	struct upload *u = t->state;

	if (buf_check(&u->query, e))
		return -1;
	t->op.method = method;
	t->op.query = u->query.p;
	t->op.body = NULL;
	t->op.body_fd = -1;
	t->op.body_len = 0;
	t->op.is_upload = strcmp(method, "POST") == 0;
	return remote_bucket_task_start(t, done, e);
}

static int created(struct remote_s3_op *op, const struct err *failed, struct err *e)
{
	struct bucket_task *t = op->ctx;
	struct upload *u = t->state;

	if (failed)
		return remote_bucket_task_end(t, failed, e);
	if (!remote_s3xml_get(
		    buf_slice(&op->http.text), "InitiateMultipartUploadResult/UploadId", &u->id) ||
		!u->id.len) {
		err_set(&u->failed, ERR_SYSTEM, "the server gives no upload id");
		return remote_bucket_task_end(t, &u->failed, e);
	}
	return remote_bucket_send_more(t, e);
}

static int create(struct bucket_task *t, struct err *e)
{
	struct upload *u = t->state;

	const char *algorithm = remote_checksum_element(u->checksum);

	buf_reset(&u->query);
	buf_add_text(&u->query, "uploads=");
	t->op.n_headers = 0;
	if (algorithm)
		remote_bucket_add_header(&t->op, "x-amz-checksum-algorithm", algorithm);
	return request(t, "POST", created, e);
}

/* What ListParts tells, entry by entry. */
struct parts_reader {
	struct upload *u;
	uint64_t number, size, marker;
	char etag[PART_ETAG_MAX + 1];
	bool truncated;
};

static int each_part(void *ctx, const char *path, struct slice text, struct err *e)
{
	struct parts_reader *r = ctx;

	(void)e;
	if (strcmp(path, "ListPartsResult/Part/PartNumber") == 0) {
		if (!num_parse_uint(text, &r->number))
			r->number = 0;
	} else if (strcmp(path, "ListPartsResult/Part/Size") == 0) {
		if (!num_parse_uint(text, &r->size))
			r->size = 0;
	} else if (strcmp(path, "ListPartsResult/Part/ETag") == 0) {
		if (text.len >= 2 && text.p[0] == '"') {
			text.p++;
			text.len -= 2;
		}
		snprintf(r->etag, sizeof(r->etag), "%.*s", (int)text.len, text.p);
	} else if (strcmp(path, "ListPartsResult/IsTruncated") == 0) {
		r->truncated = slice_is(text, "true");
	} else if (strcmp(path, "ListPartsResult/NextPartNumberMarker") == 0) {
		if (!num_parse_uint(text, &r->marker))
			r->marker = 0;
	} else if (strcmp(path, "ListPartsResult/Part") == 0 && r->number >= 1 &&
		   r->number <= r->u->n_parts) {
		struct part *p = &r->u->parts[r->number - 1];

		memcpy(p->there, r->etag, sizeof(p->there));
		p->there_size = r->size;
	}
	return 0;
}

static int list_parts(struct bucket_task *t, struct err *e);

static int parts_listed(struct remote_s3_op *op, const struct err *failed, struct err *e)
{
	struct bucket_task *t = op->ctx;
	struct parts_reader r = { .u = t->state };
	struct err unread = ERR_INIT;

	/* Without a list nothing can be gone on with: begin anew. */
	if (failed || op->is_missing || op->is_unsupported ||
		remote_s3xml_parse(buf_slice(&op->http.text), each_part, &r, &unread))
		return create(t, e);
	if (r.truncated && r.marker > r.u->marker) {
		r.u->marker = r.marker;
		return list_parts(t, e);
	}
	diag_say(t->bucket->diag, DIAG_NOTE, "%s: going on with an interrupted upload", t->key.p);
	return remote_bucket_send_more(t, e);
}

static int list_parts(struct bucket_task *t, struct err *e)
{
	struct upload *u = t->state;

	remote_bucket_set_upload_query(u);
	if (u->marker) {
		struct buf with = BUF_INIT;

		buf_addf(&with, "part-number-marker=%llu&%s", (unsigned long long)u->marker,
			u->query.p);
		buf_release(&u->query);
		u->query = with;
	}
	t->op.n_headers = 0;
	return request(t, "GET", parts_listed, e);
}

struct uploads_reader {
	const struct buf *key;
	struct upload *u;
	bool is_ours;
	struct buf id;
};

static int each_upload(void *ctx, const char *path, struct slice text, struct err *e)
{
	struct uploads_reader *r = ctx;

	if (strcmp(path, "ListMultipartUploadsResult/Upload/Key") == 0) {
		r->is_ours = slice_eq(text, buf_slice(r->key));
	} else if (strcmp(path, "ListMultipartUploadsResult/Upload/UploadId") == 0) {
		buf_reset(&r->id);
		buf_add_slice(&r->id, text);
	} else if (strcmp(path, "ListMultipartUploadsResult/Upload") == 0 && r->is_ours) {
		/* The last one listed is the one that was begun last. */
		buf_reset(&r->u->id);
		buf_add_slice(&r->u->id, buf_slice(&r->id));
		return buf_check(&r->u->id, e);
	}
	return 0;
}

static int uploads_listed(struct remote_s3_op *op, const struct err *failed, struct err *e)
{
	struct bucket_task *t = op->ctx;
	struct uploads_reader r = { .key = &t->key, .u = t->state, .id = BUF_INIT };
	struct err unread = ERR_INIT;
	int bad = failed || op->is_unsupported ||
		  remote_s3xml_parse(buf_slice(&op->http.text), each_upload, &r, &unread);

	buf_release(&r.id);
	if (bad || !r.u->id.len) {
		buf_reset(&r.u->id);
		return create(t, e);
	}
	return list_parts(t, e);
}

/* The bucket itself is asked, so that the key of the operation is empty for this one request. */
int remote_bucket_find_upload(struct bucket_task *t, struct err *e)
{
	struct upload *u = t->state;

	buf_reset(&u->query);
	buf_add_text(&u->query, "prefix=");
	remote_sigv4_encode(&u->query, buf_slice(&t->key), false);
	buf_add_text(&u->query, "&uploads=");
	if (buf_check(&u->query, e))
		return -1;
	t->op.method = "GET";
	t->op.query = u->query.p;
	t->op.key = (struct slice){ "", 0 };
	t->op.done = uploads_listed;
	t->op.ctx = t;
	return remote_s3_start(t->bucket->s3, &t->op, e);
}
