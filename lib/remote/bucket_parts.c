#include "remote/bucket_upload.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/num.h"
#include "remote/s3xml.h"

/*
 * A large file in parts (Amazon S3 User Guide, "Uploading and copying objects using multipart upload"):
 *
 *	find an upload of this key that was interrupted -> list its parts
 *	else create one
 *	send the parts that are missing, several at a time
 *	complete
 *
 * The size of a part follows from the size of the file alone, so that an upload is found again by whoever
 * goes on. A part that is there counts if its ETag is the MD5 of ours. Parts are hashed by threads beside the loop,
 * for their checksums and for the hash of the whole, and sent from the file.
 */
static void release(struct bucket_task *t)
{
	struct upload *u = t->state;

	if (!u)
		return;
	for (int i = 0; i < BUCKET_PARTS_FLYING; i++)
		remote_s3_release(&u->flights[i].op);
	if (u->fd >= 0)
		close(u->fd);
	remote_trail_release(&u->whole);
	free(u->parts);
	buf_release(&u->id);
	buf_release(&u->query);
	buf_release(&u->xml);
	free(u);
}

static void note_failure(struct upload *u, const struct err *failed)
{
	if (u->has_failed)
		return;
	u->has_failed = true;
	u->failed = *failed;
}

/* ---- the end -------------------------------------------------------------------------------------- */

static int aborted(struct remote_s3_op *op, const struct err *failed, struct err *e)
{
	struct bucket_task *t = op->ctx;
	struct upload *u = t->state;

	(void)failed; /* what went wrong before is what counts */
	return remote_bucket_task_end(t, &u->failed, e);
}

void remote_bucket_set_upload_query(struct upload *u)
{
	buf_reset(&u->query);
	buf_add_text(&u->query, "uploadId=");
	remote_sigv4_encode(&u->query, buf_slice(&u->id), false);
}

/* Bad content is taken back. A failure that may pass leaves the parts for the next time. */
static int give_up(struct bucket_task *t, struct err *e)
{
	struct upload *u = t->state;

	if (u->failed.code != ERR_INPUT || !u->id.len)
		return remote_bucket_task_end(t, &u->failed, e);
	remote_bucket_set_upload_query(u);
	t->op.method = "DELETE";
	t->op.query = u->query.p;
	t->op.n_headers = 0;
	t->op.is_upload = false;
	t->op.body = NULL;
	t->op.body_len = 0;
	if (buf_check(&u->query, e))
		return -1;
	return remote_bucket_task_start(t, aborted, e);
}

/* The ETag that the whole has if it is made of our parts: the MD5 of their MD5s, and their number. */
static void format_etag(const struct upload *u, char out[HASH_MD5_HEX + 32])
{
	struct buf all = BUF_INIT;
	uint8_t md5[HASH_MD5_LEN];
	char hex[HASH_MD5_HEX + 1];

	for (size_t i = 0; i < u->n_parts; i++)
		if (hash_md5_parse(slice_of(u->parts[i].there), md5))
			buf_add(&all, (const char *)md5, sizeof(md5));
	hash_md5_of(buf_slice(&all), md5);
	buf_release(&all);
	hash_md5_format(md5, hex);
	snprintf(out, HASH_MD5_HEX + 32, "\"%s-%zu\"", hex, u->n_parts);
}

static int looked_up(struct remote_s3_op *op, const struct err *failed, struct err *e)
{
	struct bucket_task *t = op->ctx;
	struct upload *u = t->state;
	char etag[HASH_MD5_HEX + 32];
	uint64_t size = 0;

	format_etag(u, etag);
	if (!failed && !op->is_missing &&
		num_parse_uint(remote_http_header(&op->http, "content-length"), &size) &&
		size == u->size &&
		(t->job->keep || slice_is(remote_http_header(&op->http, "etag"), etag))) {
		t->job->size = (int64_t)u->size;
		return remote_bucket_task_end(t, NULL, e);
	}
	return remote_bucket_task_end(t, failed ? failed : &u->failed, e);
}

/*
 * Either the answer to a completion was lost and it was asked for again, or somebody else has sent the same:
 * then the object is there. Else that is an error.
 */
static int look_up(struct bucket_task *t, struct err *e)
{
	t->op.method = "HEAD";
	t->op.query = NULL;
	t->op.n_headers = 0;
	t->op.is_upload = false;
	t->op.body = NULL;
	t->op.body_len = 0;
	return remote_bucket_task_start(t, looked_up, e);
}

static int finish(struct bucket_task *t, struct err *e);

static int completed(struct remote_s3_op *op, const struct err *failed, struct err *e)
{
	struct bucket_task *t = op->ctx;
	struct upload *u = t->state;

	if (!failed && op->is_unsupported && u->conditional) {
		t->bucket->no_conditions = true;
		return finish(t, e);
	}
	if (!failed && op->is_missing) {
		err_set(&u->failed, ERR_SYSTEM, "the upload was ended by somebody else");
		err_hint(&u->failed, "try again");
		return look_up(t, e);
	}
	if (!failed && !op->is_refused &&
		!remote_s3xml_has(buf_slice(&op->http.text), "CompleteMultipartUploadResult")) {
		err_set(&u->failed, ERR_SYSTEM, "the server does not say that it has it");
		return look_up(t, e);
	}
	if (!failed && op->is_refused) {
		/* The object came to be meanwhile: what we sent is not needed. */
		u->failed = (struct err)ERR_INIT;
	}
	if (!failed) {
		t->job->size = (int64_t)u->size;
		t->job->is_there = op->is_refused;
	}
	return remote_bucket_task_end(t, failed, e);
}

static int check_whole(struct bucket_task *t, struct err *e)
{
	struct upload *u = t->state;
	uint8_t md5[HASH_MD5_LEN];

	if (!u->wants_whole)
		return 0;
	if (remote_trail_finish(&u->whole, md5, e) || remote_job_check_md5(t->job, md5, e))
		return -1;
	return 0;
}

static int finish(struct bucket_task *t, struct err *e)
{
	struct upload *u = t->state;

	remote_bucket_set_upload_query(u);
	buf_reset(&u->xml);
	buf_add_text(&u->xml,
		"<CompleteMultipartUpload xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">");
	for (size_t i = 0; i < u->n_parts; i++) {
		const char *element = remote_checksum_element(u->checksum);

		buf_addf(&u->xml, "<Part><PartNumber>%zu</PartNumber><ETag>\"%s\"</ETag>", i + 1,
			u->parts[i].there);
		if (element)
			buf_addf(&u->xml, "<Checksum%s>%s</Checksum%s>", element,
				u->parts[i].checksum, element);
		buf_add_text(&u->xml, "</Part>");
	}
	buf_add_text(&u->xml, "</CompleteMultipartUpload>");
	if (buf_check(&u->query, e) || buf_check(&u->xml, e))
		return -1;
	t->op.method = "POST";
	t->op.query = u->query.p;
	t->op.is_upload = false;
	t->op.n_headers = 0;
	t->op.body = u->xml.p;
	t->op.body_len = u->xml.len;
	remote_bucket_add_header(&t->op, "content-type", "application/xml");
	u->conditional = t->job->keep && !t->bucket->no_conditions;
	if (u->conditional)
		remote_bucket_add_header(&t->op, "if-none-match", "*");
	return remote_bucket_task_start(t, completed, e);
}

/* ---- parts ---------------------------------------------------------------------------------------- */

static uint64_t part_len(const struct upload *u, size_t i)
{
	return i + 1 < u->n_parts ? u->part_size : u->size - u->part_size * i;
}

/* What fits into the text of a completion. */
static bool is_tag(struct slice s)
{
	for (size_t i = 0; i < s.len; i++)
		if (s.p[i] <= ' ' || s.p[i] > '~' || strchr("\"&<>", s.p[i]))
			return false;
	return s.len && s.len <= PART_ETAG_MAX;
}

static int part_done(struct remote_s3_op *op, const struct err *failed, struct err *e)
{
	struct flight *f = op->ctx;
	struct upload *u = f->task->state;
	struct slice etag = remote_http_header(&op->http, "etag");
	struct part *p = &u->parts[f->number];
	struct err gone;

	f->busy = false;
	u->n_flying--;
	if (!failed && op->is_missing) {
		err_set(&gone, ERR_SYSTEM, "the upload was ended by somebody else");
		failed = &gone;
		u->is_gone = true;
	}
	if (failed)
		note_failure(u, failed);
	if (etag.len >= 2 && etag.p[0] == '"') {
		etag.p++;
		etag.len -= 2;
	}
	/* A server that encrypts gives ETags that are no MD5: they are sent back as they came. */
	if (!failed && !is_tag(etag)) {
		err_set(&gone, ERR_SYSTEM, "the server gives no ETag for a part");
		note_failure(u, &gone);
	} else {
		snprintf(p->there, sizeof(p->there), "%.*s", (int)etag.len, etag.p ? etag.p : "");
	}
	return remote_bucket_send_more(f->task, e);
}

static int start_part(struct bucket_task *t, struct flight *f, struct err *e)
{
	struct upload *u = t->state;

	remote_bucket_set_upload_query(u);
	if (buf_check(&u->query, e))
		return -1;
	if ((size_t)snprintf(f->query, sizeof(f->query), "partNumber=%zu&%s", f->number + 1,
		    u->query.p) >= sizeof(f->query))
		return err_set(e, ERR_SYSTEM, "the server's upload id is too long");
	f->op.method = "PUT";
	f->op.key = buf_slice(&t->key);
	f->op.query = f->query;
	f->op.body_fd = u->fd;
	f->op.body_offset = (off_t)(u->part_size * f->number);
	f->op.body_len = part_len(u, f->number);
	f->op.n_headers = 0;
	f->op.done = part_done;
	f->op.ctx = f;
	remote_bucket_add_digest(&f->op, u->checksum, &f->digest);
	return remote_s3_start(t->bucket->s3, &f->op, e);
}

static bool is_there(const struct upload *u, const struct flight *f)
{
	const struct part *p = &u->parts[f->number];
	char etag[HASH_MD5_HEX + 1];

	if (!p->there[0] || p->there_size != part_len(u, f->number))
		return false;
	hash_md5_format(f->digest.md5, etag);
	return strcmp(p->there, etag) == 0;
}

static void hash_part(struct crew_task *task)
{
	struct flight *f = (struct flight *)task;
	const struct upload *u = f->task->state;
	struct remote_digest_wish wish = { .md5 = u->parts[f->number].there[0] != '\0',
		.sha256 = remote_s3_signs_bodies(f->task->bucket->s3),
		.checksum = u->checksum,
		.isa = f->task->bucket->isa };

	f->has_failed = remote_digest_of_file(u->fd, u->part_size * f->number,
				part_len(u, f->number), &wish, &f->digest, &f->failed) != 0;
}

/* A part that the server has is not sent again. */
static int part_hashed(struct crew_task *task, struct err *e)
{
	struct flight *f = (struct flight *)task;
	struct upload *u = f->task->state;
	bool there = !f->has_failed && is_there(u, f);

	memcpy(u->parts[f->number].checksum, f->digest.checksum, sizeof(f->digest.checksum));
	if (!f->has_failed && !there && !u->has_failed) {
		f->has_failed = start_part(f->task, f, &f->failed) != 0;
		if (!f->has_failed)
			return 0;
	}
	if (f->has_failed)
		note_failure(u, &f->failed);
	f->busy = false;
	u->n_flying--;
	return remote_bucket_send_more(f->task, e);
}

static void begin_part(struct bucket_task *t, struct flight *f, size_t i)
{
	struct upload *u = t->state;

	f->task = t;
	f->number = i;
	f->busy = true;
	u->n_flying++;
	f->hashing = (struct crew_task){ .work = hash_part, .done = part_hashed };
	remote_http_work(t->bucket->http, &f->hashing);
	if (u->wants_whole)
		remote_trail_follow(&u->whole, u->fd, u->part_size * i + part_len(u, i));
}

int remote_bucket_send_more(struct bucket_task *t, struct err *e)
{
	struct upload *u = t->state;

	while (!u->has_failed && u->next < u->n_parts && u->n_flying < BUCKET_PARTS_FLYING) {
		struct flight *f = u->flights;

		while (f->busy)
			f++;
		begin_part(t, f, u->next++);
	}
	if (u->n_flying || u->whole.is_busy || u->finishing)
		return 0;
	u->finishing = true;
	if (!u->has_failed && check_whole(t, &u->failed))
		u->has_failed = true;
	if (u->has_failed && t->job->path)
		err_at(&u->failed, "%s", t->job->path);
	if (u->is_gone)
		return look_up(t, e);
	return u->has_failed ? give_up(t, e) : finish(t, e);
}

static int whole_hashed(void *ctx, struct err *e)
{
	return remote_bucket_send_more(ctx, e);
}

/* 8 MiB, or more where that would be more than 10,000 parts; whole MiB. */
static uint64_t choose_part_size(uint64_t size)
{
	uint64_t mib = 1 << 20;
	uint64_t least = (size + BUCKET_PARTS_MAX - 1) / BUCKET_PARTS_MAX;

	least = (least + mib - 1) / mib * mib;
	return least > BUCKET_PART_MIN ? least : BUCKET_PART_MIN;
}

/*
 * The MD5 of a part is nobody's name: where its SHA-256 is in the signature, the server verifies that, and a second hash
 * would cost both sides a pass for nothing.
 */
static enum remote_checksum choose_checksum(const struct bucket *b)
{
	if (b->checksum == REMOTE_CHECKSUM_MD5 && !b->is_chosen && remote_s3_signs_bodies(b->s3))
		return REMOTE_CHECKSUM_NONE;
	return b->checksum;
}

int remote_bucket_send_parts(struct bucket_task *t, int fd, uint64_t size, struct err *e)
{
	struct upload *u = mem_new(sizeof(*u), e);

	if (!u) {
		close(fd);
		return -1;
	}
	t->state = u;
	t->release = release;
	u->fd = fd;
	buf_init(&u->id);
	buf_init(&u->query);
	buf_init(&u->xml);
	u->size = size;
	u->part_size = choose_part_size(size);
	u->n_parts = (size_t)((size + u->part_size - 1) / u->part_size);
	u->parts = mem_array(u->n_parts, sizeof(*u->parts), e);
	if (!u->parts)
		return -1;
	u->checksum = choose_checksum(t->bucket);
	u->wants_whole = t->job->has_md5;
	if (u->wants_whole && remote_trail_init(&u->whole, t->bucket->http, e))
		return -1;
	u->whole.caught_up = whole_hashed;
	u->whole.ctx = t;
	return remote_bucket_find_upload(t, e);
}
