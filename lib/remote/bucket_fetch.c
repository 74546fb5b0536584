#include "remote/bucket_fetch.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/num.h"
#include "base/path.h"

/*
 * An object to a file without a name yet, or to memory. The first request asks for the first range; its
 * answer tells the size, and the others are then fetched side by side, if the object is still the same
 * one (If-Match). What is small is hashed as it comes; of the others the file is read back, in order, by a thread
 * beside the loop: it is still in memory then. What was put in parts, and is nobody's content by name, has no hash to be
 * held against the bytes: it is not hashed.
 */
enum { SMALL = 256 << 10, INTO_MAX = 1 << 30, ATTEMPTS = 3 };
/* S3 itself takes 50 TB: what is told to be larger does not exist. */
static const uint64_t OBJECT_MAX = (uint64_t)1 << 50;

static void give_up_file(struct fetch *f)
{
	/* The name is kept for the next time; what was published has none any more. */
	if (f->is_partial)
		buf_release(&f->fresh.name);
	fresh_abandon(&f->fresh);
}

static void release(struct bucket_task *t)
{
	struct fetch *f = t->state;

	if (!f)
		return;
	for (int i = 0; i < BUCKET_PARTS_FLYING; i++)
		remote_s3_release(&f->ranges[i].op);
	give_up_file(f);
	hash_md5_free(f->hash);
	remote_trail_release(&f->trail);
	buf_release(&f->etag);
	free(f->arrived);
	free(f);
}

/* ---- the end -------------------------------------------------------------------------------------- */

/* Through a name beside the target: that is on its file system. */
static int replace(struct bucket_task *t, struct fetch *f, struct stat *st, struct err *e)
{
	struct buf folder = BUF_INIT;
	int result;

	path_dir(&folder, t->job->path);
	t->bucket->place.spare_dir = folder.p;
	result = buf_check(&folder, e) ||
				 fresh_replace(&t->bucket->place, &f->fresh, t->job->path, st, e)
			 ? -1
			 : 0;
	t->bucket->place.spare_dir = NULL;
	buf_release(&folder);
	return result;
}

static int check_size(const struct bucket_task *t, struct err *e)
{
	const struct fetch *f = t->state;
	const struct remote_job *job = t->job;

	if (!job->has_size || f->size == (uint64_t)job->size)
		return 0;
	err_set(e, ERR_SYSTEM, "has %llu bytes, and not the %lld that were listed",
		(unsigned long long)f->size, (long long)job->size);
	return err_hint(e, "it changed meanwhile, or the server errs; try again");
}

static int put_in_place(struct bucket_task *t, const uint8_t md5[HASH_MD5_LEN], struct err *e)
{
	struct fetch *f = t->state;
	struct remote_job *job = t->job;
	struct stat st;

	if (check_size(t, e))
		return -1;
	if (remote_job_check_md5(job, md5, e))
		return -1;
	if (f->has_etag && memcmp(md5, f->etag_md5, HASH_MD5_LEN) != 0) {
		err_set(e, ERR_SYSTEM, "the bytes that came are not those that the server has");
		return err_hint(e, "it was not copied; try again");
	}
	job->size = (int64_t)f->size;
	job->is_there = true;
	if (!job->path)
		return 0;
	if (f->is_partial && remote_bucket_finish_partial(t, e))
		return -1;
	if (fstat(f->fresh.fd, &st) || (uint64_t)st.st_size != f->size)
		return err_set(e, ERR_SYSTEM, "other bytes came than the server told");
	if (fresh_set_time(&f->fresh, job->mtime_ns < 0 ? f->modified_ns : job->mtime_ns, e))
		return -1;
	if (job->keep)
		return fresh_publish(&f->fresh, job->path, &st, e) < 0 ? -1 : 0;
	return replace(t, f, &st, e);
}

static bool is_damaged(const struct bucket_task *t, const uint8_t md5[HASH_MD5_LEN])
{
	const struct fetch *f = t->state;

	return (t->job->has_md5 && memcmp(md5, t->job->md5, HASH_MD5_LEN) != 0) ||
	       (f->has_etag && memcmp(md5, f->etag_md5, HASH_MD5_LEN) != 0);
}

static int begin_fetch(struct bucket_task *t, struct err *e);
static int open_target(struct bucket_task *t, struct fetch *f, struct err *e);

static int fetch_anew(struct bucket_task *t, struct err *e)
{
	struct fetch *f = t->state;
	uint8_t before[HASH_MD5_LEN];

	diag_say(t->bucket->diag, DIAG_DETAIL, "%s: fetched anew", t->key.p);
	free(f->arrived);
	f->arrived = NULL;
	buf_reset(&f->etag);
	f->has_failed = f->is_stale = f->has_etag = false;
	f->n_ranges = f->n_gapless = 0;
	f->size = 0;
	if (hash_md5_finish(f->hash, before, e))
		return -1;
	if (f->is_partial) {
		f->is_partial = false; /* now it goes, with its name */
		fresh_abandon(&f->fresh);
		if (open_target(t, f, e))
			return -1;
	}
	if (t->job->path && ftruncate(f->fresh.fd, 0))
		return err_errno(e, "cannot write");
	return begin_fetch(t, e);
}

static int finish_hash(struct fetch *f, uint8_t md5[HASH_MD5_LEN], struct err *e)
{
	return f->n_ranges ? remote_trail_finish(&f->trail, md5, e)
			   : hash_md5_finish(f->hash, md5, e);
}

int remote_bucket_fetch_end(struct bucket_task *t, struct err *e)
{
	struct fetch *f = t->state;
	uint8_t md5[HASH_MD5_LEN];
	struct err unread = ERR_INIT;
	/* Also after a failure, since the hash then begins anew. */
	bool hashed = finish_hash(f, md5, &unread) == 0;
	bool good = !f->has_failed && hashed;

	if (!hashed && !f->has_failed)
		f->failed = unread;

	/* Damaged on its way, or replaced meanwhile: it may be right the next time. */
	if ((f->is_stale || (good && is_damaged(t, md5))) && ++f->attempt < ATTEMPTS)
		return fetch_anew(t, e);
	if (!f->has_failed && (!good || put_in_place(t, md5, &f->failed))) {
		f->has_failed = true;
		err_at(&f->failed, "%s/%s", t->bucket->name, t->job->key);
	}
	return remote_bucket_task_end(t, f->has_failed ? &f->failed : NULL, e);
}

/* ---- what an answer tells -------------------------------------------------------------------------- */

/*
 * How large the object is, before anything of it is written: an answer that does not say so could go on for ever. A server
 * may send the whole although a range was asked for.
 */
static int read_size(struct bucket_task *t, const struct remote_s3_op *op, struct err *e)
{
	bool is_ranged = op->http.status == 206;
	struct slice length = remote_http_header(&op->http, "content-length");
	struct slice range = remote_http_header(&op->http, "content-range");
	struct fetch *f = t->state;
	struct bucket_range_told r;

	if (is_ranged ? !remote_bucket_read_range(range, &r) : !num_parse_uint(length, &f->size))
		return err_set(e, ERR_SYSTEM, "the server does not say how large it is");
	if (is_ranged)
		f->size = r.total;
	if (f->size > OBJECT_MAX)
		return err_set(e, ERR_SYSTEM, "the server says that it has %llu bytes",
			(unsigned long long)f->size);
	f->most = is_ranged && f->size > BUCKET_RANGE ? BUCKET_RANGE : f->size;
	return check_size(t, e);
}

/* ---- the first answer ----------------------------------------------------------------------------- */

static int first_bytes(
	struct remote_s3_op *op, uint64_t offset, const char *p, size_t len, struct err *e)
{
	struct bucket_task *t = op->ctx;
	struct fetch *f = t->state;
	uint8_t before[HASH_MD5_LEN];

	if (offset == 0 && hash_md5_finish(f->hash, before, e))
		return -1; /* forgets an attempt before */
	if (offset == 0 && t->job->path && read_size(t, op, e))
		return -1;
	if (t->job->path && offset + len > f->most)
		return err_set(e, ERR_SYSTEM, "the server sends more than was asked for");
	if (offset == 0)
		f->is_small = !t->job->path || f->size <= SMALL || op->http.status != 206;
	if (f->is_small && hash_md5_add(f->hash, p, len, e))
		return -1;
	if (t->job->path)
		return remote_bucket_write_at(f->fresh.fd, p, len, offset, e);
	if (offset == 0)
		buf_reset(t->job->into);
	if (offset + len > INTO_MAX)
		return err_set(e, ERR_INPUT, "%s is larger than 1 GiB", t->job->key);
	buf_add(t->job->into, p, len);
	return buf_check(t->job->into, e);
}

/* The ETag of what was put in one piece is its MD5, unless KMS or the caller's key encrypts it. */
static bool read_md5_etag(
	const struct remote_s3_op *op, struct slice etag, uint8_t md5[HASH_MD5_LEN])
{
	struct slice sse = remote_http_header(&op->http, "x-amz-server-side-encryption");

	if (etag.len != HASH_MD5_HEX + 2 || etag.p[0] != '"' ||
		(sse.len && !slice_is(sse, "AES256")) ||
		remote_http_header(&op->http, "x-amz-server-side-encryption-customer-algorithm")
			.len)
		return false;
	return hash_md5_parse((struct slice){ etag.p + 1, HASH_MD5_HEX }, md5);
}

/* Is it the first range, and can the others be known to belong to it? */
static int check_first(const struct bucket_task *t, const struct remote_s3_op *op, struct err *e)
{
	const struct fetch *f = t->state;

	if (buf_check(&f->etag, e))
		return -1;
	if (op->http.status == 206 && (!f->size || !remote_bucket_is_range(op, 0, f->size)))
		return err_set(e, ERR_SYSTEM, "the server sent another part than was asked for");
	if (op->http.status == 206 && f->size > BUCKET_RANGE && !f->etag.len && !t->job->has_md5) {
		err_set(e, ERR_SYSTEM, "the server gives no ETag");
		return err_hint(e, "whether all parts are of the same object cannot be told");
	}
	return 0;
}

static int first_done(struct remote_s3_op *op, const struct err *failed, struct err *e)
{
	struct bucket_task *t = op->ctx;
	struct fetch *f = t->state;
	struct slice etag = remote_http_header(&op->http, "etag");

	/* A range of an empty object cannot be had: the answer 416 says that it is empty. */
	if (failed && op->http.status == 416)
		return remote_bucket_fetch_end(t, e);
	if (failed)
		return remote_bucket_task_end(t, failed, e);
	if (op->is_missing) {
		t->job->is_there = false;
		return remote_bucket_task_end(t, NULL, e);
	}
	f->modified_ns = 1000000000 * remote_http_time(t->bucket->http,
					      remote_http_header(&op->http, "last-modified"));
	f->has_etag = read_md5_etag(op, etag, f->etag_md5);
	if (!t->job->path) {
		f->size = t->job->into->len;
		return remote_bucket_fetch_end(t, e);
	}
	buf_add_slice(&f->etag, etag);
	if (read_size(t, op, &f->failed) || check_first(t, op, &f->failed)) {
		f->has_failed = true;
		err_at(&f->failed, "%s/%s", t->bucket->name, t->job->key);
		return remote_bucket_fetch_end(t, e);
	}
	if (op->http.status != 206 || f->is_small)
		return remote_bucket_fetch_end(t, e);
	return remote_bucket_fetch_ranges(t, e);
}

static int open_target(struct bucket_task *t, struct fetch *f, struct err *e)
{
	const struct remote_job *job = t->job;
	mode_t mode = (job->read_only ? 0444 : 0666) | (job->is_exec ? 0111 : 0);
	struct buf folder = BUF_INIT;
	int result;

	path_dir(&folder, job->path);
	result = buf_check(&folder, e) || path_make_dirs(folder.p, e) ||
				 fresh_open(&t->bucket->place, folder.p, mode, &f->fresh, e)
			 ? -1
			 : 0;
	buf_release(&folder);
	return result;
}

static int begin_fetch(struct bucket_task *t, struct err *e)
{
	struct fetch *f = t->state;

	t->op.method = "GET";
	t->op.receive = first_bytes;
	t->op.n_headers = 0;
	if (t->job->path) {
		snprintf(f->ranges[0].text, sizeof(f->ranges[0].text), "bytes=0-%d",
			BUCKET_RANGE - 1);
		remote_bucket_add_header(&t->op, "range", f->ranges[0].text);
	}
	return remote_bucket_task_start(t, first_done, e);
}

int remote_bucket_fetch(struct bucket_task *t, struct err *e)
{
	struct fetch *f = mem_new(sizeof(*f), e);
	struct remote_job *job = t->job;

	if (!f)
		return -1;
	f->fresh = (struct fresh)FRESH_INIT;
	buf_init(&f->etag);
	t->state = f;
	t->release = release;
	if (job->path && open_target(t, f, e))
		return -1;
	if (job->into)
		buf_reset(job->into);
	f->hash = hash_md5_new(e);
	if (!f->hash || remote_trail_init(&f->trail, t->bucket->http, e))
		return -1;
	f->trail.caught_up = remote_bucket_ranges_hashed;
	f->trail.ctx = t;
	return begin_fetch(t, e);
}
